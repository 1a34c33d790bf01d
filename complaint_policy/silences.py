"""The days of receipt on which no version of a policy is in force, and how that is said: by the versions, so that many records have one reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from attrs import frozen

from complaint_policy.texts import Text

__all__ = ["Silence", "silences"]


class Stretch(Protocol):
    """Days of receipt: from ``start`` to ``until`` (exclusive; None: for good)."""

    @property
    def start(self) -> date: ...

    @property
    def until(self) -> date | None: ...


@frozen
class Silence:
    """No version from ``first`` (None: ever before) to ``until`` (exclusive; None: ever after)."""

    first: date | None
    until: date | None
    reason: Text

    def includes(self, day: date) -> bool:
        return (self.first is None or day >= self.first) and (self.until is None or day < self.until)


def silences(versions: Sequence[Stretch]) -> tuple[Silence, ...]:
    """The days before the first version, and those after the last; a policy with days between two is not loaded."""
    start, until = versions[0].start, versions[-1].until
    found = [
        Silence(
            None,
            start,
            Text(
                f"no version in force: received before {start.isoformat()}, when the first begins",
                f"没有有效的制度版本：收到日期早于首个版本的生效日（{_zh(start)}）",
            ),
        )
    ]
    if until is not None:
        last = until - timedelta(days=1)
        found.append(
            Silence(
                until,
                None,
                Text(
                    f"no version in force: received after {last.isoformat()}, the last day of the last one",
                    f"没有有效的制度版本：收到日期晚于末个版本的最后有效日（{_zh(last)}）",
                ),
            )
        )
    return tuple(found)


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
