"""Comparison of the paths, owners and modes in the guide, the units and the configuration, for a machine without the
right to create a root. Arguments: the languages of the documents."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import guide

SOURCES = Path.cwd()
UNIT = "deploy/systemd/nova-mfa@.service"
# Path, or name for the function `secret`: owner, group and mode that the guide must give it.
EXPECTED = {
    "/etc/nova-mfa": ("root", "nova-mfa", "0750"),
    "/etc/nova-mfa/secrets": ("root", "nova-mfa", "0750"),
    "/etc/nova-mfa/tls": ("root", "nova-mfa", "0750"),
    "/etc/nova-mfa/.env": ("root", "nova-mfa", "0640"),
    "/etc/nova-mfa/secrets/$1": ("nova-mfa", "nova-mfa", "0400"),
    "/etc/nova-mfa/secrets/owner_url": ("", "", "0400"),
    "/var/log/nova-mfa": ("nova-mfa", "nova-mfa", "0750"),
    "/var/lib/nova-mfa": ("nova-mfa", "nova-mfa", "0700"),
}


def commands(blocks: list[guide.Block]) -> list[str]:
    text = "\n".join(guide.without_comments(it.text) for it in blocks if it.language == "console")
    return text.replace("\\\n", " ").splitlines()


def installed(lines: list[str]) -> dict[str, tuple[str, str, str]]:
    """Returns owner, group and mode of what `install` creates."""
    found = {}
    for line in lines:
        for part in re.findall(r"\binstall (?:-|/dev)[^|;}]*", line):
            words = shlex.split(part.split("<<")[0])[1:]
            options = {"-o": "", "-g": "", "-m": ""}
            paths = []
            while words:
                word = words.pop(0)
                if word in options:
                    options[word] = words.pop(0)
                elif not word.startswith("-"):
                    paths.append(word)
            # Without -d, the last path is the target.
            for path in paths if " -d " in part else paths[-1:]:
                found[path] = (options["-o"], options["-g"], options["-m"])
    return found


def values(path: str, key: str) -> list[str]:
    lines = (SOURCES / path).read_text(encoding="utf-8").splitlines()
    return [it.partition("=")[2] for it in lines if it.startswith(f"{key}=")]


def results(language: str):
    path = guide.DOCUMENTS[language]
    lines = commands(guide.read(SOURCES, language)[1])
    text = "\n".join(lines)
    for name in sorted(set(re.findall(r"\bdeploy/[\w./@-]+", text))):
        yield f"{path}: {name} exists", (SOURCES / name).exists()
    found = installed(lines)
    for target, expected in EXPECTED.items():
        yield f"{path}: {target} is created as {expected} (found {found.get(target)})", found.get(target) == expected
    folders = set(found)
    yield f"{path}: the unit works in a folder of the guide", values(UNIT, "WorkingDirectory")[0] in folders
    yield f"{path}: the unit's user is created", f" {values(UNIT, 'User')[0]}\n" in f"{text}\n"
    programs = re.findall(r"^install (.*) /usr/local/bin/$", text, re.MULTILINE)
    started = values(UNIT, "ExecStart")[0]
    yield f"{path}: {started} is installed", bool(programs) and started.rpartition("/")[2] in programs[0]
    for key, parent in (("LogsDirectory", "/var/log"), ("StateDirectory", "/var/lib")):
        folder = f"{parent}/{values(UNIT, key)[0]}"
        bits = found.get(folder, ("", "", ""))[2]
        yield f"{path}: {folder} has the mode of {key}Mode", bits == values(UNIT, f"{key}Mode")[0]
    secrets = set(re.findall(r"\bsecret (\w+)", text))
    for line in values("deploy/systemd/credentials.conf", "LoadCredential"):
        name = line.partition(":")[2]
        yield f"{path}: the credential {name} is created", name.rpartition("/")[2] in secrets
    environment = (SOURCES / "deploy/env.example").read_text(encoding="utf-8")
    for name in re.findall(r"^\w+_FILE=(/etc/nova-mfa/secrets/\w+)$", environment, re.MULTILINE):
        yield f"{path}: {name} of env.example is created", name.rpartition("/")[2] in secrets
    certificates = re.findall(r"^Environment=TLS_\w+=(.*)$", (SOURCES / "deploy/systemd/tls.conf").read_text(), re.MULTILINE)
    nginx = (SOURCES / "deploy/nginx/nova-mfa.conf").read_text(encoding="utf-8")
    certificates += re.findall(r"^\s*ssl_certificate(?:_key)?\s+(.*);$", nginx, re.MULTILINE)
    for name in sorted(set(certificates)):
        yield f"{path}: {name} is created", f" {name}" in text
    for name in re.findall(r"^include (.*);$", nginx, re.MULTILINE):
        yield f"{path}: {name} is installed", name in folders
    logs = (SOURCES / "deploy/logrotate/nova-mfa").read_text(encoding="utf-8")
    yield f"{path}: logrotate rotates the logs of the unit", "/var/log/nova-mfa/*.log {" in logs


def main() -> int:
    passed = failed = 0
    for language in sys.argv[1:]:
        for text, holds in results(language):
            print(f"{'ok     ' if holds else 'FAILED '} {text}")
            passed, failed = passed + holds, failed + (not holds)
    print("not run: the commands of the guide, because this user cannot create an isolated root")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
