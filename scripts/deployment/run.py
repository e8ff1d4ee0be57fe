"""Runs the guide in a root of its own, as scripts/check-deployment describes. Arguments: the language of the document."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import checks
import guide
import service
from shell import Shell

SOURCES = Path("/root/nova-mfa")
STAND_INS = Path("/check/bin")
# Commands that cannot run here, by their first word, with the reason.
NOT_HERE = {"docker": "it needs a Docker daemon and images"}


class Tally:
    """Counts and prints the results."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def add(self, text: str, holds: bool) -> None:
        if holds:
            self.passed += 1
            print(f"ok      {text.splitlines()[0]}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED  {text}", flush=True)


def bring_loopback_up() -> None:
    """The root has a network of its own, with nothing but the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(it, 0x8914, request)  # SIOCSIFFLAGS


def write_stand_ins() -> None:
    programs = {
        # The packages come from apt's cache; services start after their installation, as on Debian.
        "apt-get": '/usr/bin/apt-get "$@" && systemctl start-installed',
        "systemctl": 'exec python3 /check/systemctl.py "$@"',
        "cargo": 'if [[ $* != "build --release --locked -p mfa-server -p mfa-admin" ]]; then\n'
        '    echo "the check does not know: cargo $*" >&2\n    exit 1\nfi\n'
        "install -D --target-directory=target/release /check/programs/mfa-server /check/programs/mfa-admin",
    }
    STAND_INS.mkdir()
    for name, body in programs.items():
        path = STAND_INS / name
        path.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
    os.environ["PATH"] = f"{STAND_INS}:{os.environ['PATH']}"
    # dpkg starts no service itself: there is no init system.
    Path("/usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    Path("/usr/sbin/policy-rc.d").chmod(0o755)


def runnable(block: guide.Block) -> str:
    """Removes the commands that cannot run here, and prints each with the reason."""
    kept = []
    lines = iter(block.text.splitlines())
    for line in lines:
        reason = NOT_HERE.get(line.split(" ")[0])
        while reason and line.endswith("\\"):
            line = f"{line[:-1]}{next(lines).strip()}"
        if reason or line.startswith("curl --insecure https://localhost:8443"):
            print(f"not run {block.place}: {line}: {reason or NOT_HERE['docker']}")
        else:
            kept.append(line)
    return "".join(f"{it}\n" for it in kept)


def settings_are_accepted(block: guide.Block) -> tuple[str, bool]:
    """Checks the settings of a `text` block: `config show` reads them from the environment."""
    lines = [it.partition("=") for it in block.text.splitlines() if it and not it.startswith("#")]
    environment = {name: value for name, _, value in lines}
    secrets = {"JWT_SECRET_KEY": "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N", "MFA_ENCRYPTION_KEYS": f"a:{'A' * 43}="}
    command = ["/usr/local/bin/mfa-admin", "-C", "/", "config", "show"]
    status, text = checks.output(*command, environment=secrets | environment)
    shown = all(name in text for name in environment)
    return f"{block.place}: the settings are accepted: {text}", status == 0 and shown and bool(environment)


def database_setting_is_known(block: guide.Block) -> tuple[str, bool]:
    """Checks the lines of postgresql.conf: PostgreSQL accepts them, without waiting for a standby that does not exist."""
    accepted = True
    for line in guide.without_comments(block.text).splitlines():
        name, _, value = line.partition(" = ")
        for statement in (f"ALTER SYSTEM SET {name} = {value}", f"ALTER SYSTEM RESET {name}"):
            status, text = checks.output("runuser", "-u", "postgres", "--", "psql", "-c", statement)
            accepted = accepted and status == 0
    return f"{block.place}: PostgreSQL accepts the setting: {text}", accepted


def run_sql(block: guide.Block) -> tuple[str, bool]:
    command = ["runuser", "-u", "postgres", "--", "psql", "-v", "ON_ERROR_STOP=1", "-d", "nova_mfa", "-c", block.text]
    status, text = checks.output(*command)
    return f"{block.place}: {text}", status == 0


def run_block(shell: Shell, block: guide.Block, tally: Tally) -> bool:
    """Runs a block. Returns whether the run can go on."""
    if block.language == "sql":
        tally.add(*run_sql(block))
    elif block.language == "text":
        of_postgres = "# postgresql.conf" in block.text
        tally.add(*(database_setting_is_known(block) if of_postgres else settings_are_accepted(block)))
    elif block.language == "console":
        began = time.monotonic()
        done, printed = shell.run(runnable(block), timeout=180)
        if os.environ.get("VERBOSE"):
            print(printed)
        tally.add(f"{block.place}: {time.monotonic() - began:.1f} s" if done else f"{block.place}\n{block.text}{printed}", done)
        return done
    else:
        tally.add(f"{block.place}: a block of the language {block.language!r} is not known here", False)
    return True


def check(function, tally: Tally) -> None:
    try:
        for text, holds in function(SOURCES):
            tally.add(text, holds)
    except (OSError, ValueError, KeyError) as error:
        tally.add(f"{function.__name__}: {error!r}", False)


def main() -> int:
    language = sys.argv[1]
    tally = Tally()
    bring_loopback_up()
    write_stand_ins()
    headings, _ = guide.read(SOURCES, "en")
    _, blocks = guide.read(SOURCES, language)
    for name in checks.AFTER.keys() - set(headings):
        tally.add(f"the guide has no section {name!r}, after which something is checked", False)
    commands = {line for block in blocks for line in block.text.splitlines()}
    for line in checks.AFTER_BLOCK.keys() - commands:
        tally.add(f"the guide has no command {line!r}, after which something is checked", False)
    shell = Shell(SOURCES)
    for number, block in enumerate(blocks):
        if not run_block(shell, block, tally):
            left = len(blocks) - number - 1
            print(f"FAILED  the {left} blocks after it were not run")
            for log in sorted(service.STATE.glob("*.log")):
                print(f"{log}:\n{log.read_text(encoding='utf-8', errors='replace')}")
            tally.failed += left
            break
        for line, function in checks.AFTER_BLOCK.items():
            if line in block.text.splitlines():
                check(function, tally)
        is_last = number + 1 == len(blocks) or blocks[number + 1].section != block.section
        if is_last and headings[block.section] in checks.AFTER:
            check(checks.AFTER[headings[block.section]], tally)
    subprocess.run(["rm", "-rf", "/check/blocks"], check=False)
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
