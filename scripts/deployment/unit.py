"""Reader of a systemd unit with its drop-ins, as systemd.unit(5) describes them."""

from __future__ import annotations

import shlex
from pathlib import Path

FOLDER = Path("/etc/systemd/system")


class Unit:
    """An instance of a template, such as nova-mfa@8201."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        name = name.removesuffix(".service")
        template, _, self.instance = name.partition("@")
        self.name = f"{name}.service"
        self.credentials = Path("/run/credentials") / self.name
        main = folder / f"{template}@.service"
        if not main.is_file():
            raise FileNotFoundError(f"Unit {self.name} not found: there is no {main}")
        folders = (folder / f"{template}@.service.d", folder / f"{self.name}.d")
        drop_ins = [path for it in folders if it.is_dir() for path in it.glob("*.conf")]
        self.files = [main, *sorted(drop_ins, key=lambda it: it.name)]
        self.values: dict[str, list[str]] = {}
        for path in self.files:
            self._read(path)

    def _read(self, path: Path) -> None:
        section = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            if line.startswith("["):
                section = line
            elif section == "[Service]":
                key, _, value = line.partition("=")
                if value.strip():
                    self.values.setdefault(key.strip(), []).append(value.strip())
                else:
                    # An empty value removes the earlier ones.
                    self.values[key.strip()] = []

    def expand(self, text: str) -> str:
        """Replaces the specifiers that the unit uses."""
        known = {"i": self.instance, "d": str(self.credentials), "n": self.name, "%": "%"}
        parts = text.split("%")
        result, position = parts[0], 1
        while position < len(parts):
            part = parts[position]
            if part == "" and position + 1 < len(parts):
                result += "%" + parts[position + 1]
                position += 2
                continue
            if part[:1] not in known:
                raise ValueError(f"{self.name}: the specifier %{part[:1]} is not known here")
            result += known[part[0]] + part[1:]
            position += 1
        return result

    def all(self, key: str) -> list[str]:
        return [self.expand(it) for it in self.values.get(key, [])]

    def one(self, key: str, default: str = "") -> str:
        return (self.all(key) or [default])[-1]

    def flag(self, key: str) -> bool:
        return self.one(key, "no") in ("yes", "true", "on", "1")

    def environment(self) -> dict[str, str]:
        pairs = (pair for line in self.all("Environment") for pair in shlex.split(line))
        return {name: value for name, _, value in (it.partition("=") for it in pairs)}

    def command(self) -> list[str]:
        return shlex.split(self.one("ExecStart"))
