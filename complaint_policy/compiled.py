"""A policy version ready to judge records: its layout of slots, its steps in order, its intake."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from attrs import evolve

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.computed import Computed, computed
from complaint_policy.expressions.evidence import evidence_name
from complaint_policy.expressions.moments import AS_OF, FIRST_FREE, PAUSES, TRACE
from complaint_policy.graph import ordered
from complaint_policy.intake import Intake
from complaint_policy.kinds import RuleKind, Setting, Step
from complaint_policy.model import Fact, PolicyModel
from complaint_policy.possible import NONE
from complaint_policy.problems import Problems
from complaint_policy.straight import Maker, Ordinary, straight_function
from complaint_policy.texts import Text
from complaint_policy.typed import Typed
from complaint_policy.zones import zone_named

__all__ = ["CompiledVersion", "layout", "steps_of"]

State = list[Any]

# Fields every decision looks at, whatever the rules use.
_ALWAYS: Final = ("id", "received_at", "closed_at", "recorded_owner", "recorded_severity")


def steps_of(model: PolicyModel, kinds: tuple[RuleKind, ...]) -> list[Step]:
    """Every computation of the model: facts, scope, then the rooms'."""
    found = [Step(f"fact:{fact.name}", tuple(n.names_in(fact.expression)), _fact_maker(fact), fact.place) for fact in model.facts.values()]
    rules = [step for kind in kinds for step in kind.steps(model.section(kind.key))]
    found += [
        Step(evidence_name(name), tuple(n.names_in(one.node)), _evidence_maker(one.node), one.node.place) for name, one in model.classifiers.items()
    ]
    scope = model.scope
    if scope is not None:
        found.append(Step("scope", tuple(n.names_in(scope)), lambda setting: _condition(scope, setting), scope.place))
        rules = [evolve(step, needs=(*step.needs, "scope")) if step.name.startswith("rule:") else step for step in rules]
    return found + rules


def _condition(node: n.Condition, setting: Setting) -> Callable[[State], Any]:
    return setting.compiler.condition(node) or (lambda state: True)


def _evidence_maker(node: Computed) -> Callable[[Setting], Callable[[State], Any]]:
    return lambda setting: computed(node, setting.compiler)


def _fact_maker(fact: Fact) -> Callable[[Setting], Callable[[State], Any]]:
    expression = fact.expression

    def make(setting: Setting) -> Callable[[State], Any]:
        if isinstance(expression, n.Entries):
            return setting.compiler.named_entries(expression, fact.name)
        if isinstance(expression, n.Condition):
            return _condition(expression, setting)
        if isinstance(expression, n.Instant):
            return setting.compiler.instant(expression)
        if isinstance(expression, n.Value):
            return setting.compiler.value(expression)
        raise TypeError(type(expression).__name__)

    return make


class CompiledVersion:
    """Judges records by one policy version.  Immutable once made; may be shared between threads."""

    def __init__(self, model: PolicyModel, kinds: tuple[RuleKind, ...]) -> None:
        self.model = model
        self.kinds = kinds
        self.judged = tuple(kind.key for kind in kinds if kind.judged)
        self.zone = zone_named(model.timezone)
        steps = ordered(steps_of(model, kinds), Problems())
        used = _fields_used(model, steps)
        self.slots = layout(model, used, steps)
        scope = None if model.scope is None else n.FactHolds("", "scope")
        setting = Setting(
            compiler=Compiler(self.slots, self.zone),
            paused_compiler=Compiler(self.slots, self.zone, paused=True),
            zone=self.zone,
            scope=scope,
            model=model,
            waivers=self.slots["waivers"],
            slots=self.slots,
        )
        self.setting = setting
        self.steps = [(self.slots[step.name], step.make(setting)) for step in steps]
        fields = [(self.slots[f"field:{name}"], model.fields[name], self.slots.get(f"given:{name}")) for name in used]
        self.intake = Intake(fields, self.zone, model.currency)
        self._identity = Intake([entry for entry in fields if entry[1].name == "id"], self.zone, model.currency)
        self.needs = {step.name: step.needs for step in steps}
        self.kept: dict[Any, Any] = {}  # what the column evaluation made for this version, from audit to audit
        self._blank: State = [None] * len(self.slots)
        self._blank[PAUSES] = ()
        for name in ("severity", "owner"):
            self._blank[self.slots[name]] = NONE
        self.scope_slot = self.slots["scope"]
        self._blank[self.scope_slot] = True
        self.received_slot = self.slots["field:received_at"]
        self.repeats = any(isinstance(rule.start, n.Each) for rule in model.section("deadlines"))
        self.deadline_index = {rule.id: index for index, rule in enumerate(model.section("deadlines"))}
        self.rule_slots = {rule.id: self.slots[f"rule:{rule.id}"] for rule in model.all_rules() if f"rule:{rule.id}" in self.slots}

    def straight(self, start: date, until: date | None, maker: Maker) -> tuple[Ordinary, Typed] | None:
        """The function for ordinary records received from ``start`` until ``until`` (exclusive), and what types others for it."""
        emitters = [(self.model.section(kind.key), kind.emit) for kind in self.kinds]
        bounds = [datetime.combine(day, datetime.min.time()) if day is not None else None for day in (start, until)]
        made = straight_function(self.model, self.setting, emitters, bounds[0] or datetime.min, bounds[1], maker)
        return (made[0], Typed(self.intake, made[1], self.zone)) if made is not None else None

    def unusable(self, record: Any, as_of: datetime, source_fields: Collection[str] | None) -> dict[str, Text]:
        """The unusable cells of an ordinary record: in fields that its decision did not look at."""
        reasons: dict[str, Text] = {}
        self.intake.read(record, [None] * len(self.slots), as_of, source_fields, reasons)
        return reasons

    def identity(self, record: Any, source_fields: Collection[str] | None) -> Any:
        """What the ``id`` of an ordinary record reads as."""
        state: State = [None] * len(self.slots)
        self._identity.read(record, state, datetime.min, source_fields, {})
        return state[self.slots["field:id"]]

    @cached_property
    def digest(self) -> str:
        """The digest of the version's meaning."""
        from complaint_policy.digest import digest_of

        return digest_of(self.model)

    def judge(
        self,
        record: Any,
        as_of: datetime,
        source_fields: Collection[str] | None,
        waivers: dict[str, Any] | None,
        unusable: dict[str, Text],
        trace: list[datetime] | None = None,
    ) -> State:
        """The state of a record at ``as_of`` (naive UTC): every name computed."""
        state = self._blank.copy()
        state[AS_OF] = as_of
        self.intake.read(record, state, as_of, source_fields, unusable)
        state[self.setting.waivers] = waivers
        state[TRACE] = trace
        for slot, step in self.steps:
            state[slot] = step(state)
        return state


def _fields_used(model: PolicyModel, steps: Iterable[Step]) -> list[str]:
    used: dict[str, None] = dict.fromkeys(_ALWAYS)
    for step in steps:
        for name in step.needs:
            if name.startswith("field:"):
                used[name.removeprefix("field:")] = None
    for part in _portfolio_names(model):
        used[part] = None
    for looker in model.lookers:
        used |= dict.fromkeys(name for part in looker.parts for name in n.fields_in(part))
    return list(used)


def _portfolio_names(model: PolicyModel) -> Iterable[str]:
    for rule in model.sections.get("portfolio", ()):
        for part in (rule.of, rule.among):
            yield from n.fields_in(part)
        yield from (name for name in rule.by if name in model.fields)


def layout(model: PolicyModel, used: list[str], steps: Iterable[Step]) -> dict[str, int]:
    slots = {"as_of": AS_OF}
    names = [f"field:{name}" for name in used]
    # Whether a field was given is kept apart only where a default would hide it.
    names += [f"given:{name}" for name in used if model.fields[name].default is not None]
    names += ["severity", "severity_result", "owner", "responsibility_result", "waivers", "scope"]
    names += [step.name for step in steps if step.name not in names]
    # For entries of the log: the one looked at, what was found meanwhile, and those that facts are names for.
    names += ["entry", "memo", *(f"entries:{name}" for name, fact in model.facts.items() if n.kinds_of(fact.expression))]
    for index, name in enumerate(names, FIRST_FREE):
        slots[name] = index
    # Slots 0 to FIRST_FREE are those of moments.py.
    for index, name in enumerate(("start", "previous", "trace", "pauses"), 1):
        slots[name] = index
    # `scope` is a condition like any other.
    slots["scope:"] = slots["scope"]
    return slots
