"""Whether a deadline is no laxer than the one it replaces: earlier or equal on every start day, no easier to extend or to pause."""

from __future__ import annotations

from collections.abc import Iterator

from complaint_policy.comparing import Comparison, Objection, bound
from complaint_policy.comparing.limits import never_earlier, never_later
from complaint_policy.expressions import nodes as n
from complaint_policy.lengths import Length
from complaint_policy.rules.deadlines.model import Deadline, Extension
from complaint_policy.texts import Text

_LOOSER = Text("the base's does not bind there: {c}", "基础制度此时并不适用：{c}")
_WHEN = Text("the extension '{i}' applies where the base's does not: {{c}}", "延期“{i}”适用于基础制度不延期的情形：{{c}}")
_NEEDS = Text("the extension '{i}' needs less than the base's: {{c}}", "延期“{i}”的要求低于基础制度：{{c}}")
_COMPARED = ("start", "act", "within", "extend", "pauses", "counting", "at_risk", "part_of")


def compare(base: tuple[Deadline, ...], own: tuple[Deadline, ...], comparison: Comparison) -> None:
    for earlier, rule in comparison.replaced(base, own):
        if earlier.duty_of == rule.duty_of == "complainant":
            comparison.of_rule(rule, *_for_complainant(earlier, rule, comparison))
        else:
            comparison.of_rule(rule, *_objections(earlier, rule, comparison))


def _objections(base: Deadline, own: Deadline, comparison: Comparison) -> Iterator[Objection | None]:
    yield from comparison.frame(base, own)
    yield from comparison.rest_equal(base, own, *_COMPARED)
    if not _begins_as_often(base.start, own.start):
        yield _named(Text("its start: ", "起算："), never_later(own.start, base.start, comparison))
    yield _named(Text("its act: ", "完成："), _act(base.act, own.act, comparison))
    yield never_later(own.within, base.within, comparison)
    yield from _ladder(base, own, comparison)
    yield from _pauses(base, own)


def _for_complainant(base: Deadline, own: Deadline, comparison: Comparison) -> Iterator[Objection | None]:
    """A duty of the complainant: laxer for the company is what leaves the complainant less time."""
    yield comparison.no_less(bound(own), bound(base), _LOOSER)
    yield from comparison.rest_equal(base, own, "within", "counting", "at_risk", "part_of")
    yield never_earlier(own.within, base.within, comparison)


def _named(what: Text, objection: Objection | None) -> Objection | None:
    return None if objection is None else Objection(what + objection.why, objection.certain)


def _begins_as_often(base: n.Instant, own: n.Instant) -> bool:
    """Whether a duty that begins anew does so whenever the base's does, and perhaps more often."""
    if not isinstance(own, n.Each):
        return False
    theirs = base.parts if isinstance(base, n.Each) else (base,)
    until = base.until if isinstance(base, n.Each) else None
    return all(part in own.parts for part in theirs) and own.until in (None, until)


def _act(base: n.Instant, own: n.Instant, comparison: Comparison) -> Objection | None:
    """The same act, or that and more: whenever it is done, the base's is done as well, and no later."""
    if own == base or (isinstance(own, n.AllOf) and base in own.parts):
        return None
    words = comparison.words
    return Objection(Text("{a} instead of {b}", "{a}（基础制度为{b}）").filled(a=words.instant(own), b=words.instant(base)))


# --------------------------------------------------------------------------- ladders
def _ladder(base: Deadline, own: Deadline, comparison: Comparison) -> Iterator[Objection | None]:
    """Step by step: each of the overlay's leads no further than the base's, and is no easier to climb."""
    for index, step in enumerate(own.extend):
        if index >= len(base.extend):
            last = base.limits[-1]
            yield _step(step, never_later(step.within, last, comparison))
            continue
        other = base.extend[index]
        yield _step(step, never_later(step.within, other.within, comparison))
        yield comparison.no_less(step.when, other.when, _WHEN.filled(i=step.id))
        yield comparison.no_less(step.needs, other.needs, _NEEDS.filled(i=step.id))
        if step.late_allowed and not other.late_allowed:
            yield Objection(Text(f"the extension '{step.id}' may be granted late", f"延期“{step.id}”允许逾期批准"), certain=True)
    for index, other in enumerate(base.extend):
        # Where the base may be a step further than the overlay, and that step may end earlier than the one before it.
        alike = any(_climbed(step) == _climbed(other) for step in own.extend[index : index + 1])
        if not alike and never_later(base.limits[index], other.within, comparison) is not None:
            left = own.limits[min(index, len(own.extend))]
            yield _named(Text(f"without the extension '{other.id}': ", f"没有延期“{other.id}”："), never_later(left, other.within, comparison))


def _climbed(step: Extension) -> tuple[object, ...]:
    """What decides whether a step is taken."""
    return step.when, step.needs, step.late_allowed


def _step(step: Extension, objection: Objection | None) -> Objection | None:
    return _named(Text(f"the extension '{step.id}': ", f"延期“{step.id}”："), objection)


# --------------------------------------------------------------------------- pauses
def _pauses(base: Deadline, own: Deadline) -> Iterator[Objection | None]:
    allowed = set(_spans(base.pauses))
    further = next((s for s in _spans(own.pauses) if s not in allowed and not (isinstance(s, n.Except) and s.base in allowed)), None)
    if further is not None:
        yield Objection(Text("its clock stops where the base's does not", "在基础制度不停止计时的期间停止计时"))
    elif own.pauses and _pausing(own) != _pausing(base):
        yield Objection(Text("a pause moves it in another way than the base's", "暂停计时的顺延方式与基础制度不同"))


def _spans(pauses: tuple[n.Span, ...]) -> Iterator[n.Span]:
    for span in pauses:
        if isinstance(span, n.Together):
            yield from _spans(span.parts)
        else:
            yield span


def _pausing(rule: Deadline) -> frozenset[tuple[object, ...]]:
    """How pauses lengthen the counts of a deadline."""
    found: set[tuple[object, ...]] = set()
    for node in rule.counted():
        unit = node.length.unit
        exact = isinstance(node.length, Length) and node.length.is_exact
        counting = node.counting
        found.add((unit in ("working days", "working hours"), exact, None if exact else counting.calendar, None if exact else counting.pause_on_days))
    return frozenset(found)
