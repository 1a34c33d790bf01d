"""The penalty proposed for every row, exact to the minor unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Final

import polars as pl

from complaint_policy.columns.amounts import STANDS, proposals
from complaint_policy.columns.arithmetic import Scaled
from complaint_policy.columns.conditions import conjunction
from complaint_policy.columns.measures import Value, divided_by, held_between, levelled, measured, picked_values, settled
from complaint_policy.columns.numbers import finite
from complaint_policy.columns.plan import constant, on
from complaint_policy.columns.settling import applies_to, begins_anew, is_endless, narrowed
from complaint_policy.columns.sheet import Sheet, Verdicts
from complaint_policy.columns.standing import Stand
from complaint_policy.columns.tabulating import TooWide, among, tabulated
from complaint_policy.columns.values import KNOWN, LEFT, LEFT_OVER, Coded, Open
from complaint_policy.expressions import nodes as n
from complaint_policy.outcomes import BREACHED, INDETERMINATE, MET
from complaint_policy.possible import Growing, Maybe
from complaint_policy.results import Details, PenaltyResult, Settled
from complaint_policy.rules.penalties.charge_columns import charge_state
from complaint_policy.rules.penalties.model import Penalty
from complaint_policy.rules.penalties.record import divided as parts_of
from complaint_policy.rules.penalties.record import pair_of, proposer

_NOTHING: Final = (0, 0, frozenset[str](), False)
_LEFT_CLASS: Final = (frozenset({LEFT}), False)
# Penalties of a duty that was broken more often are the record evaluation's.
_MOST_TIMES: Final = 20


def columns(section: tuple[Penalty, ...]) -> Iterable[tuple[str, Callable[[Sheet], Any]]]:
    for rule in section:
        yield f"rule:{rule.id}", partial(_proposals, rule)


def _proposals(rule: Penalty, sheet: Sheet) -> Coded:
    """Codes of :class:`PenaltyResult`, None where the penalty is not triggered."""
    left = Coded(constant(0, pl.UInt8), (_left(rule),))
    return narrowed(sheet, rule, lambda: _proposed(rule, sheet), lambda: _left_where_it_may_be(rule, sheet), lambda: left)


def _left_where_it_may_be(rule: Penalty, sheet: Sheet) -> Coded:
    """Rows it is not for, and those without a breach, have none of it; the rest is left to the record evaluation."""
    nothing, applies, left = Coded(constant(0, pl.UInt8), (None,)), applies_to(sheet, rule), _left(rule)
    inputs = [nothing if applies is None else applies().coded(sheet.plan), _breaches(rule, sheet) if rule.breaches_of else nothing]

    def answer(holds: Any, breaches: Any) -> PenaltyResult | None:
        return None if holds is False or breaches == _NOTHING else left

    return tabulated(sheet.plan, inputs, answer, key=_key, left=left)


def _proposed(rule: Penalty, sheet: Sheet) -> Coded:
    stand = Stand(sheet)
    inputs: list[Coded] = []

    def hand_in(coded: Coded) -> Callable[[list[Any]], Any]:
        slot = stand._slot()
        inputs.append(coded)
        return lambda state: state[slot]

    conditions = [sheet.scope()] if sheet.model.scope is not None else []
    conditions += [sheet.condition(rule.when)] if rule.when is not None else []
    when = hand_in(conjunction(sheet, conditions).coded(sheet.plan)) if conditions else None
    breaches = hand_in(_breaches(rule, sheet)) if rule.breaches_of else None
    values = _measures(rule, sheet)
    if values is not None:
        stands = {name: hand_in(_standing(sheet, name, one)) for name, one in values.items()}
        amount = stands.get("amount")
        bounds = pair_of(stands["low"], stands["high"]) if rule.range is not None else None
    else:
        amount = hand_in(_amount(rule.amount, rule, sheet)) if rule.amount is not None else None
        bounds = hand_in(_bounds(rule, sheet)) if rule.range is not None else None
    charge = charge_state(rule.charge, sheet) if rule.charge is not None else None
    charged = hand_in(charge) if charge is not None else None
    waived = sheet.waived(rule.id) if rule.waivable_by else None
    waiver = hand_in(waived.coded(sheet.plan)) if waived is not None else None
    held = stand._slot()
    most = sum(map(partial(_most, sheet), rule.breaches_of)) if rule.per == "breach" else 1 if rule.breaches_of else 0
    slots = [stand._slot() for _ in range(2 * most)]
    propose = proposer(
        rule,
        when=when,
        triggers=[(f"{index}", slot) for index, slot in enumerate(slots)],
        amount=amount,
        bounds=bounds,
        charge=None if charged is None else lambda state: (None, charged(state)),
        currency=sheet.model.currency,
        waivers=held if waiver is not None else None,
    )

    def answer(*values: Any) -> PenaltyResult | None:
        state = stand.state((*values, *([None] * (len(slots) + 1))))
        named = None if waiver is None else waiver(state)
        if isinstance(named, Maybe):
            return _left(rule)
        if breaches is not None:
            certain, perhaps, missing, endless = breaches(state)
            for index, slot in enumerate(slots):
                outcome = BREACHED if index < certain else INDETERMINATE if most <= index < most + perhaps else MET
                state[slot] = _made_up(rule, outcome, missing, endless)
        plain = propose(state)
        # What is only not known here may be no case for a penalty, and then none is waived.
        if not named or (plain is not None and LEFT in plain.missing):
            return plain
        state[held] = {rule.id: True}
        return propose(state)

    found = tabulated(sheet.plan, inputs, answer, key=_key, left=_left(rule))
    return found if values is None else proposals(sheet, found, _ends(values))


def _measures(rule: Penalty, sheet: Sheet) -> dict[str, Value] | None:
    """The values of the amount and of the ends of the range where they differ row by row; None where all can be enumerated, or columns cannot say."""
    ends = [] if rule.range is None else [rule.range] if isinstance(rule.range, n.Range) else [branch.then for branch in rule.range.branches]
    nodes = [*((rule.amount,) if rule.amount is not None else ()), *(end for one in ends for end in (one.low, one.high))]
    by = rule.divided_by
    if not (by is None or isinstance(by, n.Literal)) or all(_enumerated(sheet, node) for node in nodes):
        return None
    found: dict[str, Value | None] = {}
    try:
        if rule.amount is not None:
            found["amount"] = _in_parts(measured(sheet, rule.amount), by)
        if isinstance(rule.range, n.Range):
            found |= {"low": measured(sheet, rule.range.low), "high": measured(sheet, rule.range.high)}
        elif rule.range is not None:
            for name in ("low", "high"):
                parts = [measured(sheet, getattr(branch.then, name)) for branch in rule.range.branches]
                found[name] = picked_values(sheet, rule.range, [branch.when for branch in rule.range.branches], parts)
    except TooWide:
        return None
    values = {name: value for name, value in found.items() if value is not None}
    if len(values) < len(found):
        return None
    low, high = (values[name].least if name in values else None for name in ("low", "high"))
    if low is not None and high is not None:
        level = levelled([low, high])
        if level is None:
            return None
        sheet.leave(on(lambda a, b: a > b, *(one.value for one in level)))  # upside down
    amount = values.get("amount")
    if amount is not None and amount.least is not None and rule.range is not None:
        cuts = [None if one is None else held_between(low, one, high) for one in (amount.least, amount.most)]
        if cuts[0] is None or (cuts[1] is None and amount.most is not None):
            return None
        state = amount.state if high is None else _held_at(sheet, amount.least, high, amount.state)
        if state is None:
            return None
        values["amount"] = Value(cuts[0], state, cuts[1])
    return values


def _held_at(sheet: Sheet, least: Scaled, high: Scaled, state: Coded) -> Coded | None:
    """A rising amount of which all that it may be is above the range grows no more."""
    if not any(isinstance(value, Open) and value.growing for value in state.domain):
        return state
    level = levelled([least, high])
    if level is None:
        return None
    above = Coded(None, (False, True), sheet.plan.keep(on(lambda a, b: (a > b).fill_null(False), *(one.value for one in level))))

    def answer(value: Any, held: bool) -> Any:
        return KNOWN if held and isinstance(value, Open) and value.rising is not None and value.rising > 0 else value

    return tabulated(sheet.plan, [state, above], answer)


def _standing(sheet: Sheet, name: str, one: Value) -> Coded:
    """What is handed in for a value: a number that stands for it, or two for the least and the most of several."""

    def stands_for(value: Any) -> Any:
        if value is KNOWN:
            return STANDS[name]
        if not isinstance(value, Open):
            return value
        if name != "amount":
            return LEFT_OVER
        options = (STANDS[name],) if value.options == 1 else (STANDS[name], STANDS["most"])
        return Growing(options, frozenset(), 0) if value.growing else Maybe(options, frozenset())

    return tabulated(sheet.plan, [settled(sheet, one).state], stands_for)


def _in_parts(value: Value | None, by: n.Literal | None) -> Value | None:
    if value is None or by is None or value.least is None:
        return value
    if not isinstance(by.value, (int, Decimal)):
        return None
    least, most = (None if one is None else divided_by(one, by.value) for one in (value.least, value.most))
    if least is None or (most is None and value.most is not None):
        return None
    told = (v if v is KNOWN or isinstance(v, Open) else parts_of(v, by.value, frozenset()) for v in value.state.domain)
    return Value(least, value.state.meaning(tuple(told)), most)


def _enumerated(sheet: Sheet, node: n.Value) -> bool:
    """Whether an expression has few values, all of them known beforehand."""
    found = finite(sheet, sheet.value(node))
    return found is not None and any(not isinstance(value, Maybe) or LEFT not in value.missing for value in found.domain)


def _ends(values: dict[str, Value]) -> dict[str, Scaled]:
    found = {name: one.least for name, one in values.items()} | {"most": values["amount"].most if "amount" in values else None}
    return {name: one for name, one in found.items() if one is not None}


def _left(rule: Penalty) -> PenaltyResult:
    """The proposal that leaves a row to the record evaluation."""
    return PenaltyResult(rule, INDETERMINATE, (), None, None, None, None, None, None, (LEFT,))


def _key(result: PenaltyResult | None) -> Any:
    # What is missing of a proposal stands in no column.
    return None if result is None else (result.state, result.amount, result.min, result.max, LEFT in result.missing)


class _Endless(Settled):
    """One that may be broken any number of times."""

    endless = True


def _made_up(rule: Penalty, outcome: str, missing: frozenset[str], endless: bool) -> Settled:
    details = None
    if outcome == INDETERMINATE:
        details = Details()
        details.missing = tuple(sorted(missing))
    return (_Endless if endless and outcome == INDETERMINATE else Settled)(rule, outcome, details)


def _breaches(rule: Penalty, sheet: Sheet) -> Coded:
    """How many of the rules are broken for certain, how many perhaps, and what is missing of those; where it is one penalty a case, at most one."""
    plan, once = sheet.plan, rule.per != "breach"
    verdicts = [sheet.verdicts(identity) for identity in rule.breaches_of]
    parts = [one.coded for one in verdicts]
    if once and all(isinstance(_class_of(r), int) for part in parts for r in part.domain):
        broken = [among(part, lambda r: r.outcome == BREACHED) for part in parts if any(r.outcome == BREACHED for r in part.domain)]
        if not broken:
            return Coded(constant(0, pl.UInt8), (_NOTHING,))
        return Coded(None, (_NOTHING, (1, 0, frozenset(), False)), plan.keep(on(_either, *broken)))
    state = Coded(constant(0, pl.UInt8), (_NOTHING,))

    def follow(so_far: Any, *classes: Any) -> Any:
        certain, perhaps, missing, endless = so_far
        for one in classes:
            if isinstance(one, int):
                certain = min(1, certain + one) if once else certain + one
            else:
                lacking, often = one
                perhaps, missing, endless = 1 if once else perhaps + 1, missing | lacking, endless or often
        return certain, perhaps, missing, endless

    for group in _grouped([_classes(sheet, rule, one, once) for rule, one in zip(rule.breaches_of, verdicts, strict=True)]):
        state = tabulated(plan, [state, *group], follow, key=lambda v: v, left=(0, 1, frozenset({LEFT}), False))
    return state


def _either(*tests: pl.Expr) -> pl.Expr:
    total = tests[0]
    for test in tests[1:]:
        total = total | test
    return total


def _most(sheet: Sheet, rule: str) -> int:
    """How often at most a rule is counted as broken: one that begins anew once a time."""
    return 1 if sheet.verdicts(rule).repeats is None else _MOST_TIMES


def _classes(sheet: Sheet, rule: str, verdicts: Verdicts, once: bool) -> Coded:
    """How often a rule is broken, or what is missing where it may be."""
    plan, repeats = sheet.plan, verdicts.repeats
    class_of = partial(_class_of, anew=begins_anew(sheet, rule))
    if once or repeats is None:
        return tabulated(plan, [verdicts.coded], class_of, key=lambda v: v, left=_LEFT_CLASS)
    times = Coded(plan.keep(on(lambda b: b.fill_null(1).clip(1, _MOST_TIMES + 1).cast(pl.UInt8), repeats.broken)), tuple(range(_MOST_TIMES + 2)))

    def answer(result: Any, count: int) -> Any:
        return class_of(result) if result.outcome != BREACHED else count if count <= _MOST_TIMES else _LEFT_CLASS

    return tabulated(plan, [verdicts.coded, times], answer, key=lambda v: v, left=_LEFT_CLASS)


def _class_of(result: Any, anew: bool = False) -> Any:
    """How often a result triggers, or, where it may trigger, what is missing and whether it may be any number of times."""
    if result.outcome == BREACHED:
        return 1
    if result.outcome == INDETERMINATE and (result.possible is None or BREACHED in result.possible):
        return _LEFT_CLASS if LEFT in result.missing else (frozenset[str](), anew and is_endless(result))
    return 0


def _grouped(parts: list[Coded], most: int = 2_000) -> Iterable[list[Coded]]:
    """As many at once as make a small table."""
    group: list[Coded] = []
    size = 1
    for part in parts:
        if group and size * part.width > most:
            yield group
            group, size = [], 1
        group.append(part)
        size *= part.width
    if group:
        yield group


def _value(sheet: Sheet, node: n.Value) -> Coded:
    """The possible values as codes; what cannot be enumerated is left to the record evaluation."""
    found = finite(sheet, sheet.value(node))
    return found if found is not None else Coded(constant(0, pl.UInt8), (LEFT_OVER,))


def _amount(node: n.Value, rule: Penalty, sheet: Sheet) -> Coded:
    """The possible amounts, divided where the rule says so."""
    amount, by = _value(sheet, node), rule.divided_by
    if by is None:
        return amount
    names = frozenset(n.fields_in(by))
    try:
        return tabulated(sheet.plan, [amount, _value(sheet, by)], lambda value, parts: parts_of(value, parts, names), left=LEFT_OVER)
    except TooWide:
        return Coded(constant(0, pl.UInt8), (LEFT_OVER,))


def _bounds(rule: Penalty, sheet: Sheet) -> Coded:
    """The range as codes of pairs, or of all the pairs it may be."""
    stand = Stand(sheet)
    if isinstance(rule.range, n.Range):
        ends = [_value(sheet, end) for end in (rule.range.low, rule.range.high)]
        slots = [stand._slot(), stand._slot()]
        pair = pair_of(lambda state: state[slots[0]], lambda state: state[slots[1]])
        return tabulated(sheet.plan, ends, stand.asked(pair), key=_pair_key)
    assert rule.range is not None
    parts = [part for branch in rule.range.branches for part in (branch.then.low, branch.then.high)]
    inputs: list[Coded] = []
    if any("severity" in n.names_in(branch.when) for branch in rule.range.branches):
        stand.severity()
        inputs.append(sheet.severity())
    whens: list[n.Condition | None] = []
    from complaint_policy.columns.standing import atoms

    for branch in rule.range.branches:
        standing = None if branch.when is None else atoms(sheet, stand, branch.when, inputs, None)
        if branch.when is not None and standing is None:
            return Coded(constant(0, pl.UInt8), (LEFT_OVER,))
        whens.append(standing)
    for part in dict.fromkeys(parts):
        stand.value(part)
        inputs.append(_value(sheet, part))
    pairs = [pair_of(stand.compiler.value(b.then.low), stand.compiler.value(b.then.high)) for b in rule.range.branches]
    choose = stand.compiler.choose(list(zip(whens, pairs, strict=True)), frozenset(n.fields_in(rule.range)))
    return tabulated(sheet.plan, inputs, stand.asked(choose), key=_pair_key)


def _pair_key(value: Any) -> Any:
    from complaint_policy.columns.values import identity

    return (value.missing, value.open, repr(value.options), type(value).__name__) if isinstance(value, Maybe) else identity(value)
