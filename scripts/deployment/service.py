"""Start of a service as its unit says: user, folders, credentials, environment, and the parts of the sandbox that decide
whether the program can work: read-only file system, own user namespace, capabilities."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from unit import Unit

STATE = Path("/run/check-deployment")
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _folder(path: Path, mode: str, user: pwd.struct_passwd) -> None:
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(int(mode, 8))


def _prepare(unit: Unit, user: pwd.struct_passwd) -> tuple[dict[str, str], list[Path]]:
    """Creates the folders and the credentials. Returns the environment and the writable folders."""
    writable = []
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "LANG": "C.UTF-8",
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
    }
    for key, parent in (("LogsDirectory", "/var/log"), ("StateDirectory", "/var/lib")):
        for name in unit.one(key).split():
            path = Path(parent) / name
            _folder(path, unit.one(f"{key}Mode", "0755"), user)
            writable.append(path)
            environment[{"LogsDirectory": "LOGS_DIRECTORY", "StateDirectory": "STATE_DIRECTORY"}[key]] = str(path)
    for line in unit.all("LoadCredential"):
        name, _, source = line.partition(":")
        _folder(unit.credentials, "0700", user)
        target = unit.credentials / name
        target.unlink(missing_ok=True)
        # systemd reads it as root: the file may belong to root alone.
        target.write_bytes(Path(source).read_bytes())
        os.chown(target, user.pw_uid, user.pw_gid)
        target.chmod(0o400)
        environment["CREDENTIALS_DIRECTORY"] = str(unit.credentials)
    return environment | unit.environment(), writable


def _enter_sandbox(unit: Unit, writable: list[Path]) -> None:
    _unshare(CLONE_NEWNS)
    _mount("--make-rprivate", "/")
    if unit.flag("PrivateTmp"):
        for path in ("/tmp", "/var/tmp"):
            _mount("-t", "tmpfs", "tmpfs", path)
    for path in writable:
        _mount("--bind", str(path), str(path))
    if unit.one("ProtectSystem") == "strict":
        for path in ("/", "/run"):
            _mount("-o", "remount,bind,ro", path)


def _capabilities(unit: Unit, key: str) -> str:
    names = [it.lower().removeprefix("cap_") for line in unit.all(key) for it in line.split()]
    return ",".join(["-all", *(f"+{it}" for it in names)])


def _run(unit: Unit, user: pwd.struct_passwd, environment: dict[str, str], ready: int, mapped: int) -> None:
    if unit.flag("PrivateUsers"):
        _unshare(CLONE_NEWUSER)
        os.write(ready, b".")
        os.read(mapped, 1)
    os.chdir(unit.one("WorkingDirectory", "/"))
    os.umask(int(unit.one("UMask", "0022"), 8))
    ambient = _capabilities(unit, "AmbientCapabilities")
    command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--inh-caps", ambient]
    command += ["--ambient-caps", ambient, "--bounding-set", _capabilities(unit, "CapabilityBoundingSet")]
    if unit.flag("NoNewPrivileges"):
        command.append("--no-new-privs")
    os.execvpe("setpriv", [*command, *unit.command()], environment)


def _write_map(pid: int, user: pwd.struct_passwd) -> None:
    # Like PrivateUsers=: only root and the user exist in the namespace.
    Path(f"/proc/{pid}/setgroups").write_text("allow", encoding="ascii")
    for name, number in (("uid_map", user.pw_uid), ("gid_map", user.pw_gid)):
        Path(f"/proc/{pid}/{name}").write_text(f"0 0 1\n{number} {number} 1\n", encoding="ascii")


def pid_of(unit: Unit) -> int | None:
    """Returns the process of a running service."""
    try:
        pid = int((STATE / f"{unit.name}.pid").read_text(encoding="ascii"))
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else pid


def output_of(unit: Unit) -> str:
    path = STATE / f"{unit.name}.log"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def start(unit: Unit) -> None:
    if pid_of(unit) is not None:
        return
    STATE.mkdir(exist_ok=True)
    user = pwd.getpwnam(unit.one("User", "root"))
    environment, writable = _prepare(unit, user)
    (ready, is_ready), (is_mapped, mapped) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            log = os.open(STATE / f"{unit.name}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            _enter_sandbox(unit, writable)
            _run(unit, user, environment, is_ready, is_mapped)
        except BaseException as error:  # the child must not return
            os.write(2, f"{unit.name}: {error!r}\n".encode())
        os._exit(1)
    os.close(is_ready)
    if os.read(ready, 1):
        _write_map(pid, user)
        os.write(mapped, b".")
    (STATE / f"{unit.name}.pid").write_text(str(pid), encoding="ascii")


def stop(unit: Unit) -> None:
    """Stops the service. Fails if it needs longer than `TimeoutStopSec=`."""
    pid = pid_of(unit)
    if pid is not None:
        os.kill(pid, 15)
        limit = time.monotonic() + float(unit.one("TimeoutStopSec", "90").removesuffix("s"))
        while pid_of(unit) is not None:
            if time.monotonic() > limit:
                os.kill(pid, 9)
                raise TimeoutError(f"{unit.name} did not stop in time")
            time.sleep(0.05)
    shutil.rmtree(unit.credentials, ignore_errors=True)
