"""Conditions and values as source: one expression each, made of slot numbers and pooled constants only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.expressions import log
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Computed, ComputedTest, computed
from complaint_policy.expressions.evidence import Classified, classified
from complaint_policy.expressions.operators import fits, has_any, is_in, outcome_is
from complaint_policy.possible import all_of_conditions, any_of_conditions

if TYPE_CHECKING:
    from complaint_policy.expressions.compile import Compiler

__all__ = ["Source", "slot"]

State = list[Any]
Function = Callable[[State], Any]

_SIGNS: Final = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
# Longer lists of conditions are looped over: Python bounds how far one expression may nest.
_WIDEST: Final = 24
_TEXT_KINDS: Final = frozenset({"string", "enum"})


def slot(index: int) -> Function:
    return lambda state: state[index]


class Source:
    """One function's source under construction: expressions over ``s`` and constants ``k0``, ``k1``, …"""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.constants: dict[str, Any] = {"AND": all_of_conditions, "OR": any_of_conditions, "IN": is_in}
        self.temporaries = 0

    def function(self, build: Callable[[Source], str]) -> Function:
        body = build(self)
        if body.startswith("s[") and body[2:-1].isdigit():
            return slot(int(body[2:-1]))
        code = compile(f"lambda s: {body}", "<complaint_policy expression>", "eval")
        made: Function = eval(code, {"__builtins__": {}, **self.constants})  # noqa: S307  slot numbers and constant names only
        return made

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def temporary(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def call(self, function: Function) -> str:
        return f"{self.constant(function)}(s)"

    # ---------------------------------------------------------------- conditions
    def condition(self, node: n.Condition) -> str:
        slots, compiler = self.compiler.slots, self.compiler
        match node:
            case n.Always(value=value):
                return "True" if value else "False"
            case n.All(parts=parts):
                return self._several(parts, "False", "True", "AND")
            case n.Any_(parts=parts):
                return self._several(parts, "True", "False", "OR")
            case n.Not(part=part):
                t = self.temporary()
                return f"(False if ({t} := {self.condition(part)}) is True else True if {t} is False else {t})"
            case n.FactHolds(name=name, kind="entry"):
                return f"s[{slots['entry']}].values[{self.constant(name)}]"
            case n.FactHolds(name=name, kind=kind):
                return f"s[{slots[f'{kind}:{name}']}]"
            case n.Equals(left=left, right=right):
                return f"({self.value(left)} == {self.value(right)})"
            case n.OneOf(left=left, values=values):
                allowed = self.constant(frozenset(values))
                if left.kind in _TEXT_KINDS:
                    t = self.temporary()
                    return f"({t} in {allowed} if ({t} := {self.value(left)}).__class__ is {self.constant(str)} else IN({t}, {allowed}))"
                return f"IN({self.value(left)}, {allowed})"
            case n.Compare(left=left, operation=operation, right=right):
                return f"({self.value(left)} {_SIGNS[operation]} {self.value(right)})"
            case n.Moment():
                return self.call(compiler.moment_test(node))
            case n.Present(name=name):
                return self.call(compiler.present(name))
            case n.PresentBy(name=name):
                return self.call(compiler.present_by(name))
            case n.EntryHas(name=name):
                return self.call(compiler.entry_has(name))
            case n.HasAny(left=left, texts=texts):
                return f"{self.constant(has_any)}({self.value(left)}, {self.constant(texts)})"
            case n.Matches(left=left, pattern=pattern):
                return f"{self.constant(fits)}({self.value(left)}, {self.constant(pattern)})"
            case n.During():
                return self.call(compiler.during(node))
            case n.OutcomeIs(rule=rule, outcomes=outcomes):
                return f"{self.constant(outcome_is)}(s[{slots[f'rule:{rule}']}], {self.constant(frozenset(outcomes))})"
            case n.InOrder():
                return self.call(compiler.in_order(node))
            case ComputedTest():
                return self.call(computed(node, compiler))
        raise TypeError(type(node).__name__)

    def _several(self, parts: tuple[n.Condition, ...], decides: str, neutral: str, combine: str) -> str:
        if len(parts) > _WIDEST:
            functions = [self.compiler.condition(p) for p in parts]
            combined = all_of_conditions if combine == "AND" else any_of_conditions
            return self.call(lambda state: combined(*(f(state) for f in functions if f is not None)))
        names = [self.temporary() for _ in parts]
        tests = "".join(f"{decides} if ({name} := {self.condition(part)}) is {decides} else " for name, part in zip(names, parts, strict=True))
        neutral_all = " and ".join(f"{name} is {neutral}" for name in names)
        return f"({tests}{neutral} if {neutral_all} else {combine}({', '.join(names)}))"

    # ---------------------------------------------------------------- values
    def value(self, node: n.Value) -> str:
        slots, compiler = self.compiler.slots, self.compiler
        match node:
            case n.Literal(value=value):
                return self.constant(value)
            case n.NamedValue(name=name, source="entry"):
                return f"s[{slots['entry']}].values[{self.constant(name)}]"
            case n.NamedValue(name=name, source=source):
                return f"s[{slots[f'{source}:{name}' if source in ('field', 'fact', 'figure') else source]}]"
            case n.Arithmetic():
                return self.call(compiler.arithmetic(node))
            case n.FirstKnown():
                return self.call(compiler.first_known(node))
            case n.Choose(branches=branches):
                return self.call(compiler.choose([(b.when, compiler.value(b.then)) for b in branches], frozenset(n.fields_in(node))))
            case n.LengthOf():
                return self.call(compiler.length_of(node))
            case n.CountOf(of=of):
                return self.call(log.counted(compiler.entries(of)))
            case n.LastOfEntries():
                return self.call(compiler.last_of_entries(node))
            case Computed():
                return self.call(computed(node, compiler))
            case Classified():
                return self.call(classified(node, compiler))
        raise TypeError(type(node).__name__)
