"""The record of ISO 10002: its page says field by field what the policy has, and who extends it keeps its own zone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from complaint_policy import PolicyError, load_policy, load_policy_text
from complaint_policy.fields import LogField

ROOT = Path(__file__).parents[2] / "policies" / "iso" / "base"
ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@pytest.mark.parametrize(("page", "language", "core"), [("README.md", "en", "core"), ("README.zh-CN.md", "zh", "核心字段")])
def test_field_by_field(page: str, language: str, core: str) -> None:
    fields = load_policy("iso/base").versions[-1].model.fields
    log = fields["events"]
    assert isinstance(log, LogField)
    titles = {name: f.title for name, f in fields.items()} | {kind.name: kind.title for kind in log.kinds}
    rows = ROW.findall((ROOT / page).read_text("utf-8"))
    assert [(name, title) for name, title, _ in rows] == [(name, titles[name].get(language)) for name, *_ in rows]
    ours = {name for name, f in fields.items() if not f.core and name != "events"} | {kind.name for kind in log.kinds}
    assert {name for name, _, origin in rows if origin != core} == ours
    assert len(rows) == len({name for name, *_ in rows})


TOP = "format: 1\npolicy: t/top\neffective: {{from: 2026-01-01}}\nextends: {}\ntimezone: {}\nreviewed_on: 2026-01-01\n"


def test_a_base_for_every_zone() -> None:
    """`timezone: any` takes the zone of who extends it; alone it is in UTC, and a real zone is still held to."""
    assert load_policy("iso/base").zone.name == "UTC"
    for zone in ("Asia/Shanghai", "Europe/London"):
        assert load_policy_text(TOP.format("[iso/complaints_handling]", zone)).zone.name == zone
    # 10 March ends in Shanghai at 16:00 UTC: an answer at 16:30 UTC is the next day's.
    record = {"id": "A", "received_at": "2026-03-02T10:00", "due_on": "2026-03-10", "responded_at": "2026-03-10T16:30Z"}
    for zone, outcome in (("Asia/Shanghai", "breached"), ("Europe/London", "met")):
        policy = load_policy_text(TOP.format("[iso/complaints_handling]", zone))
        decision = policy.evaluate(record, as_of="2026-03-20T09:00")
        assert decision.deadline("DL-due").outcome == outcome
        assert policy.audit([record], as_of="2026-03-20T09:00").decisions["DL-due.outcome"].to_list() == [outcome]
    # Beside another base it has that one's zone, in either order; a zone that differs from it is refused as ever.
    assert load_policy_text(TOP.format("[iso/base, cn/base]", "any")).zone.name == "Asia/Shanghai"
    with pytest.raises(PolicyError, match="timezone-differs"):
        load_policy_text(TOP.format("[cn/base, iso/base]", "Europe/London"))
