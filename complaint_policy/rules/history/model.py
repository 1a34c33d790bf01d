"""What a policy counts of earlier records, and which records it takes for one matter.

A record by itself says nothing of others: the audit computes these beforehand and hands each record its counts, as fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.frame import Rule
from complaint_policy.guarded import Guarded, Refused
from complaint_policy.problems import NOWHERE, Place
from complaint_policy.texts import Text, joined

__all__ = ["AGGREGATES", "MERGE", "NO_HISTORY", "HistoryCount", "HistorySection", "Likeness", "LikenessBy", "Merge", "Share"]

MERGE: Final = "merge"  # the one name of the section that is no count
# Which value of the records of one matter a field takes, and the types it can be said of (None: any).
AGGREGATES: Final[Mapping[str, frozenset[str] | None]] = {
    "first": None,
    "last": None,
    "earliest": frozenset({"event", "datetime", "date"}),
    "latest": frozenset({"event", "datetime", "date"}),
    "any": frozenset({"boolean"}),
    "all": frozenset({"boolean"}),
    "highest": frozenset({"integer", "number", "money"}),
    "lowest": frozenset({"integer", "number", "money"}),
    "sum": frozenset({"integer", "number", "money"}),
    "together": frozenset({"string", "list", "intervals", "instants", "log"}),
}
HOW_TEXTS: Final = {
    "first": Text("the first", "首个"),
    "last": Text("the last", "末个"),
    "earliest": Text("the earliest", "最早"),
    "latest": Text("the latest", "最晚"),
    "any": Text("yes if any says so", "任一为是即为是"),
    "all": Text("yes if all say so", "全部为是才为是"),
    "highest": Text("the highest", "最高"),
    "lowest": Text("the lowest", "最低"),
    "sum": Text("the sum", "合计"),
    "together": Text("all together", "全部汇总"),
}


@frozen
class Likeness:
    """A text that need not be the same, only so much alike (0 to 1)."""

    text: n.NamedValue
    at_least: Decimal

    @property
    def field(self) -> str:
        return self.text.name


@frozen(kw_only=True)
class LikenessBy(Likeness):
    """The same as a plugin tells how much texts are alike."""

    by: str
    plugin: str
    version: str
    title: Text = field(eq=False)
    guarded: Guarded = field(eq=False, repr=False)


@frozen
class Share:
    """Takes how much two texts are alike: a number from 0 to 1."""

    def __call__(self, given: Any) -> Decimal:
        found = Decimal(repr(given)) if isinstance(given, float) else given
        if isinstance(found, bool) or not isinstance(found, (int, Decimal)) or not Decimal(found).is_finite() or not 0 <= found <= 1:
            raise Refused(Text("it gave no number from 0 to 1", "返回的不是0到1之间的数字"))
        return Decimal(found)


@frozen(kw_only=True)
class _Keyed(Rule):
    """What tells that two records belong together: fields that are the same, a text that is alike."""

    same_values: tuple[n.NamedValue, ...]
    like: Likeness | None

    @property
    def same(self) -> tuple[str, ...]:
        return tuple(value.name for value in self.same_values)

    def key_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        parts = [words.value(value) for value in self.same_values]
        if self.like is not None:
            share = n.shown_number(self.like.at_least * 100)
            said = Text("{t} (alike by {s}%)", "{t}（相似度不低于{s}%）")
            by = Text("", "")
            if isinstance(self.like, LikenessBy):
                said, by = Text("{t} (alike by {s}%: {b})", "{t}（相似度不低于{s}%：{b}）"), self.like.title
            parts.append(said.filled(t=words.value(self.like.text), s=share, b=by))
        yield Text("the same", "相同字段"), joined(parts, ", ", "、")


@frozen(kw_only=True)
class HistoryCount(_Keyed):
    """How many earlier records have the same fields; ``id`` is the field that holds the number.

    ``window`` counts from ``since`` of the other record; this one's ``before`` lies in it.  ``chained``: each of them in the window of
    the one before it.
    """

    since: n.NamedInstant
    window: n.Counted | None
    before: n.NamedInstant
    where: n.Condition | None
    chained: bool

    def in_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        yield Text("counts", "计数"), Text("earlier records", "此前的记录")
        yield from self.key_words(words)
        if self.window is not None:
            yield Text("in the window", "期间"), words.instant(self.window)
            if self.chained:
                yield Text("goes on", "延续"), Text("from each record to the next", "自每条记录起重新计算")
        elif self.since != self.before:
            yield Text("from", "起算"), words.instant(self.since)
        yield Text("up to", "截至"), words.instant(self.before)
        if self.where is not None:
            yield Text("of them", "其中"), words.condition(self.where)


@frozen(kw_only=True)
class Merge(_Keyed):
    """Records with the same fields, received in the window of the first, are one case; ``others`` is how fields not in ``take`` are taken."""

    window: n.Counted
    take: tuple[tuple[str, str], ...]
    others: str

    def in_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        yield Text("merges", "合并"), Text("records of one matter into one case", "同一事项的记录合为一案")
        yield from self.key_words(words)
        yield Text("in the window", "期间"), Text("{w} of the first record", "首条记录的{w}").filled(w=words.instant(self.window))
        taken = [Text("{f}: {h}", "{f}：{h}").filled(f=words.name(name), h=HOW_TEXTS[how]) for name, how in self.take]
        taken.append(Text("the others: {h}", "其余：{h}").filled(h=HOW_TEXTS[self.others]))
        yield Text("takes", "取值"), joined(taken)

    @property
    def since(self) -> n.Instant:
        """A case begins with the receipt of its first record."""
        return self.window.base

    @property
    def before(self) -> n.Instant:
        return self.window.base

    @property
    def where(self) -> None:
        return None


@frozen
class HistorySection:
    counts: tuple[HistoryCount, ...] = ()
    merge: Merge | None = None
    place: Place = field(default=NOWHERE, eq=False, repr=False)

    def rules_of_section(self) -> tuple[Rule, ...]:
        return self.counts if self.merge is None else (*self.counts, self.merge)

    def __bool__(self) -> bool:
        return bool(self.counts) or self.merge is not None


NO_HISTORY: Final = HistorySection()
