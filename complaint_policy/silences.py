"""The days of receipt on which no version of a policy is in force, and how that is said: by the versions, so that many records have one reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from attrs import frozen

from complaint_policy.texts import Text
from complaint_policy.wording import plain_day_text

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
    start, until = plain_day_text(versions[0].start), versions[-1].until
    before = Text(
        f"no version in force: received before {start.en}, when the first begins",
        f"没有有效的制度版本：收到日期早于首个版本的生效日（{start.zh}）",
    )
    found = [Silence(None, versions[0].start, before)]
    if until is not None:
        last = plain_day_text(until - timedelta(days=1))
        after = Text(
            f"no version in force: received after {last.en}, the last day of the last one",
            f"没有有效的制度版本：收到日期晚于末个版本的最后有效日（{last.zh}）",
        )
        found.append(Silence(until, None, after))
    return tuple(found)
