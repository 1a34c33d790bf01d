"""Counts of earlier records and merged cases: worked out by hand, and held against a loop over all pairs."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import InputError, Policy, UsageError, load_policy_text
from complaint_policy.audit import Audit, read_mapping

HEAD = "format: 1\npolicy: test/history\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\ncurrency: CNY\n"
AS_OF = "2026-04-01T00:00"
Record = dict[str, Any]


def policy(body: str) -> Policy:
    return load_policy_text(HEAD + body)


def at(day: int, hour: int = 10, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour)


def counted(body: str, records: Sequence[Record], name: str = "n") -> list[int | None]:
    found: list[int | None] = policy(body).audit(list(records), as_of=AS_OF).history[name].to_list()
    return found


def case(number: int, received: Any, customer: Any = "A", **more: Any) -> Record:
    return {"id": f"T-{number}", "received_at": received, "complainant_id": customer, **more}


REPEAT = "history: {n: {count: {same: [complainant_id, product], within: 30 days}}}\n"


# --------------------------------------------------------------------------- counting
def test_the_window_ends_with_its_last_day() -> None:
    """30 days from 1 March end with 31 March: received on the 31st at 23:59 is in, on 1 April at 0:00 is out."""
    records = [case(0, at(1), product="x"), case(1, at(31, 23), product="x"), case(2, datetime(2026, 3, 31, 23, 59), product="y")]
    assert counted(REPEAT, records) == [0, 1, 0]
    late = [case(0, at(1, 10, 2), product="x"), case(1, at(3, 23), product="x"), case(2, at(4, 0), product="x")]
    # 30 days from 1 February 2026 end with 3 March; the third sees the second alone.
    assert counted(REPEAT, late) == [0, 1, 1]


def test_at_the_same_instant_the_earlier_row_is_earlier() -> None:
    assert counted(REPEAT, [case(i, at(1), product="x") for i in range(3)]) == [0, 1, 2]
    assert counted(REPEAT, [case(0, at(2), product="x"), case(1, at(1), product="x"), case(2, at(2), product="x")]) == [1, 0, 2]


def test_a_missing_key_matches_nobody_and_is_not_known() -> None:
    records = [case(0, at(1), None, product="x"), case(1, at(2), product="x"), case(2, at(3), None, product="x"), case(3, at(4), product=None)]
    assert counted(REPEAT, records) == [None, 0, None, None]


def test_what_is_received_after_the_judgement_is_not_counted() -> None:
    records = [case(0, at(1), product="x"), case(1, at(2, 10, 4), product="x"), case(2, at(3, 10, 4), product="x")]
    assert counted("history: {n: {count: {same: [complainant_id]}}}\n", records) == [0, 1, 1]


def test_keys_are_read_as_the_policy_reads_them() -> None:
    """Blanks around a text and the ways to write é are one; capitals are not."""
    records = [case(i, at(i + 1), customer) for i, customer in enumerate(("café", " café ", "cafe\u0301", "Café"))]
    assert counted("history: {n: {count: {same: [complainant_id]}}}\n", records) == [0, 1, 2, 0]


def test_bare_days_are_ordered_as_far_as_they_tell() -> None:
    body = "history: {n: {count: {same: [complainant_id], within: 2 hours}}}\n"
    # The second may lie before or after 10:00; the third is of the next day, 00:00 to 24:00, and may follow within two hours of it.
    assert counted(body, [case(0, at(1)), case(1, date(2026, 3, 1)), case(2, date(2026, 3, 2)), case(3, at(9))]) == [None, None, None, 0]
    # In days it is settled: same days by row, and no window that could end between.
    days = "history: {n: {count: {same: [complainant_id], within: 5 days}}}\n"
    assert counted(days, [case(0, date(2026, 3, 1)), case(1, date(2026, 3, 1)), case(2, date(2026, 3, 6)), case(3, date(2026, 3, 7))]) == [0, 1, 2, 1]


def test_a_later_row_of_the_same_day_leaves_no_count_open() -> None:
    """Within 12 hours of a bare day: whether the first lies in the window of the second is open, but the second is no earlier one."""
    rule = "history: {n: {count: {same: [complainant_id], within: 12 hours}}}\n"
    assert counted(rule, [case(0, date(2026, 3, 2)), case(1, date(2026, 3, 2))]) == [0, None]
    assert counted(rule, [case(0, at(1)), case(1, date(2026, 3, 2)), case(2, date(2026, 3, 2))]) == [0, 0, None]  # 1 March at 22:00 is over


def test_from_another_event() -> None:
    """15 days from a closing on 2 March end with 17 March; what is not closed, or closed later, is not counted."""
    body = "history: {n: {count: {same: [complainant_id], from: closed_at, within: 15 days}}}\n"
    records = [
        case(0, at(1), closed_at=at(2)),
        case(1, at(2, 9), closed_at=None),
        case(2, at(17, 23), closed_at=None),
        case(3, at(18, 0), closed_at=at(20)),
    ]
    assert counted(body, records) == [0, 0, 1, 0]


def test_a_closing_before_the_receipt_is_no_closing_before_itself() -> None:
    assert counted("history: {n: {count: {same: [complainant_id], from: closed_at}}}\n", [case(0, at(5), closed_at=at(1)), case(1, at(6))]) == [0, 1]


def test_a_record_of_a_year_nobody_means_is_no_earlier_record() -> None:
    records = [case(0, at(1), product="x"), case(1, date(9999, 12, 31), product="x"), case(2, "1700-01-01", product="x"), case(3, date(2026, 3, 3), product="x")]
    audit = policy(REPEAT).audit(records, as_of=AS_OF)
    assert audit.rejected["row"].to_list() == [1, 2]
    assert audit.history["n"].to_list() == [0, None, None, 1]


def test_an_unusable_event_leaves_the_others_open() -> None:
    records = [case(0, at(5), closed_at="soon"), case(1, at(6), closed_at=None)]
    assert counted("history: {n: {count: {same: [complainant_id], from: closed_at}}}\n", records) == [0, None]


def test_where_looks_at_the_others() -> None:
    body = "facts: {big: {amount_claimed: {at_least: 100}}}\nhistory: {n: {count: {same: [complainant_id], where: {upheld: true, big: true}}}}\n"
    records = [
        case(0, at(1), upheld=True, amount_claimed=100),
        case(1, at(2), upheld=True, amount_claimed=99),
        case(2, at(3), upheld=False, amount_claimed=None),
        case(3, at(4), upheld=None, amount_claimed=500),
        case(4, at(5), upheld=True, amount_claimed=500),
    ]
    # Whether the fourth counts is not known, so neither is what the fifth sees; the third is certainly none.
    assert counted(body, records) == [0, 1, 1, 1, None]


def test_where_may_ask_the_log() -> None:
    body = "record: {events: {reopened: {}}}\nfacts: {twice: {count: {event: reopened}}}\nhistory: {n: {count: {same: [complainant_id], where: {twice: {at_least: 2}}}}}\n"
    logs: tuple[list[Record], ...] = ([{"at": at(2), "kind": "reopened"}, {"at": at(3), "kind": "reopened"}], [{"at": at(4), "kind": "reopened"}], [])
    assert counted(body, [case(i, at(i + 1), events=log) for i, log in enumerate(logs)]) == [0, 1, 1]


def test_the_logs_of_one_matter_are_one_log() -> None:
    body = MERGE % ", take: {events: together}" + "record: {events: {reopened: {}}}\nfacts: {twice: {count: {event: reopened}}}\n"
    audit = policy(body).audit([case(i, at(i + 1), product="x", events=[{"at": at(i + 4), "kind": "reopened"}]) for i in range(3)], as_of=AS_OF)
    assert audit.decision(0).fact("twice") == 3


def test_a_chain_goes_on_from_each_to_the_next() -> None:
    """Five days each: 1, 6, 11 March are one chain of steps that just reach; the 17th begins another."""
    body = "history: {n: {count: {same: [complainant_id], within: 5 days, chained: true}}}\n"
    assert counted(body, [case(i, at(day)) for i, day in enumerate((1, 6, 11, 17, 18))]) == [0, 1, 2, 0, 1]


def test_likeness_within_the_same_fields() -> None:
    """Ten letters with one changed: 9 of 10 are matched, 2 × 9 / 20 = 90 %."""
    body = "history: {n: {count: {same: [complainant_id, {like: description, at_least: 90%}]}}}\n"
    texts = ("abcdefghij", "abcdefghiX", "abcdefgXYZ", None, "abcdefghij")
    records = [case(i, at(i + 1), description=text) for i, text in enumerate(texts)]
    assert counted(body, [*records, case(9, at(9), "B", description="abcdefghij")]) == [0, 1, 0, None, 2, 0]


def test_too_many_texts_are_not_compared() -> None:
    body = "history: {n: {count: {same: [complainant_id, {like: description, at_least: 90%}]}}}\n"
    assert counted(body, [case(i, at(1), description=f"text {i}") for i in range(201)]) == [None] * 201


def test_complaints_from_before_the_policy_are_history_too() -> None:
    records = [case(0, datetime(2025, 12, 20)), case(1, at(1)), case(2, None), case(3, "x")]
    audit = policy("history: {n: {count: {same: [complainant_id]}}}\n").audit(records, as_of=AS_OF)
    assert audit.history["n"].to_list() == [None, 1, None, None]
    assert audit.rejected["row"].to_list() == [0, 2, 3]
    notes = audit.summary().history
    assert notes is not None
    assert (notes.uncounted, notes.counts[0].records, notes.counts[0].highest, notes.counts[0].unknown) == (2, 1, 1, 0)
    assert "2 rows without a usable receipt may be missing" in audit.summary().render("en")
    assert "有 2 行缺少可用的收到投诉时间" in audit.summary().render("zh")
    assert audit.summary().to_dict()["history"]["uncounted"] == 2


def test_each_version_counts_by_its_own_rule(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01.yaml").write_text(HEAD + REPEAT)
    (tmp_path / "2026-03-10.yaml").write_text(HEAD.replace("2026-01-01", "2026-03-10") + REPEAT.replace("30 days", "5 days"))
    from complaint_policy import load_policy

    records = [case(i, at(day), product="x") for i, day in enumerate((1, 8, 12, 14))]
    # The first two by 30 days; from the 10th on by 5 days: the 12th sees the 8th (to the 13th), the 14th the 12th alone.
    assert load_policy(tmp_path).audit(records, as_of=AS_OF).history["n"].to_list() == [0, 1, 1, 1]


# --------------------------------------------------------------------------- the counts as fields
SEVERE = "severity: {levels: [low, high], rules: [{id: S, level: high, when: {n: {at_least: 1}}}], otherwise: low}\n"
FORMS = ("list", "frame", "lazy", "csv", "parquet", "jsonl")


def as_form(records: Sequence[Record], form: str, folder: Path) -> Any:
    if form == "list":
        return list(records)
    frame = pl.DataFrame(list(records))
    if form in ("frame", "lazy"):
        return frame if form == "frame" else frame.lazy()
    path = folder / f"table.{form}"
    moments = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    texts = frame.with_columns(pl.col(moments).dt.strftime("%Y-%m-%dT%H:%M"))
    if form == "parquet":
        frame.write_parquet(path)
    elif form == "csv":
        texts.write_csv(path)
    else:
        texts.write_ndjson(path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_is_judged_with_its_counts(form: str, tmp_path: Path) -> None:
    records = [case(0, at(1), product="x"), case(1, at(5), product='x "y"'), case(2, at(6), None, product="x"), case(3, at(7), product="x")]
    audit = policy(REPEAT + SEVERE).audit(as_form(records, form, tmp_path), as_of=AS_OF)
    assert audit.decisions["severity"].to_list() == ["low", "low", None, "high"]
    assert {str(d.severity.level) for d in (audit.decision("T-3"), audit.decision(3))} == {"high"}
    summary = policy(REPEAT + SEVERE).audit(as_form(records, form, tmp_path), as_of=AS_OF, keep=False).summary()
    assert summary.severity == {"high": 1, "low": 2, None: 1}


def test_a_table_that_brings_the_count_is_refused_unless_it_is_taken() -> None:
    records = [case(0, at(1), product="x", n=5), case(1, at(5), product="x", n=0)]
    with pytest.raises(InputError, match="'n': the table brings what the policy counts itself"):
        policy(REPEAT + SEVERE).audit(records, as_of=AS_OF)
    given = policy(REPEAT + SEVERE).audit(records, as_of=AS_OF, history="given")
    assert given.decisions["severity"].to_list() == ["high", "low"]
    assert given.history.columns == ["row"]
    with pytest.raises(UsageError, match="'counted' or 'given'"):
        policy(REPEAT).audit(records, as_of=AS_OF, history="no")


def test_sparks_workers_cannot_count() -> None:
    from complaint_policy.audit.spark import _without_history

    with pytest.raises(UsageError, match="history='given'"):
        _without_history(policy(REPEAT), "counted")
    _without_history(policy(REPEAT), "given")
    _without_history(policy(SEVERE.replace("n: {at_least: 1}", "injury: true")), "counted")


def test_a_column_of_that_name_that_is_not_read_is_no_matter() -> None:
    mapping = read_mapping("format: 1\nmapping: m\nfields: {received_at: {column: received_at}, complainant_id: {column: who}, product: {column: product}}\n")
    records = [{"received_at": at(day), "who": "A", "product": "x", "n": 7} for day in (1, 2)]
    audit = policy(REPEAT + SEVERE).audit(pl.DataFrame(records), as_of=AS_OF, mapping=mapping)
    assert audit.decisions["severity"].to_list() == ["low", "high"]


def test_a_default_speaks_for_a_record_alone_and_for_a_count_that_is_not_known() -> None:
    made = policy("record: {fields: {n: {type: integer, default: 0}}}\n" + REPEAT + SEVERE)
    assert made.evaluate(case(0, at(1)), as_of=AS_OF).severity.level == "low"
    assert policy(REPEAT + SEVERE).evaluate(case(0, at(1)), as_of=AS_OF).severity.level is None
    assert made.audit([case(0, at(1), None)], as_of=AS_OF).decisions["severity"].to_list() == ["low"]


def test_a_decision_names_the_records_counted() -> None:
    body = "history: {n: {title: {en: Repeats, zh: 重复}, count: {same: [complainant_id], within: 30 days}}}\n"
    audit = policy(body).audit([case(i, at(i + 1)) for i in range(3)] + [case(9, at(9), None)], as_of=AS_OF)
    assert "Repeats: 2, counted: T-0, T-1." in audit.decision("T-2").explain("en")
    assert "重复：2，计入：T-0、T-1。" in audit.decision(2).explain("zh")
    again = pickle.loads(pickle.dumps(audit.decision("T-2")))
    assert again.explain("zh") == audit.decision(2).explain("zh")  # what was counted is known of a copy, too
    assert "Repeats: 0." in audit.decision("T-0").explain("en")
    assert "Repeats: not known; a field it needs (Complainant's number)" in audit.decision("T-9").explain("en")


@pytest.mark.parametrize("form", FORMS)
def test_records_with_counts_are_judged_on_columns(form: str, tmp_path: Path) -> None:
    """Nothing is left to be judged one by one because of history, nor of rules over the whole table."""
    more = 'numbering: [{id: NR, form: "{serial}"}]\nreconcile: [{id: RC, with: hotline, same: [id]}]\n'
    records = [case(i, at(i + 1), product="x") for i in range(9)]
    audit = policy(REPEAT + SEVERE + more).audit(as_form(records, form, tmp_path), as_of=AS_OF)
    assert audit.decisions["severity"].to_list() == ["low"] + ["high"] * 8
    assert audit.notes == ()


# --------------------------------------------------------------------------- merging
MERGE = "history: {merge: {same: [complainant_id, product], within: 7 days%s}}\n"
DUE = "deadlines: [{id: D, from: received_at, to: responded_at, within: 2 days}]\n"


def merged(audit: Audit) -> list[tuple[int, int]]:
    return [(row, into) for row, into in audit.merged.select("row", "into_row").iter_rows()]


@pytest.mark.parametrize("form", FORMS)
def test_a_case_begins_with_its_first_record_and_is_judged_once(form: str, tmp_path: Path) -> None:
    """7 days from 1 March end with the 8th, whatever came between; the 9th begins another."""
    records = [case(i, at(day), product="x", responded_at=answered) for i, (day, answered) in enumerate(((9, None), (1, None), (8, at(10)), (5, at(3))))]
    audit = policy(MERGE % "" + DUE).audit(as_form(records, form, tmp_path), as_of=AS_OF)
    assert merged(audit) == [(2, 1), (3, 1)]
    assert audit.merged["reason"].to_list() == ["merged into T-1"] * 2
    assert audit.merged["reason_zh"].to_list() == ["已并入T-1"] * 2
    assert audit.merged["status"].to_list() == ["not_applicable"] * 2
    # Due on 3 March at the end of the day; of the records in order of receipt (1, 5, 8 March) the first answer is that of the 3rd.
    assert audit.decisions.select("row", "D.outcome").rows() == [(0, "breached"), (1, "met")]
    identity = audit.summary().identity
    assert (identity.rows, identity.decided, identity.rejected, identity.merged) == (4, 2, 0, 2)
    assert audit.decision("T-3").complaint_id == "T-1"
    assert "One case with records received later: T-3, T-2." in audit.decision(2).explain("en")
    assert "T-3、T-2" in audit.decision("T-1").explain("zh")


def test_merging_comes_before_counting() -> None:
    body = "history:\n  n: {count: {same: [complainant_id]}}\n  merge: {same: [complainant_id, product], within: 7 days}\n"
    audit = policy(body).audit([case(i, at(day), product=product) for i, (day, product) in enumerate(((1, "x"), (2, "x"), (3, "y"), (20, "x")))], as_of=AS_OF)
    assert audit.history["n"].to_list() == [0, None, 1, 2]
    assert "counted: T-0, T-2" in audit.decision("T-3").explain("en")


@pytest.mark.parametrize(
    ("how", "field", "cells", "taken"),
    [
        ("first", "channel", (None, "web", "phone"), "web"),
        ("last", "channel", ("web", "phone", None), "phone"),
        ("earliest", "closed_at", (at(9), None, at(7)), at(7)),
        ("latest", "closed_at", (at(9), None, at(7)), at(9)),
        ("any", "injury", (False, None, True), True),
        ("any", "injury", (False, None, False), False),
        ("any", "injury", (None, "maybe", False), "maybe"),
        ("any", "injury", (None, "maybe", True), True),
        ("all", "injury", (True, None, True), True),
        ("all", "injury", (True, "maybe", False), False),
        ("highest", "amount_claimed", (5, "1,000", None), "1,000"),
        ("lowest", "amount_claimed", (5, "1,000", None), 5),
        ("sum", "amount_claimed", (5, "1,000", None), 1005),
        ("sum", "amount_claimed", (5, "much", None), "much"),
        ("together", "description", ("no net", None, "no net at all"), "no net\nno net at all"),
    ],
)
def test_what_a_case_takes(how: str, field: str, cells: tuple[Any, ...], taken: Any) -> None:
    made = policy(MERGE % f", take: {{{field}: {how}}}")
    records = [case(i, at(i + 1), product="x") | ({field: cell} if cell is not None else {}) for i, cell in enumerate(cells)]
    audit = made.audit(records, as_of=AS_OF)
    assert merged(audit) == [(1, 0), (2, 0)]
    assert audit.decision(0)._record[field] == taken


def test_intervals_are_taken_together() -> None:
    made = policy(MERGE % ", take: {waiting_on_customer: together}" + DUE.replace("within: 2 days", "within: 2 days, pauses: [waiting_on_customer]"))
    waits = ("2026-03-02T00:00/2026-03-03T00:00", "2026-03-03T12:00/2026-03-04T00:00")
    audit = made.audit([case(i, at(1 + i, 0), product="x", waiting_on_customer=wait) for i, wait in enumerate(waits)], as_of=AS_OF)
    # From 1 March 0:00 two days end with the 3rd; a day and a half of waiting shifts the start to the 2nd at noon: the 4th.
    assert audit.decisions["D.due_at"].dt.strftime("%Y-%m-%dT%H:%M").to_list() == ["2026-03-04T23:59"]


def test_what_only_may_be_one_matter_is_not_merged() -> None:
    hours = MERGE.replace("7 days", "12 hours") % ""
    records = [case(0, date(2026, 3, 1), product="x"), case(1, at(1, 20), product="x"), case(2, at(4), product=None), case(3, at(4), product=None)]
    assert merged(policy(hours).audit(records, as_of=AS_OF)) == []


def test_alike_texts_are_one_matter() -> None:
    body = "history: {merge: {same: [complainant_id, {like: description, at_least: 90%}], within: 7 days}}\n"
    texts = ("abcdefghij", "no answer at all", "abcdefghiX", "no answer at alL", None)
    records = [case(i, at(i + 1), description=text) for i, text in enumerate(texts)]
    # 2 × 9 / 20 = 90 % and 2 × 15 / 32 = 93.75 %.
    assert merged(policy(body).audit(records, as_of=AS_OF)) == [(2, 0), (3, 1)]


def test_an_event_log_is_folded_first() -> None:
    mapping = read_mapping(
        "format: 1\nmapping: log\nfields: {id: {column: n}, received_at: {column: at}, complainant_id: {column: who}}\n"
        "events: {case: n, order: {column: at}, take: {received_at: earliest}}\n"
    )
    rows = [{"n": n, "at": at(day), "who": "A"} for n, day in ((1, 1), (2, 3), (1, 4), (2, 5))]
    body = "history: {n: {count: {same: [complainant_id]}}}\n"
    audit = policy(body + SEVERE).audit(rows, as_of=AS_OF, mapping=mapping)
    assert audit.decisions.select("row", "severity").rows() == [(0, "low"), (1, "high")]
    assert audit.summary().identity.folded == 2
    both = policy(body[:-2] + ", merge: {same: [complainant_id], within: 3 days}}\n" + SEVERE).audit(rows, as_of=AS_OF, mapping=mapping)
    identity = both.summary().identity
    assert (identity.rows, identity.decided, identity.folded, identity.merged) == (4, 1, 2, 1)


# --------------------------------------------------------------------------- against all pairs
WINDOWS = {"30 days": timedelta(days=30), "3 days": timedelta(days=3), "48 hours": None, "": None}
Ends = tuple[datetime, datetime]
MICRO = timedelta(microseconds=1)
LAST = datetime(9999, 1, 1)


def ends_of(value: Any) -> Ends | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value, value
    start = datetime(value.year, value.month, value.day)
    return start, start + timedelta(days=1) - MICRO


def due_of(since: Ends, window: str) -> Ends:
    def one(moment: datetime) -> datetime:
        if not window:
            return LAST
        if window == "48 hours":
            return moment + timedelta(hours=48)
        days = WINDOWS[window]
        assert days is not None
        return datetime(moment.year, moment.month, moment.day) + days + timedelta(days=1) - MICRO

    return one(since[0]), one(since[1])


def pairs(records: Sequence[Record], same: Sequence[str], since: str, window: str, where: bool) -> list[int | None]:
    """The same counts by the definition: every record against every other."""
    found: list[int | None] = []
    for i, one in enumerate(records):
        key = [one.get(name) for name in same]
        before = ends_of(one["received_at"])
        if None in key or before is None:
            found.append(None)
            continue
        count, settled = 0, True
        for j, other in enumerate(records):
            begins = ends_of(other.get(since)) if other["received_at"] is not None else None
            counts = other.get("upheld") if where else True
            if i == j or begins is None or [other.get(name) for name in same] != key or counts is False:
                continue
            due = due_of(begins, window)
            tie = begins == before
            earlier = begins[1] < before[0] or (tie and j < i)
            overlapping = not earlier and not tie and begins[0] <= before[1]
            if overlapping or (due[0] < before[1]) != (due[1] < before[0]):
                settled = False
            elif earlier and not due[1] < before[0]:
                settled, count = settled and counts is True, count + 1
        found.append(count if settled else None)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_counts_are_those_of_all_pairs(seed: int) -> None:
    random = Random(seed)
    bare, upheld = random.choice((0, 0, 0.1, 1)), (True, True, False, None)

    def moment(*, empty: float = 0.0) -> Any:
        if random.random() < empty:
            return None
        found = datetime(2026, 3, 1) + timedelta(hours=random.choice((1, 6, 24)) * random.randrange(40))
        return found.date() if random.random() < bare else found

    records = [
        case(i, moment(empty=0.03), random.choice("AAABBC-"), product=random.choice("xy"), closed_at=moment(empty=0.3), upheld=random.choice(upheld))
        for i in range(random.randrange(2, 40))
    ]
    for record in records:
        if record["complainant_id"] == "-":
            record["complainant_id"] = None
    same = random.choice((["complainant_id"], ["complainant_id", "product"]))
    since, window, where = random.choice(("received_at", "received_at", "closed_at")), random.choice(list(WINDOWS)), random.random() < 0.4
    body = f"history: {{n: {{count: {{same: [{', '.join(same)}], from: {since}"
    body += f", within: {window}" * bool(window) + ", where: {upheld: true}" * where + "}}}\n"
    expected = pairs(records, same, since, window, where)
    audit = policy(body).audit(records, as_of="2026-09-01T00:00")
    assert audit.history["n"].to_list() == expected
    # Whatever the order of the rows, where no two of them are at the same instant.
    order = random.sample(range(len(records)), len(records))
    instants = [r[name] for r in records for name in {"received_at", since} if r[name] is not None]
    if len({(r["complainant_id"], r["received_at"]) for r in records}) == len(records) and len(set(instants)) == len(instants):
        again = policy(body).audit([records[i] for i in order], as_of="2026-09-01T00:00").history["n"].to_list()
        assert [again[order.index(i)] for i in range(len(records))] == expected
    # What a decision names is what was counted.
    for row, count in enumerate(expected):
        if count is not None:
            shown = audit.decision(row).explain("en")
            assert f"n: {count}" in shown
            assert shown.count("T-", shown.index(f"n: {count}")) == min(count, 20)


@pytest.mark.parametrize("seed", range(30))
def test_cases_are_those_of_a_walk_through_the_records(seed: int) -> None:
    """Each record in order of receipt joins the case that is open for its key, or opens one; every case is judged as one record."""
    random = Random(1_000 + seed)
    records = [
        case(
            i,
            datetime(2026, 3, 1) + timedelta(hours=random.randrange(700)) if random.random() < 0.95 else None,
            random.choice(("A", "A", "B", None)),
            product="x",
            amount_claimed=random.choice((None, 1, 20)),
            injury=random.choice((None, True, False)),
            responded_at=random.choice((None, at(3), at(20))),
        )
        for i in range(random.randrange(2, 25))
    ]
    opened: dict[Any, tuple[datetime, list[int]]] = {}
    cases: list[list[int]] = []
    for i in sorted((i for i, r in enumerate(records) if r["received_at"] is not None), key=lambda i: (records[i]["received_at"], i)):
        key, received = records[i]["complainant_id"], records[i]["received_at"]
        until, rows = opened.get(key, (datetime.min, []))
        if key is not None and received < until:
            rows.append(i)
            continue
        rows = [i]
        # Five days end with the fifth day after.
        opened[key] = datetime(received.year, received.month, received.day) + timedelta(days=6), rows
        cases.append(rows)
    body = "severity: {levels: [low, high], rules: [{id: S, level: high, when: {injury: true, amount_claimed: {at_least: 21}}}], otherwise: low}\n" + DUE
    made = policy(MERGE.replace("7 days", "5 days") % ", take: {injury: any, amount_claimed: sum, responded_at: latest}" + body)
    form = random.choice((list(records), pl.DataFrame(records, infer_schema_length=None), pl.DataFrame(records, infer_schema_length=None).lazy()))
    audit = made.audit(form, as_of=AS_OF)
    assert sorted(merged(audit)) == sorted((row, rows[0]) for rows in cases for row in rows[1:])
    expected = []
    for rows in sorted(cases):
        one = dict(records[rows[0]])
        for name in ("injury", "amount_claimed", "responded_at"):
            known = [records[row][name] for row in rows if records[row][name] is not None]
            one[name] = None if not known else any(known) if name == "injury" else sum(known) if name == "amount_claimed" else max(known)
        decision = made.evaluate(one, as_of=AS_OF)
        expected.append((rows[0], decision.severity.level, decision.deadline("D").outcome))
    assert audit.decisions.select("row", "severity", "D.outcome").rows() == expected
    identity = audit.summary().identity
    assert (identity.rows, identity.decided, identity.merged) == (len(records), len(cases), sum(len(rows) - 1 for rows in cases))
