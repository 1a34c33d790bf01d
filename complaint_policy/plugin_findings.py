"""What plugins have to do with one decision: the findings they add, and their failures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from complaint_policy.decision import Finding
from complaint_policy.guarded import Failed, Fault
from complaint_policy.possible import Maybe

if TYPE_CHECKING:
    from complaint_policy.decision import Decision

__all__ = ["plugin_findings"]


def plugin_findings(decision: Decision) -> list[Finding]:
    """Failures of the policy's plugins, each once, in the order of its facts."""
    if not decision._compiled.model.plugins:
        return []
    faults = dict.fromkeys(_failures(decision))
    return [Finding(f"plugin:{fault.plugin}", "plugin-failed", fault.message) for fault in faults]


def _failures(decision: Decision) -> Iterator[Fault]:
    compiled, state = decision._compiled, decision._state
    for name in compiled.model.facts:
        value: Any = state[compiled.slots[f"fact:{name}"]]
        if isinstance(value, Maybe) and isinstance(value, Failed):
            yield value.fault
