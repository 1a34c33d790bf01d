"""All benchmarks, one after the other.

    python benchmarks/all.py            modest sizes, under four minutes (make bench)
    python benchmarks/all.py --full     the sizes of docs/performance.md, with the memory of each contender

Ends with an error where contenders do not agree.  Other work on the machine spoils times and hardly any ratio.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
MODEST = (
    ("startup.py", "--runs", "3"),
    ("records.py", "--records", "2000", "--rounds", "5"),
    ("tables.py", "--seconds", "70", "--rounds", "3"),
    ("growth.py", "--rows", "1000000", "--csv-rows", "400000", "--seconds", "20", "--table-rows", "2000"),
)
FULL = (
    ("startup.py",),
    ("records.py",),
    ("tables.py", "--rows", "1000000", "--rounds", "7"),
    ("tables.py", "--rows", "1000000", "--memory"),
    ("growth.py", "--csv-rows", "20000000", "--seconds", "900", "--rounds", "5"),
)
LIBRARIES = (
    "polars", "duckdb", "narwhals", "pandas", "numpy", "pyarrow",
    "zen-engine", "common-expression-language", "rule-engine", "business-rules", "panzi-json-logic",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the sizes of docs/performance.md")
    options = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(", ".join(f"{name} {_version(name)}" for name in LIBRARIES))
    start = time.perf_counter()
    failed = []
    for script, *options_of in FULL if options.full else MODEST:
        print(f"\n== {' '.join((script, *options_of))}", flush=True)
        if subprocess.run([sys.executable, str(HERE / script), *options_of], check=False).returncode:
            failed.append(script)
    print(f"\n{time.perf_counter() - start:.0f} seconds in all" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


if __name__ == "__main__":
    sys.exit(main())
