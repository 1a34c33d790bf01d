"""Case numbers over a table, and a table against a second list: worked out by hand, and against a loop over all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, UsageError, load_policy, load_policy_text
from complaint_policy.audit import Audit, read_mapping

HEAD = "format: 1\npolicy: test/across\neffective: {from: 2025-01-01}\ntimezone: Asia/Shanghai\n"
AS_OF = "2026-09-01T00:00"
Record = dict[str, Any]


def policy(body: str) -> Policy:
    return load_policy_text(HEAD + body)


def at(day: int, hour: int = 10, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour)


def found(audit: Audit, *columns: str) -> list[tuple[Any, ...]]:
    return audit.findings.select("finding", *columns).rows()


# --------------------------------------------------------------------------- numbers
def numbered(form: str, records: Sequence[tuple[Any, Any]], more: str = "") -> list[tuple[Any, ...]]:
    rows = [{"id": number, "received_at": received} for number, received in records]
    return found(policy(f'numbering: [{{id: NR, form: "{form}"{more}}}]\n').audit(rows, as_of=AS_OF), "row", "value")


def test_numbers_in_order_are_fine() -> None:
    assert numbered("{month}{serial:2}", [("0301", at(1)), ("0302", at(1)), ("0401", at(1, month=4))]) == []


def test_the_form_is_the_whole_number() -> None:
    records = [("0301", at(1)), ("301", at(1)), ("03012", at(2)), ("0303", at(3)), ("03-4", at(4)), (None, at(5))]
    assert numbered("{month}{serial:2}", records) == [("form", 1, "301"), ("form", 2, "03012"), ("form", 4, "03-4"), ("no_number", 5, None), ("gap", None, "2")]


def test_signs_of_a_form_mean_themselves() -> None:
    assert numbered("投.({year})+{serial}", [("投.(2026)+1", at(1)), ("投x(2026)+2", at(2))]) == [("form", 1, "投x(2026)+2")]


def test_a_number_of_another_period() -> None:
    """The fourth month's numbers begin with 2; a number of December received in January is of the year before."""
    assert numbered("{month}{serial:2}", [("0301", at(1)), ("0402", at(2))]) == [("period", 1, "0402"), ("gap", None, "1")]
    assert numbered("{month}{serial}", [("121", at(2, month=1)), ("011", at(3, month=1))]) == [("period", 0, "121")]
    assert numbered("{year}-{serial}", [("2025-1", at(1, month=1)), ("2026-1", at(1, month=1))]) == [("period", 0, "2025-1")]
    assert numbered("{yy}{month}{day}{serial:2}", [("26030101", at(1)), ("26030201", at(1))]) == [("period", 1, "26030201")]
    assert numbered("{month}{serial:2}", [("1301", at(1))]) == [("period", 0, "1301")]


def test_gaps_are_ranges_from_one_on() -> None:
    records = [("03-3", at(1)), ("03-4", at(2)), ("03-9", at(3)), ("04-1", at(1, month=4))]
    assert numbered("{month}-{serial}", records) == [("gap", None, "1–2"), ("gap", None, "5–8")]


def test_the_same_number_again() -> None:
    assert numbered("{month}{serial:2}", [("0301", at(1)), ("0301", at(2)), ("0301", at(3)), ("0302", at(4))]) == [("duplicate", 1, "0301"), ("duplicate", 2, "0301")]
    # A form without a year gives the numbers of a month again a year later.
    assert numbered("{month}{serial:2}", [("0301", at(1, year=2025)), ("0301", at(1))]) == [("duplicate", 1, "0301")]


def test_a_number_that_was_given_later_than_the_receipt_says() -> None:
    """Received on 1, 2, 9, 3, 4 March: without the third all are in order, and any other way leaves out two."""
    records = [(f"030{i}", at(day)) for i, day in enumerate((1, 2, 9, 3, 4), 1)]
    assert numbered("{month}{serial:2}", records) == [("order", 2, "0303")]
    # Bare days leave the order of one day open.
    assert numbered("{month}{serial:2}", [("0301", date(2026, 3, 2)), ("0302", at(2, 8)), ("0303", at(2, 7)), ("0304", date(2026, 3, 1))]) == [("order", 3, "0304")]


def test_a_period_of_its_own_and_units() -> None:
    """One running number a year, for each region by itself."""
    rows = [
        {"id": number, "received_at": received, "region": region}
        for number, received, region in (("N-2601-1", at(1, month=1), "N"), ("S-2601-1", at(2, month=1), "S"), ("N-2602-2", at(1, month=2), "N"), ("S-2602-3", at(1, month=2), "N"))
    ]
    audit = policy('numbering: [{id: NR, form: "{region}-{yy}{month}-{serial}", per: year}]\n').audit(rows, as_of=AS_OF)
    assert found(audit, "row", "value") == [("field", 3, "S-2602-3"), ("gap", None, "2")]
    assert audit.findings["message"].to_list()[1] == "2026 S: missing: 2"


def test_when_says_which_records_are_numbered_so() -> None:
    rows = [{"id": number, "received_at": at(1), "channel": channel} for number, channel in (("1", "shop"), ("x", "web"), ("2", None))]
    audit = policy('numbering: [{id: NR, form: "{serial}", when: {channel: shop}}]\n').audit(rows, as_of=AS_OF)
    assert found(audit) == []
    (checked,) = audit.summary().across
    assert (checked.records, checked.unsettled) == (1, 1)


def test_each_version_has_its_form(tmp_path: Path) -> None:
    (tmp_path / "2025-01-01.yaml").write_text(HEAD + 'numbering: [{id: NR, form: "{serial}"}]\n')
    (tmp_path / "2026-03-01.yaml").write_text(HEAD.replace("2025-01-01", "2026-03-01") + 'numbering: [{id: NR, form: "N{serial}"}]\n')
    rows = [{"id": number, "received_at": received} for number, received in (("1", at(1, month=2)), ("2", at(2)), ("N1", at(3)))]
    audit = load_policy(tmp_path).audit(rows, as_of=AS_OF)
    assert found(audit, "row") == [("form", 1)]
    (checked,) = audit.summary().across
    assert checked.records == 3


def test_a_version_that_words_the_rule_anew_goes_on_with_its_numbers(tmp_path: Path) -> None:
    """Row 2 has the number of row 0; 3 is missing: 1, 2 and 4 are there, of the versions of February and of 15 March."""
    rule = 'numbering: [{{id: NR, title: {{en: {}}}, form: "{{yy}}{{serial:2}}"}}]\n'
    (tmp_path / "2025-01-01.yaml").write_text(HEAD + rule.format("Numbers"))
    (tmp_path / "2026-03-15.yaml").write_text(HEAD.replace("2025-01-01", "2026-03-15") + rule.format("Case numbers"))
    rows = [{"id": number, "received_at": received} for number, received in (("2601", at(1)), ("2602", at(16)), ("2601", at(17)), ("2604", at(18)))]
    audit = load_policy(tmp_path).audit(rows, as_of=AS_OF)
    assert found(audit, "row", "value") == [("duplicate", 2, "2601"), ("gap", None, "3")]
    # A number is taken also where the new version has another form, and where an earlier row is of the later version.
    (tmp_path / "2026-03-15.yaml").write_text(HEAD.replace("2025-01-01", "2026-03-15") + 'numbering: [{id: NR, form: "{yy}{serial}"}]\n')
    rows = [{"id": "2601", "received_at": at(16)}, {"id": "2601", "received_at": at(1)}]
    assert found(load_policy(tmp_path).audit(rows, as_of=AS_OF), "row", "value") == [("duplicate", 1, "2601")]


def test_the_fewest_are_out_of_order() -> None:
    """Against every way to leave some out."""
    for seed in range(40):
        random = Random(seed)
        days = [random.randrange(1, 8) for _ in range(random.randrange(1, 9))]
        out = [row for finding, row, _ in numbered("{serial}", [(str(i), at(day)) for i, day in enumerate(days, 1)]) if finding == "order"]
        kept = [day for i, day in enumerate(days) if i not in out]
        assert kept == sorted(kept)
        fewest = next(k for k in range(len(days) + 1) if any((rest := [d for i, d in enumerate(days) if i not in gone]) == sorted(rest) for gone in combinations(range(len(days)), k)))
        assert len(out) == fewest


# --------------------------------------------------------------------------- a second list
RECONCILE = "reconcile: [{id: RC, with: hotline, same: [complainant_phone], within: 2 days%s}]\n"


def reconciled(more: str, records: Sequence[Record], entries: Any) -> Audit:
    audit: Audit = policy(RECONCILE % more).audit(list(records), as_of=AS_OF, lists={"hotline": entries})
    return audit


def call(phone: Any, received: Any, **more: Any) -> Record:
    return {"complainant_phone": phone, "received_at": received, **more}


def test_an_entry_without_a_record_is_concealed() -> None:
    """Two days from the 1st end with the 3rd, either way: the record may be the earlier one."""
    records = [call("1", at(3, 23)), call("2", at(4, 0)), call("3", at(1))]
    audit = reconciled("", records, [call("1", at(1)), call("2", at(1)), call("3", at(3)), call("9", at(1)), call(None, at(1))])
    assert found(audit, "list_row", "row") == [("concealed", 2, None), ("concealed", 4, None), ("no_key", 5, None)]
    assert audit.findings["message_zh"].to_list()[0] == "清单第 2 条没有对应记录"
    (checked,) = audit.summary().across
    assert (checked.records, checked.entries, dict(checked.found)) == (3, 5, {"concealed": 2, "no_key": 1})
    assert audit.summary().to_dict()["across"][0]["findings"] == {"concealed": 2, "no_key": 1}
    assert "on the list, without a record" in audit.summary().render("en")
    assert "清单有而无记录" in audit.summary().render("zh")


def test_a_record_that_is_not_on_the_list() -> None:
    records = [{"id": "A", **call("1", at(1))}, {"id": "B", **call("2", at(1))}, {"id": "C", **call(None, at(1))}]
    entries = [call("1", at(1))]
    assert found(reconciled(", expect: entry", records, entries), "id") == [("unlisted", "B"), ("no_key", "C")]
    assert found(reconciled(", expect: both", records, [*entries, call("7", at(1))]), "id") == [("concealed", None), ("unlisted", "B"), ("no_key", "C")]


def test_when_says_which_records_are_held_against_the_list() -> None:
    records = [{"id": "A", "channel": "web", **call("1", at(1))}, {"id": "B", "channel": "hotline", **call("2", at(1))}]
    audit = reconciled(", expect: both, when: {channel: hotline}", records, [call("1", at(1))])
    assert found(audit, "id", "list_row") == [("concealed", None, 1), ("unlisted", "B", None)]


def test_what_has_to_agree() -> None:
    records = [call("1", at(1), product="x", amount_claimed=5), call("2", at(1), product="x", amount_claimed=None), call("3", at(1), product=" x ", amount_claimed="5.00")]
    entries = [call(phone, at(1), product=product, amount_claimed=5) for phone, product in (("1", "y"), ("2", "x"), ("3", "x"))]
    assert found(reconciled(", agree: [product, amount_claimed]", records, entries), "list_row", "value") == [("mismatch", 1, "product")]


def test_bare_days_may_leave_it_open() -> None:
    hours = RECONCILE.replace("2 days", "2 hours") % ""
    records = [call("1", at(1, 10)), call("2", at(3, 10))]
    audit = policy(hours).audit(records, as_of=AS_OF, lists={"hotline": [call("1", date(2026, 3, 1)), call("2", date(2026, 3, 1)), call("1", None)]})
    assert found(audit, "list_row") == [("undecided", 1), ("concealed", 2), ("undecided", 3)]


def test_without_a_window_the_fields_alone_decide() -> None:
    body = "reconcile: [{id: RC, with: hotline, same: [id]}]\n"
    audit = policy(body).audit([{"id": "A", "received_at": at(1)}], as_of=AS_OF, lists={"hotline": pl.DataFrame({"id": ["A", "B"]})})
    assert found(audit, "list_row") == [("concealed", 2)]


def test_lists_are_given_by_name(tmp_path: Path) -> None:
    path, mapping = tmp_path / "calls.csv", tmp_path / "calls.yaml"
    path.write_text("Tel,When\n1,01.03.2026 09:00\n,\n5,02.03.2026 09:00\n")
    mapping.write_text('format: 1\nmapping: calls\nfields: {complainant_phone: {column: Tel}, received_at: {column: When, format: "%d.%m.%Y %H:%M"}}\n')
    made, records = policy(RECONCILE % ""), [call("1", at(1))]
    assert found(made.audit(records, as_of=AS_OF, lists={"hotline": (path, mapping)}), "list_row") == [("no_key", 3), ("concealed", 4)]
    assert found(made.audit(records, as_of=AS_OF, lists={"hotline": (path, read_mapping(mapping.read_text()))}), "list_row") == [("no_key", 3), ("concealed", 4)]
    with pytest.raises(UsageError, match=r"no list 'hotlines'.*hotline"):
        made.audit(records, as_of=AS_OF, lists={"hotlines": path})
    without = made.audit(records, as_of=AS_OF)
    assert without.findings.height == 0
    assert "not reconciled: the list 'hotline' was not given" in without.summary().render("en")
    assert "未核对：未提供清单“hotline”" in without.summary().render("zh")
    lacking = made.audit(records, as_of=AS_OF, lists={"hotline": [{"received_at": at(1)}]})
    assert "the list has no Complainant's phone" in lacking.summary().render("en")
    lacking.write_findings(tmp_path / "findings.csv")
    assert "no_key" in (tmp_path / "findings.csv").read_text()


def test_no_value_of_a_person_stands_in_a_finding() -> None:
    audit = reconciled(", expect: both, agree: [complainant_name]", [call("13800138000", at(1), complainant_name="Li Wei")], [call("13900139000", at(1), complainant_name="Wu")])
    text = str(audit.findings.to_dicts()) + str(audit.summary().to_dict())
    assert not any(value in text for value in ("138001", "139001", "Li Wei", "Wu"))


def test_matches_are_those_of_all_pairs() -> None:
    for seed in range(60):
        random = Random(seed)
        bare = random.choice((0, 0, 0.3))

        def side(random: Random = random, bare: float = bare) -> Record:
            moment = datetime(2026, 3, 1) + timedelta(hours=random.randrange(200))
            return call(random.choice("123"), moment.date() if random.random() < bare else moment)

        records, entries = [side() for _ in range(random.randrange(8))], [side() for _ in range(random.randrange(1, 8))]
        window = random.choice((1, 5, 30))

        def ends(value: Any) -> tuple[datetime, datetime]:
            if isinstance(value, datetime):
                return value, value
            start = datetime(value.year, value.month, value.day)
            return start, start + timedelta(days=1) - timedelta(microseconds=1)

        expected = []
        for number, entry in enumerate(entries, 1):
            sure = perhaps = False
            for record in records:
                if record["complainant_phone"] != entry["complainant_phone"]:
                    continue
                (a, b), (c, d), hours = ends(entry["received_at"]), ends(record["received_at"]), timedelta(hours=window)
                # Surely: however late the one and early the other; perhaps: some moments are close enough.
                sure = sure or (d - a <= hours and b - c <= hours)
                perhaps = perhaps or (c - b <= hours and a - d <= hours)
            if not sure:
                expected.append(("undecided" if perhaps else "concealed", number))
        body = RECONCILE.replace("2 days", f"{window} hours") % ""
        if records:
            assert found(policy(body).audit(records, as_of=AS_OF, lists={"hotline": entries}), "list_row") == expected
