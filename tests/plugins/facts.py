"""Facts of an industry on one record, beside what YAML alone makes of it; the record evaluation and the audit agree."""

from __future__ import annotations

from typing import Any

from complaint_policy import load_policy_text

__all__ = ["entry", "facts_of"]

RULES = {"number": "{NAME: {at_least: -1000000}}", "boolean": "{NAME: true}", "instant": "{received_at: {by: NAME}}", "enum": "{not: {NAME: nothing}}"}


def facts_of(plugin: str, head: str, wanted: dict[str, str], as_of: str = "2026-05-01T00:00", **record: Any) -> dict[str, Any]:
    """The values of facts by name; ``wanted`` says the kind of each, ``head`` are the settings, fields and facts in YAML."""
    rules = "".join(f"\n  - {{id: RQ-{i}, require: {RULES[kind].replace('NAME', name)}}}" for i, (name, kind) in enumerate(wanted.items()))
    text = f"format: 1\npolicy: test/{plugin}\neffective: {{from: 2020-01-01}}\ntimezone: Asia/Shanghai\ncurrency: CNY\nplugins: [{plugin}]\n{head}\nrequirements:{rules}\n"
    policy = load_policy_text(text)
    # A table without a column does not know the field, an empty cell of one says that there is none.
    given = {**dict.fromkeys(policy.versions[0].model.fields), "id": "A", "received_at": "2026-04-01T10:00", "closed_at": "2026-04-02T10:00", **record}
    decision = policy.evaluate(given, as_of=as_of)
    audit = policy.audit([given, {**given, "id": "B"}], as_of=as_of)
    assert audit.rejected.height == 0
    for name in ("A", "B"):
        assert audit.decision(name).to_dict()["requirements"] == decision.to_dict()["requirements"]
    for rule in decision.to_dict()["requirements"]:
        assert set(audit.decisions[f"{rule['rule']}.outcome"]) == {rule["outcome"]}
    return {name: decision.fact(name) for name in wanted}


def entry(kind: str, at: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "kind": kind, **more}
