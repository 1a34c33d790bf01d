"""How often the bounded run must have met each thing, so that none of it is tested by name alone.

The names come from the language itself: what is new in it is missed here until it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from complaint_policy.counting import CONVENTIONS
from complaint_policy.expressions import nodes as n
from complaint_policy.fields import FIELD_TYPES
from complaint_policy.lengths import MONTH_DAY, UNITS
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.rules.portfolio.model import MEASURES
from tests.equality.draw_mapping import FEATURES
from tests.equality.policies import CURRENCIES, ZONES

__all__ = ["FLOORS"]

# Never met by name: what every expression derives from, and a branch that has no condition.
_ABSTRACT: Final = frozenset(("Expression", "Instant", "Instants", "Span", "Value", "Condition", "Always"))


def _each(group: str, names: Iterable[str], floor: int) -> dict[tuple[str, str], int]:
    return {(group, name): floor for name in names}


# Counted and found over whole tables, never in one record: drawn and held against naive loops in `test_history.py` here,
# and in `tests/audit/`.
_OVER_TABLES: Final = frozenset(("history", "numbering", "reconcile"))
_NODES: Final = [name for name, node in vars(n).items() if isinstance(node, type) and issubclass(node, n.Expression) and name not in _ABSTRACT]
_EMPTY: Final = {"event": ("not_yet", "unknown", "none"), "datetime": ("unknown", "none"), "date": ("unknown", "none"), "intervals": ("unknown", "none"), "list": ("unknown", "none"), "instants": ("unknown", "none")}

FLOORS: Final[dict[tuple[str, str], int]] = {
    **_each("unit", (*UNITS, "same day", "of terms", MONTH_DAY), 10),
    **_each("convention", (f"{key}: {value}" for key, values in CONVENTIONS.items() for value in values), 8),
    **_each("zone", ZONES, 4),
    **_each("currency", CURRENCIES, 20),
    **_each("rule kind", (*(kind.key for kind in BUILTIN_KINDS if kind.key not in _OVER_TABLES), "scope"), 15),
    **_each("levels", ("0", "1", "2", "3", "4", "5"), 1),
    **_each("node", _NODES, 8),
    **_each("node", ("LengthValue",), 5),  # and in most policies of `Lengths`
    **_each("node", (f"Moment {o}" for o in ("by", "before", "after", "not_before")), 50),
    **_each("node", (f"Compare {o}" for o in ("at_least", "at_most", "above", "below")), 50),
    **_each("node", (f"Arithmetic {o}" for o in ("plus", "minus", "times", "max_of", "min_of")), 15),
    **_each("node", (f"LengthOf {o}" for o in ("in minutes", "in hours", "in days", "in weeks", "round up", "round down", "round half_up", "per total", "per span")), 5),
    **_each("node", ("Counted ahead",), 30),
    **_each("field", (f"{kind}, {how}" for kind in FIELD_TYPES for how in _EMPTY.get(kind, ("unknown", "none", "default"))), 8),
    **_each("frame", ("when", "exempt", "duty_of", "waivable_by"), 50),
    **_each("part", ("extend", "late: allowed", "pauses", "part_of", "at_risk as a share", "at_risk as a length", "announced_until"), 8),
    **_each("part", ("per: breach", "range", "charge", "breaches_of", "among", "by"), 8),
    **_each("measure", (*MEASURES, "rising"), 1),
    **_each("files", ("several versions", "overlay"), 2),
    **_each("files", ("transition",), 1),
    **_each("outcome", (f"{kind} {o}" for kind in ("admission", "deadline", "requirement", "retention") for o in ("met", "breached", "pending", "indeterminate")), 20),
    **_each("outcome", (f"{kind} {o}" for kind in ("admission", "deadline", "requirement", "retention") for o in ("exempt", "not_applicable")), 20),
    **_each("outcome", ("admission waived", "deadline waived", "requirement waived", "retention waived"), 4),
    **_each("outcome", ("deadline at_risk",), 15),
    **_each("status", ("breached", "indeterminate", "at_risk", "pending", "met", "not_applicable"), 10),
    **_each("status", ("exempt", "waived"), 3),
    **_each("severity", ("decided", "undecided"), 200),
    **_each("owner", ("decided", "undecided", "escalated"), 100),
    **_each("deadline", ("provisional", "paused", "step", "due_latest"), 50),
    **_each("penalty", ("proposed", "indeterminate"), 100),
    **_each("penalty", ("accruing", "waived", "clamped to the min", "clamped to the max"), 4),
    **_each("delivery", ("frame", "lazy", "chunks", "arrow", "text", "records"), 15),
    **_each("column", ("Boolean", "Int64", "Int8", "Float64", "Float32", "Date", "String", "Categorical", "Enum", "Null"), 10),
    **_each("column", ("Datetime us naive", "Datetime ms naive", "Datetime ns naive", "Datetime us UTC", "Datetime us of a zone", "Datetime ns of a zone"), 20),
    **_each("column", ("Decimal(precision=20, scale=4)", "Decimal(precision=38, scale=12)", "List(String)", "List(Int64)"), 5),
    **_each("column", ("List(Struct({'from': Date, 'to': Date}))", "List(Struct({'from': String, 'to': String}))"), 5),
    **_each("column", ("List(Struct({'from': Datetime('us', naive), 'to': Datetime('us', naive)}))", "List(List(Datetime('us', naive)))"), 5),
    **_each("column", ("Time", "List(Struct({'from': Datetime('us', naive)}))"), 5),
    **_each("python cell", ("str", "bool", "int", "float", "Decimal", "datetime", "date", "time", "list", "tuple", "NoneType"), 20),
    **_each("records", ("rejected: no version in force", "rejected: received_at is missing", "rejected: received_at is unusable"), 20),
    **_each("records", ("with an unusable cell",), 300),
    **_each("waivers", ("waivers",), 100),
    **_each("form", ("query", "parquet", "csv", "json", "foreign", "written", "far", "objects", "alike", "mapped"), 8),
    **_each("foreign", ("pyarrow", "reader", "pandas", "duckdb"), 1),
    **_each("mapped", ("frame", "query", "parquet", "csv"), 3),
    **_each("mapping", FEATURES, 5),
}
