"""The industries on drawn records, sound and broken: audits say what single evaluations say, and no plugin fails."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from complaint_policy import load_policy, load_policy_text
from complaint_policy.fields import Field, LogField
from complaint_policy.plugins import EntryKind, make_manager
from complaint_policy.plugins.industries import INDUSTRIES
from complaint_policy.plugins.industries.stretches import length, together, without
from complaint_policy.testing import conformance

AS_OF = "2026-05-01T00:00"
PAGE = (Path(__file__).parents[2] / "docs" / "industries.md").read_text("utf-8")
START = datetime(2026, 1, 1)
ODD: tuple[Any, ...] = (None, "", "x", -1, 10**15, "1e999999999", "9" * 50, True)
SETTINGS = {
    "telecom": "telecom: {refund_by: minute, weak_below_dbm: -105, signal_percentile: 5}",
    "banking": 'banking: {report_hours: 48, cap_in_time: 50, cap_late: 500, window_hours: 24, check_codes: ["E01=expired"], base_days: 15, approver_levels: ["1", "2"]}',
    "auto_repair": "auto_repair: {least_warranty_days: 10, least_warranty_km: 2000}",
}
TESTS = {"boolean": "true", "string": "x", "integer": "{at_least: 1}", "number": "{at_least: 1}", "money": "{at_least: 1}"}


def test_all_registered_in_their_order() -> None:
    manager = make_manager(strict=True)
    assert tuple(INDUSTRIES) == ("telecom", "banking", "auto_repair")
    assert [name for name in manager.names if name in INDUSTRIES] == list(INDUSTRIES)
    for name in INDUSTRIES:
        plugin = manager.plugin(name)
        assert plugin is not None
        assert plugin.facts


@pytest.mark.parametrize("name", INDUSTRIES)
def test_every_fact_setting_and_field_is_on_the_page(name: str) -> None:
    plugin = make_manager(strict=True).plugin(name)
    assert plugin is not None
    section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert [f.name for f in plugin.facts if f"| `{f.name}`" not in section and f", `{f.name}` |" not in section] == []
    kinds = [a.name for k in plugin.fields if isinstance(k, EntryKind) for a in k.attributes]
    assert [n for n in (*(f.name for f in plugin.fields), *kinds) if f"`{n}`" not in section] == []
    assert [f.name for one in plugin.settings for f in one.fields if f"{f.name}: " not in section] == []


def cell(draw: random.Random, kind: str, values: tuple[str, ...]) -> Any:
    """A cell of a field of that type, now and then one that is none."""
    if draw.random() < 0.05:
        return draw.choice(ODD)
    at = (START + timedelta(minutes=draw.randrange(200_000))).isoformat()
    kinds = {
        "boolean": draw.random() < 0.3,
        "enum": draw.choice(values or ("x",)),
        "event": at,
        "integer": draw.randrange(40),
        "number": draw.choice(("0.5", 3, 150)),
        "money": draw.choice(("0.01", 100, "33.33")),
        "string": draw.choice(("P0301", "p-0301", "Wang", "Li", "E01")),
        "list": draw.sample(["-100", "-110.5", "100@0.15", "*@0.1", "Wang", "Li"], draw.randrange(3)),
        "intervals": [{"from": at, "to": draw.choice((None, "2026-04-20T10:00"))} for _ in range(draw.randrange(3))],
    }
    return kinds[kind]


@pytest.mark.parametrize("name", INDUSTRIES)
def test_audits_and_evaluations_agree_on_drawn_records(name: str) -> None:
    plugin = make_manager(strict=True).plugin(name)
    assert plugin is not None
    rules = [
        f"\n  - {{id: RQ-{i}, require: {{{fact.name}: {fact.values[0] if fact.values else TESTS.get(fact.kind, '{by: closed_at}')}}}}}" for i, fact in enumerate(plugin.facts)
    ]
    text = f"format: 1\npolicy: test/{name}\neffective: {{from: 2020-01-01}}\ntimezone: Asia/Shanghai\ncurrency: CNY\nplugins: [{name}]\n{SETTINGS[name]}\nrequirements:{''.join(rules)}\n"
    policy = load_policy_text(text)
    fields = policy.versions[0].model.fields
    log_field = fields["events"]
    assert isinstance(log_field, LogField)
    draw = random.Random(20261127)
    records = []
    for i in range(150):
        log = []
        for kind in log_field.kinds:
            for _ in range(draw.randrange(4)):
                entry = {a.name: cell(draw, a.type, a.values) for a in kind.attributes if draw.random() < 0.9}
                log.append({"at": cell(draw, "event", ()), "kind": kind.name, "by": cell(draw, "string", ()), "to": cell(draw, "string", ()), **entry})
        own = {f.name: cell(draw, f.type, f.values) for f in plugin.fields if isinstance(f, Field) and f.name in fields and draw.random() < 0.9}
        empty = dict.fromkeys(f for f in fields if f != "events")
        records.append({**empty, "id": str(i), "received_at": "2026-04-01T10:00", "closed_at": "2026-04-02T10:00", **own, "first_contact": "Wang", "handler": "Li", "events": log})
    audit = policy.audit(records, as_of=AS_OF)
    assert audit.rejected.height == 0
    found = set()
    for i, record in enumerate(records):
        alone = policy.evaluate(record, as_of=AS_OF).to_dict()
        assert audit.decision(str(i)).to_dict() == alone
        assert [f["message"]["en"] for f in alone["findings"] if f["outcome"] == "plugin-failed"] == []
        for rule in alone["requirements"]:
            assert audit.decisions[f"{rule['rule']}.outcome"][i] == rule["outcome"]
            found.add((rule["rule"], rule["outcome"]))
    # Of each fact some records said what it is, and others could not.
    told = {rule for rule, outcome in found if outcome in ("met", "breached")}
    assert told == {f"RQ-{i}" for i in range(len(plugin.facts))}


@pytest.mark.parametrize("name", INDUSTRIES)
def test_each_keeps_what_a_plugin_promises(name: str) -> None:
    tariff = {"id": "A", "received_at": "2026-03-02T10:00", "usage": "150", "tariff_steps": "100@0.15; *@0.10", "monthly_rent": "30", "bill_amount": "60", "signal_samples": "-90; -110"}
    report = conformance(INDUSTRIES[name], name=name, records=[tariff] if name == "telecom" else ())
    assert report.failures == ()
    assert {speed.what for speed in report.speeds} == {fact.name for fact in INDUSTRIES[name].complaint_policy_facts()}


def test_stretches_against_a_count_of_minutes() -> None:
    """Drawn stretches of whole minutes: what is left is what a set of minutes leaves."""
    draw = random.Random(7)
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(200):
        sets = []
        spans = []
        for _ in range(2):
            pairs = [(low, low + draw.randrange(9)) for low in (draw.randrange(30) for _ in range(draw.randrange(6)))]
            sets.append({minute for low, high in pairs for minute in range(low, high)})
            spans.append(together((zero + timedelta(minutes=low), zero + timedelta(minutes=high)) for low, high in pairs))
        assert length(spans[0]) == timedelta(minutes=len(sets[0]))
        assert length(without(*spans)) == timedelta(minutes=len(sets[0] - sets[1]))


def test_a_number_no_machine_can_hold_is_no_number() -> None:
    """An exponent in a step of a tariff, or a year of days in a warranty, costs its own fact and nothing else."""
    record = {"id": "A", "received_at": "2026-03-02T10:00", "category": "charge", "bill_amount": 50, "usage": 5, "tariff_steps": ["1e999999999@1e999999999"], "closed_at": "2026-03-05T10:00", "compensation_paid": 0}
    decision = load_policy("cn/telecom_claims").evaluate(record, as_of=AS_OF)
    assert {r["rule"]: r["outcome"] for r in decision.to_dict()["requirements"]}["RQ-refund"] == "indeterminate"
    assert not [f for f in decision.findings if f.outcome == "plugin-failed"]
