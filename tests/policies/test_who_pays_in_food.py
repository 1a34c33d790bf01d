"""Whoever is asked first pays, and recovers from the one that is liable (Food Safety Law, Article 148(1))."""

import pytest

from complaint_policy import load_policy


@pytest.mark.parametrize(
    ("asked", "liable", "recovers"),
    [("seller", "producer", "producer"), ("producer", "seller", "seller"), ("seller", "seller", None), ("producer", None, None)],
)
def test_the_first_asked_pays_and_the_liable_is_recovered_from(asked: str, liable: str | None, recovers: str | None) -> None:
    record = {"id": "F-1", "received_at": "2026-03-02T10:00", "asked_first": asked, "liable_party": liable, "unsafe": True, "label_flaw_only": True, "loss": 80}
    (first,) = load_policy("cn/food").evaluate(record, as_of="2026-03-10T09:00").to_dict()["penalties"]
    assert (first["charge"]["name"], first.get("recovers_from", {}).get("name")) == (asked, recovers)
