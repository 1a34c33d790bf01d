"""What a manager reads after an audit: one object, as numbers (:meth:`Summary.to_dict`) and as tables.

No value of a record stands in it except the names a policy itself writes (levels, owners, rules) and the names
of fields and columns; so no person's name can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl
from attrs import field, frozen

from complaint_policy.audit.across_table import Checked
from complaint_policy.audit.caps import CapTotals
from complaint_policy.audit.columns import RuleColumn
from complaint_policy.audit.event_tables import EventCounts
from complaint_policy.audit.figures import figure_dict
from complaint_policy.audit.history_notes import HistoryNotes
from complaint_policy.audit.interfaces import AnyPolicy
from complaint_policy.audit.judging import classifiers_of_policy, fields_of_policy, levels_of_policy, roles_of_policy
from complaint_policy.audit.mapping import ColumnMapping
from complaint_policy.audit.portfolio import LeftOut, Portfolio
from complaint_policy.audit.records import RecordStream
from complaint_policy.audit.sections import Section, render_sections, sections_of
from complaint_policy.audit.sources import SourceTable
from complaint_policy.audit.tally import Lateness, PenaltySum, Tally
from complaint_policy.audit.waiver_notes import WaiverUse, uses_of, waived_of
from complaint_policy.exactness import exactly
from complaint_policy.outcomes import STATUS_ORDER
from complaint_policy.rules.portfolio.measure import PortfolioResult
from complaint_policy.rules.schedules.looked_at import Schedules
from complaint_policy.texts import Text
from complaint_policy.wording import duration_iso

__all__ = ["Identity", "RejectReason", "SourceNotes", "Summary", "in_order", "summarise"]

_PLACES_SHOWN: Final = 5


@frozen
class Identity:
    """Every source row is accounted for: ``rows = decided + rejected + folded + merged``."""

    rows: int
    decided: int
    rejected: int
    folded: int
    merged: int = 0

    @property
    def holds(self) -> bool:
        return self.rows == self.decided + self.rejected + self.folded + self.merged

    def check(self) -> None:
        """Raises ``RuntimeError`` (a fault of this library, never of the data) where rows were lost."""
        if not self.holds:
            raise RuntimeError(f"the audit lost rows: {self}")


@frozen
class SourceNotes:
    """What was read, and how."""

    name: str
    kind: str
    encoding: str | None
    encoding_found: Text | None
    encoding_certain: bool
    remarks: tuple[Text, ...]
    mapping: str
    fields: tuple[str, ...]
    unused_columns: tuple[str, ...]
    as_of: datetime

    @classmethod
    def of(cls, table: SourceTable, mapping: ColumnMapping, stream: RecordStream, as_of: datetime) -> SourceNotes:
        encoding = table.encoding
        return cls(
            name=table.name,
            kind=table.kind,
            encoding=encoding.name.removesuffix("-sig") if encoding else None,
            encoding_found=encoding.how if encoding else None,
            encoding_certain=encoding is None or encoding.certain,
            remarks=table.remarks,
            mapping=mapping.name,
            fields=tuple(sorted(stream.source_fields)),
            unused_columns=stream.unused_columns,
            as_of=as_of,
        )


@frozen
class RejectReason:
    """One reason for which rows were rejected, how many, and where the first of them stand."""

    reason: Text
    rows: int
    first: tuple[int, ...]


@frozen
class Summary:
    """The summary of an audit."""

    policy: str
    title: Text
    currency: str | None
    source: SourceNotes
    identity: Identity
    status: dict[str, int]
    severity: dict[str | None, int]
    owner: dict[str | None, int]
    rules: tuple[RuleColumn, ...]
    outcomes: dict[str, dict[str, int]]
    late: dict[str, Lateness]
    penalties: dict[str, dict[str, PenaltySum]]
    unusable: dict[str, int]
    missing: dict[tuple[str, str], int]
    missing_ids: int
    repeated_ids: int
    records_with_repeated_ids: int
    versions: dict[str, int]
    rejects: tuple[RejectReason, ...]
    field_titles: dict[str, Text]
    level_titles: dict[str, Text]
    role_titles: dict[str, Text]
    portfolio: Mapping[str, tuple[PortfolioResult, ...]]
    left_out: Mapping[str, LeftOut]
    gathered: Portfolio = field(eq=False, repr=False)
    schedules: Schedules | None = None
    history: HistoryNotes | None = None
    events: EventCounts | None = None  # of a table of events joined to the records
    caps: tuple[CapTotals, ...] = ()
    across: tuple[Checked, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    plugin_sections: tuple[Section, ...] = ()
    waived: Mapping[str, Mapping[str, int]] = field(factory=dict)  # by rule what would be without the waiver

    def figure(self, rule: str, period: str) -> PortfolioResult | None:
        """The figure of a portfolio rule in one period (``2026-Q1``), over all its groups; ``None`` where the table does not speak of it."""
        return self.gathered.figure(rule, period, self.source.as_of.date())

    @exactly
    def to_dict(self) -> dict[str, Any]:
        """The numbers, ready for JSON: money as decimal strings, spans as ISO 8601 durations."""
        notes = self.source
        return {
            "policy": {"id": self.policy, "title": self.title.to_dict()},
            "as_of": notes.as_of.isoformat(),
            "source": {
                "name": notes.name,
                "kind": notes.kind,
                "encoding": notes.encoding,
                "encoding_found": notes.encoding_found.to_dict() if notes.encoding_found else None,
                "encoding_certain": notes.encoding_certain,
                "remarks": [r.to_dict() for r in notes.remarks],
                "mapping": notes.mapping or None,
                "fields": list(notes.fields),
                "unused_columns": list(notes.unused_columns),
            },
            "identity": {
                "rows": self.identity.rows,
                "decided": self.identity.decided,
                "rejected": self.identity.rejected,
                "folded": self.identity.folded,
                "merged": self.identity.merged,
                "holds": self.identity.holds,
            },
            "plugins": [section.to_dict() for section in self.plugin_sections],
            "events": self.events.to_dict() if self.events is not None else None,
            "rejected": [{"reason": r.reason.to_dict(), "rows": r.rows, "first": list(r.first)} for r in self.rejects],
            "status": self.status,
            "severity": _listed(self.severity, "level"),
            "owner": _listed(self.owner, "owner"),
            "rules": [
                {
                    "rule": r.id,
                    "kind": r.kind,
                    "title": r.title.to_dict(),
                    "duty_of": r.duty_of,
                    "outcomes": self.outcomes[r.id],
                }
                for r in self.rules
                if r.judged
            ],
            "late": [
                {
                    "rule": rule,
                    "breached": late.breached,
                    "open": late.open,
                    "known": late.known,
                    "median": _iso(late.median),
                    "longest": _iso(late.longest),
                }
                for rule, late in self.late.items()
            ],
            "penalties": [
                {
                    "rule": rule,
                    "state": state,
                    "cases": s.cases,
                    "sum": str(s.total),
                    "min": None if s.least is None else str(s.least),
                    "max": None if s.most is None else str(s.most),
                    "currency": self.currency,
                }
                for rule, states in self.penalties.items()
                for state, s in states.items()
            ],
            "unusable": _listed(self.unusable, "field"),
            "missing": [{"rule": r, "field": f, "records": n} for (r, f), n in self.missing.items()],
            "ids": {
                "missing": self.missing_ids,
                "repeated": self.repeated_ids,
                "records_with_repeated": self.records_with_repeated_ids,
            },
            "versions": _listed(self.versions, "version"),
            "portfolio": [figure_dict(rule, result) for rule, results in self.portfolio.items() for result in results],
            "portfolio_left_out": [
                {"rule": rule, "out_of_scope": outside, "not_received": later, "rejected": self.identity.rejected}
                for rule, (outside, later) in self.left_out.items()
            ],
            "caps": [total.to_dict() for total in self.caps],
            "waivers": [use.to_dict() for use in self.waivers],
            "waived": [{"rule": rule, "without_waiver": dict(counts)} for rule, counts in self.waived.items()],
            "schedules": self.schedules.to_dict() if self.schedules is not None else None,
            "history": None if self.history is None else self.history.to_dict(),
            "across": [checked.to_dict() for checked in self.across],
        }

    @exactly
    def sections(self) -> tuple[Section, ...]:
        """The summary as titled tables, each text in English and Chinese."""
        return (*sections_of(self), *self.plugin_sections)

    @exactly
    def render(self, language: str = "en") -> str:
        """The summary as plain text tables, in ``en`` or ``zh``."""
        return render_sections(self.sections(), language)


def summarise(
    tally: Tally,
    policy: AnyPolicy,
    notes: SourceNotes,
    identity: Identity,
    rejects: pl.DataFrame,
    portfolio: Portfolio,
    waivers: Any = None,
) -> Summary:
    """What was counted, as a summary; owners most frequent first, levels and rules in the order of the policy."""
    levels = levels_of_policy(policy)
    return Summary(
        policy=policy.id,
        title=policy.title,
        currency=policy.currency,
        source=notes,
        identity=identity,
        status={s: tally.status[s] for s in STATUS_ORDER if tally.status[s]},
        severity={level: tally.severity[level] for level in (*levels, None) if tally.severity[level]},
        owner=dict(_most(tally.owner)),
        rules=tally.columns.rules,
        outcomes={
            r.id: {o: tally.outcomes[r.id][o] for o in STATUS_ORDER if tally.outcomes[r.id][o]}
            for r in tally.columns.rules
            if r.judged
        },
        late={
            r.id: late for r in tally.columns.rules if r.kind == "deadline" and (late := tally.lateness(r.id)).breached
        },
        penalties={r.id: tally.penalties[r.id] for r in tally.columns.rules if tally.penalties.get(r.id)},
        unusable=dict(_most(tally.unusable)),
        missing=dict(_most(tally.missing)),
        missing_ids=tally.missing_ids,
        repeated_ids=tally.repeated_ids,
        records_with_repeated_ids=tally.records_with_repeated_ids,
        versions=dict(sorted(tally.versions.items())),
        rejects=tuple(_reasons(rejects)),
        field_titles=classifiers_of_policy(policy) | {f.name: f.title for f in fields_of_policy(policy)},
        level_titles=levels,
        role_titles=roles_of_policy(policy),
        portfolio=portfolio.results(notes.as_of.date()),
        left_out=portfolio.left_out(),
        gathered=portfolio,
        waivers=uses_of(waivers, tally.waivers, policy.zone, policy.instant(notes.as_of)) if waivers else (),
        waived=waived_of(tally.waivers),
    )


def _most(counted: Any) -> list[tuple[Any, int]]:
    """Most frequent first, equal ones by name: the same on every run."""
    return sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))


def _reasons(rejects: pl.DataFrame) -> list[RejectReason]:
    if not rejects.height:
        return []
    grouped = rejects.group_by("reason", "reason_zh").agg(
        pl.len().alias("rows"), pl.col("source_row").sort().head(_PLACES_SHOWN).alias("first")
    )
    return list(in_order(RejectReason(Text(en, zh), rows, tuple(first)) for en, zh, rows, first in grouped.iter_rows()))


def in_order(reasons: Iterable[RejectReason]) -> tuple[RejectReason, ...]:
    """The most frequent first."""
    return tuple(sorted(reasons, key=lambda r: (-r.rows, r.reason.en)))


def _listed(counted: dict[Any, int], name: str) -> list[dict[str, Any]]:
    return [{name: key, "records": times} for key, times in counted.items()]


def _iso(span: timedelta | None) -> str | None:
    return None if span is None else duration_iso(span)
