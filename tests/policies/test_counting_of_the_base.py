"""The base's conventions against the articles they are read from: every day worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from complaint_policy import load_policy, load_policy_text

CN = Path(__file__).parents[2] / "policies" / "cn"
BASES = sorted((CN / "base").glob("*.yaml"))
OVERLAYS = sorted(f for f in CN.glob("*/*.yaml") if f.parent.name != "base")

RULE = """
format: 1
policy: cn/counted
effective: {from: 2013-11-01}
extends: [cn/base]
timezone: Asia/Shanghai
currency: CNY
counting: COUNTING
deadlines:
  - {id: DL-x, title: {en: Period, zh: 期间}, from: received_at, to: responded_at, within: LENGTH}
"""


def counting(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["counting"]
    return found


def due(length: str, received: str) -> str:
    line = next(x for x in BASES[-1].read_text("utf-8").splitlines() if x.startswith("counting:"))
    policy = load_policy_text(RULE.replace("COUNTING", line.removeprefix("counting: ")).replace("LENGTH", length))
    found = policy.evaluate({"id": "1", "received_at": received}, as_of=received).deadline("DL-x").due_at
    assert found is not None
    return found.strftime("%Y-%m-%dT%H:%M:%S")


def is_law(path: Path) -> bool:
    """A company may count as it likes (Article 204)."""
    found: dict[str, Any] = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["sources"]
    return any(source["status"] != "company" for source in found.values())


@pytest.mark.parametrize("path", [*BASES[:-1], *filter(is_law, OVERLAYS)], ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_law_counts_as_the_base_does(path: Path) -> None:
    assert counting(path) == counting(BASES[-1])


@pytest.mark.parametrize(
    ("length", "received", "expected"),
    [
        # 201: the first day is not counted; Monday 12 April 2021 + 3 is Thursday the 15th, at 24:00 (203).
        ("3 days", "2021-04-12T00:00", "2021-04-15T23:59:59"),
        ("3 days", "2021-04-12T23:59", "2021-04-15T23:59:59"),
        # 201: hours run from the moment, through nights and rest days; Saturday 10 April 10:30 + 48 hours.
        ("48 hours", "2021-04-10T10:30", "2021-04-12T10:30:00"),
        # 202: the matching day of the last month; 15 March 2021 + 1 month is Thursday 15 April.
        ("1 month", "2021-03-15T10:00", "2021-04-15T23:59:59"),
        # 202: no 31 April, so its last day, Friday the 30th (the holiday begins on 1 May).
        ("1 month", "2021-03-31T10:00", "2021-04-30T23:59:59"),
        # 202: no 29 February 2025, so Friday the 28th.
        ("1 year", "2024-02-29T10:00", "2025-02-28T23:59:59"),
        # 203: a last day on a Sunday; Wednesday 14 April + 4 is Sunday the 18th, so Monday the 19th.
        ("4 days", "2021-04-14T10:00", "2021-04-19T23:59:59"),
        # 203: a last day in a holiday; Wednesday 28 April + 3 is Saturday 1 May; off to the 5th, so Thursday the 6th.
        ("3 days", "2021-04-28T10:00", "2021-05-06T23:59:59"),
        # A worked Sunday is no rest day: Wednesday 21 April + 4 is Sunday the 25th, worked for 4 May.
        ("4 days", "2021-04-21T10:00", "2021-04-25T23:59:59"),
        # Working days: from Friday 23 April: Sunday 25 worked (1), 26 (2), 27 (3).
        ("3 working days", "2021-04-23T10:00", "2021-04-27T23:59:59"),
        # The same under the older laws: 24 January 2020 is the day before the festival; + 5 is the 29th; the holiday
        # was prolonged to Sunday 2 February, so Monday the 3rd.
        ("5 days", "2020-01-24T10:00", "2020-02-03T23:59:59"),
        # Friday 19 September 2014 + 12 is 1 October; off to the 7th, so Wednesday the 8th.
        ("12 days", "2014-09-19T10:00", "2014-10-08T23:59:59"),
    ],
)
def test_a_period_ends_where_the_articles_say(length: str, received: str, expected: str) -> None:
    assert due(length, received) == expected


@pytest.mark.parametrize(
    ("received", "law"),
    [
        ("2013-11-01T00:00", "civil_law_general_principles"),
        ("2017-09-30T23:59", "civil_law_general_principles"),
        ("2017-10-01T00:00", "civil_law_general_provisions"),
        ("2020-12-31T23:59", "civil_law_general_provisions"),
        ("2021-01-01T00:00", "civil_code"),
    ],
)
def test_the_law_in_force_when_it_was_received(received: str, law: str) -> None:
    day = date.fromisoformat(received[:10])
    version = next(v for v in reversed(load_policy("cn/base").versions) if v.start <= day)
    assert list(version.model.sources) == [law]
