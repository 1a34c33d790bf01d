"""The penalty proposed for one record: exact until the end, rounded once, half up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.fields import LogField
from complaint_policy.kinds import Setting, Step
from complaint_policy.model import PolicyModel
from complaint_policy.money import is_amount, parted, rounded
from complaint_policy.outcomes import BREACHED, INDETERMINATE
from complaint_policy.possible import NONE, Empty, Growing, Maybe, as_things_stand, each_possibility, options_of
from complaint_policy.results import Charge, PenaltyResult
from complaint_policy.rules.penalties.model import Penalty

State = list[Any]
Function = Callable[[State], Any]


def steps(section: tuple[Penalty, ...]) -> Iterable[Step]:
    for rule in section:
        found: dict[str, None] = {f"rule:{identity}": None for identity in rule.breaches_of}
        for part in (rule.when, rule.amount, rule.range, rule.charge, rule.divided_by, rule.approver, rule.recovers_from):
            found.update(n.names_in(part))
        yield Step(f"rule:{rule.id}", tuple(found), partial(compile_penalty, rule), rule.place)


def compile_penalty(rule: Penalty, setting: Setting) -> Callable[[State], PenaltyResult | None]:
    """The function gives ``None`` where the penalty is not triggered."""
    compiler = setting.compiler
    conditions = tuple(c for c in (setting.scope, rule.when) if c is not None)
    return proposer(
        rule,
        when=compiler.condition(n.All(conditions)) if conditions else None,
        triggers=[(identity, setting.slots[f"rule:{identity}"]) for identity in rule.breaches_of],
        amount=_amount_of(rule, setting),
        bounds=bounds_of(rule, setting),
        charge=charging(rule.charge, setting) if rule.charge is not None else None,
        currency=setting.model.currency,
        waivers=setting.waivers if rule.waivable_by else None,
        beside=_beside(rule, setting),
    )


def _amount_of(rule: Penalty, setting: Setting) -> Function | None:
    if rule.amount is None:
        return None
    amount = setting.compiler.value(rule.amount)
    if rule.divided_by is None:
        return amount
    by, names = setting.compiler.value(rule.divided_by), frozenset(n.fields_in(rule.divided_by))
    return lambda state: divided(amount(state), by(state), names)


def divided(amount: Any, by: Any, names: frozenset[str]) -> Any:
    """An amount in so many parts; by nothing, or less than nothing, it cannot be divided."""

    def part(value: Any, parts: Any) -> Any:
        return Maybe(None, names) if value is NONE or parts is NONE or parts <= 0 else parted(value, parts)

    found = each_possibility(part, as_things_stand(amount), as_things_stand(by))
    if amount.__class__ is not Growing and by.__class__ is not Growing:
        return found
    options, missing = options_of(found), found.missing if isinstance(found, Maybe) else frozenset[str]()
    if options is None:
        return Maybe(None, missing, True)
    return Growing(options, missing, amount.rising if by.__class__ is not Growing else 0)


def _beside(rule: Penalty, setting: Setting) -> tuple[tuple[str, Callable[[State], Charged]], ...]:
    """Who else has to do with a proposal, by the attribute of the result."""
    parts = (("approver", rule.approver), ("recovers_from", rule.recovers_from))
    return tuple((name, charging(part, setting)) for name, part in parts if part is not None)


def proposer(
    rule: Penalty,
    *,
    when: Function | None,
    triggers: list[tuple[str, int]],
    amount: Function | None,
    bounds: Function | None,
    charge: Function | None,
    currency: str | None,
    waivers: int | None,
    beside: tuple[tuple[str, Callable[[State], Charged]], ...] = (),
) -> Callable[[State], PenaltyResult | None]:
    """The penalty of a state, from its parts: functions of the state, and the slots of the results that trigger it."""
    names = frozenset(n.fields_in(rule.range)) if rule.range is not None else frozenset[str]()
    owed = names.union(*(n.fields_in(part) for part in (rule.amount, rule.divided_by) if part is not None))

    def propose(state: State) -> PenaltyResult | None:
        holds = True if when is None else when(state)
        if holds is False or (holds is not True and not holds.missing):
            return None
        certain: list[str] = []
        perhaps: list[str] = []
        missing: frozenset[str] = frozenset() if holds is True else holds.missing
        endless = False  # whether a duty that begins anew may have been broken any number of times
        for identity, slot in triggers:
            result = state[slot]
            if getattr(result, "instances", ()):
                endless |= result.endless
                for one in result.instances:
                    if one.outcome == BREACHED:
                        certain.append(one.rule)
                    elif may_be_breached(one):
                        perhaps.append(one.rule)
                        missing |= frozenset(one.missing) if rule.per == "breach" or result.outcome != BREACHED else frozenset()
            elif result.outcome == BREACHED:
                certain.append(identity)
            elif may_be_breached(result):
                endless |= getattr(result, "endless", False)
                perhaps.append(identity)
                missing |= frozenset(result.missing)
        if triggers and not certain and not perhaps:
            return None  # a waived or exempt breach triggers none
        if waivers is not None and state[waivers] and rule.id in state[waivers]:
            return PenaltyResult(rule, "waived", tuple(certain), None, None, None, currency, None)
        return _propose(state, holds is True and (bool(certain) or not triggers), certain, perhaps, missing, endless)

    def _propose(state: State, triggered: bool, certain: list[str], perhaps: list[str], missing: frozenset[str], endless: bool) -> PenaltyResult:
        pairs, unsettled, growing, loose = _amounts(state, amount, bounds, names, owed)
        missing |= unsettled
        fewest, most = 1, 1
        if rule.per == "breach" and triggers:
            fewest, most = len(certain), len(certain) + len(perhaps)
        if not triggered:
            fewest = 0
        lows, highs, values, clamps = (list(x) for x in zip(*pairs, strict=True))
        who, charge_missing = charge(state) if charge is not None else (None, None)
        if charge_missing is not None:
            missing |= charge_missing
        # One amount, though the range around it may still be undecided, is settled; so is a range alone.
        agreed = not loose and (len(pairs) == 1 or (values[0] is not None and all(v == values[0] for v in values)))
        uncounted = endless and rule.per == "breach"
        if triggered and fewest == most and agreed and charge_missing is None and not uncounted:
            low = None if None in lows else min(lows)
            high = None if None in highs else max(highs)
            return PenaltyResult(
                rule,
                "accruing" if growing else "proposed",
                tuple(certain),
                _rounded(low, most, currency),
                _rounded(high, most, currency),
                _rounded(values[0], most, currency),
                currency,
                who,
                clamps[0] if len(set(clamps)) == 1 else None,
            )
        low_ends = [v if v is not None else low for v, low in zip(values, lows, strict=True)]
        high_ends = [v if v is not None else high for v, high in zip(values, highs, strict=True)]
        minimum = min(low_ends) if None not in low_ends else None
        maximum = max(high_ends) if None not in high_ends else None
        if fewest == 0:  # nothing, or the amount: one below nothing is a sum in the other direction
            minimum = min(Decimal(0), minimum or Decimal(0))
            maximum = None if maximum is None else max(Decimal(0), maximum)
        if uncounted:
            maximum = None
        return PenaltyResult(
            rule,
            INDETERMINATE,
            tuple(certain),
            _rounded(minimum, fewest or 1, currency),
            _rounded(maximum, most, currency),
            None,
            currency,
            who,
            None,
            tuple(sorted(missing)),
        )

    def with_others(state: State) -> PenaltyResult | None:
        result = propose(state)
        if result is not None:
            for name, find in beside:
                setattr(result, name, find(state)[0])
        return result

    return with_others if beside else propose


def may_be_breached(result: Any) -> bool:
    """Whether an undecided outcome may be a breach."""
    return result.outcome == INDETERMINATE and (result.possible is None or BREACHED in result.possible)


def settled_proposal(rule: Penalty, setting: Setting, amount: n.Value, certain: list[str]) -> PenaltyResult:
    """The proposal where the amount and the range are literals and the breaches certain."""
    state: State = []
    currency = setting.model.currency
    bounds = bounds_of(rule, setting)
    nothing = frozenset[str]()
    ((low, high, value, clamped), *_), _, _, open_ = _amounts(state, setting.compiler.value(amount), bounds, nothing, nothing)
    times = len(certain) if rule.per == "breach" else 1
    if open_:
        return PenaltyResult(rule, INDETERMINATE, tuple(certain), None, None, None, currency, None)
    return PenaltyResult(
        rule,
        "proposed",
        tuple(certain),
        _rounded(low, times, currency),
        _rounded(high, times, currency),
        _rounded(value, times, currency),
        setting.model.currency,
        None,
        clamped,
    )


def _rounded(value: Any, times: int, currency: str | None) -> Decimal | None:
    return None if value is None else rounded(value, currency, times)


_UNKNOWN: Final = object()  # a bound that is there, but nobody knows where

# low, high, amount, clamped by; a part that is not known, or not there, is None
Possible = tuple[Any, Any, Any, str | None]


def _amounts(
    state: State, amount: Any, bounds: Any, names: frozenset[str], owed: frozenset[str]
) -> tuple[list[Possible], frozenset[str], bool, bool]:
    """Every possibility as things stand; what keeps it from being one; whether it still grows; whether more are possible.

    ``names`` are the fields of the bounds, ``owed`` those of the amount as well.
    """
    value = amount(state) if amount is not None else None
    limits = bounds(state) if bounds is not None else (None, None)
    moving = [source for source in (value, limits) if isinstance(source, Growing)]
    missing: frozenset[str] = frozenset()
    for source in (value, limits):
        if isinstance(source, Maybe):
            missing |= source.missing
    found: list[Possible] = []
    possible, pairs = _each(value), options_of(limits) or ((_UNKNOWN, _UNKNOWN),)
    more = amount is not None and (None in possible)
    for low, high in pairs:
        for one in possible:
            if low is _UNKNOWN or high is _UNKNOWN:
                entry, more = _half_known(low, high, one), True
            elif low is not None and high is not None and low > high:
                # A range upside down bounds nothing.
                entry, more, missing = (None, None, None, None), True, missing | names
            else:
                entry = _held(low, high, one)
            if not all(part is None or is_amount(part) for part in entry[:3]):
                # Nobody owes that much: a number of it is wrong.
                entry, more, missing = (None, None, None, None), True, missing | owed
            if entry not in found:
                found.append(entry)
    # A growing amount that every possibility holds at the upper bound grows no more.
    held = len(moving) == 1 and moving[0] is value and moving[0].rising > 0 and all(clamped == "max" for *_, clamped in found)
    return found, missing, bool(moving) and not held, more


def _held(low: Any, high: Any, one: Any) -> Possible:
    """The amount, cut to the range; without a range its own ends."""
    if low is None and high is None:
        return one, one, one, None
    if one is not None and low is not None and one < low:
        return low, high, low, "min"
    if one is not None and high is not None and one > high:
        return low, high, high, "max"
    return low, high, one, None


def _half_known(low: Any, high: Any, one: Any) -> Possible:
    """An unknown lower bound can only lift the amount, an unknown upper one only lower it."""
    if low is _UNKNOWN:
        if high is _UNKNOWN:
            return None, None, None, None
        return None if one is None else one if high is None else min(one, high), high, None, None
    return low, None if one is None else one if low is None else max(one, low), None, None


def _each(value: Any) -> tuple[Any, ...]:
    """The possible amounts; None for one that is not known or stated to be none."""
    options = options_of(value)
    return (None,) if options is None else tuple(None if o is NONE else o for o in options)


def bounds_of(rule: Penalty, setting: Setting) -> Callable[[State], Any] | None:
    """The function gives (low, high), or a Maybe of such pairs."""
    if rule.range is None:
        return None
    compiler = setting.compiler
    if isinstance(rule.range, n.Range):
        return pair_of(compiler.value(rule.range.low), compiler.value(rule.range.high))
    branches = [(b.when, pair_of(compiler.value(b.then.low), compiler.value(b.then.high))) for b in rule.range.branches]
    return compiler.choose(branches, frozenset(n.fields_in(rule.range)))


def pair_of(low: Function, high: Function) -> Function:
    """The function of a range: its two ends together, or every pair they may be."""

    def pair(state: State) -> Any:
        ends = low(state), high(state)
        options = [tuple(_UNKNOWN if o is NONE else o for o in options_of(end) or (_UNKNOWN,)) for end in ends]
        pairs = tuple(product(*options))
        missing = frozenset[str]().union(*(end.missing for end in ends if isinstance(end, Maybe)))
        if any(isinstance(end, Growing) for end in ends):
            return Growing(pairs, missing, 0)
        return pairs[0] if len(pairs) == 1 and not missing else Maybe(pairs, missing)

    return pair


# --------------------------------------------------------------------------- who is charged
Charged = tuple[Charge | None, frozenset[str] | None]


def charging(node: n.Value, setting: Setting) -> Callable[[State], Charged]:
    """The function gives the charge, or what is missing to know it."""
    find = _finder(node, setting)

    def charged(state: State) -> Charged:
        charge, missing, _ = find(state)
        return (charge, None) if charge is not None else (None, missing)

    return charged


def _finder(node: n.Value, setting: Setting) -> Callable[[State], tuple[Charge | None, frozenset[str], bool]]:
    """(charge, missing, empty): an empty cell is passed over, an unusable one is not."""
    if isinstance(node, n.FirstKnown):
        finders = [_finder(part, setting) for part in node.parts]

        def first(state: State) -> tuple[Charge | None, frozenset[str], bool]:
            missing: frozenset[str] = frozenset()
            for find in finders:
                charge, lacking, empty = find(state)
                if charge is not None or not empty:
                    return charge, lacking, False
                missing |= lacking
            return None, missing, True

        return first
    if isinstance(node, n.Choose):
        branches = [(setting.compiler.condition(b.when), _finder(b.then, setting)) for b in node.branches]
        names = frozenset(n.fields_in(node))

        def chosen(state: State) -> tuple[Charge | None, frozenset[str], bool]:
            for when, find in branches:
                holds = True if when is None else when(state)
                if holds is True:
                    return find(state)
                if holds is not False:
                    return None, holds.missing, False
            return None, names, True

        return chosen
    if isinstance(node, n.NamedValue) and node.source == "field":
        return _named(node.name, setting)
    value = setting.compiler.value(node)

    sensitive = _of_a_person(node, setting.model)

    def plain(state: State) -> tuple[Charge | None, frozenset[str], bool]:
        found = value(state)
        if isinstance(found, Maybe):
            return None, found.missing, isinstance(found, Empty)
        return (Charge(None, str(found), sensitive), frozenset(), False) if found is not NONE else (None, frozenset(), True)

    return plain


def _of_a_person(node: n.Expression, model: PolicyModel) -> bool:
    """Whether a value may be what a sensitive attribute of an entry says."""
    log = model.fields.get("events")
    waiting, seen = [node], set[str]()
    while waiting:
        one = waiting.pop()
        taken = {part.attribute for part in n.walk(one) if isinstance(part, n.LastOfEntries)}
        if isinstance(log, LogField) and any(log.all_attributes()[name].sensitive for name in taken):
            return True
        facts = {name.removeprefix("fact:") for name in n.names_in(one) if name.startswith("fact:")} - seen
        seen |= facts
        waiting += [model.facts[name].expression for name in facts]
    return False


def _named(name: str, setting: Setting) -> Callable[[State], tuple[Charge | None, frozenset[str], bool]]:
    slot, sensitive = setting.slots[f"field:{name}"], setting.model.fields[name].sensitive

    def find(state: State) -> tuple[Charge | None, frozenset[str], bool]:
        value = state[slot]
        if isinstance(value, Maybe):
            return None, value.missing, isinstance(value, Empty)
        if value is NONE:
            return None, frozenset({name}), True
        return Charge(name, str(value), sensitive), frozenset(), False

    return find
