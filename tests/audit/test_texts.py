"""A CSV file judged block by block gives what its rows, judged one by one, give."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import Audit, block_audit, blocks, read_mapping, run, run_audit
from complaint_policy.audit.gathering import Gathered, Ids, Spans
from complaint_policy.audit.judging import columns_of_policy
from complaint_policy.audit.partials import count_ids, middles, span
from tests.audit.test_with_policy import OLD

AS_OF = datetime(2024, 6, 1)
NEW_YORK = (
    OLD.replace("Asia/Shanghai", "America/New_York")
    + """\
portfolio:
  - {id: PF-answered, title: {en: Answered, zh: 已答复}, measure: {share: {responded_at: present}}, per: month, by: [category], expect: {at_least: 90%}, source: {ref: rule}}
"""
)
PLAIN = "id,received_at,responded_at,closed_at,category,urgent,root_cause\n"
MAPPING = """\
format: 1
mapping: export
blank: ["", "N/A", "-"]
fields:
  id: {column: No}
  received_at: {column: Opened, format: ["%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d"]}
  responded_at: {columns: [Day, Hour], format: "%d.%m.%Y %H:%M"}
  closed_at: {column: Closed, format: "%d-%b-%y", as: date}
  category: {column: Kind, values: {Net: network, Fee: tariff, "?": ""}}
  urgent: {column: Urgent, values: {"Y": "true", "N": "false"}, blank: ["0"]}
  root_cause: {column: Cause}
rows: {where: {State: [open, closed, ""], Kind: [Net, Fee, "?", x, "N/A"]}}
"""


def audits(monkeypatch: pytest.MonkeyPatch, path: Path, policy: Policy, **more: Any) -> tuple[Audit, Audit]:
    """By blocks, and row by row."""
    whole = run_audit(policy, path, as_of=AS_OF, **more)
    with monkeypatch.context() as patched:
        patched.setattr(run, "DelimitedTable", int)
        return whole, run_audit(policy, path, as_of=AS_OF, **more)


def same(found: Audit, expected: Audit) -> None:
    for name in ("decisions", "rejected"):
        mine, theirs = (getattr(a, name).with_columns(pl.col(pl.Enum).cast(pl.String)) for a in (found, expected))
        assert mine.schema == theirs.schema
        assert mine.rows() == theirs.rows(), name
    assert found.summary().to_dict() == expected.summary().to_dict()
    assert found.summary().render("zh") == expected.summary().render("zh")


def moment(draw: random.Random) -> datetime:
    return datetime(2024, 1, 1) + timedelta(seconds=draw.randrange(150 * 86400))


def plain_file(path: Path, draw: random.Random, rows: int, form: str) -> None:
    lines = [PLAIN]
    for number in range(rows):
        start = moment(draw)
        times = [start, start + timedelta(hours=draw.randrange(-5, 90)), start + timedelta(days=draw.randrange(0, 9))]
        shown = [
            draw.choice(
                [t.strftime(form)] * 12
                + ["", " ", "soon", t.strftime("%Y-%m-%d"), t.isoformat() + "Z", t.strftime("%Y-%m-%dT%H:%M"), "2024-03-10 02:30:00", "1700-01-01 00:00:00"]
            )
            for t in times
        ]
        cells = [draw.choice([f"C{number}", f"C{number}", f"C{number // 3}", "", " x "]), *shown]
        cells += [
            draw.choice(["network", "tariff", "", " tariff", "tarif", '"network"']),
            draw.choice(["true", "", "no", "yes?"]),
            draw.choice(["", "x", '"a\nb"']),
        ]
        lines.append(",".join(cells) + draw.choice(["\n", "\n", "\n", "\n", ",\n", "\n\n"]))
    path.write_text("".join(lines))


def export_file(path: Path, draw: random.Random, rows: int) -> None:
    lines = ["No,Opened,Day,Hour,Closed,Kind,Urgent,Cause,State\n"]
    for number in range(rows):
        start = moment(draw)
        opened = draw.choice(
            [start.strftime("%m/%d/%Y %I:%M:%S %p")] * 8
            + ["", "N/A", "-", start.strftime("%Y-%m-%d"), start.strftime("%-m/%-d/%Y %-I:%M:%S %p"), "02/30/2024 01:00:00 AM"]
        )
        day, closed = (start + timedelta(days=draw.randrange(9)) for _ in "ab")
        cells = [
            f"{number}" if draw.random() < 0.9 else "N/A",
            opened,
            draw.choice([day.strftime("%d.%m.%Y"), "", "x"]),
            draw.choice([day.strftime("%H:%M"), ""]),
        ]
        cells += [draw.choice([closed.strftime("%d-%b-%y")] * 5 + ["", " - ", "31-Feb-24", "05-jan-24"]), draw.choice(["Net", "Fee", "?", "x", "N/A", "z", ""])]
        cells += [draw.choice(["Y", "N", "0", "N/A", ""]), draw.choice(["", "x", "-"]), draw.choice(["open", "closed", "", " open ", "void"])]
        lines.append(",".join(cells) + "\n" if draw.random() < 0.97 else draw.choice([",,,,,,,,\n", ",-, ,N/A,,,,,\n", "1,2\n", '5,"open\n']))
    path.write_text("".join(lines))


@pytest.mark.parametrize("policy", [OLD, NEW_YORK], ids=["plain", "new-york"])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"])
def test_blocks_are_judged_as_their_rows_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, form: str) -> None:
    path = tmp_path / "a.csv"
    plain_file(path, random.Random(f"{policy}{form}"), 400, form)
    same(*audits(monkeypatch, path, load_policy_text(policy)))


@pytest.mark.parametrize("seed", range(3))
def test_a_mapping_is_applied_to_blocks_as_to_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    path = tmp_path / "a.csv"
    export_file(path, random.Random(seed), 400)
    same(*audits(monkeypatch, path, load_policy_text(NEW_YORK), mapping=read_mapping(MAPPING)))


def test_the_size_of_the_blocks_changes_nothing_and_no_decisions_are_needed_for_the_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, policy = tmp_path / "a.csv", load_policy_text(NEW_YORK)
    export_file(path, random.Random(7), 300)
    whole = run_audit(policy, path, as_of=AS_OF, mapping=read_mapping(MAPPING))
    for size in (500, 5000, blocks.BLOCK):
        monkeypatch.setattr(block_audit, "BLOCK", size)
        kept = run_audit(policy, path, as_of=AS_OF, mapping=read_mapping(MAPPING), decisions_to=tmp_path / "d.parquet")
        counted = run_audit(policy, path, as_of=AS_OF, mapping=read_mapping(MAPPING), keep=False)
        same(kept, whole)
        assert counted.summary().to_dict() == whole.summary().to_dict()
        assert counted.rejected.rows() == whole.rejected.rows()
        assert pl.read_parquet(tmp_path / "d.parquet").rows() == whole.decisions.rows()


def test_cells_that_are_no_text_cost_their_field_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, row = tmp_path / "a.csv", "1,2024-01-01 10:00:00,,,network,,中文内容\n".encode()
    path.write_bytes(PLAIN.encode() + row * 30 + row.replace(b"network", "网".encode()[:2]) + row)
    found, expected = audits(monkeypatch, path, load_policy_text(OLD))
    same(found, expected)
    assert found.summary().to_dict()["unusable"] == [{"field": "category", "records": 1}]


def test_a_decision_is_made_again_from_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    plain_file(path, random.Random(5), 120, "%Y-%m-%d %H:%M")
    found, expected = audits(monkeypatch, path, load_policy_text(OLD))
    monkeypatch.setattr(block_audit, "BLOCK", 1000)
    for row in found.decisions["row"].to_list()[::20]:
        assert found.decision(row).to_dict() == expected.decision(row).to_dict()


def test_a_file_without_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text(PLAIN)
    found, _ = audits(monkeypatch, path, load_policy_text(OLD))
    assert (found.decisions.height, found.rejected.height, found.summary().identity.rows) == (0, 0, 0)


def test_progress_tells_the_rows_and_the_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, told = tmp_path / "a.csv", []
    plain_file(path, random.Random(1), 200, "%Y-%m-%d")
    monkeypatch.setattr(block_audit, "BLOCK", 2000)
    found = run_audit(load_policy_text(OLD), path, as_of=AS_OF, progress=lambda rows, share: told.append((rows, share)))

    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == (found.summary().identity.rows, 1.0)


# --------------------------------------------------------------------------- what is kept until the summary
def test_repeated_ids_are_counted_over_batches() -> None:
    batches: list[list[str | None]] = [["a", "b", None], ["c"], ["a", "a", "d"], [None, "c", "e"]]
    ids = Ids()
    for batch in batches:
        ids.add(pl.Series(batch, dtype=pl.String))

    assert ids.count() == count_ids(pl.Series([i for b in batches for i in b])) == (2, 5)
    assert Ids().count() == (0, 0)


def test_spans_counted_together_have_the_same_median() -> None:
    draw = random.Random(3)
    for known in (1, 2, 5, 100, 101):
        spans, numbers = Spans(), [draw.randrange(1, 60) * 1_000_000 + draw.randrange(2) for _ in range(known)]
        for start in range(0, known, 7):
            spans.add(pl.Series(numbers[start : start + 7]))
            if draw.random() < 0.5:
                spans.settle()
        spans.settle()
        found = spans.lateness(known + 1, 3)

        assert (found.breached, found.open, found.known, found.longest) == (known + 1, 3, known, span(max(numbers)))
        assert found.median == middles({"": pl.Series(numbers)})[""][0]


def test_counts_are_put_together_however_many_there_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    policy, path = load_policy_text(OLD), tmp_path / "a.csv"
    plain_file(path, random.Random(2), 300, "%Y-%m-%d %H:%M:%S")
    whole = run_audit(policy, path, as_of=AS_OF)
    monkeypatch.setattr("complaint_policy.audit.gathering._FEW_TABLES", 2)
    monkeypatch.setattr(block_audit, "BLOCK", 1500)
    monkeypatch.setattr(block_audit, "Gathered", lambda shape: Gathered(shape, most=10))

    assert run_audit(policy, path, as_of=AS_OF, keep=False).summary().to_dict() == whole.summary().to_dict()
    assert Gathered(columns_of_policy(policy)).tally().decided == 0
