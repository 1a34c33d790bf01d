"""Severity in the straight line."""

from __future__ import annotations

from complaint_policy.results import SeverityResult
from complaint_policy.rules.severity.model import Severity
from complaint_policy.straight import Straight


def emit(section: Severity, source: Straight) -> dict[str, str]:
    if not section.levels:
        source.line(f"severity = {source.constant(SeverityResult(None, None, None, (), None, ()))}")
        return {"severity": "severity"}
    word = "if"
    for rule in section.rules:
        source.line(f"{word} {source.condition(rule.when)}:")
        _take(section, rule.level, rule.id, source)
        word = "elif"
    otherwise = section.otherwise or section.levels[0]
    source.line("else:" if section.rules else "if True:")
    _take(section, otherwise, None, source)
    return {"severity": "severity"}


def _take(section: Severity, level: str, rule: str | None, source: Straight) -> None:
    rank = section.rank(level)
    result = SeverityResult(level, rank + 1, rule, (level,), level, ())
    source.line(f"    rank = {rank}; severity = {source.constant(result)}")
