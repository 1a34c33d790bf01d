"""What the companies' systems say of many records: no case beside a rule can prove it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from complaint_policy import load_policy

AS_OF = "2022-08-01T00:00"


def followed(matter: str, share: int, of: int) -> list[dict[str, Any]]:
    """That many records of one kind, done and ready to be followed up; the first `share` were."""
    done = {"complaint": "closed_at", "repair": "work_order_returned_at", "survey": "corrected_at"}[matter]
    times = {name: "2022-06-14T10:00" if name == done else None for name in ("closed_at", "work_order_returned_at", "corrected_at")}
    return [
        {"id": f"{matter}{i}", "received_at": "2022-06-13T09:00", "matter": matter, **times, "followed_up_at": "2022-06-15T09:00" if i < share else None}
        for i in range(of)
    ]


@pytest.mark.parametrize(("matter", "figure"), [("complaint", "PF-complaints"), ("repair", "PF-repairs"), ("survey", "PF-survey")])
def test_a_hundred_per_cent_is_no_case_less(matter: str, figure: str) -> None:
    policy = load_policy("cn/property")
    for share, outcome in ((200, "met"), (199, "breached")):  # 199 of 200 are 99.5 %: above 99, below 100
        (quarter,) = [r for r in policy.audit(followed(matter, share, 200), as_of=AS_OF).portfolio[figure] if r.members]
        assert (quarter.low, quarter.outcome) == (Fraction(share, 200), outcome)


def test_one_whose_follow_up_is_unreadable_leaves_the_rate_open() -> None:
    records = followed("complaint", 4, 5)
    records[4]["followed_up_at"] = "近日"
    (quarter,) = [r for r in load_policy("cn/property").audit(records, as_of=AS_OF).portfolio["PF-complaints"] if r.members]
    assert (quarter.low, quarter.high, quarter.outcome) == (Fraction(4, 5), 1, "indeterminate")


def test_numbers_by_month() -> None:
    """June: 01, 03 and 03 again, so 02 is missing and one is double; July begins with 01; a June number in July; three digits."""
    rows = [("0601", "06-13"), ("0603", "06-14"), ("0603", "06-15"), ("0701", "07-01"), ("0604", "07-02"), ("07002", "07-03")]
    records = [{"id": str(i), "case_number": number, "received_at": f"2022-{day}T09:00"} for i, (number, day) in enumerate(rows)]
    findings = load_policy("cn/manufacturing").audit(records, as_of=AS_OF).findings
    found = sorted(findings.filter(findings["rule"] == "NR-case").select("finding", "row", "value").rows(), key=str)
    assert ("duplicate", 2, "0603") in found
    assert ("period", 4, "0604") in found
    assert ("form", 5, "07002") in found
    assert [(row, value) for finding, row, value in found if finding == "gap"] == [(None, "2")]
    assert not [f for f in found if f[1] in (0, 1, 3)]


def test_a_shop_that_kept_one_back() -> None:
    records = [
        {"id": "A", "received_at": "2022-06-13T09:00", "complainant_id": "c1", "product": "门", "quality_abnormal": True},
        {"id": "B", "received_at": "2022-06-13T10:00", "complainant_id": "c2", "product": "门", "quality_abnormal": False},
    ]
    said = [{"received_at": "2022-06-13T09:00", "complainant_id": c, "product": "门", "quality_abnormal": True} for c in ("c1", "c2", "c3")]
    findings = load_policy("cn/manufacturing").audit(records, as_of=AS_OF, lists={"spot_check": said}).findings
    # The first agrees, the second was reported as no fault of the product, of the third nothing was reported.
    assert findings.filter(findings["rule"] == "RC-shops").select("finding", "list_row").sort("list_row").rows() == [("mismatch", 2), ("concealed", 3)]


def test_a_second_complaint_is_counted() -> None:
    records = [
        {"id": i, "received_at": f"2022-06-{day}T09:00", "complainant_id": who, "product": "门", "quality_abnormal": False, "ignored": False, "responsibility_determined_at": "2022-06-22T10:00", "responsible_side": "service", "proposed_penalty": 100}
        for i, day, who in (("A", 13, "c1"), ("B", 14, "c2"), ("C", 20, "c1"))
    ]
    audit = load_policy("cn/manufacturing").audit(records, as_of=AS_OF)
    proposed = [{p["rule"] for p in audit.decision(i).to_dict()["penalties"]} for i in ("A", "B", "C")]
    assert proposed == [{"PN-other"}, {"PN-other"}, {"PN-other", "PN-second"}]
