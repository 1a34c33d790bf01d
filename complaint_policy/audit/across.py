"""What an audit finds about a table as a whole, where the policy has rules for it: numbers, and lists to hold it against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from complaint_policy.audit.across_table import Across
from complaint_policy.audit.against_list import reconcile
from complaint_policy.audit.history_records import SourceRecords
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.numbers import check_numbers
from complaint_policy.audit.records import RecordStream
from complaint_policy.errors import UsageError
from complaint_policy.problems import nearest
from complaint_policy.texts import Text

__all__ = ["across_of", "check_lists"]


def _rules(policy: AnyPolicy, section: str) -> list[object]:
    found: list[object] = []
    for version in policy.versions:
        found += getattr(getattr(version, "model", None), "sections", {}).get(section, ())
    return found


def check_lists(policy: AnyPolicy, names: Mapping[str, object]) -> None:
    """Raises :class:`UsageError` for a list that no reconciliation asks for."""
    known = sorted({str(getattr(rule, "list_name", "")) for rule in _rules(policy, "reconcile")})
    for name in names:
        if name not in known:
            message = Text(f"the policy reconciles with no list '{name}'", f"该制度不核对清单“{name}”")
            hint = nearest(name, known)
            raise UsageError(message if hint is None else message + Text(f" ({hint.en})", f"（{hint.zh}）"))


def across_of(
    policy: AnyPolicy, stream: RecordStream, source: SourceRecords, instant: datetime, lists: Mapping[str, RecordStream]
) -> Callable[[], Across] | None:
    """What makes the findings when they are asked for; ``None`` where the policy has no such rules."""
    if not _rules(policy, "numbering") and not _rules(policy, "reconcile"):
        return None

    def make() -> Across:
        across = Across()
        check_numbers(source, instant, stream.source_fields, across)
        reconcile(source, lists, instant, stream.source_fields, across)
        return across

    return make
