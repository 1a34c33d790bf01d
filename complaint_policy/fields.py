"""The fields of a record: their types, what an empty cell means, and the core list every policy knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.problems import NOWHERE, Place
from complaint_policy.texts import Text

__all__ = [
    "CORE_FIELDS",
    "ENTRY_FIELDS",
    "FIELD_TYPES",
    "LOG",
    "NOT_OF_ENTRIES",
    "RESERVED_VALUES",
    "RESERVED_WORDS",
    "EntryKind",
    "Field",
    "LogField",
    "titles_of",
]

FIELD_TYPES: Final = ("boolean", "integer", "number", "money", "string", "enum", "date", "datetime", "event", "intervals", "list", "instants")
LOG: Final = "log"  # the type of `events`: never written, it comes with the kinds of entries
NUMERIC: Final = frozenset({"integer", "number", "money"})
MOMENTS: Final = frozenset({"date", "datetime", "event"})

# Words of the condition grammar: no field or fact may carry such a name.
RESERVED_WORDS: Final = frozenset(
    [
        "all",
        "any",
        "not",
        "outcome",
        "present",
        "missing",
        "in_order",
        "field",
        "plus",
        "minus",
        "times",
        "max_of",
        "min_of",
        "first_known",
        "choose",
        "count",
        "length",
        "last",
        "at_least",
        "at_most",
        "above",
        "below",
        "by",
        "before",
        "after",
        "not_before",
        "contains",
        "matches",
        "during",
        "from",
        "within",
        "ahead",
        "due",
        "first_of",
        "last_of",
        "all_of",
        "nth",
        "month_day",
        "event",
        "between",
        "late",
        "together",
        "except",
        "otherwise",
        "when",
        "then",
        "previous",
        "severity",
        "owner",
        "as_of",
        "each",
        "until",
    ]
)
# Words of the test grammar: no enum value may be one of them.
RESERVED_VALUES: Final = frozenset({"present", "missing"})


@frozen
class Field:
    """One declared field.

    ``empty`` is what an empty cell means: ``not_yet`` (events), ``unknown`` or ``none``.
    ``default`` fills an empty cell and nothing else; it is ``None`` where there is none.
    """

    name: str
    type: str
    title: Text
    unit: str | None = None
    values: tuple[str, ...] = ()
    empty: str = "unknown"
    default: Any = None
    formats: tuple[str, ...] = ()
    sensitive: bool = False
    core: bool = True
    titles: tuple[tuple[str, Text], ...] = ()  # of an enum's values, where they have any
    place: Place = field(default=NOWHERE, eq=False, repr=False)

    @property
    def is_moment(self) -> bool:
        """Whether the field is read as an instant."""
        return self.type in MOMENTS

    @property
    def is_numeric(self) -> bool:
        return self.type in NUMERIC

    @property
    def kind(self) -> str:
        """What the field is compared as: its type, with the moments as one."""
        return "instant" if self.type in MOMENTS else self.type


@frozen
class EntryKind:
    """A kind of entry of the log, with its attributes; what it does not declare of the standard ones is a text."""

    name: str
    title: Text
    attributes: tuple[Field, ...]
    place: Place = field(default=NOWHERE, eq=False, repr=False)

    def attribute(self, name: str) -> Field | None:
        return next((a for a in self.attributes if a.name == name), None)


@frozen
class LogField(Field):
    """The record's ``events``: there only where the policy declares kinds of entries."""

    kinds: tuple[EntryKind, ...] = ()

    def all_attributes(self) -> dict[str, Field]:
        """The attributes that entries of any kind have."""
        found = dict(ENTRY_FIELDS)
        for kind in self.kinds:
            found |= {a.name: a for a in kind.attributes}
        return found

    def kind_named(self, name: str) -> EntryKind | None:
        return next((k for k in self.kinds if k.name == name), None)


# An attribute of an entry is one value.
NOT_OF_ENTRIES: Final = frozenset({"intervals", "instants"})
# What every entry has.
ENTRY_FIELDS: Final[dict[str, Field]] = {
    "at": Field("at", "event", Text("At", "时间"), core=True),
    "kind": Field("kind", "string", Text("Kind", "类型"), core=True),
    "by": Field("by", "string", Text("By", "操作人"), sensitive=True, core=True),
    "to": Field("to", "string", Text("To", "接收方"), sensitive=True, core=True),
}

_CORE: Final = (
    # name, type, English, Chinese
    ("id", "string", "Case number", "编号"),
    ("received_at", "event", "Received", "收到投诉时间"),
    ("channel", "string", "Channel", "渠道"),
    ("category", "string", "Category", "类别"),
    ("product", "string", "Product", "产品"),
    ("region", "string", "Region", "地区"),
    ("description", "string", "Description", "投诉内容"),
    ("complainant_id", "string", "Complainant's number", "投诉人编号"),
    ("complainant_name", "string", "Complainant's name", "投诉人姓名"),
    ("complainant_phone", "string", "Complainant's phone", "投诉人电话"),
    ("amount_claimed", "money", "Amount claimed", "索赔金额"),
    ("price", "money", "Price", "价款"),
    ("affected_customers", "integer", "Customers affected", "受影响客户数"),
    ("injury", "boolean", "Injury", "人身伤害"),
    ("legal_risk", "boolean", "Legal risk", "法律风险"),
    ("media_exposure", "boolean", "Media exposure", "媒体曝光"),
    ("regulator_involved", "boolean", "Regulator involved", "监管介入"),
    ("repeat_count", "integer", "Earlier complaints of the same matter", "重复投诉次数"),
    ("upheld", "boolean", "Upheld", "投诉成立"),
    ("status", "string", "State of the case", "办理状态"),
    ("first_contact", "string", "First contact", "首问责任人"),
    ("handler", "string", "Handler", "经办人"),
    ("recorded_owner", "string", "Owner on record", "登记的责任方"),
    ("recorded_severity", "string", "Severity on record", "登记的等级"),
    ("responsible_person", "string", "Person responsible", "责任人"),
    ("responsible_team", "string", "Team responsible", "责任班组"),
    ("responsible_department", "string", "Department responsible", "责任部门"),
    ("acknowledged_at", "event", "Acknowledged", "确认收到时间"),
    ("assigned_at", "event", "Assigned", "派单时间"),
    ("responsibility_determined_at", "event", "Responsibility established", "责任认定时间"),
    ("investigated_at", "event", "Investigated", "调查完成时间"),
    ("plan_proposed_at", "event", "Plan proposed", "提出方案时间"),
    ("responded_at", "event", "Answered", "答复时间"),
    ("reported_at", "event", "Reported", "上报时间"),
    ("closed_at", "event", "Closed", "办结时间"),
    ("followed_up_at", "event", "Followed up", "回访时间"),
    ("reopened_at", "event", "Re-opened", "重新受理时间"),
    ("satisfied", "boolean", "Customer satisfied", "客户满意"),
    ("compensation_paid", "money", "Compensation paid", "已付赔偿"),
    ("root_cause", "string", "Root cause", "根本原因"),
    ("corrective_action", "string", "Corrective action", "纠正措施"),
    ("preventive_action", "string", "Preventive action", "预防措施"),
    ("extension_approved_at", "event", "Extension approved", "延期批准时间"),
    ("extension_notified_at", "event", "Extension notified", "延期告知时间"),
    ("waiting_on_customer", "intervals", "Waiting on the customer", "等待客户"),
)
_SENSITIVE: Final = frozenset({"complainant_id", "complainant_name", "complainant_phone", "description", "first_contact", "handler", "responsible_person"})


def _core(name: str, kind: str, en: str, zh: str) -> Field:
    # No pause on record means that the clock never stood still.
    empty = "not_yet" if kind == "event" else "none" if kind == "intervals" else "unknown"
    return Field(name, kind, Text(en, zh), empty=empty, sensitive=name in _SENSITIVE)


CORE_FIELDS: Final[dict[str, Field]] = {row[0]: _core(*row) for row in _CORE}


def titles_of(fields: Iterable[Field]) -> dict[str, Text]:
    """The titles of fields by name; those of the kinds of entries as ``event:kind``, of their attributes as ``entry:kind:name``."""
    found: dict[str, Text] = {}
    for declared in fields:
        found[declared.name] = declared.title
        for kind in declared.kinds if isinstance(declared, LogField) else ():
            found[f"event:{kind.name}"] = kind.title
            attributes = {**ENTRY_FIELDS, **{a.name: a for a in kind.attributes}}
            found |= {f"entry:{kind.name}:{name}": attribute.title for name, attribute in attributes.items()}
    return found
