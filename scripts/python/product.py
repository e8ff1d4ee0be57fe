"""The programs of NOVA MFA, run in a folder with its `.env` file."""

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

HOME = pathlib.Path(__file__).parents[2]
PROGRAMS = HOME / "target/debug"
PATH = f"{PROGRAMS}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
KEY = "aB3xR9tLq7Wm2Zp8Vc5Yk1Nd6Gh4Js0F"
ENCRYPTION_KEYS = "k1:" + base64.b64encode(bytes(range(32))).decode()


def settings(url):
    """Returns settings for a PostgreSQL database."""
    return {
        "MFA_ENV": "development", "DATABASE_URL": url, "JWT_SECRET_KEY": KEY, "MFA_ENCRYPTION_KEYS": ENCRYPTION_KEYS,
        "MFA_RECOVERY_RATE_MAX": "1000", "MFA_RATE_LIMIT_MAX": "1000",
    }


class Product:
    """NOVA MFA in a folder."""

    def __init__(self, folder, settings):
        self.folder = folder
        self.process = None
        self.url = ""
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.write_env()

    def write_env(self):
        lines = [f"{name}={value}" for name, value in self.settings.items()]
        (self.folder / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def environment(self):
        return {"PATH": PATH, "HOME": str(self.folder), "DATABASE_URL": self.settings.get("DATABASE_URL", "")}

    def run(self, command, codes=(0,)):
        """Runs a line of a shell, as an operator types it."""
        done = self._shell(command, codes)
        return done.stdout + done.stderr

    def admin(self, *arguments, codes=(0,)):
        """Runs a command of mfa-admin, and returns its JSON document."""
        return json.loads(self._shell(" ".join(["mfa-admin", "--json", *arguments]), codes).stdout)

    def _shell(self, line, codes):
        environment = self.environment()
        if line.startswith("mfa-"):
            # The programs read it from their `.env`.
            del environment["DATABASE_URL"]
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode in codes, f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, fails=False):
        """Starts the server on a free port. With `fails`, returns what it prints when it refuses to start."""
        banner = self.folder / "banner"
        environment = {"PATH": PATH, "HOME": str(self.folder), "MFA_BIND": "127.0.0.1:0"}
        with banner.open("w") as output:
            self.process = subprocess.Popen(  # noqa: S603
                [PROGRAMS / "mfa-server"], cwd=self.folder, env=environment, stdout=output, stderr=output
            )
        for _ in range(600):
            text = banner.read_text(encoding="utf-8")
            found = re.search(r"Listening: (127\.0\.0\.1:\d+)", text)
            if found:
                assert not fails, text
                self.url = f"http://{found.group(1)}"
                return text
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        text = banner.read_text(encoding="utf-8")
        self.stop()
        assert fails, f"the server did not start: {text}"
        return text

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.process = None

    def call(self, method, path, token, body=None):
        """Calls the API, and returns status and JSON document."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def log(self):
        """Returns the lines of the log."""
        text = (self.folder / "logs/mfa.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]
