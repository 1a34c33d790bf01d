"""What the hand-written tables share: the constants a person takes from the policy, once, and the days deadlines end on."""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta

from workload import AS_OF, CAP, FIRST, LAST, exceptions

EPOCH = datetime(1970, 1, 1)
DAY_US = 86_400_000_000
STEPS = ("ack", "investigate", "respond", "close", "followup")
DONE = ("acknowledged_at", "investigated_at", "responded_at", "closed_at", "followed_up_at")
DEPARTMENTS = ("frontline", "service_desk", "product_team", "privacy_office", "security", "legal", "quality", "executive")
# Microseconds, and the number of the first calendar day, both counted from 1970.
AS_OF_US = int((AS_OF - EPOCH).total_seconds()) * 1_000_000
BASE_DAY = (FIRST - date(1970, 1, 1)).days
# Wall time in Shanghai is eight hours before UTC, and has been for longer than the data reaches back.
OFFSET = timedelta(hours=8)
ZONE = "Asia/Shanghai"
# severity, owner, five states (0 met, 1 breached, 2 pending, null not started), the amount
COLUMNS = ("severity", "owner", *(f"st_{s}" for s in STEPS), "penalty")
DUES = tuple(f"due_{s}" for s in STEPS)


def capped(base: int, repeated: bool) -> int:
    """The amount of a case."""
    return min(CAP, base * 3 // 2 if repeated else base)


@functools.cache
def working_days() -> dict[int, list[int]]:
    """For 1, 7 and 15 working days: the last microsecond of the day due, by the day of the start from ``BASE_DAY`` on."""
    holidays, made_up = (set(days) for days in exceptions())
    days = calendar_days()
    works = [(d.weekday() < 5 and d not in holidays) or d in made_up for d in days]
    positions = [i for i, w in enumerate(works) if w]
    found: dict[int, list[int]] = {1: [], 7: [], 15: []}
    passed = 0
    for w in works:
        passed += w
        for n, ends in found.items():
            ends.append((BASE_DAY + positions[min(passed + n - 1, len(positions) - 1)] + 1) * DAY_US - 1)
    return found


@functools.cache
def calendar_days() -> list[date]:
    """The days of the policy's calendar."""
    return [FIRST + timedelta(i) for i in range((LAST - FIRST).days + 1)]
