"""Every construct is proved: its cases pass, tables agree with single records, and the page lists it once."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import Policy, PolicyError, load_policy, load_policy_text
from complaint_policy.cases import run_cases
from complaint_policy.head import scalar_text
from complaint_policy.reader import Mapping, plain
from tests.constructs.page import CLAUSES, HERE, PAGE, Construct, constructs, page
from tests.equality.comparing import audited, differences, entries_of, loop

WAYS = {"met", "breached", "indeterminate", "before", "after"}
EVERY = constructs()
every = pytest.mark.parametrize("construct", EVERY, ids=lambda c: c.number)


def loaded(construct: Construct) -> Policy:
    folder = construct.path.parent
    return load_policy(folder if folder != HERE else construct.path)


@every
def test_its_cases_pass(construct: Construct) -> None:
    results = run_cases(loaded(construct))
    assert [f"{r.name}: {d.message.en}" for r in results for d in r.differences] == []
    assert len(results) >= 3


@every
def test_its_cases_show_every_way(construct: Construct) -> None:
    """The names begin with what a case shows, before a colon."""
    texts = [f.read_text("utf-8") for f in construct.path.parent.glob("*.yaml")] if construct.path.parent != HERE else [construct.text]
    shown: set[str] = set()
    for name in re.findall(r'^ +- name: "(.+?)"', "\n".join(texts), re.MULTILINE):
        ways, colon, _ = name.partition(": ")
        assert colon, name
        assert set(ways.split(", ")) <= WAYS, name
        shown |= set(ways.split(", "))
    assert shown == WAYS


@every
def test_what_is_written_stands_in_the_policy(construct: Construct) -> None:
    body = construct.text.split("\n", 3)[3]

    def squeezed(text: str) -> str:
        return re.sub(r"\s+", "", text)

    # Of a rule only its end is left out: its source follows.
    assert squeezed(construct.written).removesuffix("}" if construct.written.startswith("{id") else "") in squeezed(body)


@every
def test_its_sources_are_cited(construct: Construct) -> None:
    for version in loaded(construct).versions:
        assert version.model.sources
        assert {source.status for source in version.model.sources.values()} <= {"verified", "second-hand", "company"}


@every
def test_a_table_of_its_records_says_the_same(construct: Construct) -> None:
    policy = loaded(construct)
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for version in policy.versions:
        for case in version.model.cases:
            node = case.node
            expect = node.get("expect")
            if node.get("record") is not None and not (isinstance(expect, Mapping) and expect.get("error") is not None):
                tables[scalar_text(node.get("as_of")) or ""].append(dict(plain(node.get("record"))))
    for as_of, records in tables.items():
        columns = sorted({name for record in records for name in record})
        expected = loop(policy, entries_of(policy, records), columns, as_of)
        assert len(expected.decisions) == len(records)
        assert differences(expected, audited(policy, records, as_of)) == []


def figures(number: str, records: list[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """The figures of a construct's portfolio for one period: rule to (figure, outcome)."""
    policy = loaded(next(c for c in EVERY if c.number == number))
    found = policy.audit(records, as_of="2026-06-01T00:00").portfolio
    assert all(len(results) == 1 for results in found.values())
    return {rule: (results[0].low if results[0].low == results[0].high else None, results[0].outcome) for rule, results in found.items()}


def test_an_average_and_a_longest() -> None:
    # 20 and 28 hours are 24 on average; with a minute more the second is 29 begun hours: 49/2
    first = {"id": "1", "received_at": "2026-03-02T10:00", "repaired_at": "2026-03-03T06:00"}
    second = {"id": "2", "received_at": "2026-03-02T10:00", "repaired_at": "2026-03-03T14:00"}
    assert figures("D36", [first, second]) == {"PF-repair": (24, "met"), "PF-longest": (28, "met")}
    assert figures("D36", [first, {**second, "repaired_at": "2026-03-03T14:01"}]) == {"PF-repair": (Fraction(49, 2), "breached"), "PF-longest": (29, "met")}
    assert figures("D36", [first, {**second, "repaired_at": "some day"}])["PF-repair"][1] == "indeterminate"


def test_a_share_and_buckets_of_age() -> None:
    # received 2 March: four weeks end on 30 March, eight on 27 April; two of three were called back
    closed = ("2026-03-30T23:59", "2026-04-27T23:59", "2026-04-28T00:00")
    records = [{"id": str(n), "received_at": "2026-03-02T10:00", "closed_at": at, "followed_up_at": at if n else None} for n, at in enumerate(closed)]
    for table, share, ages in ((records, (Fraction(2, 3), "breached"), 3), (records[1:], (1, "met"), 2)):
        found = loaded(next(c for c in EVERY if c.number == "D37")).audit(table, as_of="2026-06-01T00:00").portfolio
        assert [(r.low, r.outcome) for r in found["PF-followup"]] == [share]
        assert {r.group[0]: r.low for r in found["PF-age"]} == dict.fromkeys(("up to 4 weeks", "4 to 8 weeks", "over 8 weeks")[3 - ages :], 1)
        assert [r.ids() for r in found["PF-age"] if r.group == ("over 8 weeks",)] == [["2"]]


def test_a_surge_over_the_months_before() -> None:
    # One a month from January to March: five are five times their mean, six are more.  Of January to March nothing came before.
    policy = loaded(next(c for c in EVERY if c.number == "D38"))
    for april, outcome in ((5, "met"), (6, "breached")):
        days = ["2026-01-05", "2026-02-05", "2026-03-05", *[f"2026-04-0{n + 1}" for n in range(april)]]
        found = policy.audit([{"received_at": f"{day}T10:00"} for day in days], as_of="2026-05-01T00:00").portfolio["PF-surge"]
        assert [r.outcome for r in found] == [*["not_applicable"] * 3, outcome]


def weeks(*complaints: int) -> list[dict[str, Any]]:
    """So many complaints in each week from that of Monday 2 March 2026 (W10) on."""
    starts = ("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30")
    return [{"id": f"{start}-{n}", "received_at": f"{start}T10:00"} for start, count in zip(starts, complaints, strict=True) for n in range(count)]


def test_a_surge_and_a_rate_that_keeps_rising() -> None:
    def of(complaints: tuple[int, ...], orders: tuple[int, ...]) -> list[tuple[Any, ...]]:
        exposures = [{"period": f"2026-W{10 + n}", "orders": count} for n, count in enumerate(orders)]
        policy = loaded(next(c for c in EVERY if c.number == "D38"))
        found = policy.audit(weeks(*complaints), as_of="2026-06-01T00:00", exposures=exposures).portfolio
        return [(last.low if last.low == last.high else None, last.outcome) for last in (found[rule][-1] for rule in ("PF-rising", "PF-keeps"))]

    # four weeks of 2 in 100 are 0.02 on average; 3 in 100 are once and a half of it, 3 in 99 more
    assert of((2, 2, 2, 2, 3), (100, 100, 100, 100, 100))[0] == (Fraction(3, 100), "met")
    assert of((2, 2, 2, 2, 3), (100, 100, 100, 100, 99))[0] == (Fraction(3, 99), "breached")
    # with fewer orders every week the rate rises four times
    assert of((2, 2, 2, 2, 2), (100, 99, 98, 97, 96))[1] == (None, "breached")  # at least four: nobody knows what came before
    assert of((2, 2, 2, 2, 2), (99, 99, 98, 97, 96))[1] == (3, "met")
    # how many orders there were is not known
    assert of((2, 2, 2, 2, 3), (100, 100, 100, 100))[0][1] == "indeterminate"


def test_everybody_is_called_but_whom_three_attempts_did_not_reach() -> None:
    closed = {"received_at": "2026-03-02T10:00", "closed_at": "2026-03-03T10:00"}
    called = {**closed, "id": "1", "followed_up_at": "2026-03-04T10:00", "unreachable": False, "attempts": 1}
    lost = {**closed, "id": "2", "followed_up_at": None, "unreachable": True, "attempts": 3}
    assert figures("F21", [called, lost])["PF-followup"] == (1, "met")
    # Two attempts are not enough: one of two is called.
    assert figures("F21", [called, {**lost, "attempts": 2}])["PF-followup"] == (Fraction(1, 2), "breached")


def test_several_channels_are_one_case() -> None:
    policy = loaded(next(c for c in EVERY if c.number == "F20"))
    columns = ("id", "received_at", "channel", "injury", "plan_proposed_at")
    rows = (
        ("A", "2026-03-02T10:00", "phone", False, "2026-03-09T10:00"),
        ("B", "2026-03-04T10:00", "mail", True, None),  # two days later, and the first to speak of an injury
        ("C", "2026-03-10T00:00", "shop", False, "2026-03-10T12:00"),  # the seven days ended with the 9th: a case of its own
    )
    table = [{**dict(zip(columns, row, strict=True)), "complainant_id": "X", "product": "P"} for row in rows]
    audit = policy.audit(table, as_of="2026-04-01T00:00")
    decided = audit.decisions.select("id", "severity", "DL-plan.outcome").rows()
    # One clock from 2 March, and major because of the mail: two days end on the 4th, long before the plan of the 9th.
    assert [row for row in decided if row[0] != "B"] == [("A", "major", "breached"), ("C", "general", "met")]
    assert audit.merged.height == 1


def test_an_overlay_that_is_laxer_is_refused() -> None:
    text = next(c for c in EVERY if c.number == "D42").text
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text.replace("within: 5 working days", "within: 16 days"), name="laxer.yaml")
    assert {p.code for p in caught.value.problems} == {"laxer-than-base"}


def test_the_page_is_made_of_them() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.constructs.page"


def test_the_page_lists_every_construct_once() -> None:
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| (D\d\d) \|.*\]\(\S+\) \|$", text, re.MULTILINE)
    assert rows == [f"D{n:02}" for n in range(1, 46)]
    assert [link for link in re.findall(r"\]\((\S+)\)", text) if not (PAGE.parent / Path(link)).is_file()] == []


def test_the_page_lists_every_clause_once() -> None:
    assert len(CLAUSES) == len({clause for clause, _ in CLAUSES}) == 25
    assert {number for _, number in CLAUSES} <= {c.number for c in EVERY}
    assert {c.number for c in EVERY if c.number.startswith("F")} <= {number for _, number in CLAUSES}
    assert len(re.findall(r"^\| \d+ \|", PAGE.read_text("utf-8"), re.MULTILINE)) == 25
