"""Start-up: import, the first load of a shipped policy in a fresh process, later loads, and `check` as a whole process.

    python benchmarks/startup.py [--runs 7]

Medians of fresh processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

POLICIES = ("cn/telecom", "cn/enterprise", "cn/banking")
SCRIPT = """
import json, sys, time
a = time.perf_counter()
import complaint_policy
b = time.perf_counter()
complaint_policy.load_policy(sys.argv[1])
c = time.perf_counter()
complaint_policy.load_policy(sys.argv[1])
d = time.perf_counter()
print(json.dumps([b - a, c - b, d - c]))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=7)
    runs = arguments.parse_args().runs
    print(f"{'policy':16} {'import':>8} {'first':>8} {'later':>8} {'check':>8}   seconds, medians of {runs}")
    for policy in POLICIES:
        rows = [json.loads(subprocess.run([sys.executable, "-c", SCRIPT, policy], check=True, capture_output=True, text=True).stdout) for _ in range(runs)]
        checks = [_whole([sys.executable, "-m", "complaint_policy", "check", policy]) for _ in range(runs)]
        medians = [statistics.median(column) for column in (*zip(*rows, strict=True), checks)]
        print(f"{policy:16} " + " ".join(f"{m:8.3f}" for m in medians))


def _whole(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
