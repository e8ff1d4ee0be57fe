"""Code blocks of docs/from-python.md."""

import pathlib
import textwrap
from dataclasses import dataclass

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/from-python.md"


@dataclass(frozen=True)
class Block:
    """Code block with its language and the line where it begins."""

    language: str
    text: str
    line: int

    def file_name(self):
        """Returns the file that the first line of the block names."""
        first = self.text.splitlines()[0]
        assert first.startswith("# "), f"line {self.line}: the block names no file"
        return first.removeprefix("# ").strip()


def blocks():
    """Returns all code blocks, in the order of the document."""
    found, opened, language, begin = [], None, "", 0
    for number, line in enumerate(DOCUMENT.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip().startswith("```"):
            if opened is None:
                opened, language, begin = [], line.strip().removeprefix("```"), number
            else:
                text = textwrap.dedent("\n".join(opened)) + "\n"
                found.append(Block(language, text, begin))
                opened = None
        elif opened is not None:
            opened.append(line)
    return found
