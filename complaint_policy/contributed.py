"""What a plugin may contribute, as immutable values.  A hook gives these; nothing of a plugin runs but the functions in them.

A function is called with the values it declares in ``reads``, in that order, and with nothing else (``settings`` as a keyword
where the plugin has a section of its own in policy files).  It must be pure: the same values, the same answer, no clock,
no network, nothing kept between calls.

What a value is when it is handed over, by the type of the field: ``boolean`` a ``bool``; ``integer`` an ``int``; ``number`` and
``money`` a ``Decimal``; ``string`` and ``enum`` a ``str``; ``date`` a ``datetime.date``; ``datetime`` and ``event`` an aware
``datetime`` in the policy's time zone; ``list`` a tuple of ``str``; ``instants`` a tuple of aware datetimes; ``intervals`` a tuple of
pairs of them, the end exclusive (a bare last day ends at the next midnight) and ``None`` where it is open.

Two names beside the fields: ``as_of``, the moment the record is judged at (what changes with it alone is not foreseen by ``next_change_at``), and
``event:KIND``, the entries of that kind of the event log that have happened by then, in order of time: a tuple of read-only mappings with ``at``, ``by``,
``to`` and the attributes, ``None`` where an entry has none.  A log with an entry that cannot be read, or without its moment, is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.expressions.evidence import Evidence
from complaint_policy.fields import EntryKind, Field
from complaint_policy.kinds import RuleKind
from complaint_policy.texts import Text

__all__ = [
    "Calendar",
    "Classifier",
    "DerivedFact",
    "Evidence",
    "Finder",
    "Normaliser",
    "Note",
    "Operator",
    "Plugin",
    "ReportSection",
    "ReportTable",
    "Settings",
    "Similarity",
]

FACT_KINDS: Final = ("boolean", "integer", "number", "money", "string", "enum", "instant")
Function = Callable[..., Any]


@frozen(kw_only=True)
class DerivedFact:
    """A fact computed in Python, used in a policy like any fact.

    ``kind``: what it gives, one of ``boolean``, ``integer``, ``number``, ``money``, ``string``, ``enum`` (one of ``values``) and
    ``instant`` (an aware datetime).  ``None`` means that it cannot be told: the fact is unknown.

    ``reads``: the fields, and other facts of the plugin, whose values ``function`` is called with.  While one of them is unknown
    so is the fact, and what is missing is that field; of several possible values each is tried.  An empty cell of a field in
    ``optional``, or an event there that has not happened, is handed over as ``None``.

    ``column``: the same for whole columns, for audits: called with a Polars expression for each of ``reads`` (null where it has no
    value) and giving one; null means that it cannot be told.  Both must give the same; ``complaint_policy.testing`` compares them.
    """

    name: str
    kind: str
    title: Text
    reads: tuple[str, ...]
    function: Function = field(eq=False, repr=False)
    optional: tuple[str, ...] = ()
    unit: str | None = None
    values: tuple[str, ...] = ()
    settings: str | None = None  # the key of the section handed over as `settings`
    column: Function | None = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class Classifier:
    """Gives evidence, never a decision: ``{classified_by: NAME, at_least: 0.8}`` in a policy is the label where the confidence is at least that, else unknown.

    ``function`` is called like that of a :class:`DerivedFact` and gives an :class:`Evidence` with one of ``labels``, or ``None``.
    """

    name: str
    title: Text
    labels: tuple[str, ...]
    reads: tuple[str, ...]
    function: Function = field(eq=False, repr=False)
    optional: tuple[str, ...] = ()
    settings: str | None = None
    titles: Mapping[str, Text] = field(factory=dict, eq=False)


@frozen(kw_only=True)
class Operator:
    """A word for conditions, as in ``{description: {NAME: operand}}``.

    ``kinds``: what may stand on the left (``string``, ``number``, ``money``, ``integer``, ``list``, …).  ``operand``: what is written on the
    right: ``string``, ``number``, ``boolean`` or ``list`` (of texts).  ``function(value, operand)`` gives a ``bool``.  ``title`` says it in words
    with ``{value}`` and ``{operand}``: ``Text("{value} sounds like {operand}", "{value}与{operand}读音相近")``.
    """

    name: str
    title: Text
    kinds: tuple[str, ...]
    operand: str
    function: Function = field(eq=False, repr=False)
    column: Function | None = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class Normaliser:
    """Changes cells of a record before it is read: ``function`` is called with a read-only mapping of the raw cells in ``reads`` (as the
    source has them: mostly texts) and gives a mapping of changes, with keys of ``writes`` only.
    """

    name: str
    title: Text
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    function: Function = field(eq=False, repr=False)
    settings: str | None = None


@frozen
class Note:
    """A finding a plugin adds: ``code`` of its messages, what fills the message's ``{names}``, and the rule it is about, if any."""

    code: str
    values: Mapping[str, Any] = field(factory=dict)
    rule: str | None = None


@frozen(kw_only=True)
class Finder:
    """Adds findings to a decision, and changes nothing of it.

    ``function`` is called with the values of ``reads`` (``None`` for what is unknown) and, as the keyword ``decided``, with a read-only
    mapping ``{"status", "severity", "owner", "outcomes": {rule: outcome}}``; it gives :class:`Note` s.
    """

    name: str
    title: Text
    reads: tuple[str, ...]
    function: Function = field(eq=False, repr=False)
    settings: str | None = None


@frozen(kw_only=True)
class Similarity:
    """How alike two texts are: ``function(a, b)`` gives a number from 0 to 1, the same for (b, a), and 1 for a text and itself."""

    name: str
    title: Text
    function: Function = field(eq=False, repr=False)


@frozen
class ReportTable:
    """A table of a report: the columns' headings, and rows of texts, whole numbers and decimals."""

    headings: tuple[Text, ...]
    rows: tuple[tuple[Any, ...], ...]
    caption: Text | None = None


@frozen(kw_only=True)
class ReportSection:
    """A section of an audit's report: ``function`` is called with a read-only mapping of the audit's summary.

    It gives :class:`Text` s (paragraphs) and :class:`ReportTable` s.
    """

    name: str
    title: Text
    function: Function = field(eq=False, repr=False)


@frozen(kw_only=True)
class Calendar:
    """A calendar under the plugin's name for it; the keys are those of ``calendars`` in a policy file, days as ``YYYY-MM-DD``."""

    name: str
    title: Text
    country: str | None = None
    subdivision: str | None = None
    weekdays: tuple[str, ...] | None = None
    announced_until: str | None = None
    hours: Mapping[str, tuple[str, ...]] | None = field(default=None, eq=False)
    holidays: tuple[str, ...] = ()
    extra_working_days: tuple[str, ...] = ()


@frozen(kw_only=True)
class Settings:
    """A section of policy files for the plugin's own numbers: ``key: {name: value}``, each value read as its field says.

    A setting without a default has to be written by a policy that uses the plugin.
    """

    key: str
    title: Text
    fields: tuple[Field, ...]


@frozen(kw_only=True)
class Plugin:
    """Everything one plugin contributes, gathered and checked by a manager."""

    name: str
    version: str
    origin: str = field(default="given", eq=False)  # built-in, industry, given, or the distribution of an entry point
    folders: tuple[Path, ...] = field(default=(), eq=False)
    fields: tuple[Field | EntryKind, ...] = field(default=(), eq=False)
    settings: tuple[Settings, ...] = field(default=(), eq=False)
    facts: tuple[DerivedFact, ...] = field(default=(), eq=False)
    operators: tuple[Operator, ...] = field(default=(), eq=False)
    calendars: tuple[Calendar, ...] = field(default=(), eq=False)
    kinds: tuple[RuleKind, ...] = field(default=(), eq=False)
    normalisers: tuple[Normaliser, ...] = field(default=(), eq=False)
    finders: tuple[Finder, ...] = field(default=(), eq=False)
    classifiers: tuple[Classifier, ...] = field(default=(), eq=False)
    similarities: tuple[Similarity, ...] = field(default=(), eq=False)
    report_sections: tuple[ReportSection, ...] = field(default=(), eq=False)
    messages: Mapping[str, Text] = field(factory=dict, eq=False)
    strict: bool = field(default=False, eq=False)
    time_limit: float = field(default=10.0, eq=False)  # seconds a call may take in an audit

    @property
    def words(self) -> frozenset[str]:
        """What a policy that names the plugin may write."""
        named = (*self.fields, *self.facts, *self.operators, *self.calendars, *self.classifiers, *self.similarities)
        return frozenset([*(one.name for one in named), *(one.key for one in self.settings), *(kind.key for kind in self.kinds)])
