"""`tighten_only`: every rule an overlay replaces is shown to be no laxer, or it is a problem.

Rules that are added are free.  What cannot be shown is said as such, never assumed.
"""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

from complaint_policy.building import File
from complaint_policy.comparing import Comparison, Objection
from complaint_policy.head import scalar_text
from complaint_policy.kinds import RuleKind
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping
from complaint_policy.texts import Text

__all__ = ["check_tightening", "tightens"]


def tightens(file: File) -> bool:
    """Whether a file says that it only tightens."""
    return scalar_text(file.root.get("tighten_only")) == "true"


def check_tightening(
    base: PolicyModel, own: PolicyModel, file: File, since: date, kinds: tuple[RuleKind, ...], problems: Problems, notes: Problems
) -> None:
    """Holds a file's rules (``own``: with its bases) against its bases alone, from a day on."""
    comparison = Comparison(base, own, file.name, since, problems, notes)
    _scope(comparison, file)
    _fields(comparison)
    for kind in kinds:
        before, after = base.section(kind.key), own.section(kind.key)
        if kind.stricter is not None:
            import_module(kind.stricter).compare(before, after, comparison)
        else:
            _unchanged(_rules(before), _rules(after), comparison)
    for rule in own.all_rules():
        if rule.laxer is not None and comparison.is_own(rule) and rule.id not in comparison.laxer:
            notes.add("laxer-needless", rule.place, name=rule.id)


def _rules(section: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = section if isinstance(section, tuple) else section.rules_of_section()
    return found


def _unchanged(base: tuple[Any, ...], own: tuple[Any, ...], comparison: Comparison) -> None:
    """Rules of a kind that says nothing of stricter and laxer."""
    for earlier, rule in comparison.replaced(base, own):
        comparison.of_rule(rule, *comparison.frame(earlier, rule), *comparison.rest_equal(earlier, rule))


def _scope(comparison: Comparison, file: File) -> None:
    """The scope may not be narrower."""
    section = file.root.get("scope")
    if isinstance(section, Mapping):
        objection = comparison.no_less(comparison.base.scope, comparison.own.scope, Text("it leaves out {c}", "排除了{c}"))
        comparison.object("scope", file.root.key_place("scope"), objection, comparison.own.scope_laxer)


def _fields(comparison: Comparison) -> None:
    """A field of a base that reads an empty cell in another way changes what every rule of the base says."""
    for name, own in comparison.own.fields.items():
        base = comparison.base.fields.get(name)
        if base is not None and own.place.file == comparison.file and (base.default, base.empty) != (own.default, own.empty):
            comparison.object(name, own.place, Objection(Text("the field reads an empty cell in another way", "该字段对空值的读法不同")))
