"""Live servers. ``NOVA_MFA_BIN`` is the folder of the programs ``mfa-server`` and ``mfa-admin``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .forge import SECRET

INTROSPECTION_KEY = "tests-of-the-client-Zk8Tn3vW6qPb1XyG5rMd0"


class Server:
    """Server with an empty SQLite database in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, **settings: str) -> None:
        self._programs, self._folder = programs, folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "MFA_DATA_DIR": str(folder / "data"),
            "MFA_LOG_FILE": str(folder / "mfa.log"),
            "MFA_BIND": "127.0.0.1:0",
            "MFA_LOCALE": "en",
            "INTROSPECTION_KEY": INTROSPECTION_KEY,
            "JWT_SECRET_KEY": SECRET,
            "MFA_RATE_LIMIT_MAX": "1000",
            "LOGIN_RATE_IP_MAX": "1000",
            "LOGIN_RATE_USER_MAX": "1000",
            **settings,
        }
        self._banner = folder / "banner"
        with self._banner.open("w") as banner:
            self._process = subprocess.Popen(
                [str(programs / "mfa-server")], cwd=folder, env=self._environment, stdout=banner, stderr=banner
            )
        self.url = self._await_start()

    def _await_start(self) -> str:
        for _ in range(600):
            found = re.search(r"Listening: (127\.0\.0\.1:\d+)", self._banner.read_text())
            if found:
                return f"http://{found[1]}"
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the server did not start: {self._banner.read_text()}")

    def admin(self, *arguments: str, stdin: str = "") -> Any:
        """Runs a command of ``mfa-admin`` and returns its JSON."""
        command = [str(self._programs / "mfa-admin"), "--json", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def add_user(self, name: str, *options: str) -> int:
        """Creates a user, whose password is :func:`password`."""
        arguments = ("user", "create", "--email", f"{name}@example.com", "--username", name, "--password-stdin")
        user = self.admin(*arguments, *options, stdin=password(name))["id"]
        assert isinstance(user, int)
        return user

    def token(self, user: int, *options: str) -> str:
        """Issues an access token; with ``--mfa-ok`` a two-factor one."""
        return str(self.admin("token", "access", "--user-id", str(user), *options)["token"])

    def stop(self) -> None:
        """Stops the server."""
        self._process.terminate()
        self._process.wait(30)


def password(name: str) -> str:
    return f"correct horse battery {name}"


@pytest.fixture(scope="session")
def programs() -> Path:
    """Folder of the programs. A test that needs them fails without them, instead of being skipped."""
    folder = os.environ.get("NOVA_MFA_BIN")
    if not folder:
        pytest.fail("set NOVA_MFA_BIN to the folder of mfa-server and mfa-admin, such as ../../target/debug")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def server(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Server that signs with HS256."""
    running = Server(programs, tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture(scope="session", params=["EdDSA", "ES256"])
def server_with_public_keys(
    request: pytest.FixtureRequest, programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Server that signs access tokens with a private key."""
    command = [str(programs / "mfa-admin"), "keys", "generate", "--algorithm", request.param.lower()]
    folder = tmp_path_factory.mktemp("keys")
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    pem = re.search(r"JWT_PRIVATE_KEYS=(.*)", printed)
    assert pem, "no private key was printed"
    settings = {"JWT_ALGORITHM": request.param, "JWT_PRIVATE_KEYS": pem[1].strip().strip("\"'")}
    running = Server(programs, folder, **settings)
    yield running
    running.stop()
