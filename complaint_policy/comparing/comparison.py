"""The comparison of an overlay with its bases: what each room asks, and where its answers go.

Rules are held against each other one by one; what a rule asks of other rules' outcomes is taken as given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final, TypeVar

from attrs import define, field, fields, frozen

from complaint_policy.cells import Cell, Cells, shown
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.frame import Laxer, Rule
from complaint_policy.model import PolicyModel
from complaint_policy.problems import Place, Problems
from complaint_policy.texts import Text

__all__ = ["Comparison", "Objection", "bound"]

R = TypeVar("R", bound=Rule)

# Starts looked at for all rules of a policy together: loading stays fast.
_MOST_WORK: Final = 60_000
# What the frame has beside its conditions; it makes no rule laxer.
_WORDS: Final = frozenset(("id", "title", "source", "place", "laxer"))
_FRAME: Final = _WORDS | {"when", "exempt", "duty_of", "waivable_by"}


@frozen
class Objection:
    """Why a rule is laxer (``certain``: an example shows it), or why that cannot be ruled out."""

    why: Text
    certain: bool = False


@define
class Comparison:
    """One file of an overlay over its bases."""

    base: PolicyModel
    own: PolicyModel
    file: str
    since: date  # the first day that the two are in force together
    problems: Problems
    notes: Problems
    work_left: int = field(default=_MOST_WORK)
    laxer: dict[str, Laxer] = field(factory=dict)  # rules that are laxer, as they say themselves
    words: Describer = field(init=False)

    @words.default
    def _words(self) -> Describer:
        titles = {name: declared.title for name, declared in self.own.fields.items()}
        severity = self.own.section("severity")
        levels = {rank: severity.title_of(level) for rank, level in enumerate(getattr(severity, "levels", ()))}
        return Describer(titles, levels, {rule.id: rule.name for rule in self.own.all_rules()})

    # ---------------------------------------------------------------- what is compared
    def replaced(self, base: Iterable[R], own: Iterable[R]) -> Iterator[tuple[R, R]]:
        """Each rule of the file beside the rule of a base that it replaces."""
        earlier = {rule.id: rule for rule in base}
        for rule in own:
            if rule.id in earlier and rule.place.file == self.file:
                yield earlier[rule.id], rule

    def is_own(self, rule: Rule) -> bool:
        return rule.place.file == self.file

    # ---------------------------------------------------------------- answers
    def object(self, name: str, place: Place, objection: Objection | None, laxer: Laxer | None = None) -> None:
        """An objection is a problem; one to a rule that says that it is laxer is a note."""
        if objection is None:
            return
        if laxer is not None:
            if name not in self.laxer:
                self.laxer[name] = laxer
                self.notes.add("laxer-as-declared", place, name=name, why=objection.why, reason=laxer.reason, base=self.base.id)
            return
        code = "laxer-than-base" if objection.certain else "not-shown-stricter"
        self.problems.add(code, place, name=name, why=objection.why, base=self.base.id)

    def of_rule(self, rule: Rule, *objections: Objection | None) -> None:
        """The first objection to a rule, a certain one before others."""
        found = [o for o in objections if o is not None]
        if found:
            self.object(rule.id, rule.place, min(found, key=lambda o: not o.certain), rule.laxer)

    # ---------------------------------------------------------------- the frame
    def frame(self, base: Rule, own: Rule) -> list[Objection | None]:
        """Whom it binds, when it binds, who may waive it."""
        found: list[Objection | None] = []
        if base.duty_of != own.duty_of:
            found.append(Objection(Text(f"it binds '{own.duty_of}' instead of '{base.duty_of}'", f"义务人由“{base.duty_of}”改为“{own.duty_of}”"), certain=True))
        found.append(self.no_less(bound(base), bound(own), _BINDS))
        more = [role for role in own.waivable_by if role not in base.waivable_by]
        if more:
            found.append(Objection(Text(f"'{more[0]}' may waive it", f"“{more[0]}”可以批准豁免"), certain=True))
        return found

    def rest_equal(self, base: Rule, own: Rule, *compared: str) -> list[Objection | None]:
        """Parts of the rules that nobody has compared have to be the same."""
        if type(base) is not type(own):
            return [Objection(Text("it is of another kind", "规则类型不同"))]
        names = [a.name for a in fields(type(own)) if a.name not in _FRAME and a.name not in compared]
        different = next((name for name in names if getattr(base, name) != getattr(own, name)), None)
        return [] if different is None else [Objection(Text(f"its '{different}' is another", f"“{different}”不同"))]

    # ---------------------------------------------------------------- conditions
    def no_less(self, base: n.Condition | None, own: n.Condition | None, how: Text) -> Objection | None:
        """Wherever ``base`` holds, ``own`` does; unknown counts for less than true and more than false.

        ``how`` words the objection, with ``{c}`` for the complaint.
        """
        if own is None or base == own or (base is not None and _plainly(base, own)):
            return None
        first = base if base is not None else n.Always()
        cells = Cells(self.own, [first, own])
        if not cells.complete:
            return Objection(Text("its conditions are too many to compare", "条件过多，无法比较"))
        # An example of plain values is one that can be; a question about times may have no such answer.
        found: Objection | None = None
        for cell in cells:
            if _rank(cells.holds(own, cell)) < _rank(cells.holds(first, cell)):
                certain = _is_plain(cell)
                if certain or found is None:
                    found = Objection(how.filled(c=case_of(cell, cells)), certain)
                if certain:
                    break
        return found


_BINDS: Final = Text("it does not bind where the base's does: {c}", "基础制度适用而它不适用：{c}")


def bound(rule: Rule) -> n.Condition | None:
    """When a rule binds: where it applies and nothing exempts; ``None`` where it always does."""
    exempt = [n.Not(e.when) for e in rule.exempt]
    parts = ([rule.when] if rule.when is not None else []) + list(exempt)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else n.All(tuple(parts))


def case_of(cell: Cell, cells: Cells) -> Text:
    """The complaint a cell stands for."""
    said = shown(cell, cells)
    return Text(said, said) if said else Text("some complaint", "某些投诉")


def _is_plain(cell: Cell) -> bool:
    return all(isinstance(key, (str, n.FactHolds)) for key in cell)


def _rank(value: bool | None) -> int:
    return 1 if value is None else 2 if value else 0


def _plainly(base: n.Condition, own: n.Condition) -> bool:
    """Whether it can be read off: a further alternative was added, or a further demand dropped."""
    demands: tuple[Any, ...] = base.parts if isinstance(base, n.All) else (base,)
    asked: tuple[Any, ...] = own.parts if isinstance(own, n.All) else (own,)
    return all(part in demands or (isinstance(part, n.Any_) and any(p in demands for p in part.parts)) for part in asked)
