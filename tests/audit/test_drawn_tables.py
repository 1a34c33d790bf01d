"""Figures, counts and cases of drawn tables against a plain reading of docs/language.md, in every form a table may have.

Nothing of the engine is used: cells are read by hand, a figure is computed in every possible world, a count looks at all pairs.
"""

from __future__ import annotations

import csv
import json
from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product
from math import ceil, prod
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from complaint_policy import load_policy_text

Record = dict[str, str]
Span = tuple[datetime, datetime]
TRUTH = {"yes": True, "no": False}
MICROSECOND = timedelta(microseconds=1)
NEVER_ENDS = datetime(9000, 1, 1)


def source(records: Sequence[Record], form: str, folder: Path) -> Any:
    if form in ("records", "iterable"):
        return list(records) if form == "records" else iter(records)
    frame = pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String))
    if form == "csv":
        with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(records[0]))
            writer.writeheader()
            writer.writerows(records)
    elif form == "jsonl":
        (folder / "t.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    elif form == "parquet":
        frame.write_parquet(folder / "t.parquet")
    else:
        return frame if form == "frame" else frame.lazy()
    return folder / f"t.{form}"


FORMS = ("records", "csv", "jsonl", "parquet", "frame", "query", "iterable")

# --------------------------------------------------------------------------- figures
FIGURES = """format: 1
policy: test/drawn
effective: {{from: 2020-01-01}}
timezone: America/New_York
currency: USD
scope: {{when: {{region: N}}}}
facts: {{points: {{choose: [{{when: {{injury: true}}, then: 10}}, {{otherwise: 1}}]}}}}
portfolio:
"""
OF = {
    "share": "{injury: true}",
    "count": "{injury: true}",
    "sum": "{field: compensation_paid}",
    "mean": "{field: points}",
    "quantile": "{field: compensation_paid}, at: 66.67%",
    "largest": "{field: points}",
    "spread": "{field: compensation_paid}",
}
LIMITS = {"at_least": lambda x, y: x >= y, "at_most": lambda x, y: x <= y, "above": lambda x, y: x > y, "below": lambda x, y: x < y}
HUGE = Fraction(10**12)  # stands for a value of which nothing is known


def complaints(random: Random) -> list[tuple[Record, date]]:
    """Records with their local days: New York puts its clocks on on 8 March and is four, then five hours behind UTC."""
    found = []
    for number in range(random.choice((3, 12, 20))):
        moment = datetime(2026, 2, 26, tzinfo=UTC) + timedelta(minutes=random.randrange(60 * 24 * 40))
        if random.random() < 0.3:  # around the first of April, four hours after midnight in UTC
            moment = datetime(2026, 4, 1, 4, tzinfo=UTC) + timedelta(seconds=random.choice((-1, 0, 1)))
        day = moment.astimezone(ZoneInfo("America/New_York")).date()
        received = day.isoformat() if random.random() < 0.2 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        open_cell = random.random() < 0.4
        record = {
            "id": f"R{number}",
            "received_at": received,
            "region": random.choice(("N", "N", "N", "S", "")),
            "product": random.choice(("a", "b", "")),
            "upheld": random.choice(("yes", "no", "", "?!") if open_cell else ("yes", "no")),
            "injury": random.choice(("yes", "no", "", "?!") if open_cell else ("yes", "no")),
            "compensation_paid": random.choice(("5", "1,000", "", "much") if open_cell else ("5", "10.50")),
        }
        found.append((record, day))
    return found


def options(record: Record, of: str) -> list[Fraction] | None:
    """The values a record may have; ``None``: any."""
    if "compensation" in of:
        cell = record["compensation_paid"].replace(",", "")
        return [Fraction(cell)] if cell[:1].isdigit() else None
    known = TRUTH.get(record["injury"])
    yes, no = (Fraction(10), Fraction(1)) if "points" in of else (Fraction(1), Fraction(0))
    return [yes, no] if known is None else [yes if known else no]


def measured(measure: str, values: list[Fraction]) -> Fraction | None:
    if measure in ("sum", "count"):
        return sum(values, Fraction(0))
    if not values:
        return None
    if measure in ("share", "mean"):
        return sum(values, Fraction(0)) / len(values)
    ordered = sorted(values)
    return {"largest": ordered[-1], "spread": ordered[-1] - ordered[0]}.get(measure, ordered[ceil(Fraction("0.6667") * len(values)) - 1])


def worlds(measure: str, members: list[tuple[bool | None, list[Fraction] | None]]) -> list[Fraction | None] | None:
    """The figure in every possible world; ``None`` where there are too many of them."""
    stated = {value for _, values in members for value in values or ()}
    choices = [[*(values or [-HUGE, HUGE, *stated]), *([None] if member is None else [])] for member, values in members if member is not False]
    if prod(map(len, choices)) > 20_000:
        return None
    return [measured(measure, [value for value in world if value is not None]) for world in product(*choices)]


def membership(record: Record) -> bool | None:
    """Among those looked at: in scope (region N), and upheld."""
    scope, upheld = (None if not record["region"] else True), TRUTH.get(record["upheld"])
    return False if upheld is False else True if scope and upheld else None


@pytest.mark.parametrize("seed", range(7))
def test_figures_are_those_of_every_possible_world(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    drawn = complaints(random)
    least, axes = random.choice((0, 3)), random.choice(([], ["product"]))
    by, count = f", by: [{', '.join(axes)}]" if axes else "", f", min_count: {least}" if least else ""
    limits = {m: (random.choice((*LIMITS,)), "0.5" if m == "share" else random.choice(("1", "5", "20"))) for m in OF}
    rules = [
        f"  - {{id: {m}, measure: {{{m}: {of}, among: {{upheld: true}}}}, per: month{by}, expect: {{{limits[m][0]}: {limits[m][1]}}}{count}}}\n" for m, of in OF.items()
    ]
    table = source([record for record, _ in drawn], FORMS[seed], tmp_path)
    audit = load_policy_text(FIGURES.format() + "".join(rules)).audit(table, as_of=datetime(2026, 6, 1), keep=seed % 2 == 0)
    cells: defaultdict[tuple[str, tuple[str, ...]], list[Record]] = defaultdict(list)
    for record, day in drawn:
        if record["region"] != "S":
            cells[f"{day:%Y-%m}", tuple(record[axis] or "?" for axis in axes)].append(record)
    for measure, of in OF.items():
        figures = {(f.period, f.group): f for f in audit.portfolio[measure]}
        assert figures.keys() >= cells.keys() and all(f.members + f.undecided + f.excluded == 0 for key, f in figures.items() if key not in cells)
        for key, records in cells.items():
            figure, members = figures[key], [(membership(record), options(record, of)) for record in records]
            sure, perhaps = sum(m is True for m, _ in members), sum(m is None for m, _ in members)
            open_ones = [r["id"] for r, (m, v) in zip(records, members, strict=True) if m is not False and (m is None or v is None or len(v) > 1)]
            assert (figure.members, figure.excluded, figure.undecided) == (sure, sum(m is False for m, _ in members), len(open_ones))
            found = worlds(measure, members)
            if found is None:
                continue
            there = [x for x in found if x is not None]
            low, high = (min(there), max(there)) if there else (None, None)
            shown = (None if low is None or low < -HUGE / 100 else low, None if high is None or high > HUGE / 100 else high)
            assert (figure.low, figure.high) == shown, (measure, key)
            operation, limit = limits[measure]
            answers = {LIMITS[operation](x, Fraction(limit)) for x in there}
            if not there or sure + perhaps < least:
                outcome = "not_applicable"
            elif None in found or sure < least or len(answers) > 1:
                outcome = "indeterminate"
            else:
                outcome = "met" if answers == {True} else "breached"
            assert figure.outcome == outcome, (measure, key)
    opened = audit.figure_records("share")
    for key, records in cells.items():
        of_key = opened.filter((pl.col("period") == key[0]) & (pl.col("group") == list(key[1])))
        parts = of_key.filter(pl.col("part") != "among")["id"].to_list()  # those among are in the numerator, the rest or undecided
        assert sorted(parts) == sorted(record["id"] for record in records)


# --------------------------------------------------------------------------- counts and cases
HISTORY = """format: 1
policy: test/drawn
effective: {{from: 2020-01-01}}
timezone: Asia/Shanghai
currency: CNY
portfolio: [{{id: PF, measure: {{sum: {{field: amount_claimed}}}}}}]
severity: {{levels: [low, high], rules: [{{id: SEV, level: high, when: {{injury: true}}}}], otherwise: low}}
history:
  n_ever: {{count: {{same: [complainant_id]}}}}
  n_window: {{count: {{same: [complainant_id, product], within: {window}}}}}
  n_upheld: {{count: {{same: [complainant_id], within: {window}, where: {{upheld: true}}}}}}
  n_closed: {{count: {{same: [complainant_id], from: closed_at, within: {window}}}}}
  merge: {{same: [complainant_id, product], within: {merge}, take: {{injury: any, amount_claimed: sum, closed_at: last, upheld: last}}}}
"""
AS_OF = datetime(2026, 3, 9, 12)


def span(cell: str) -> Span | None:
    """Between what instants an event lies; ``None`` where it has not happened by the moment of judgement."""
    if not cell:
        return None
    low = datetime.fromisoformat(cell)
    high = low + timedelta(days=1) - MICROSECOND if len(cell) == 10 else low
    return None if low > AS_OF else (low, min(high, AS_OF))


def ends(start: Span, window: str) -> Span:
    """Hours end by the clock; days, weeks and months with the end of their last day."""
    number, unit = int(window.split()[0]), window.split()[1]

    def end(moment: datetime) -> datetime:
        if unit == "hours":
            return moment + timedelta(hours=number)
        day = moment.date() + timedelta(days=number * (7 if unit == "weeks" else 1))
        if unit == "months":
            year, month = divmod(moment.year * 12 + moment.month - 1 + number, 12)
            day = date(year, month + 1, min(moment.day, monthrange(year, month + 1)[1]))
        return datetime(day.year, day.month, day.day) + timedelta(days=1) - MICROSECOND

    return end(start[0]), end(start[1])


def key_of(record: Record, names: Sequence[str]) -> tuple[str, ...] | None:
    values = tuple(record[name].strip() for name in names)
    return values if all(values) else None


def count(records: dict[int, Record], row: int, names: Sequence[str], since: str = "received_at", window: str | None = None, upheld: bool = False) -> int | None:
    """How many of the others came before; ``None`` where one of them may or may not count."""
    key, mine, found = key_of(records[row], names), span(records[row]["received_at"]), 0
    if key is None or mine is None:
        return None
    for other, record in records.items():
        theirs = span(record[since])
        counts = TRUTH.get(record["upheld"]) if upheld else True
        if other == row or key_of(record, names) != key or theirs is None or counts is False:
            continue
        tie, end = theirs == mine, (NEVER_ENDS, NEVER_ENDS) if window is None else ends(theirs, window)
        if theirs[0] > mine[1] or (tie and other > row) or end[1] < mine[0]:
            continue
        if not (tie or theirs[1] < mine[0]) or end[0] < mine[1] or counts is None:
            return None
        found += 1
    return found


def cases(records: Sequence[Record], window: str) -> tuple[dict[int, Record], dict[int, int]]:
    """The records with those of one matter as one, and by row the case a record went into."""
    alive, into = {row: dict(record) for row, record in enumerate(records)}, {}
    first: dict[Any, tuple[Span, int]] = {}
    for start, row in sorted((s, row) for row, record in enumerate(records) if (s := span(record["received_at"])) is not None):
        key = key_of(records[row], ("complainant_id", "product"))
        if key is not None and key in first and start[1] <= ends(first[key][0], window)[0]:
            into[row] = first[key][1]
            case, record = alive[into[row]], alive.pop(row)
            case["injury"] = "yes" if "yes" in (case["injury"], record["injury"]) else case["injury"] or record["injury"]
            case["amount_claimed"] = str(sum(int(x["amount_claimed"] or 0) for x in (case, record))) if case["amount_claimed"] or record["amount_claimed"] else ""
            case |= {name: record[name] for name in ("closed_at", "upheld") if record[name]}
        elif key is not None:
            first[key] = start, row
    return alive, into


@pytest.mark.parametrize("seed", range(14))
def test_counts_and_cases_are_those_of_all_pairs(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    bare = random.choice((0, 0.2, 0.7))

    def moment() -> str:
        found = datetime(2026, 2, 26) + timedelta(days=random.randrange(9), hours=random.choice((0, 9, 23)), minutes=random.choice((0, 59)))
        return found.date().isoformat() if random.random() < bare else found.isoformat()

    records = [
        {
            "id": f"R{number}",
            "received_at": moment(),
            "closed_at": random.choice(("", moment(), moment())),
            "complainant_id": random.choice(("u", "u ", "v", "w", "")),
            "product": random.choice(("a", "a", "b", "")),
            "upheld": random.choice(("yes", "no", "")),
            "injury": random.choice(("yes", "no")),
            "amount_claimed": random.choice(("1", "20", "300")),
        }
        for number in range(random.choice((5, 25)))
    ]
    window, merge = random.choice(("1 day", "36 hours", "2 days", "1 week", "1 month", "1 hour")), random.choice(("1 day", "12 hours"))
    plain = {"1 day": "1 days", "1 week": "1 weeks", "1 month": "1 months", "1 hour": "1 hours"}
    audit = load_policy_text(HISTORY.format(window=window, merge=merge)).audit(source(records, FORMS[seed % 7], tmp_path), as_of=AS_OF)
    window = plain.get(window, window)
    alive, into = cases(records, plain.get(merge, merge))
    assert dict(audit.merged.select("row", "into_row").iter_rows()) == into
    assert audit.decisions["row"].to_list() == sorted(alive)
    told = {row["row"]: row for row in audit.history.to_dicts()}
    for row in alive:
        assert {name: n for name, n in told[row].items() if name != "row"} == {
            "n_ever": count(alive, row, ["complainant_id"]),
            "n_window": count(alive, row, ["complainant_id", "product"], window=window),
            "n_upheld": count(alive, row, ["complainant_id"], window=window, upheld=True),
            "n_closed": count(alive, row, ["complainant_id"], "closed_at", window),
        }, row
    assert audit.decisions["severity"].to_list() == ["high" if alive[row]["injury"] == "yes" else "low" for row in sorted(alive)]
    (paid,) = audit.portfolio["PF"]
    assert paid.low == paid.high == sum(int(record["amount_claimed"]) for record in records)  # whatever was merged, nothing is lost
