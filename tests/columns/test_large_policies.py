"""Many rules and many cells: columns and records say the same, and what the numbers they are made of say."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import load_policy_text
from complaint_policy.audit import frames, read_mapping
from complaint_policy.columns.plan import Plan

AS_OF = datetime(2026, 3, 5, 12)
HEAD = "format: 1\npolicy: test/large\neffective: {from: 2020-01-01}\ntimezone: Asia/Shanghai\n"
LEVELS = ["low", "middle", "high"]


def records(count: int, **cells: Any) -> list[dict[str, Any]]:
    """``cells``: for each field what it holds in each row, by the row's number."""
    return [{"id": str(i), "received_at": datetime(2026, 3, 1) + timedelta(minutes=i), **{name: cell(i) for name, cell in cells.items()}} for i in range(count)]


@pytest.mark.parametrize("rules", [1, 24, 25, 71])
def test_the_first_of_many_rules_decides(rules: int) -> None:
    """Rule i takes what affects 1000 - i and more, and is of level i % 3: of 1000 - i it is the first that holds."""
    severity = "".join(f"    - {{id: S{i}, level: {LEVELS[i % 3]}, when: {{affected_customers: {{at_least: {1000 - i}}}}}}}\n" for i in range(rules))
    policy = load_policy_text(f"{HEAD}severity:\n  levels: [{', '.join(LEVELS)}]\n  rules:\n{severity}  otherwise: middle\n")
    rows = records(90, affected_customers=lambda i: 1000 - i if i % 7 else 2000)
    wanted = [LEVELS[0 if i % 7 == 0 else i % 3] if i < rules or i % 7 == 0 else "middle" for i in range(90)]
    assert policy.audit(pl.DataFrame(rows), as_of=AS_OF).decisions["severity"].cast(pl.String).to_list() == wanted
    assert [policy.evaluate(row, as_of=AS_OF).severity.level for row in rows] == wanted


def test_a_matrix_of_texts_and_numbers() -> None:
    """300 products, free texts, and three bands of amounts: owner p-b for product p and band b; others are the desk's."""
    bands = ["{below: 100}", "{at_least: 100, below: 250.5}", "{at_least: 250.5}"]
    cells = "".join(
        f"    - {{id: R{p}-{b}, when: {{product: P{p}, amount_claimed: {band}}}, owner: o{p}-{b}}}\n" for p in range(300) for b, band in enumerate(bands)
    )
    policy = load_policy_text(f"{HEAD}currency: CNY\nresponsibility:\n  by: [product, amount_claimed]\n  rows:\n{cells}  otherwise: {{owner: desk}}\n")
    amounts = [0, 99.99, 100, 250.49, 250.5, 10**6]
    rows = records(700, product=lambda i: f"P{i % 350}", amount_claimed=lambda i: amounts[i % 6])
    rows += records(4, product=lambda i: ["P1 ", None, "p1", "P1"][i], amount_claimed=lambda i: [5, 5, 5, None][i])
    # i % 6 is 0 or 1: below 100; 2 or 3: below 250.5; 4 or 5: the rest.  `P1 ` is read as `P1`.
    wanted = [f"o{i % 350}-{i % 6 // 2}" if i % 350 < 300 else "desk" for i in range(700)] + ["o1-0", None, "desk", None]
    audit = policy.audit(pl.DataFrame(rows, infer_schema_length=None), as_of=AS_OF)
    assert audit.decisions["owner"].cast(pl.String).to_list() == wanted
    found = [policy.evaluate(row, as_of=AS_OF).responsibility for row in rows]
    assert [owned.owner for owned in found] == wanted
    # An unknown product with a known amount: band 0 of all products, or the desk.
    assert found[701].candidates == (*(f"o{p}-0" for p in range(300)), "desk")
    # An unknown amount of product 1: its three bands, or the desk where none is stated.
    assert found[703].candidates == ("o1-0", "o1-1", "o1-2", "desk")
    assert found[703].missing == ("amount_claimed",)


@pytest.mark.parametrize("declared", ["", ", default: v2", ", empty: none"])
@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_an_enum_of_many_values(declared: str, kind: Any) -> None:
    """40 values, of which the even ones have an owner; blanks, blanks around a value, and texts that are none of them."""
    values = [f"v{i}" for i in range(40)]
    rows = "".join(f"    - {{id: R{i}, when: {{category: v{i}}}, owner: o{i}}}\n" for i in range(0, 40, 2))
    field = f"record: {{fields: {{category: {{type: enum, values: [{', '.join(values)}]{declared}}}}}}}\n"
    policy = load_policy_text(f"{HEAD}{field}responsibility:\n  by: [category]\n  rows:\n{rows}  otherwise: {{owner: desk}}\n")
    cells = [*values, " v4 ", "V4", "zz", "", None]
    empty = {"": None, ", default: v2": "o2", ", empty: none": "desk"}[declared]
    wanted = [f"o{i}" if i % 2 == 0 else "desk" for i in range(40)] + ["o4", None, None, empty, empty]
    for among in (range(40), range(45)):
        frame = pl.DataFrame(records(len(among), category=lambda i: cells[i])).with_columns(pl.col("category").cast(kind))
        audit = policy.audit(frame, as_of=AS_OF)
        assert audit.decisions["owner"].cast(pl.String).to_list() == wanted[: len(among)]


def test_counts_of_many_owners_add_up_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """More owners than are counted one by one, in several batches of a table, with rows that are left in between."""
    products = [f"product{i}" for i in range(60)]
    rows = "\n".join(f"    - {{id: RS-{p}, when: {{product: {p}}}, owner: team_{p}}}" for p in products)
    policy = load_policy_text(f"""
format: 1
policy: test/many_owners
effective: {{from: 2022-01-01}}
timezone: Asia/Shanghai
counting: {{first_day: excluded, ends: end_of_day, roll: none}}
record: {{fields: {{product: {{type: enum, values: [{", ".join(products)}]}}}}}}
responsibility:
  by: [product]
  rows:
{rows}
  otherwise: {{owner: desk}}
deadlines:
  - {{id: DL-close, from: received_at, to: closed_at, within: 1 days}}
""")
    received = datetime(2024, 3, 1, 9)
    cells: list[dict[str, Any]] = [
        {
            "id": f"N{i}",
            "received_at": received,
            "product": None if i % 71 == 5 else products[i * i % 60],
            "closed_at": None if i % 7 == 0 else received + timedelta(hours=i % 50),
        }
        for i in range(700)
    ]
    monkeypatch.setattr(frames, "_BATCH", 64)
    monkeypatch.setattr(frames, "_LOOKED_AT", 3)
    summary = policy.audit(pl.DataFrame(cells).lazy(), as_of="2024-06-01T00:00").summary()
    assert {owner: n for owner, n in summary.owner.items() if owner} == Counter(f"team_{c['product']}" for c in cells if c["product"])
    # Due at the end of 2 March.
    late: list[timedelta] = sorted((c["closed_at"] or datetime(2024, 6, 1)) - datetime(2024, 3, 3) for c in cells if (c["closed_at"] or received.max) >= datetime(2024, 3, 3))
    found = summary.late["DL-close"]
    assert (found.breached, found.open, found.known) == (len(late), sum(c["closed_at"] is None for c in cells), len(late))
    assert (found.median, found.longest) == ((late[(len(late) - 1) // 2] + late[len(late) // 2]) / 2, late[-1])
    assert summary.repeated_ids == 0 and summary.identity.decided == 700


def test_rows_that_polars_leaves_another_time_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for the rows that are left, a query may leave others than it did when it counted: no row is lost or counted twice."""
    policy = load_policy_text(f"{HEAD}deadlines:\n  - {{id: DL-close, from: received_at, to: closed_at, within: 24 hours}}\n")
    rows = records(40, closed_at=lambda i: datetime(2026, 3, 1) + timedelta(minutes=i) * 2 - timedelta(days=i % 8 == 7))
    table = pl.DataFrame(rows).lazy()
    monkeypatch.setattr(frames, "_LOOKED_AT", 3)
    wanted = policy.audit(table, as_of=AS_OF).summary()
    assert wanted.outcomes == {"DL-close": {"met": 35, "indeterminate": 5}}  # every eighth is closed before it came
    collected = frames.FrameAudit._collected
    dropped: list[int] = []

    def forgetful(self: Any, queries: list[pl.LazyFrame]) -> list[pl.DataFrame]:
        found = collected(self, queries)
        if not dropped and found[0].height > 1:
            dropped.append(found[0].height)
            return [found[0].head(-1)]
        return found

    monkeypatch.setattr(frames.FrameAudit, "_collected", forgetful)
    summary = policy.audit(table, as_of=AS_OF).summary()
    assert dropped == [5] and summary.outcomes == wanted.outcomes and summary.identity.decided == 40


@pytest.mark.parametrize("odd", [" A7", "A7\x1f", "\u3000A7", "A7\xa0", "A 7", "A\u03017", "\u00c17", "", " ", None, "7"])
def test_a_text_out_of_the_ordinary_among_many_plain_ones(odd: str | None) -> None:
    """After more plain texts than the first look takes, one with blanks around it or inside, an accent in two ways, nothing, or none."""
    rules = "".join(f'    - {{id: S{i}, level: high, when: {{contract: "{text}"}}}}\n' for i, text in enumerate(["A7", "A 7", "\u00c17"]))
    declared = "record: {fields: {contract: {type: string}}}\n"
    policy = load_policy_text(f"{HEAD}{declared}severity:\n  levels: [low, high]\n  rules:\n{rules}  otherwise: low\n")
    rows = records(80, contract=lambda i: odd if i == 70 else "A7" if i % 9 == 0 else f"B{i}")
    rows[71]["id"] = odd
    decisions = policy.audit(pl.DataFrame(rows), as_of=AS_OF).decisions
    found = [policy.evaluate(row, as_of=AS_OF) for row in rows]
    assert decisions["severity"].cast(pl.String).to_list() == [one.severity.level for one in found]
    assert decisions["id"].to_list() == [one.to_dict()["complaint_id"] for one in found]
    wanted = {"7": "low", "": None, " ": None, None: None}.get(odd, "high")
    assert decisions["severity"][70] == wanted
    assert decisions["id"][71] == {" ": None, "": None, None: None, "A\u03017": "\u00c17", "A 7": "A 7", "\u00c17": "\u00c17", "7": "7"}.get(odd, "A7")


def test_mappings_that_differ_in_the_middle_of_their_blanks(tmp_path: Path) -> None:
    """One policy, two audits: the text of a long expression is cut short."""
    policy = load_policy_text(
        f"{HEAD}record: {{fields: {{kind: {{type: enum, values: [m05, m06, b]}}}}}}\n"
        "deadlines:\n  - {id: DL, from: received_at, to: closed_at, within: 5 days, when: {kind: m05}}\n"
    )
    rows = records(2, kind=lambda i: f"m0{5 + i}", closed_at=lambda i: datetime(2026, 3, 2))
    pl.DataFrame(rows).with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%d %H:%M:%S")).write_parquet(tmp_path / "t.parquet")
    found = {}
    for blank in ("m05", "m06"):
        fields = "".join(f"  {name}: {{column: {name}}}\n" for name in rows[0])
        mapping = read_mapping(f"format: 1\nfields:\n{fields}blank: [a, aa, {blank}, z]\n".encode(), "m.yaml")
        found[blank] = policy.audit(tmp_path / "t.parquet", mapping=mapping, as_of=AS_OF).decisions["DL.outcome"].cast(pl.String).to_list()
    assert found == {"m05": ["indeterminate", "not_applicable"], "m06": ["met", "indeterminate"]}


FACTS = {
    # What each says of the one before is doubled: forty in a row would be a million million times the first.
    "conditions": ("{injury: true}", "{any: [{F: true}, {all: [{F: false}, {media_exposure: true}]}]}", "{F: true}"),
    "numbers": ("{plus: [{field: repeat_count}, 1]}", "{max_of: [{field: F}, {plus: [{field: F}, 1]}]}", "{F: {at_least: 40}}"),
    "instants": ("{from: received_at, within: 1 days}", "{first_of: [{from: F, within: 1 days}, {from: F, within: 2 days}]}", "{closed_at: {by: F}}"),
}


@pytest.mark.parametrize("kind", FACTS)
def test_facts_that_mention_facts_twice(kind: str) -> None:
    first, more, asked = FACTS[kind]
    facts = f"facts:\n  f0: {first}\n" + "".join(f"  f{i}: {more.replace('F', f'f{i - 1}')}\n" for i in range(1, 39))
    severity = f"severity:\n  levels: [low, high]\n  rules:\n    - {{id: S, level: high, when: {asked.replace('F', 'f38')}}}\n  otherwise: low\n"
    policy = load_policy_text(HEAD + facts + severity)
    received = datetime(2026, 1, 1, 10)
    # Thirty-nine days from the receipt end the last fact of instants; thirty-eight are added to repeat_count and one.
    cells: list[dict[str, Any]] = [
        {"injury": True, "repeat_count": 1, "closed_at": received + timedelta(days=39)},
        {"injury": False, "media_exposure": True, "repeat_count": 0, "closed_at": received + timedelta(days=41)},
        {"injury": False, "media_exposure": False, "repeat_count": None, "closed_at": None},
        {"injury": None, "media_exposure": False},
    ]
    rows = [{"id": str(i), "received_at": received, **cell} for i, cell in enumerate(cells)]
    wanted = {"conditions": ["high", "high", "low", None], "numbers": ["high", "low", None, None], "instants": ["high", "low", "low", "low"]}[kind]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    assert policy.audit(frame, as_of=AS_OF).decisions["severity"].cast(pl.String).to_list() == wanted
    assert [policy.evaluate(row, as_of=AS_OF).severity.level for row in frame.to_dicts()] == wanted


@pytest.mark.parametrize("count", [64, 65, 3000])
def test_one_of_many_texts(count: int) -> None:
    severity = f"severity:\n  levels: [low, high]\n  rules:\n    - {{id: S, level: high, when: {{description: [{', '.join(f't{i}' for i in range(count))}]}}}}\n  otherwise: low\n"
    policy = load_policy_text(HEAD + severity)
    rows = records(5, description=lambda i: ["t0", f"t{count - 1}", f"t{count}", " t1 ", None][i])
    wanted = ["high", "high", "low", "high", None]
    assert policy.audit(pl.DataFrame(rows), as_of=AS_OF).decisions["severity"].cast(pl.String).to_list() == wanted
    assert [policy.evaluate(row, as_of=AS_OF).severity.level for row in rows] == wanted


def test_amounts_by_facts_that_mention_facts_twice() -> None:
    more = "{max_of: [{field: F}, {plus: [{field: F}, 1]}]}"
    facts = "facts:\n  f0: {plus: [{field: repeat_count}, 1]}\n" + "".join(f"  f{i}: {more.replace('F', f'f{i - 1}')}\n" for i in range(1, 39))
    rules = "deadlines: [{id: DL, from: received_at, to: closed_at, within: 1 day}]\n"
    amount = "penalties: [{id: PN, for: [DL], amount: {times: [{field: f38}, 1.5]}, range: [{field: f38}, {times: [{field: f38}, 2]}]}]\n"
    policy = load_policy_text(HEAD + "currency: CNY\n" + facts + rules + amount)
    rows = records(4, repeat_count=lambda i: [0, 1, 100, None][i], closed_at=lambda i: datetime(2026, 3, 4))
    # One and thirty-eight more than repeat_count, one and a half times; nothing is known of the last.
    wanted = [Decimal("58.5"), Decimal(60), Decimal("208.5"), None]
    audit = policy.audit(pl.DataFrame(rows), as_of=AS_OF)
    assert audit.decisions["PN.amount"].to_list() == wanted
    assert [policy.evaluate(row, as_of=AS_OF).penalties[0].amount for row in rows] == wanted


@pytest.mark.parametrize("either", ["any", "all"])
def test_many_tests_of_instants_in_one_condition(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is another limit, of which nothing may be known: folded one by one they made as many stages, and memory grew with the square of them."""
    stages: list[int] = []
    applied = Plan.applied

    def counted(self: Plan, frame: pl.LazyFrame) -> pl.LazyFrame:
        stages.append(len(self.stages))
        return applied(self, frame)

    monkeypatch.setattr(Plan, "applied", counted)
    tests = ", ".join(f"{{closed_at: {{by: {{from: received_at, within: {10 + i} hours}}}}}}" for i in range(300))
    policy = load_policy_text(f"{HEAD}requirements: [{{id: RQ, require: {{{either}: [{tests}]}}}}]\n")
    received = datetime(2026, 1, 1, 10)
    frame = pl.DataFrame({"id": ["a", "b", "c", "d"], "received_at": [received] * 4, "closed_at": [received + timedelta(hours=h) for h in (10, 20, 309, 310)]})
    # The first limit is ten hours after the receipt, the last three hundred and nine.
    wanted = ["met", "met", "met", "breached"] if either == "any" else ["met", "breached", "breached", "breached"]
    assert policy.audit(frame, as_of=AS_OF).decisions["RQ.outcome"].cast(pl.String).to_list() == wanted
    assert [policy.evaluate(row, as_of=AS_OF).outcomes["RQ"] for row in frame.to_dicts()] == wanted
    assert 0 < max(stages) < 80
    without = policy.audit(frame.drop("closed_at"), as_of=AS_OF).decisions["RQ.outcome"].cast(pl.String).to_list()
    assert without == ["indeterminate"] * 4


def test_a_long_order() -> None:
    """Twenty-four names, of which each may have happened or not: every one is held against each before it."""
    names = [f"e{i}_at" for i in range(24)]
    fields = "record: {fields: {" + ", ".join(f"{name}: {{type: event}}" for name in names) + "}}\n"
    policy = load_policy_text(f"{HEAD}{fields}requirements: [{{id: RQ, require: {{in_order: [{', '.join(names)}]}}}}]\n")
    begin = datetime(2026, 1, 1)

    def row(case: str, hours: dict[int, int | None]) -> dict[str, Any]:
        return {"id": case, "received_at": begin, "closed_at": begin + timedelta(days=9), **{f"e{i}_at": None if h is None else begin + timedelta(hours=h) for i, h in hours.items()}}

    # The last lies before the first; the last has not happened; all at once are in order; one that has happened after one that has not is not.
    upward: dict[int, int | None] = {i: i for i in range(24)}
    changed: dict[str, dict[int, int | None]] = {"up": {}, "down": {23: 0, 0: 1}, "open": {23: None}, "same": dict.fromkeys(range(24), 5), "gap": {7: None}}
    rows = [row(case, {**upward, **change}) for case, change in changed.items()]
    wanted = ["met", "breached", "met", "met", "breached"]
    assert policy.audit(pl.DataFrame(rows), as_of=AS_OF).decisions["RQ.outcome"].cast(pl.String).to_list() == wanted
    assert [policy.evaluate(one, as_of=AS_OF).outcomes["RQ"] for one in rows] == wanted
