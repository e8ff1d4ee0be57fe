"""The operator's shell: one bash as root, in the folder of the sources, that runs block after block."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

WORK = Path("/check/blocks")


class Shell:
    """`set -euo pipefail` makes every failed command of a block a failure."""

    def __init__(self, folder: Path) -> None:
        WORK.mkdir(parents=True, exist_ok=True)
        done, self._report = os.pipe()
        self._done = done
        self._blocks = 0
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, stdin=subprocess.PIPE, text=True, pass_fds=[self._report]
        )
        os.close(self._report)
        self._send(f"exec 9>&{self._report} {self._report}>&-; set -euo pipefail")

    def _send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def run(self, text: str, timeout: float) -> tuple[bool, str]:
        """Runs a block. Returns whether it succeeded, and its output."""
        self._blocks += 1
        block = WORK / f"{self._blocks}.sh"
        output = WORK / f"{self._blocks}.out"
        block.write_text(text, encoding="utf-8")
        try:
            self._send(f"source {block} </dev/null >{output} 2>&1 9>&-; echo >&9")
        except BrokenPipeError:
            return False, "the shell has ended"
        finished = self._wait(timeout)
        printed = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        if not finished and self.process.poll() is None:
            printed += f"\nnot finished after {timeout:.0f} s"
            self.process.kill()
        return finished, printed

    def _wait(self, timeout: float) -> bool:
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            if select.select([self._done], [], [], 0.2)[0]:
                return bool(os.read(self._done, 1))
            if self.process.poll() is not None:
                return False
        return False
