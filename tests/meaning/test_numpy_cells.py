"""Cells of numpy's types mean what Python's own do: a pandas frame gives such where a cell is taken out of it."""

from __future__ import annotations

import importlib
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from complaint_policy import Policy, load_policy_text

np: Any = importlib.import_module("numpy")
pd: Any = importlib.import_module("pandas")

POLICY = """
format: 1
policy: test/numpy
effective: {from: 2020-01-01}
timezone: Asia/Shanghai
record: {fields: {parts: {type: list}, visits: {type: instants}, rate: {type: number}}}
facts: {amount: {plus: [{field: amount_claimed}, 0]}, share: {plus: [{field: rate}, 0]}}
severity:
  levels: [general, major]
  rules: [{id: SEV-1, level: major, when: {any: [{injury: true}, {affected_customers: {at_least: 10}}, {parts: {contains: brake}}, {share: {at_least: 0.5}}]}}]
  otherwise: general
deadlines: [{id: DL-a, from: received_at, to: responded_at, within: 5 days}]
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY)


CELLS: dict[str, tuple[Any, Any]] = {
    "injury": (np.bool_(True), True),
    "affected_customers": (np.int64(20), 20),
    "amount_claimed": (np.float64(12.5), Decimal("12.5")),
    "rate": (np.float32(0.5), 0.5),
    "parts": (np.array(["brake", "door"], dtype=object), ["brake", "door"]),
    "responded_at": (np.datetime64("2026-03-02T10:00:00.000000000"), datetime(2026, 3, 2, 10)),
    "category": (np.str_("charge"), "charge"),
}
NOTHING = {"affected_customers": np.float32("nan"), "responded_at": np.datetime64("NaT"), "amount_claimed": np.float64("nan")}
OTHER = {"injury": np.int8(7), "affected_customers": np.float32(1.5), "rate": np.timedelta64(1, "D"), "amount_claimed": np.array([1, 2])}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_means_what_pythons_own_does(name: str, policy: Policy) -> None:
    cell, plain = CELLS[name]
    record = {"id": "1", "received_at": "2026-03-01", "injury": False}
    found, wanted = (policy.evaluate(record | {name: one}, as_of="2026-03-20T00:00").to_dict() for one in (cell, plain))
    assert found == wanted


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_number_and_no_time_is_empty(name: str, policy: Policy) -> None:
    found, wanted = (policy.evaluate({"received_at": "2026-03-01", name: one}, as_of="2026-03-20T00:00").to_dict() for one in (NOTHING[name], None))
    assert found == wanted


@pytest.mark.parametrize("name", OTHER)
def test_what_is_something_else_is_unusable(name: str, policy: Policy) -> None:
    assert name in policy.evaluate({"received_at": "2026-03-01", name: OTHER[name]}, as_of="2026-03-20T00:00").unusable


def test_rows_of_a_frame_are_judged_as_the_frame_is(policy: Policy) -> None:
    frame = pd.DataFrame({"received_at": pd.to_datetime(["2026-03-01", "2026-03-02"]), "injury": [False, False], "affected_customers": [3, 20]})
    rows = [{name: frame[name].iloc[i] for name in frame} for i in range(2)]
    wanted = policy.audit(frame, as_of="2026-03-20T00:00").decisions
    assert wanted["severity"].to_list() == [None, "major"]
    assert policy.audit(rows, as_of="2026-03-20T00:00").decisions.equals(wanted)


def test_who_calls_himself_numpys_is_not_believed(policy: Policy) -> None:
    def raises(self: object) -> object:
        raise RuntimeError("no")

    liar = type("int64", (), {"__module__": "numpy", "tolist": raises, "__ne__": raises})()
    forever = type("int64", (), {"__module__": "numpy", "tolist": lambda self: self})()
    for one in (liar, forever):
        assert "affected_customers" in policy.evaluate({"received_at": "2026-03-01", "affected_customers": one}, as_of="2026-03-20T00:00").unusable
