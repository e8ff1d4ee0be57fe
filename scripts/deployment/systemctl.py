"""Stand-in for systemctl, because systemd does not run in a chroot. It starts the services of the guide from their units,
and the services of Debian's packages with the programs of those packages. An unknown command is an error."""

from __future__ import annotations

import fnmatch
import os
import signal
import subprocess
import sys
from pathlib import Path

import service
from unit import FOLDER, Unit

OURS = "nova-mfa@"


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def nginx_runs() -> bool:
    return subprocess.run(["pgrep", "-x", "nginx"], stdout=subprocess.DEVNULL, check=False).returncode == 0


def start_postgresql() -> None:
    clusters = subprocess.run(["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=True).stdout
    if not clusters.strip():
        newest = max(Path("/usr/lib/postgresql").iterdir(), key=lambda it: int(it.name)).name
        run("pg_createcluster", newest, "main")
        clusters = f"{newest} main 0 down"
    for version, name, _port, state, *_rest in (line.split() for line in clusters.strip().splitlines()):
        if state != "online":
            run("pg_ctlcluster", version, name, "start")


def start_redis() -> None:
    if subprocess.run(["pgrep", "-x", "redis-server"], stdout=subprocess.DEVNULL, check=False).returncode != 0:
        Path("/run/redis").mkdir(exist_ok=True)
        run("chown", "redis:redis", "/run/redis")
        run("runuser", "-u", "redis", "--", "redis-server", "/etc/redis/redis.conf", "--daemonize", "yes")


def start_nginx() -> None:
    if not nginx_runs():
        run("nginx")


# Service, a file of its package, how to start it.
PACKAGED = {
    "postgresql": ("/usr/bin/pg_ctlcluster", start_postgresql),
    "redis-server": ("/etc/redis/redis.conf", start_redis),
    "nginx": ("/usr/sbin/nginx", start_nginx),
}


def start_installed() -> None:
    """Starts the services of the installed packages, as Debian does after their installation."""
    started = service.STATE / "started"
    started.mkdir(parents=True, exist_ok=True)
    for name, (path, start) in PACKAGED.items():
        if Path(path).exists() and not (started / name).exists():
            start()
            (started / name).touch()


def matching(pattern: str) -> list[Unit]:
    names = [it.stem for it in service.STATE.glob(f"{OURS}*.pid")]
    wanted = pattern if pattern.endswith(".service") else f"{pattern}.service"
    return [Unit(it) for it in sorted(names) if fnmatch.fnmatch(it, wanted)]


def enable(name: str) -> None:
    wants = FOLDER / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    link = wants / f"{name}.service"
    link.unlink(missing_ok=True)
    link.symlink_to(FOLDER / f"{OURS}.service")


def status(pattern: str) -> int:
    units = matching(pattern)
    for unit in units:
        pid = service.pid_of(unit)
        print(f"{unit.name}: {'active (running), PID ' + str(pid) if pid else 'failed'}")
        print(service.output_of(unit))
    return 0 if units and all(service.pid_of(it) for it in units) else 3


def reload(name: str) -> None:
    if name == "nginx":
        run("nginx", "-s", "reload")
        return
    pid = service.pid_of(Unit(name))
    if pid is None:
        raise ProcessLookupError(f"{name} is not active, cannot reload")
    os.kill(pid, signal.SIGHUP)


def act(verb: str, names: list[str], options: list[str]) -> int:
    now = "--now" in options
    for name in names:
        if verb == "status":
            return status(name)
        if verb == "kill":
            signals = [it.partition("=")[2] for it in options if it.startswith("--signal=")]
            for unit in matching(name):
                os.kill(service.pid_of(unit) or sys.exit(f"{unit.name} is not active"), signal.Signals[f"SIG{signals[0]}"])
        elif verb == "reload":
            reload(name)
        elif name == "nginx" and verb == "disable" and now:
            run("nginx", "-s", "quit")
        elif name.startswith(OURS) and verb in ("enable", "start", "restart", "stop"):
            unit = Unit(name)
            if verb == "enable":
                enable(name)
            if verb in ("restart", "stop"):
                service.stop(unit)
            if verb in ("start", "restart") or (verb == "enable" and now):
                service.start(unit)
        else:
            sys.exit(f"systemctl: the stand-in does not know: {verb} {name}")
    return 0


def main() -> int:
    options = [it for it in sys.argv[1:] if it.startswith("-")]
    verb, *names = [it for it in sys.argv[1:] if not it.startswith("-")]
    if verb == "start-installed":
        start_installed()
        return 0
    if verb == "daemon-reload":
        return 0
    if not names:
        sys.exit(f"systemctl: the stand-in does not know: {' '.join(sys.argv[1:])}")
    return act(verb, names, options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"systemctl: {error}")
