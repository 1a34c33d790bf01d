"""The plugin as its users meet it; the suite of the library tries the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import complaint_policy_insurance
import pytest
from complaint_policy_insurance import facts

from complaint_policy import load_policy
from complaint_policy.plugins import make_manager
from complaint_policy.testing import assert_plugin_conforms

RECORDS = [
    {"received_at": "2026-03-02T09:00", "claim_number": "4539-1488 0340", "loss": "20000", "bought_at": "2024-03-01", "description": "the car was hit"},
    {"received_at": "2026-03-02T09:00", "claim_number": "453914880341", "description": "the car hit the roof", "compensation_paid": "10"},
]


def test_it_conforms() -> None:
    assert_plugin_conforms(complaint_policy_insurance, name="insurance", records=RECORDS)


@pytest.mark.parametrize(("number", "right"), [("453914880340", True), ("453914880341", False), ("45391488034", False), ("4539148803４0", False)])
def test_claim_numbers(number: str, right: bool) -> None:
    assert facts.claim_number_is_right(number) is right


def test_cover_ends_before_its_end() -> None:
    day = [datetime(2026, 3, n, tzinfo=UTC) for n in (1, 2, 3)]
    assert facts.under_cover(day[0], ((day[0], day[1]),))
    assert not facts.under_cover(day[1], ((day[0], day[1]),))
    assert facts.under_cover(day[2], ((day[0], day[1]), (day[1], None)))
    assert not facts.under_cover(day[0], None)


def test_payouts() -> None:
    settings = {"excess": Decimal(200), "yearly_depreciation": Decimal("0.1")}
    incident = datetime(2026, 3, 1, tzinfo=UTC)
    # The first year is begun on the day itself: 1000 · 0.9 − 200 = 700; its anniversary begins the second: 1000 · 0.81 − 200 = 610.
    assert facts.payout(Decimal(1000), date(2026, 3, 1), incident, settings=settings) == Decimal(700)
    assert facts.payout(Decimal(1000), date(2025, 3, 1), incident, settings=settings) == Decimal(610)
    assert facts.payout(Decimal(1000), date(2025, 3, 2), incident, settings=settings) == Decimal(700)
    assert facts.payout(Decimal(100), date(2025, 3, 2), incident, settings=settings) == 0
    assert facts.payout(Decimal(100), date(2026, 3, 2), incident, settings=settings) is None


def test_what_a_person_sees() -> None:
    policy = load_policy("insurance/claims_complaints", plugins=make_manager({"insurance": complaint_policy_insurance}, strict=True))
    record = {"id": "C-1", **RECORDS[0], "incident_at": "2026-02-01T10:00", "cover": "2026-01-01/2026-12-31", "compensation_paid": "15999.99"}
    decision = policy.evaluate(record, as_of="2026-03-03T09:00")
    assert "已赔付15999.99，应赔16000" in decision.explain("zh")
    assert decision.to_dict()["engine"]["plugins"] == [{"name": "insurance", "version": "1.0.0"}]
