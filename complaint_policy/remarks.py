"""What `check` remarks about a policy that loads: warnings and notes, each with its place and what to do.

No clock is read: what depends on today is said of a day that is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from attrs import fields, has

from complaint_policy.expressions import nodes as n
from complaint_policy.frame import COMPANY, Rule
from complaint_policy.lengths import Length
from complaint_policy.model import Accepted, PolicyModel, Source, fields_below
from complaint_policy.problems import Place, Problem, Problems
from complaint_policy.rules.deadlines.stages import remark_stages

if TYPE_CHECKING:
    from complaint_policy.policy import Policy, PolicyVersion

__all__ = ["remarks_of"]

# Words of a rule that name no number; where a house number stands for them, it is a term.
_VAGUE_ZH: Final = ("及时", "立即", "尽快", "马上", "立刻", "即时", "迅速", "第一时间")
_VAGUE_EN: Final = ("promptly", "immediately", "at once", "as soon as", "without delay", "in good time", "timely")
# A hundred cases in a period are soon there.
_FEW_DIGITS: Final = 2
# What a number has to tell of its date where the running number begins again each day, month or year.
_TOLD: Final = {"day": ("year", "month", "day"), "month": ("year", "month"), "year": ("year",), "all": ()}


def remarks_of(policy: Policy, on: date | None) -> tuple[Problem, ...]:
    """Everything worth remarking about the versions of a policy, by place."""
    found = Problems()
    used = _sources_used(policy)
    for version in policy.versions:
        model = version.model
        found.extend(model.notes)
        own = model.files[-1] if model.files else ""
        _ended_sources(version, found)
        if any(rule.place.file == own for rule in model.all_rules()):
            _unused_sources(model, own, used, found)
            _sections(model, own, found)
        for rule in model.all_rules():
            if rule.place.file == own:
                _rule(rule, model, found)
        for fact in model.facts.values():
            if fact.place.file == own:
                _texts(fact.expression, model, found)
        _same_act(model.section("deadlines"), own, found)
        remark_stages(model.section("deadlines"), model, own, found)
        if on is not None and (version.until is None or on < version.until):
            _reviews(model, on, found)
    return _without_accepted(policy, found.sorted())


def _without_accepted(policy: Policy, found: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """What nobody has accepted, with a warning for what is accepted and not remarked."""
    accepted: dict[tuple[str, Place], Accepted] = {}
    for version in policy.versions:
        model = version.model
        for entry in model.accepted:
            rule = model.rule(entry.rule) if entry.rule is not None else None
            about = rule.place if rule is not None else entry.place if entry.rule is not None else Place(model.files[-1])
            accepted[entry.remark, about] = entry
    made = {(remark.code, remark.place) for remark in found}
    needless = Problems()
    for key, entry in accepted.items():
        if key not in made:
            needless.add("accepted-needless", entry.place, name=entry.remark)
    left = Problems()
    left.extend((*(remark for remark in found if (remark.code, remark.place) not in accepted), *needless.sorted()))
    return left.sorted()


# --------------------------------------------------------------------------- sources
def _refs(rules: Iterable[Rule]) -> Iterable[str]:
    for rule in rules:
        if rule.source is not None:
            yield rule.source.ref
        if rule.laxer is not None and rule.laxer.source is not None:
            yield rule.laxer.source.ref


def _sources_used(policy: Policy) -> set[str]:
    found: set[str] = set()
    for version in policy.versions:
        found.update(_refs(version.model.all_rules()))
        found.update(fact.source.ref for fact in version.model.facts.values() if fact.source is not None)
        found.update(entry.source.ref for entry in version.model.transition if entry.source is not None)
        laxer = version.model.scope_laxer
        if laxer is not None and laxer.source is not None:
            found.add(laxer.source.ref)
    return found


def _unused_sources(model: PolicyModel, own: str, used: set[str], found: Problems) -> None:
    for source in model.sources.values():
        if source.place.file == own and source.id not in used:
            found.add("source-unused", source.place, name=source.id)


def _ended_sources(version: PolicyVersion, found: Problems) -> None:
    """Rules that rest on a source which is not in force all the days of their version."""
    for rule in version.model.all_rules():
        source = version.model.sources.get(rule.source.ref) if rule.source is not None else None
        start, end = source.in_force if source is not None else (None, None)
        if end is not None and (version.until is None or end < version.until):
            found.add("source-ended", rule.place, name=rule.id, source=rule.source.ref if rule.source else "", until=end)
        if start is not None and version.start < start:
            found.add("source-not-yet", rule.place, name=rule.id, source=rule.source.ref if rule.source else "", start=start, version=version.start)


def _reviews(model: PolicyModel, on: date, found: Problems) -> None:
    if model.review_by is not None and model.review_by < on:
        found.add("review-due", Place(model.files[-1] if model.files else model.id), name=model.id, day=model.review_by)
    sources: Iterable[Source] = model.sources.values()
    for source in sources:
        if source.review_by is not None and source.review_by < on:
            found.add("review-due", source.place, name=source.id, day=source.review_by)


# --------------------------------------------------------------------------- the policy as a whole
def _sections(model: PolicyModel, own: str, found: Problems) -> None:
    """A company's policy knows levels; a law has the classes it has."""
    if model.sources and all(source.status in ("verified", "second-hand") for source in model.sources.values()):
        return
    if not getattr(model.section("severity"), "levels", ()):
        found.add("no-levels", Place(own))


# --------------------------------------------------------------------------- rules
def _rule(rule: Any, model: PolicyModel, found: Problems) -> None:
    if rule.source is None and model.sources:
        found.add("rule-without-source", rule.place, name=rule.id)
    within = getattr(rule, "within", None)
    if isinstance(within, n.Instant):
        word = _vague_word(rule)
        if word is not None and not any(length.word is not None for length in _lengths(within)):
            found.add("vague-word", rule.place, name=rule.id, word=word)
    _number(rule, found)
    _texts(rule, model, found)
    if getattr(rule, "charge", None) is not None and rule.legal_basis is None and rule.source is None:
        found.add("penalty-without-basis", rule.place, name=rule.id)
    if getattr(rule, "charge", None) is not None and rule.payable_to == COMPANY and _charges_a_person(rule, model):
        found.add("charge-without-responsibility", rule.place, name=rule.id)


def _charges_a_person(rule: Any, model: PolicyModel) -> bool:
    """Whether a penalty may name a person (a sensitive field) though nothing says that responsibility is established."""
    persons = any(name in model.fields and model.fields[name].sensitive for name in n.fields_in(rule.charge))
    return persons and (rule.when is None or "responsibility_determined_at" not in fields_below(rule.when, model))


def _texts(rule: object, model: PolicyModel, found: Problems) -> None:
    """A text that is the name of a field of texts, or of a fact: most often the field was meant."""
    for node in _expressions(rule):
        if isinstance(node, n.Literal) and node.kind == "string" and _names_a_text(str(node.value), model):
            found.add("text-like-field", node.place, name=node.value)


def _names_a_text(name: str, model: PolicyModel) -> bool:
    declared = model.fields.get(name)
    return name in model.facts or (declared is not None and declared.kind in ("string", "enum"))


def _expressions(part: object) -> Iterator[n.Expression]:
    """Every expression of a rule or a fact, wherever it stands in it."""
    if isinstance(part, n.Expression):
        yield from n.walk(part)
    elif isinstance(part, tuple):
        for item in part:
            yield from _expressions(item)
        return
    kind: Any = type(part)
    if has(kind):
        for attribute in fields(kind):
            yield from _expressions(getattr(part, attribute.name))


def _number(rule: Any, found: Problems) -> None:
    """A form of case numbers under which numbers come again, or run out."""
    parts = {part.name: part for part in getattr(rule, "parts", ())}
    if not parts:
        return
    told = {"year" if name == "yy" else name for name in parts}
    part = next((part for part in _TOLD[rule.per] if part not in told), None)
    if part is not None:
        found.add("number-comes-again", rule.place, name=rule.id, form=rule.form, part=part)
    digits = parts["serial"].digits
    if 0 < digits <= _FEW_DIGITS:
        found.add("number-runs-out", rule.place, name=rule.id, most=10**digits - 1)


def _vague_word(rule: Rule) -> str | None:
    title = rule.name
    lowered = title.en.lower()
    return next((w for w in _VAGUE_ZH if w in title.zh), None) or next((w for w in _VAGUE_EN if w in lowered), None)


def _lengths(node: n.Instant) -> list[Length]:
    return [part.length for part in n.walk(node) if isinstance(part, n.Counted) and isinstance(part.length, Length)]


def _same_act(deadlines: Iterable[Any], own: str, found: Problems) -> None:
    """Two limits of one source for one act from one start: the longer one says nothing."""
    seen: dict[Any, Any] = {}
    for rule in deadlines:
        lengths = _lengths(rule.within)
        if not isinstance(rule.within, n.Counted) or len(lengths) != 1 or rule.part_of is not None or rule.extend:
            continue
        key = (rule.start, rule.act, rule.when, rule.exempt, rule.duty_of, rule.source.ref if rule.source is not None else None)
        other = seen.setdefault(key, rule)
        if other is not rule and own in (rule.place.file, other.place.file):
            found.add("same-act-twice", rule.place, name=rule.id, other=other.id, length=lengths[0].text, limit=_lengths(other.within)[0].text)
