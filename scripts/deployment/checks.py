"""What must hold after a section of the guide: owners, modes, processes and answers. Each function returns the results of
its checks as pairs of a text and of whether it holds."""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator

import service
from unit import Unit

Result = tuple[str, bool]
ETC = Path("/etc/nova-mfa")


def output(*command: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**os.environ, **(environment or {})},
    )
    return done.returncode, done.stdout


def mode(path: Path | str, owner: str, group: str, bits: int) -> Result:
    found = os.stat(path)
    names = (pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name, oct(found.st_mode & 0o7777))
    return f"{path} is {owner}:{group} {bits:04o} (found {':'.join(names)})", names == (owner, group, oct(bits))


def readable_by(path: Path | str, user: str, expected: bool) -> Result:
    status, _ = output("runuser", "-u", user, "--", "cat", str(path))
    return f"{user} {'can' if expected else 'cannot'} read {path}", (status == 0) == expected


def answer(url: str, *options: str, tries: int = 1) -> tuple[int, str]:
    for _ in range(tries):
        status, text = output("curl", "-sS", "-w", "\n%{http_code}", *options, url)
        if status == 0:
            body, _, code = text.rpartition("\n")
            return int(code), body
        time.sleep(0.5)
    return 0, text


def is_ready(port: int) -> Result:
    for _ in range(40):
        code, body = answer(f"http://127.0.0.1:{port}/health/ready")
        if code == 200:
            return f"the server on port {port} is ready", True
        time.sleep(0.5)
    return f"the server on port {port} is ready: {code} {body}", False


def runs_as_its_user(name: str) -> Iterator[Result]:
    unit = Unit(name)
    pid = service.pid_of(unit)
    if pid is None:
        yield f"{unit.name} runs: {service.output_of(unit)}", False
        return
    # In its own user namespace the process has the same user.
    owner = pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name
    yield f"{unit.name} runs as nova-mfa (found {owner})", owner == "nova-mfa"
    folder = os.readlink(f"/proc/{pid}/cwd")
    yield f"{unit.name} works in /etc/nova-mfa (found {folder})", folder == "/etc/nova-mfa"


def installed(_: Path) -> Iterator[Result]:
    yield mode("/usr/local/bin/mfa-server", "root", "root", 0o755)
    yield mode("/usr/local/bin/mfa-admin", "root", "root", 0o755)
    for path in (ETC, ETC / "secrets", ETC / "tls"):
        yield mode(path, "root", "nova-mfa", 0o750)
    yield mode("/var/log/nova-mfa", "nova-mfa", "nova-mfa", 0o750)
    yield mode("/var/lib/nova-mfa", "nova-mfa", "nova-mfa", 0o700)
    yield mode(ETC / ".env", "root", "nova-mfa", 0o640)
    yield readable_by(ETC / ".env", "nova-mfa", True)
    yield readable_by(ETC / ".env", "nobody", False)


def container_secrets(sources: Path) -> Iterator[Result]:
    for name in ("jwt_secret_key", "mfa_encryption_keys", "postgres_password", "database_url"):
        path = sources / "deploy/secrets" / name
        bits = os.stat(path)
        yield f"{path} belongs to the user of the image, mode 0400", (bits.st_uid, bits.st_mode & 0o777) == (10001, 0o400)
    yield "the trial certificate exists", (sources / "deploy/tls/fullchain.pem").is_file()


def secrets(_: Path) -> Iterator[Result]:
    for name in ("jwt_secret_key", "mfa_encryption_keys"):
        yield mode(ETC / "secrets" / name, "nova-mfa", "nova-mfa", 0o400)
        yield readable_by(ETC / "secrets" / name, "nova-mfa", True)
        yield readable_by(ETC / "secrets" / name, "nobody", False)


def roles(_: Path) -> Iterator[Result]:
    yield mode(ETC / "secrets/owner_url", "root", "root", 0o400)
    yield readable_by(ETC / "secrets/owner_url", "nova-mfa", False)
    yield mode(ETC / "secrets/database_url", "nova-mfa", "nova-mfa", 0o400)
    url = (ETC / "secrets/database_url").read_text(encoding="utf-8").strip()
    for statement, allowed in (
        ("SELECT count(*) FROM users", True),
        ("UPDATE users SET mfa_failed_attempts = 0 WHERE false", True),
        ("UPDATE users SET email = 'x' WHERE false", False),
        ("CREATE TABLE mine (id INT)", False),
    ):
        status, text = output("psql", "--no-psqlrc", "-c", statement, url)
        yield f"the servers' role {'may' if allowed else 'may not'}: {statement}: {text}", (status == 0) == allowed


def trial(_: Path) -> Iterator[Result]:
    yield "the trial has left no files", not Path("/root/nova-mfa-trial").exists()
    code, _ = answer("http://127.0.0.1:8200/health")
    yield "the trial's server has stopped", code == 0


def verified(name: str) -> Iterator[Result]:
    status, text = output("systemd-analyze", "verify", "--man=no", f"{name}.service")
    ours = [line for line in text.splitlines() if "nova-mfa" in line]
    yield f"systemd-analyze verify {name}: {text}", status == 0 and not ours


def started(_: Path) -> Iterator[Result]:
    for port in (8201, 8202):
        yield from verified(f"nova-mfa@{port}")
        yield is_ready(port)
        yield from runs_as_its_user(f"nova-mfa@{port}")
        log = Path(f"/var/log/nova-mfa/mfa-{port}.log")
        yield mode(log, "nova-mfa", "nova-mfa", 0o600)
    status, text = output("logrotate", "--force", "/etc/logrotate.d/nova-mfa")
    yield f"logrotate rotates the logs: {text}", status == 0
    for port in (8201, 8202):
        log = Path(f"/var/log/nova-mfa/mfa-{port}.log")
        answer(f"http://127.0.0.1:{port}/api/mfa/status")
        for _ in range(50):
            if log.exists() and log.stat().st_size > 0:
                break
            time.sleep(0.1)
        yield f"{log} was reopened after the rotation", log.exists() and log.stat().st_size > 0


def sqlite(_: Path) -> Iterator[Result]:
    yield from verified("nova-mfa@8200")
    yield is_ready(8200)
    yield from runs_as_its_user("nova-mfa@8200")
    yield mode("/var/lib/nova-mfa/nova-mfa.db", "nova-mfa", "nova-mfa", 0o600)


def credentials(_: Path) -> Iterator[Result]:
    for name in ("database_url", "jwt_secret_key", "mfa_encryption_keys"):
        yield mode(ETC / "secrets" / name, "root", "root", 0o400)
        yield readable_by(ETC / "secrets" / name, "nova-mfa", False)
    for port in (8201, 8202):
        yield from verified(f"nova-mfa@{port}")
        yield is_ready(port)
        yield from runs_as_its_user(f"nova-mfa@{port}")
        pid = service.pid_of(Unit(f"nova-mfa@{port}"))
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode() if pid else ""
        path = f"JWT_SECRET_KEY_FILE=/run/credentials/nova-mfa@{port}.service/jwt_secret_key"
        yield f"the server on port {port} reads its credentials", path in environment.split("\0")


HTTPS = ("--cacert", str(ETC / "tls/fullchain.pem"), "--resolve", "mfa.example.com:443:127.0.0.1")


def proxy(_: Path) -> Iterator[Result]:
    code, body = answer("https://mfa.example.com/health/ready", *HTTPS, tries=20)
    yield f"nginx passes a request to a server: {code} {body}", code == 200 and json.loads(body)["status"] != ""
    code, body = answer("https://mfa.example.com/api/mfa/status", *HTTPS)
    yield f"nginx passes an answer of the API: {code} {body}", code == 401 and "token_missing" in body
    code, _ = answer("https://mfa.example.com/metrics", *HTTPS)
    yield f"the metrics are not public: {code}", code == 404
    # After a reload, processes with the old configuration may still answer for a moment.
    for _ in range(20):
        code, _ = answer("http://127.0.0.1/health")
        if code == 421:
            break
        time.sleep(0.25)
    yield f"HTTP is neither served nor redirected, nor is Debian's default site: {code}", code == 421


def own_tls(_: Path) -> Iterator[Result]:
    yield from verified("nova-mfa@443")
    yield from runs_as_its_user("nova-mfa@443")
    code, body = answer("https://mfa.example.com/health/ready", *HTTPS, tries=20)
    yield f"the server on port 443 answers: {code} {body}", code == 200
    unit = Unit("nova-mfa@443")
    pid = service.pid_of(unit)
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii") if pid else ""
    held = {line.split()[0]: int(line.split()[1], 16) for line in status.splitlines() if line.startswith("Cap")}
    # CAP_NET_BIND_SERVICE is capability 10.
    yield f"the server on port 443 has no other capability: {held}", held.get("CapEff:") == held.get("CapBnd:") == 1 << 10
    yield mode(ETC / "tls/privkey.pem", "root", "nova-mfa", 0o640)


def updated(_: Path) -> Iterator[Result]:
    for port in (8201, 8202):
        yield is_ready(port)


# Checks after the last block before the next heading, by English heading.
AFTER: dict[str, Callable[[Path], Iterator[Result]]] = {
    "Install the programs": installed,
    "Run in containers": container_secrets,
    "Configure keys and secrets": secrets,
    "Configure PostgreSQL": roles,
    "A trial on one machine": trial,
    "Start the servers": started,
    "Use SQLite": sqlite,
    "Pass secrets as credentials": credentials,
    "Update without downtime": updated,
}
# Checks after a block of a section that has several states, by a line of the block.
AFTER_BLOCK: dict[str, Callable[[Path], Iterator[Result]]] = {
    "nginx -t && systemctl reload nginx": proxy,
    "systemctl enable --now nova-mfa@443": own_tls,
}
