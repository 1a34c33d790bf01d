"""Facts in Python: one meaning for the straight line, the general evaluation and tables, whatever the cells are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.plugins import DerivedFact, Field, Settings, Text, hookimpl, make_manager
from complaint_policy.policy import PolicyVersion

POLICY = """
format: 1
policy: test/shapes
effective: {from: 2020-01-01}
timezone: Europe/Vienna
currency: EUR
plugins: [shapes]
shapes: {factor: 2.5}
requirements:
  - {id: RQ-truth, before: closed_at, require: {is_square: true}}
  - {id: RQ-number, before: closed_at, require: {area: {at_least: 10}}}
  - {id: RQ-money, before: closed_at, require: {cost: {below: 100.5}}}
  - {id: RQ-text, before: closed_at, require: {label: red/wide}}
  - {id: RQ-enum, before: closed_at, require: {size: [small, middle]}}
  - {id: RQ-base, before: closed_at, require: {twice_area: {above: 30}}}
  - {id: RQ-optional, before: closed_at, require: {has_width: true}}
deadlines:
  - {id: DL-1, from: ready_at, to: closed_at, within: 3 days}
"""


def is_square(width: int, height: int) -> bool | None:
    return None if width == 7 else width == height


def area(width: int, height: int) -> int:
    return width * height


def cost(price: Decimal, *, settings: Any) -> Decimal:
    factor: Decimal = settings["factor"]
    return price * factor


def label(colour: str, width: int) -> str:
    return f"{colour}/{'wide' if width > 5 else 'narrow'}"


def size(weight: Decimal) -> str:
    if weight < 0:
        raise ValueError("no weight is negative")
    return "small" if weight < 1 else "middle" if weight < 10 else "large"


def ready(received_at: datetime, made_on: date | None) -> datetime:
    return received_at if made_on is None else max(received_at, datetime(made_on.year, made_on.month, made_on.day, 12, tzinfo=received_at.tzinfo))


def has_width(width: int | None) -> bool:
    return width is not None


def _fact(name: str, kind: str, function: Any, *reads: str, **more: Any) -> DerivedFact:
    return DerivedFact(name=name, kind=kind, title=Text(name, name), reads=reads, function=function, **more)


class Shapes:
    version = "1"

    @hookimpl
    def complaint_policy_record_fields(self) -> list[Field]:
        kinds = {"width": "integer", "height": "integer", "weight": "number", "colour": "enum", "made_on": "date"}
        return [Field(name, kind, Text(name, name), values=("red", "blue") if kind == "enum" else ()) for name, kind in kinds.items()]

    @hookimpl
    def complaint_policy_settings(self) -> list[Settings]:
        return [Settings(key="shapes", title=Text("Shapes", "形状"), fields=(Field("factor", "number", Text("factor", "系数")),))]

    @hookimpl
    def complaint_policy_facts(self) -> list[DerivedFact]:
        return [
            _fact("is_square", "boolean", is_square, "width", "height"),
            _fact("area", "integer", area, "width", "height", column=lambda width, height: width * height),
            _fact("cost", "money", cost, "price", settings="shapes"),
            _fact("label", "string", label, "colour", "width"),
            _fact("size", "enum", size, "weight", values=("small", "middle", "large")),
            _fact("twice_area", "integer", lambda whole: 2 * whole, "area"),
            _fact("ready_at", "instant", ready, "received_at", "made_on", optional=("made_on",)),
            _fact("has_width", "boolean", has_width, "width", optional=("width",)),
        ]


MANAGER = make_manager({"shapes": Shapes()})
AS_OF = "2026-06-01T00:00"


def _loaded() -> Policy:
    assert MANAGER.faults == ()
    return load_policy_text(POLICY, plugins=MANAGER)


POLICY_OF_SHAPES = _loaded()
CELLS: dict[str, list[Any]] = {
    "received_at": ["2026-03-28 23:30", "2026-03-29 02:30", "2026-05-01 10:00"],
    "closed_at": ["2026-05-02 10:00", "2026-05-04 10:00", "2026-07-01 10:00", None],
    "width": [4, 5, 6, 7, None, "7", "seven"],
    "height": [4, 5, 6.0, None, "", 5.5],
    "price": [40, "40.20", 40.2, Decimal("40.21"), None, "cheap"],
    "weight": [0.5, 1, "9.99", 10, -1, None],
    "colour": ["red", "blue", "green", None, " red "],
    "made_on": ["2026-05-01", "2026-05-03", None, "soon"],
}


def _general(policy: Policy) -> Policy:
    """The same policy without its straight line."""
    versions: tuple[PolicyVersion, ...] = policy.versions
    other = Policy(versions, policy.kinds)
    other._ordinary = lambda record, as_of: None
    return other


@pytest.mark.parametrize("seed", range(3))
def test_three_ways_one_meaning(seed: int) -> None:
    drawn = Random(seed)  # the same records in every run
    records = [{"id": str(i), **{name: drawn.choice(cells) for name, cells in CELLS.items()}} for i in range(150)]
    general = _general(POLICY_OF_SHAPES)
    decided = [POLICY_OF_SHAPES.evaluate(record, as_of=AS_OF) for record in records]
    for record, decision in zip(records, decided, strict=True):
        other = general.evaluate(record, as_of=AS_OF)
        assert decision.outcomes == other.outcomes
        assert [r.missing for r in decision.judged()] == [r.missing for r in other.judged()]
    audit = POLICY_OF_SHAPES.audit(records, as_of=AS_OF, columns=["missing"])
    for rule in decided[0].outcomes:
        assert audit.decisions[f"{rule}.outcome"].to_list() == [decision.outcomes[rule] for decision in decided]
    for i, decision in enumerate(decided):
        for result in decision.judged():
            assert tuple(audit.decisions[f"{result.rule}.missing"].to_list()[i] or ()) == result.missing, (result.rule, records[i])


def test_typed_tables_too() -> None:
    frame = pl.DataFrame(
        {
            "id": ["1", "2", "3"],
            "received_at": [datetime(2026, 5, 1, 10)] * 3,
            "closed_at": [datetime(2026, 5, 4, 12), datetime(2026, 5, 4, 12), datetime(2026, 5, 6, 12)],
            "width": [4, 7, None],
            "height": [4, 7, 5],
            "price": [40.2, 40.21, None],
            "weight": [0.5, 10.0, -1.0],
            "colour": ["red", "blue", "red"],
            "made_on": [None, date(2026, 5, 2), date(2026, 5, 1)],
        }
    )
    audit = POLICY_OF_SHAPES.audit(frame, as_of=AS_OF)
    got = {name.removesuffix(".outcome"): audit.decisions[name].to_list() for name in audit.decisions.columns if name.endswith(".outcome")}
    assert got == {
        "RQ-truth": ["met", "indeterminate", "indeterminate"],  # 4 = 4; of 7 it cannot tell; no width
        "RQ-number": ["met", "met", "indeterminate"],  # 16, 49
        "RQ-money": ["breached", "breached", "indeterminate"],  # 40.2 × 2.5 = 100.50, not below; 100.525
        "RQ-text": ["breached", "breached", "indeterminate"],  # red/narrow; blue/wide
        "RQ-enum": ["met", "breached", "indeterminate"],  # small; large; it raises
        "RQ-base": ["met", "met", "indeterminate"],  # 32, 98
        "RQ-optional": ["met", "met", "breached"],
        "DL-1": ["met", "met", "breached"],  # ready on 1 May: by the end of 4 May; on 2 May: by the end of 5 May
    }


def test_a_due_date_from_a_plugins_instant() -> None:
    record = {"received_at": "2026-05-01 10:00", "closed_at": "2026-05-05 23:59", "made_on": "2026-05-02"}
    decision = POLICY_OF_SHAPES.evaluate(record, as_of=AS_OF)
    # Ready on 2 May at noon; the days after it are 3, 4 and 5 May, and the last of them counts whole.
    assert decision.outcomes["DL-1"] == "met"
    assert POLICY_OF_SHAPES.evaluate({**record, "closed_at": "2026-05-06 00:00"}, as_of=AS_OF).outcomes["DL-1"] == "breached"
    # Without the day it is ready when it is received: 2, 3 and 4 May.
    assert POLICY_OF_SHAPES.evaluate({**record, "made_on": None}, as_of=AS_OF).outcomes["DL-1"] == "breached"


def test_ordinary_records_take_the_straight_line() -> None:
    text = POLICY[: POLICY.index("deadlines:")].replace("Europe/Vienna", "Asia/Shanghai")
    text = "\n".join(line for line in text.splitlines() if "RQ-base" not in line and "RQ-optional" not in line)
    policy = load_policy_text(text, plugins=MANAGER)
    record = {"id": "1", "received_at": datetime(2026, 5, 1, 10), "closed_at": datetime(2026, 5, 2, 10), "width": 4, "height": 4}
    record |= {"price": 40.2, "weight": 0.5, "colour": "red"}
    decision = policy.evaluate(record, as_of=datetime(2026, 6, 1))
    assert decision._ordinary
    assert decision.outcomes == _general(policy).evaluate(record, as_of=AS_OF).outcomes
    assert not policy.evaluate({**record, "colour": "green"}, as_of=datetime(2026, 6, 1))._ordinary
    assert not policy.evaluate({**record, "width": 7}, as_of=datetime(2026, 6, 1))._ordinary  # it cannot tell
