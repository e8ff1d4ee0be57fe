"""Runs the checks of scripts/check-python, each in a temporary folder."""

import inspect
import logging
import pathlib
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import beside  # noqa: E402
import merge  # noqa: E402
import move  # noqa: E402

MODULES = [move, beside, merge]
# passlib 1.7.4 looks for the version of bcrypt in a place that bcrypt 4.1 no longer has.
logging.getLogger("passlib").setLevel(logging.ERROR)


def main(words):
    checks = [
        (name, function)
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if name.startswith("check_") and all(word in name for word in words)
    ]
    failed = []
    for name, function in checks:
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="nova-mfa-python.") as folder:
                function(pathlib.Path(folder))
            result = "ok"
        except Exception:
            traceback.print_exc()
            failed.append(name)
            result = "FAILED"
        print(f"{result:<6} {time.monotonic() - began:5.1f} s  {name.removeprefix('check_')}", flush=True)
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    if not checks:
        print(f"scripts/check-python: no check has the words {words}", file=sys.stderr)
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
