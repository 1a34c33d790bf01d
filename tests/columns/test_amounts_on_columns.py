"""Amounts that differ row by row, on columns: to the cent as `evaluate` has them, and judged there."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.audit import run_audit
from complaint_policy.columns.amounts import MeasuredProposal
from complaint_policy.columns.arithmetic import Scaled
from complaint_policy.columns.measures import divided_by
from complaint_policy.columns.plan import Ex
from complaint_policy.results import PenaltyResult
from tests.equality.comparing import compare

POLICY = """\
format: 1
policy: test/amounts
effective: {from: "2020-01-01"}
timezone: Asia/Shanghai
title: {en: Amounts, zh: 金额}
currency: CURRENCY
sources: {rule: {title: {en: House rule, zh: 内部规定}, status: company}}
record:
  fields:
    price_paid: {type: money}
    loss: {type: money}
    share: {type: number}
    pieces: {type: integer}
    none_of: {type: money, empty: none}
    basis: {type: enum, values: [price, loss, other]}
    fraud: {type: boolean}
facts:
  damages: {plus: [{field: price_paid}, {field: loss}]}
deadlines:
  - {id: DL-a, title: {en: A, zh: 甲}, from: received_at, to: acknowledged_at, within: 24 hours, source: {ref: rule}}
  - {id: DL-b, title: {en: B, zh: 乙}, from: received_at, to: responded_at, within: 48 hours, source: {ref: rule}}
penalties:
  - {id: PN, title: {en: P, zh: 罚}, source: {ref: rule}, payable_to: complainant, REST}
"""
FORMS = {
    "a field": "when: {fraud: true}, amount: {field: price_paid}",
    "of breaches": "for: [DL-a, DL-b], per: breach, amount: {times: [0.015, {field: price_paid}]}",
    "of a case": "for: [DL-a, DL-b], per: case, amount: {times: [0.015, {field: price_paid}]}",
    "at least": "when: {fraud: true}, amount: {max_of: [{times: [3, {field: price_paid}]}, 500]}",
    "a fact": "when: {fraud: true}, amount: {minus: [{field: damages}, 100]}",
    "three factors": "when: {fraud: true}, amount: {times: [{field: price_paid}, {field: share}, {field: pieces}]}",
    "in parts": "when: {fraud: true}, divided_by: 1000, amount: {times: [{field: price_paid}, {field: share}]}",
    "in eighths": "when: {fraud: true}, divided_by: 0.8, amount: {field: none_of}",
    "in thirds": "when: {fraud: true}, divided_by: 3, amount: {field: price_paid}",
    "a choice": "when: {fraud: true}, amount: {choose: [{when: {basis: price}, then: {times: [10, {field: price_paid}]}}, {when: {basis: loss}, then: {times: [3, {field: loss}]}}, {otherwise: 7.77}]}",
    "a choice inside": "when: {fraud: true}, amount: {max_of: [{choose: [{when: {basis: price}, then: {field: price_paid}}, {when: {basis: loss}, then: {field: loss}}]}, 1000]}",
    "the first known": "when: {fraud: true}, amount: {first_known: [{field: loss}, {field: price_paid}, 200]}",
    "none stated": "when: {fraud: true}, amount: {field: none_of}",
    "held": "when: {fraud: true}, range: [200, 1500], amount: {first_known: [{field: loss}, 100]}",
    "held by fields": "for: [DL-a, DL-b], per: breach, range: [{field: loss}, {field: price_paid}], amount: {field: none_of}",
    "held by one": "when: {fraud: true}, range: [0, {field: price_paid}], amount: {times: [0.5, {field: loss}]}",
    "held by the greater": "when: {fraud: true}, range: [{max_of: [{field: loss}, 50]}, {min_of: [{field: none_of}, 4000]}], amount: {field: price_paid}",
    "held by the greater alone": "when: {fraud: true}, range: [{max_of: [{field: loss}, 3000]}, 500000], amount: {field: price_paid}",
    "a range alone": "for: [DL-a, DL-b], per: breach, range: [{times: [0.3, {field: price_paid}]}, {times: [0.5, {field: price_paid}]}]",
    "ranges": "when: {fraud: true}, range: {choose: [{when: {loss: {above: 0}}, then: [{field: loss}, {times: [10, {field: loss}]}]}, {otherwise: [0, 500000]}]}",
    "waived": "when: {fraud: true}, waivable: {by: [boss]}, amount: {field: price_paid}",
    "charged": "when: {fraud: true}, charge: {first_known: [{field: responsible_person}, {field: handler}]}, amount: {field: price_paid}",
}
AS_OF = datetime(2026, 6, 1)


def policy(form: str, currency: str = "CNY") -> Policy:
    return load_policy_text(POLICY.replace("REST", FORMS[form]).replace("CURRENCY", currency))


def table(count: int, *, plain: bool = False) -> pl.DataFrame:
    """Amounts with few and many places, halves of a cent, nothing, less than nothing, far too much; and cells without a value."""
    random = Random(f"amounts {count} {plain}")
    odd = (0.0, -0.0, 0.005, 0.015, 2.675, 1e-5, 123_456_789.125, -3.25, 1e11, 99_999_999_999.99, 1e15, 33.333, 0.1 + 0.2, 1_000.004_95)

    def money() -> float | None:
        if random.random() < 0.12:
            return None
        return random.choice(odd) if not plain and random.random() < 0.3 else round(random.random() * 9_000, random.choice((0, 1, 2)))

    received = [datetime(2026, 3, 1) + timedelta(minutes=random.randrange(50_000)) for _ in range(count)]

    def later() -> list[datetime | None]:
        return [None if random.random() < 0.1 else at + timedelta(hours=random.randrange(80)) for at in received]

    return pl.DataFrame(
        {
            "id": [f"C{i}" for i in range(count)],
            "received_at": received,
            "acknowledged_at": later(),
            "responded_at": later(),
            "price_paid": [money() for _ in range(count)],
            "loss": [money() for _ in range(count)],
            "none_of": [money() for _ in range(count)],
            "share": [random.choice((0.5, 0.25, 0.005, 1.0, 3.0, None, 0.3333)) for _ in range(count)],
            "pieces": [random.choice((0, 1, 7, 12, None)) for _ in range(count)],
            "basis": [random.choice(("price", "loss", "other", None)) for _ in range(count)],
            "fraud": [random.choice((True, True, False, None)) for _ in range(count)],
            "responsible_person": [random.choice(("a", None)) for _ in range(count)],
            "handler": [random.choice(("b", None)) for _ in range(count)],
        }
    )


WAIVERS: dict[str, Any] = {"waived": ({"rule": "PN", "records": [f"C{i}" for i in range(0, 400, 7)], "by": "boss", "reason": "agreed"},)}


@pytest.mark.parametrize("form", FORMS)
def test_as_evaluate(form: str) -> None:
    """Decisions and summary."""
    assert not compare(policy(form), table(400), AS_OF, WAIVERS.get(form, ()))


@pytest.mark.parametrize("form", [form for form, text in FORMS.items() if "range" in text])
def test_the_least_and_the_most_of_few_rows(form: str) -> None:
    """In the sums of many rows one without an end hides what the others come to."""
    of, frame = policy(form), table(300, plain=True)
    for start in range(0, 100, 2):
        found = run_audit(of, frame[start : start + 2], as_of=AS_OF).summary().to_dict()["penalties"]
        proposals = [p for record in frame[start : start + 2].to_dicts() for p in of.evaluate(record, as_of=AS_OF).penalties]
        for state in {p.state for p in proposals}:
            told = next(one for one in found if one["state"] == state)
            of_state = [p for p in proposals if p.state == state]
            for part, wanted in (("min", [p.min for p in of_state]), ("max", [p.max for p in of_state])):
                known = [amount for amount in wanted if amount is not None]
                assert told[part] == (str(sum(known, Decimal(0))) if len(known) == len(wanted) else None), (start, part, of_state)


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
@pytest.mark.parametrize("form", ["of breaches", "in parts", "held", "ranges", "three factors"])
def test_in_other_minor_units(form: str, currency: str) -> None:
    assert not compare(policy(form, currency), table(300), AS_OF)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "waived"])
def test_by_columns(form: str, tmp_path: Path) -> None:
    """Few rows go record by record: those whose choice nobody knows, or whose range is upside down."""
    frame = table(2_000, plain=True)
    audit = run_audit(policy(form), frame, as_of=AS_OF)

    told = [int(note.en.split()[0].replace(",", "")) for note in audit.notes if "one by one" in note.en]
    amounts = audit.decisions["PN.amount"]
    assert sum(told) < {"held by fields": 800, "held by the greater": 1_100}.get(form, 400)
    assert form in ("a range alone", "ranges") or (amounts.null_count() < 2_000 and amounts.n_unique() > 20)
    # The summary alone is counted without decisions, and from files likewise.
    frame.write_parquet(tmp_path / "a.parquet")
    wanted = audit.summary().to_dict()["penalties"]
    assert run_audit(policy(form), frame, as_of=AS_OF).summary().to_dict()["penalties"] == wanted
    assert run_audit(policy(form), tmp_path / "a.parquet", as_of=AS_OF, keep=False).summary().to_dict()["penalties"] == wanted


def test_halves_of_a_cent() -> None:
    frame = table(6).with_columns(price_paid=pl.Series([0.005, 2.675, 0.015, 1.004, 1.005, 0.0]), fraud=pl.lit(True))

    found = run_audit(policy("a field"), frame, as_of=AS_OF)

    assert found.decisions["PN.amount"].to_list() == [Decimal(text) for text in ("0.01", "2.68", "0.02", "1.00", "1.01", "0.00")]
    assert found.summary().to_dict()["penalties"][0]["sum"] == "4.72"


# --------------------------------------------------------------------------- parts
@pytest.mark.parametrize(("by", "wanted"), [(1000, 0.5), (8, 62.5), (Decimal("0.5"), 1000), (Decimal("1.6"), 312.5), (10, 50), (Decimal("1E+3"), 0.5), (1, 500)])
def test_divided_exactly(by: Any, wanted: float) -> None:
    made = divided_by(Scaled(Ex(pl.lit(5_000_000, pl.Int128)), 4, 10**10), by)
    assert made is not None
    assert pl.select(made.value.expr).item() / 10**made.scale == wanted


@pytest.mark.parametrize(("by", "parts"), [(3, 3), (30, 3), (7, 7), (365, 365), (Decimal("0.3"), 3), (1200, 12)])
def test_divided_into_parts_that_no_decimal_tells(by: Any, parts: int) -> None:
    made = divided_by(Scaled(Ex(pl.lit(5_000_000, pl.Int128)), 4, 10**10), by)
    assert made is not None
    assert made.parts % parts == 0
    assert Fraction(pl.select(made.value.expr).item(), 10**made.scale * made.parts) == 500 / Fraction(by)


@pytest.mark.parametrize("by", [0, -10, 1_000_003])
def test_not_divided(by: Any) -> None:
    assert divided_by(Scaled(Ex(pl.lit(5, pl.Int128)), 4, 10**10), by) is None


def test_a_proposal_of_none_of_its_values_is_refused() -> None:
    rule: Any = policy("a field").compiled(policy("a field")._versions[-1]).model.section("penalties")[0]
    with pytest.raises(ValueError, match="none of its values"):
        MeasuredProposal(PenaltyResult(rule, "proposed", (), Decimal(5), Decimal(5), Decimal(5), "CNY", None))
