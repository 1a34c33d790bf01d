"""Records that nobody would write on purpose: each costs itself a field or a row, and never the audit."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest

from complaint_policy import InputError, Policy, load_policy_text
from complaint_policy.audit import Audit, read_mapping
from complaint_policy.cli import main

AS_OF = "2026-03-20T18:00"
POLICY = """format: 1
policy: test/hostile
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {amount: {type: money}, share: {type: number}, pieces: {type: integer}}}
severity: {levels: [low, high], rules: [{id: SEV, level: high, when: {any: [{amount: {at_least: 100}}, {share: {at_least: 5}}, {pieces: {at_least: 9}}]}}], otherwise: low}
deadlines:
  - {id: DL, from: received_at, to: closed_at, within: 2 days, waivable: {by: [head]}}
"""
RECEIVED = "2026-03-01T09:00"
GOOD = {"id": "A", "received_at": RECEIVED}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY)


def same(policy: Policy, records: list[Any], audit: Audit, *known: str) -> None:
    """What the audit says of each record is what `evaluate` says of it, where these fields and the usual two are known."""
    for row, record in enumerate(records):
        alone = policy.evaluate(record, as_of=AS_OF, source_fields={"id", "received_at", *known})
        found = audit.decision(row)
        assert (found.to_dict(), set(found.unusable)) == (alone.to_dict(), set(alone.unusable)), row
        assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()


# --------------------------------------------------------------------------- numbers
VAST = ["1e-9999999999999999999", "1e9999999999999999999", "1e999999999", "-1e999999999", "1e-999999999", "0e999999999", "1e61", "1e59", "1.5e3"]
USABLE = {"1e59", "1.5e3"}


@pytest.mark.parametrize("name", ["amount", "share", "pieces"])
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_numbers_with_vast_exponents(policy: Policy, tmp_path: Path, form: str, name: str) -> None:
    lines = [json.dumps(GOOD), *(f'{{"id": "B{n}", "received_at": "{RECEIVED}", "{name}": {number}}}' for n, number in enumerate(VAST))]
    path = tmp_path / f"t.{form}"
    path.write_text("\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]")

    audit = policy.audit(path, as_of=AS_OF)

    assert audit.decisions.height == len(lines)
    for row, number in enumerate(VAST, 1):
        assert set(audit.decision(row).unusable) == (set() if number in USABLE else {name}), number
    assert audit.summary().identity.decided == len(lines)


@pytest.mark.parametrize("name", ["amount", "share", "pieces"])
def test_decimals_in_memory(policy: Policy, name: str) -> None:
    """Written out, the larger ones would fill the memory."""
    records = [{"id": str(n), "received_at": RECEIVED, name: Decimal(number)} for n, number in enumerate(VAST[2:])]
    same(policy, records, policy.audit(records, as_of=AS_OF), name)


def test_a_vast_exponent_on_the_command_line(policy: Policy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    (tmp_path / "r.json").write_text(f'{{"id": "A", "received_at": "{RECEIVED}", "amount": 1e-9999999999999999999}}')

    assert main(["evaluate", str(tmp_path / "p.yaml"), str(tmp_path / "r.json"), "--as-of", AS_OF, "--format", "json"]) == 0
    told = [finding["message"]["en"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert "amount cannot be used: not an amount of money." in told


# --------------------------------------------------------------------------- objects
@dataclass
class Unset:
    """An attribute that was never set."""

    id: str
    received_at: str
    closed_at: str = field(init=False)


@attrs.define
class Closed:
    """An object whose session is closed."""

    id: str
    received_at: str
    closed_at: str = ""

    def __getattribute__(self, name: str) -> Any:
        if name == "closed_at":
            raise RuntimeError
        return super().__getattribute__(name)


class Row(Mapping[str, Any]):
    """A mapping that fails at one key."""

    def __init__(self, cells: dict[str, Any]) -> None:
        self._cells = cells

    def __getitem__(self, key: str) -> Any:
        if key == "closed_at":
            raise RuntimeError
        return self._cells[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


class Word(str):
    """A text that fails at what texts can do."""

    __slots__ = ()

    def strip(self, *_: Any) -> Any:
        raise RuntimeError


ODD: list[tuple[Any, set[str]]] = [
    (Unset("B", RECEIVED), set()),  # there is none: empty
    (Closed("C", RECEIVED), {"closed_at"}),
    (Row({"id": "D", "received_at": RECEIVED, "closed_at": "2026-03-02"}), {"closed_at"}),
]


@pytest.mark.parametrize(("odd", "unusable"), ODD)
def test_objects_that_cannot_be_asked(policy: Policy, odd: Any, unusable: set[str]) -> None:
    records = [GOOD, odd]
    audit = policy.audit(records, as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["A", odd["id"] if isinstance(odd, Row) else odd.id]
    same(policy, records, audit, "closed_at")
    assert set(audit.decision(1).unusable) == unusable


def test_a_text_of_a_strange_class(policy: Policy) -> None:
    audit = policy.audit([GOOD, {"id": "B", "received_at": RECEIVED, "amount": Word("many")}], as_of=AS_OF)
    assert set(audit.decision("B").unusable) == {"amount"}


class Endless(Mapping[str, Any]):
    """A mapping without any keys to be had."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


def test_a_mapping_that_gives_nothing_is_no_record(policy: Policy) -> None:
    audit = policy.audit([GOOD, Endless(), 5], as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["A"]
    assert audit.rejected["row"].to_list() == [1, 2]


# --------------------------------------------------------------------------- keys
@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "list"])
def test_names_are_trimmed(policy: Policy, tmp_path: Path, form: str) -> None:
    records = [{" id": "A", " In ": RECEIVED}]
    path = tmp_path / f"t.{form}"
    path.write_text({"csv": f" id, In \nA,{RECEIVED}\n", "jsonl": json.dumps(records[0])}.get(form, json.dumps(records)))
    mapping = read_mapping('format: 1\nmapping: m\nfields: {id: {column: id}, received_at: {column: " In "}}\n')
    log = read_mapping('format: 1\nmapping: m\nfields: {id: {column: id}, received_at: {column: In}}\nevents: {case: " id ", order: {column: " In "}}\n')
    for one in (mapping, log):
        audit = policy.audit(records if form == "list" else path, as_of=AS_OF, mapping=one)
        assert audit.decisions["id"].to_list() == ["A"]
        assert not audit.rejected.height


def test_keys_that_are_one_name_when_trimmed(policy: Policy) -> None:
    """Records may spell a name in different ways, but not one record in two."""
    audit = policy.audit([{"id": "A", "received_at": RECEIVED}, {"id ": "B", "received_at": RECEIVED}, {"id": "C", "id ": "D", "received_at": RECEIVED}], as_of=AS_OF)
    assert audit.decisions["id"].to_list() == ["A", "B"]
    assert audit.rejected["reason"].to_list() == ["a key stands twice in the object"]


# --------------------------------------------------------------------------- nothing at all
MAPPING = "format: 1\nmapping: m\nfields: {id: {column: id}, received_at: {column: received_at}}\n"
WITH_EVENTS = load_policy_text(POLICY.replace("record: {fields:", "record: {events: {reply: {}}, fields:"))


@pytest.mark.parametrize(("name", "text", "rejected"), [("a.jsonl", "", 0), ("a.json", "[]", 0), ("a.json", '{"rows": []}', 0), ("a.jsonl", 'hello\n{"id": 1', 2)])
def test_a_file_without_a_record(policy: Policy, tmp_path: Path, name: str, text: str, rejected: int) -> None:
    """A month without complaints is no fault; lines that cannot be read say why."""
    path = tmp_path / name
    path.write_text(text)
    for mapping in (None, read_mapping(MAPPING)):
        audit = policy.audit(path, as_of=AS_OF, mapping=mapping)
        assert (audit.decisions.height, audit.rejected.height, audit.summary().identity.rows) == (0, rejected, rejected)
        assert all(reason.startswith("not JSON") for reason in audit.rejected["reason"])
    if not rejected:
        told = WITH_EVENTS.audit([GOOD], as_of=AS_OF, events=path).decision("A")
        assert told.unusable == {}


def test_cells_stay_out_of_messages(policy: Policy) -> None:
    query = pl.LazyFrame({"id": ["13800138000"], "received_at": [RECEIVED]}).with_columns(pl.col("id").cast(pl.Int8))
    with pytest.raises(InputError) as refused:
        policy.audit(query, as_of=AS_OF).summary()
    assert "column 'id' for 1 out of 1 values" in str(refused.value)
    assert "13800138000" not in str(refused.value) + refused.value.render("zh")


# --------------------------------------------------------------------------- waivers
def test_a_decision_under_a_waiver_by_condition_is_pickled(policy: Policy) -> None:
    records = [{**GOOD, "amount": 5}]
    waivers = policy.read_waivers([{"rule": "DL", "by": "head", "reason": "agreed", "records": {"amount": {"at_most": 9}}}])
    for found in (policy.evaluate(records[0], as_of=AS_OF, waivers=waivers), policy.audit(records, as_of=AS_OF, waivers=waivers).decision("A")):
        assert found.outcomes["DL"] == "waived"
        assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    assert pickle.loads(pickle.dumps(waivers)).waivers[0].condition == waivers.waivers[0].condition
