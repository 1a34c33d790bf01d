"""``complaint-policy list``: the shipped policies."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.text import Text as Line

from complaint_policy import Policy, PolicyError, load_policy, shipped_policies
from complaint_policy.cli.failures import report
from complaint_policy.cli.spec import FINE, Command
from complaint_policy.cli.terminal import Terminal
from complaint_policy.cli.views.tables import STATUS_STYLE, source_status, table
from complaint_policy.model import Source
from complaint_policy.texts import Text

__all__ = ["COMMAND"]


def run(terminal: Terminal) -> int:
    """Print one row a policy: the shipped ones, then those of the plugins asked for."""
    status = FINE
    policies: list[Policy] = []
    manager = terminal.manager
    for name in (*shipped_policies(), *(manager.policies if manager is not None else ())):
        try:
            policies.append(load_policy(name, plugins=manager))
        except PolicyError as error:
            status = report(error, terminal)
    if terminal.as_json:
        terminal.json([_dict(policy) for policy in policies])
        return status
    t = terminal.t
    counts = (t("rules >", "规则数 >"), t("tests >", "测试数 >"))
    shown = table(t("policy", "制度"), t("title", "名称"), t("in force from", "施行日期"), *counts, t("sources", "依据"))
    for policy in policies:
        facts = _dict(policy)
        dates = "\n".join(v["effective"] for v in facts["versions"])
        shown.add_row(Line(policy.id, style="bold"), terminal.say(policy.title), dates, str(facts["rules"]), str(facts["tests"]), _sources(policy, terminal))
    terminal.print(shown)
    return status


def _sources_of(policy: Policy) -> dict[str, Source]:
    return {key: source for version in policy.versions for key, source in version.model.sources.items()}


def _sources(policy: Policy, terminal: Terminal) -> Line:
    counted = Counter(source.status or "" for source in _sources_of(policy).values())
    ordered = sorted(counted.items(), reverse=True)  # verified, second-hand, company
    parts = [Line(f"{n} {terminal.say(source_status(status))}", style=STATUS_STYLE.get(status, "")) for status, n in ordered]
    return Line("\n").join(parts)


def _dict(policy: Policy) -> dict[str, Any]:
    effective: dict[str, dict[str, Any]] = {}
    for version in policy.versions:
        # A change of a base starts a stretch of its own within the same version.
        known = effective.setdefault(version.effective.isoformat(), {"effective": version.effective.isoformat(), "until": None})
        known["until"] = version.until.isoformat() if version.until is not None else None
    rules = {rule.id for version in policy.versions for rule in version.model.all_rules()}
    cases = {(case.place.file, case.place.line) for version in policy.versions for case in version.model.cases}
    return {
        "policy": policy.id,
        "title": policy.title.to_dict(),
        "timezone": policy.zone.name,
        "currency": policy.currency,
        "versions": list(effective.values()),
        "rules": len(rules),
        "tests": len(cases),
        "sources": [
            {
                "source": key,
                "title": source.title.to_dict(),
                "status": source.status,
                "issuer": source.issuer,
                "number": source.number,
                "reviewed_on": source.reviewed_on.isoformat() if source.reviewed_on is not None else None,
            }
            for key, source in _sources_of(policy).items()
        ],
    }


COMMAND = Command(
    name="list",
    summary=Text("List the shipped policies.", "列出内置制度。"),
    text=Text(
        "List the policies that come with the library: versions, number of rules and tests, and how far their sources are verified.",
        "列出本库的内置制度：版本、规则数、测试数，以及依据的核实情况。",
    ),
    run=run,
    examples=("complaint-policy list --format json",),
)
