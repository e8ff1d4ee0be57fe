"""Parser of the deployment guide: its headings and fenced blocks, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENTS = {"en": "docs/deployment.md", "fr": "docs/fr/deployment.md"}


@dataclass(frozen=True)
class Block:
    """A fenced block. `section` is the number of its heading, the same in every language."""

    path: str
    line: int
    language: str
    text: str
    section: int
    heading: str

    @property
    def place(self) -> str:
        return f"{self.path}, line {self.line} ({self.heading})"


def read(sources: Path, language: str) -> tuple[list[str], list[Block]]:
    """Returns the headings and the blocks of the guide."""
    path = DOCUMENTS[language]
    headings: list[str] = []
    blocks: list[Block] = []
    fence: tuple[int, str] | None = None
    lines: list[str] = []
    for number, line in enumerate((sources / path).read_text(encoding="utf-8").splitlines(), start=1):
        if fence is not None:
            if line == "```":
                begin, kind = fence
                text = "".join(f"{it}\n" for it in lines)
                blocks.append(Block(path, begin, kind, text, len(headings) - 1, headings[-1]))
                fence = None
            else:
                lines.append(line)
        elif line.startswith("```"):
            fence, lines = (number, line[3:]), []
        elif re.match(r"#{1,6} ", line):
            headings.append(line.lstrip("#").strip())
    if fence is not None:
        raise ValueError(f"{path}, line {fence[0]}: the block has no end")
    return headings, blocks


def without_comments(block: str) -> str:
    """Removes comments: lines that start with `#`, and ends of lines after two spaces and `# `."""
    lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(line.split("  # ")[0].rstrip() for line in lines)


def differences(sources: Path) -> list[str]:
    """Returns where the documents differ in more than comments."""
    headings, english = read(sources, "en")
    found = []
    for language in DOCUMENTS.keys() - {"en"}:
        theirs, blocks = read(sources, language)
        if len(theirs) != len(headings):
            found.append(f"{DOCUMENTS[language]} has {len(theirs)} headings, the English one {len(headings)}")
        if len(blocks) != len(english):
            found.append(f"{DOCUMENTS[language]} has {len(blocks)} blocks, the English one {len(english)}")
        for ours, their in zip(english, blocks):
            same = (ours.language, ours.section, without_comments(ours.text))
            if same != (their.language, their.section, without_comments(their.text)):
                found.append(f"{their.place} differs from {ours.place}")
    return found


def packages(sources: Path) -> list[str]:
    """Returns the packages that the guide installs with apt-get."""
    names: set[str] = set()
    for language in DOCUMENTS:
        for block in read(sources, language)[1]:
            for line in without_comments(block.text).splitlines():
                if line.startswith("apt-get install "):
                    names.update(it for it in line.split()[2:] if not it.startswith("-"))
    return sorted(names)


if __name__ == "__main__":
    print("\n".join(packages(Path.cwd())))
