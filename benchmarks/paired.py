"""Contenders side by side in one run: they take turns, round by round, and a ratio is the median of the rounds' ratios.

So the drift of a noisy machine falls on both sides of a ratio.  Each round has another order (seeded), so that no contender always runs
after the same one, whose memory it would find in the caches or not.  What a contender gives is dropped outside the timed part.
"""

from __future__ import annotations

import gc
import importlib.util
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Run = Callable[[], Any]


def installed(*modules: str) -> bool:
    """Whether libraries that may be absent are there; nothing is imported by asking."""
    return all(importlib.util.find_spec(module) for module in modules)


def timed(run: Run) -> float:
    """The seconds of one run."""
    gc.collect()
    start = time.perf_counter()
    found = run()
    taken = time.perf_counter() - start
    del found
    return taken


def peak_memory() -> float:
    """The most memory this process has had, in MiB."""
    try:
        # `ru_maxrss` starts at what the parent had, this one at nothing.
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def rounds_of(contenders: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """The seconds of each contender in each round; the caller has warmed them up."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    order, drawn = list(contenders), random.Random(7)
    for _ in range(rounds):
        drawn.shuffle(order)
        for name in order:
            times[name].append(timed(contenders[name]))
    return times


def ratio(times: Mapping[str, Sequence[float]], name: str, reference: str) -> float:
    """How many times as fast as the reference a contender is."""
    return statistics.median(r / t for t, r in zip(times[name], times[reference], strict=True))


def show(
    title: str,
    times: Mapping[str, Sequence[float]],
    count: int,
    references: Sequence[str],
    *,
    unit: str = "rows/s",
    scale: tuple[float, str] = (1e3, "ms"),
) -> None:
    """One line a contender: how much a second, the ratio to each reference, the median and the shortest time."""
    width = max(34, *(len(name) for name in times))
    letters = {name: chr(ord("A") + i) for i, name in enumerate(references)}
    factor, small = scale
    print(f"\n{title}")
    print(f"  {'':{width}} {unit:>14} " + " ".join(f"{'to ' + letter:>8}" for letter in letters.values()) + f" {'median ' + small:>11} {'min ' + small:>9}")
    for name, taken in times.items():
        median = statistics.median(taken)
        ratios = " ".join(f"{ratio(times, name, reference):8.3f}" for reference in references)
        mark = f" = {letters[name]}" if name in letters else ""
        print(f"  {name:{width}} {count / median:14,.0f} {ratios} {median * factor:11.2f} {min(taken) * factor:9.2f}{mark}", flush=True)


def missing(names: Sequence[str]) -> None:
    """Say which contenders are not there."""
    if names:
        print(f"not installed, so not measured: {', '.join(names)} (make bench installs them)")
