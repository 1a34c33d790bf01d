"""Every figure opens to its records, and groups are made by facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit.batches import BatchJudge
from complaint_policy.errors import InputError, UsageError

HEAD = """
format: 1
policy: test/records
effective: {from: 2026-01-01}
timezone: Asia/Shanghai
currency: CNY
record: {fields: {remedy: {type: string}}}
facts:
  age: {length: {between: [received_at, as_of]}, in: days}
  age_band: {choose: [{when: {age: {at_most: 5}}, then: up to 5 days}, {when: {age: {at_most: 15}}, then: 6 to 15 days}, {otherwise: over 15 days}]}
  hours: {length: {between: [received_at, responded_at]}, in: hours}
portfolio:
  - {id: PF-followup, measure: {share: {followed_up_at: present}, among: {upheld: true}}, per: month, expect: {at_least: 100%}}
  - {id: PF-age, measure: {count: {closed_at: missing}, among: {closed_at: missing}}, by: [age_band]}
  - {id: PF-alike, measure: {different: {field: remedy}}, by: [category, injury], expect: {at_most: 1}}
  - {id: PF-mean, measure: {mean: {field: hours}, among: {responded_at: present}}, expect: {at_most: 24}}
  - {id: PF-longest, measure: {largest: {field: hours}, among: {responded_at: present}}, expect: {at_most: 48}}
  - {id: PF-handlers, measure: {different: {field: handler}}}
"""
AS_OF = "2026-03-21T09:00"
RECORDS: list[dict[str, Any]] = [
    # Of ages 1, 5, 6, 15 and 16 days; A and E are closed.
    {"id": "A", "received_at": "2026-03-20T09:00", "responded_at": "2026-03-20T19:00", "closed_at": "2026-03-21T08:00", "followed_up_at": "2026-03-21T08:30", "upheld": True, "category": "x", "injury": True, "remedy": "refund"},
    {"id": "B", "received_at": "2026-03-16T09:00", "responded_at": "2026-03-18T10:00", "closed_at": None, "followed_up_at": None, "upheld": True, "category": "x", "injury": True, "remedy": "voucher"},
    {"id": None, "received_at": "2026-03-15T09:00", "responded_at": None, "closed_at": None, "followed_up_at": "2026-03-16T09:00", "upheld": None, "category": "x", "injury": False, "remedy": "refund"},
    {"id": "D", "received_at": "2026-03-06T09:00", "responded_at": None, "closed_at": None, "followed_up_at": None, "upheld": False, "category": "x", "injury": False, "remedy": "refund"},
    {"id": "E", "received_at": "2026-02-05T09:00", "responded_at": None, "closed_at": "2026-02-06T09:00", "followed_up_at": None, "upheld": True, "category": None, "injury": None, "remedy": None},
    {"id": "F", "received_at": None, "responded_at": None, "closed_at": None, "followed_up_at": None, "upheld": True, "category": "x", "injury": None, "remedy": "refund"},
]  # fmt: skip


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(HEAD)


@pytest.fixture(params=["records", "frame", "csv"])
def audit(request: Any, policy: Policy, tmp_path: Path) -> Any:
    frame = pl.DataFrame(RECORDS)
    if request.param == "csv":
        frame.write_csv(tmp_path / "table.csv")
        return policy.audit(tmp_path / "table.csv", as_of=AS_OF)
    return policy.audit(RECORDS if request.param == "records" else frame, as_of=AS_OF)


def test_the_parts_of_a_share(audit: Any) -> None:
    february, march = audit.portfolio["PF-followup"]
    assert (february.period, february.ids("among"), february.ids("rest"), february.ids("numerator")) == ("2026-02", ["E"], ["E"], [])
    # Followed up: A; not: B; perhaps among them, whose upholding nobody knows: the one without an id; D is not among them.
    assert [march.ids(part) for part in ("among", "numerator", "rest", "undecided", "excluded")] == [["A", "B"], ["A"], ["B"], [None], ["D"]]
    assert march.records("rest").to_dicts() == [{"row": 1, "id": "B", "value": "no"}]
    assert (march.low, march.high, march.members, march.undecided, march.excluded) == (pytest.approx(1 / 2), pytest.approx(2 / 3), 2, 1, 1)


def test_as_many_are_undecided_as_open() -> None:
    """B is perhaps among those looked at; it changes no count of injuries, but is neither in nor out."""
    body = HEAD.split("portfolio:")[0] + "portfolio: [{id: PF, measure: {count: {injury: true}, among: {upheld: true}}}]\n"
    records = [{"id": i, "received_at": "2026-03-16T09:00", "upheld": upheld, "injury": injury} for i, upheld, injury in (("A", True, True), ("B", None, False), ("C", None, True), ("D", False, True))]
    (figure,) = load_policy_text(body).audit(records, as_of=AS_OF).portfolio["PF"]
    assert (figure.low, figure.high, figure.members, figure.undecided, figure.excluded) == (1, 2, 1, 2, 1)
    assert [figure.ids(part) for part in ("among", "undecided", "excluded")] == [["A"], ["B", "C"], ["D"]]


def test_those_without_a_value_open_too() -> None:
    """A was promised 5, B nothing, what C was promised cannot be read, D is not looked at: 5, and each record stands somewhere."""
    fields = "record: {fields: {promised: {type: money, empty: none}}}\n"
    body = "portfolio: [{id: PF, measure: {largest: {field: promised}, among: {upheld: true}}}]\n"
    records = [{"id": i, "received_at": "2026-03-16T09:00", "upheld": i != "D", "promised": cell} for i, cell in (("A", "5"), ("B", ""), ("C", "much"), ("D", "9"))]
    (figure,) = load_policy_text(HEAD.split("record:")[0] + fields + body).audit(records, as_of=AS_OF).portfolio["PF"]
    assert (figure.low, figure.high, figure.members, figure.unstated, figure.excluded) == (5, None, 2, 1, 1)
    parts = {part: figure.ids(part) for part in ("numerator", "undecided", "unstated", "excluded")}
    assert parts == {"numerator": ["A"], "undecided": ["C"], "unstated": ["B"], "excluded": ["D"]}


def test_all_figures_of_a_rule_at_once(audit: Any) -> None:
    found = audit.figure_records("PF-followup", ("rest", "undecided"))
    assert found.rows() == [("2026-02", [], "rest", 4, "E", "no"), ("2026-03", [], "rest", 1, "B", "no"), ("2026-03", [], "undecided", 2, None, "yes")]


def test_open_cases_by_age(audit: Any) -> None:
    # B is exactly 5 days old, the third 6, D 15.
    bands = {r.group[0]: (r.low, r.ids()) for r in audit.portfolio["PF-age"]}
    assert bands == {"up to 5 days": (1, ["B"]), "6 to 15 days": (2, [None, "D"]), "over 15 days": (0, [])}


def test_like_cases_with_unlike_remedies(audit: Any) -> None:
    found = {r.group: (r.low, r.high, r.outcome, r.ids()) for r in audit.portfolio["PF-alike"]}
    assert found == {
        ("x", "true"): (2, 2, "breached", ["A", "B"]),
        ("x", "false"): (1, 1, "met", [None, "D"]),
        ("?", "?"): (1, 1, "met", ["E"]),  # one remedy, whichever it is
    }
    assert audit.portfolio["PF-alike"][-1].records()["value"].to_list() in (["refund", "voucher"], ["refund", "refund"], [None])


def test_an_average_and_a_longest(audit: Any) -> None:
    # 10 hours, and 49: 29.5 on average.
    (mean,), (longest,) = audit.portfolio["PF-mean"], audit.portfolio["PF-longest"]
    assert (str(mean.low), mean.outcome, longest.low, longest.outcome) == ("59/2", "breached", 49, "breached")
    assert longest.records("numerator").rows() == [(0, "A", "10"), (1, "B", "49")]


def test_values_of_sensitive_fields_stay_hidden(audit: Any) -> None:
    assert audit.figure_records("PF-handlers")["value"].null_count() == audit.figure_records("PF-handlers").height > 0


def test_wrong_calls(audit: Any, policy: Policy) -> None:
    with pytest.raises(UsageError, match=r"no portfolio rule 'PF-folowup'.*PF-followup"):
        audit.figure_records("PF-folowup")
    with pytest.raises(UsageError, match=r"no part 'numerators'.*'numerator'"):
        audit.portfolio["PF-age"][0].ids("numerators")
    with pytest.raises(UsageError, match=r"ask audit\.portfolio"):
        audit.summary().portfolio["PF-age"][0].ids()


def test_a_file_that_has_changed_opens_no_figure(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pl.DataFrame(RECORDS).write_parquet(path)
    figure = policy.audit(path, as_of=AS_OF).portfolio["PF-age"][0]
    pl.DataFrame(RECORDS[:2]).write_parquet(path)
    with pytest.raises(InputError, match="changed"):
        figure.ids()


def test_batches_gather_the_same(policy: Policy) -> None:
    """What Spark's workers do: each batch its own cells, put together."""
    from complaint_policy.audit.partials import add_portfolio, merged, portfolio_partials
    from complaint_policy.audit.portfolio import Portfolio

    frame = pl.DataFrame(RECORDS * 3)
    whole = policy.audit(frame, as_of=AS_OF)
    judge = BatchJudge(policy, schema=frame.schema, as_of=AS_OF)
    pieces = []
    for start in range(0, frame.height, 4):
        part = Portfolio(policy)
        judge.count(frame.slice(start, 4), portfolio=part)
        pieces.append(portfolio_partials(part, judge.shape))
    gathered = Portfolio(policy)
    add_portfolio(merged(pl.concat(pieces)), gathered)
    assert dict(gathered.results(whole.summary().source.as_of.date())) == dict(whole.summary().portfolio)
    assert gathered.left_out() == whole.summary().left_out


def test_amounts_of_two_digits_stay_on_columns_and_are_counted_once() -> None:
    """80.02 is the nearest float to 800200 / 10000, which Polars finds by dividing, and misses by multiplying with the reciprocal."""
    policy = load_policy_text(
        "format: 1\npolicy: test/cents\neffective: {from: 2026-01-01}\ntimezone: Asia/Shanghai\ncurrency: CNY\n"
        "requirements: [{id: RQ, require: {amount_claimed: {at_most: {times: [5, {field: price}]}}}}]\n"
        "portfolio: [{id: PF, measure: {count: {outcome: {RQ: met}}}}]\n"
    )
    frame = pl.DataFrame([{"received_at": f"2026-03-0{day}T10:00", "price": 80.02, "amount_claimed": 400.1} for day in range(1, 10)])
    audit = policy.audit(frame, as_of=AS_OF)
    (figure,) = audit.portfolio["PF"]
    assert (figure.low, figure.members, audit.notes) == (9, 9, ())  # 5 × 80.02 is 400.10
