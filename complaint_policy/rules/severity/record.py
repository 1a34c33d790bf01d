"""The severity of one record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from complaint_policy.kinds import Setting, Step
from complaint_policy.possible import NOWHERE_MISSING, Maybe
from complaint_policy.results import SeverityResult
from complaint_policy.rules.severity.build import names_used
from complaint_policy.rules.severity.model import Severity

State = list[Any]


def steps(section: Severity) -> Iterable[Step]:
    yield Step("severity", names_used(section), lambda setting: _compile(section, setting), section.place)


def _compile(section: Severity, setting: Setting) -> Callable[[State], Any]:
    """The function gives the rank (0 the lowest) and leaves the :class:`SeverityResult` beside it.

    With conditions unknown the level is one of those above the first certain one, and that one.
    """
    levels = section.levels
    show = setting.slots["severity_result"]

    def known(level: str, rule: str | None) -> tuple[int, SeverityResult]:
        rank = section.rank(level)
        return rank, SeverityResult(level, rank + 1, rule, (level,), level, ())

    tests = [(setting.compiler.condition(rule.when), *known(rule.level, rule.id)) for rule in section.rules]
    last_rank, last_result = known(section.otherwise or levels[0], None)

    def undecided(state: State, start: int, first: Maybe) -> Any:
        ranks = [tests[start][1]]
        missing, open_ = first.missing, first.open
        rule = None
        for test, rank, result in tests[start + 1 :]:
            holds = test(state) if test is not None else True
            if holds is True:
                ranks.append(rank)
                rule = result.rule
                break
            if holds is not False:
                ranks.append(rank)
                missing, open_ = missing | holds.missing, open_ or holds.open
        else:
            ranks.append(last_rank)
        possible = sorted(set(ranks))
        if len(possible) == 1:
            # Every possibility agrees on the level, though not on the rule.
            state[show] = SeverityResult(
                levels[possible[0]], possible[0] + 1, rule if len(ranks) == 1 else None, (levels[possible[0]],), levels[possible[0]], ()
            )
            return possible[0]
        names = tuple(levels[r] for r in possible)
        state[show] = SeverityResult(None, None, None, names, names[0], tuple(sorted(missing)))
        return Maybe(tuple(possible), missing or NOWHERE_MISSING, open_)

    def decide(state: State) -> Any:
        for index, (test, rank, result) in enumerate(tests):
            holds = test(state)  # type: ignore[misc]  # a level rule always has a condition
            if holds is True:
                state[show] = result
                return rank
            if holds is not False:
                return undecided(state, index, holds)
        state[show] = last_result
        return last_rank

    return decide
