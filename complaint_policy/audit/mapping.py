"""The mapping file: which column of a table is which field of a policy, and how its cells are read.

One YAML file, ``format: 1``; docs/audit.md teaches it.  Reading gives an immutable :class:`ColumnMapping`; it is
checked by itself here, against a policy by :func:`check_against_policy`, against the columns of a table by
:func:`check_against_columns`.  Every problem has its place in the file.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from complaint_policy.audit.mapping_schema import check_shape
from complaint_policy.audit.messages import add
from complaint_policy.audit.sources import InputOptions, shown_names
from complaint_policy.causes import cause_of
from complaint_policy.coerce import Unusable, coercer
from complaint_policy.dates import DateFormat, FormatError, date_format
from complaint_policy.errors import InputError, MappingError
from complaint_policy.fields import Field, LogField
from complaint_policy.problems import NOWHERE, Place, Problem, Problems
from complaint_policy.reader import Mapping, Node, Scalar, Sequence, read_yaml
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

__all__ = [
    "ColumnMapping",
    "EventLog",
    "FieldMapping",
    "RowFilter",
    "by_name",
    "check_against_columns",
    "check_against_policy",
    "load_mapping",
    "read_mapping",
]

MAX_FORMATS: Final = 20


@frozen
class FieldMapping:
    """How one field of the policy is filled."""

    name: str
    columns: tuple[str, ...] = ()
    join: str = " "
    formats: tuple[DateFormat, ...] = ()
    as_date: bool = False
    values: dict[str, str] | None = None
    otherwise: str | None = None
    blank: frozenset[str] | None = None  # in place of the mapping's own list
    constant: str | None = None
    place: Place = field(default=NOWHERE, eq=False)
    column_places: tuple[Place, ...] = field(default=(), eq=False)
    value_places: dict[str, Place] = field(factory=dict, eq=False)


@frozen
class EventLog:
    """The file is a log, one row an event: how its rows become one record a case."""

    case: str
    order: str | None = None
    order_formats: tuple[DateFormat, ...] = ()
    take: dict[str, str] = field(factory=dict)
    where: dict[str, RowFilter] = field(factory=dict)
    entries: tuple[FieldMapping, ...] = ()  # each row is an entry of the record's events, too
    place: Place = field(default=NOWHERE, eq=False)
    places: dict[str, Place] = field(factory=dict, eq=False)


@frozen
class RowFilter:
    """Only rows whose column has one of these values."""

    column: str
    values: frozenset[str]
    place: Place = field(default=NOWHERE, eq=False)


@frozen
class ColumnMapping:
    """A mapping file, read."""

    name: str
    title: Text | None = None
    policy: str | None = None
    input: InputOptions = field(factory=InputOptions)
    blank: frozenset[str] = frozenset()
    fields: tuple[FieldMapping, ...] = ()
    skip_blank: bool = True
    where: tuple[RowFilter, ...] = ()
    events: EventLog | None = None
    file: str | None = None
    place: Place = field(default=NOWHERE, eq=False)

    def field(self, name: str) -> FieldMapping | None:
        """How that field is filled, or ``None``."""
        return next((f for f in self.fields if f.name == name), None)

    def policy_reference(self) -> str | Path | None:
        """The policy the mapping is meant for: a shipped name, or a path beside the mapping file."""
        if self.policy is None:
            return None
        if self.policy.startswith((".", "/")) or self.policy.endswith((".yaml", ".yml")):
            return Path(self.file or ".").parent / self.policy
        return self.policy


def load_mapping(path: str | Path, *, of_records: bool = True) -> ColumnMapping:
    """Read a mapping file; ``of_records``: of a table of records, not of events.

    Raises :class:`MappingError` with every problem, :class:`InputError` where the file cannot be opened.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        why = cause_of(error)
        raise InputError(Text(f"cannot read '{path}': {why.en}", f"无法读取“{path}”：{why.zh}")) from None
    return read_mapping(content, str(path), of_records=of_records)


def read_mapping(content: str | bytes, file: str = "<mapping>", *, of_records: bool = True) -> ColumnMapping:
    """Read a mapping from its text; raises :class:`MappingError` with every problem."""
    problems = Problems()
    tree = read_yaml(content, file, problems)
    if tree is not None and check_shape(tree, problems):
        mapping = _Builder(problems, file).build(tree, of_records)
        if not problems.has_any():
            return mapping
    raise MappingError(problems.sorted())


def by_name(columns: Iterable[str], fields: Iterable[Field]) -> ColumnMapping:
    """The mapping where there is none: columns named like fields of the policy are those fields."""
    known = {f.name for f in fields}
    return ColumnMapping(
        "", fields=tuple(FieldMapping(c, (c,), column_places=(NOWHERE,)) for c in columns if c in known)
    )


class _Builder:
    """A tree of the right shape to the model."""

    def __init__(self, problems: Problems, file: str) -> None:
        self.problems, self.file = problems, file

    def build(self, tree: Node, of_records: bool) -> ColumnMapping:
        assert isinstance(tree, Mapping)
        title = tree.get("title")
        rows = tree.get("rows")
        fields = tuple(self._field(e.key, e.value, e.place) for e in _entries(tree.get("fields")))
        mapping = ColumnMapping(
            name=_text(tree.get("mapping")) or Path(self.file).stem,
            title=_title(title),
            policy=_text(tree.get("policy")),
            input=self._input(tree.get("input")),
            blank=_words(tree.get("blank")),
            fields=fields,
            skip_blank=_entry(rows, "skip_blank") != "false",
            where=tuple(_filter(e.key, e.value, e.place) for e in _entries(_node(rows, "where"))),
            events=self._events(tree.get("events"), {f.name for f in fields}),
            file=self.file,
            place=tree.key_place("fields"),
        )
        if of_records and mapping.events is None and mapping.field("received_at") is None:
            add(self.problems, "mapping-no-receipt", mapping.place)
        return mapping

    def _input(self, node: Node | None) -> InputOptions:
        encoding, header, delimiter = _entry(node, "encoding"), _entry(node, "header"), _entry(node, "delimiter")
        if encoding is not None:
            try:
                codecs.lookup(encoding)
            except (LookupError, ValueError):
                add(self.problems, "mapping-encoding", _place(node, "encoding"), name=encoding)
        if delimiter in ("tab", "\\t"):
            delimiter = "\t"
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"'):
            add(self.problems, "mapping-delimiter", _place(node, "delimiter"))
        line = int(header) if header is not None and header.isdigit() else None
        return InputOptions(
            kind=_entry(node, "type"),
            encoding=encoding,
            delimiter=delimiter,
            quoted=_entry(node, "quotes") != "none",
            header=None if header is None else header != "false",
            header_line=line,
            columns=tuple(v for v, _ in _listed(_node(node, "columns"))),
            sheet=_entry(node, "sheet"),
        )

    def _field(self, name: str, node: Node, place: Place) -> FieldMapping:
        columns = _listed(_node(node, "columns")) or _listed(_node(node, "column"))
        given = [k for k in ("column", "columns", "constant") if _node(node, k) is not None]
        if len(given) != 1:
            add(self.problems, "mapping-one-source", place, name=name)
        if given == ["constant"]:
            for key in ("format", "as", "values", "otherwise", "blank", "join"):
                if _node(node, key) is not None:
                    add(self.problems, "mapping-constant-alone", _place(node, key), key=key)
        if _node(node, "otherwise") is not None and _node(node, "values") is None:
            add(self.problems, "mapping-otherwise", _place(node, "otherwise"))
        values = _node(node, "values")
        seen: set[str] = set()
        for entry in _entries(values):
            word = entry.key.strip()
            if word in seen:
                self.problems.add("value-twice", entry.place, name=word)
            seen.add(word)
        join, blank = _entry(node, "join"), _node(node, "blank")
        return FieldMapping(
            name=name,
            columns=tuple(c.strip() for c, _ in columns),
            join=" " if join is None else join,
            formats=self._formats(_node(node, "format")),
            as_date=_entry(node, "as") == "date",
            values={e.key.strip(): _text(e.value) or "" for e in _entries(values)} if values is not None else None,
            otherwise=_entry(node, "otherwise"),
            blank=None if blank is None else _words(blank),
            constant=_entry(node, "constant"),
            place=place,
            column_places=tuple(p for _, p in columns),
            value_places={e.key.strip(): e.value.place for e in _entries(values)}
            | ({"otherwise": _place(node, "otherwise")} if _node(node, "otherwise") else {}),
        )

    def _formats(self, node: Node | None) -> tuple[DateFormat, ...]:
        formats = []
        listed = _listed(node)
        if len(listed) > MAX_FORMATS:
            add(self.problems, "mapping-too-many-formats", listed[MAX_FORMATS][1], most=str(MAX_FORMATS))
        for text, place in listed[:MAX_FORMATS]:
            try:
                formats.append(date_format(text))
            except FormatError as error:
                add(self.problems, "mapping-format", place, text=text, why=error.reason)
        return tuple(formats)

    def _events(self, node: Node | None, fields: set[str]) -> EventLog | None:
        if node is None:
            return None
        order = _node(node, "order")
        take, where = _node(node, "take"), _node(node, "where")
        places = {}
        for part in (take, where):
            for entry in _entries(part):
                places[entry.key] = entry.place
                if entry.key not in fields:
                    add(self.problems, "mapping-not-filled", entry.place, near=(entry.key, fields), name=entry.key)
        filters = {}
        for entry in _entries(where):
            inner = _entries(entry.value)
            if len(inner) != 1:
                add(self.problems, "mapping-one-column", entry.place)
            else:
                filters[entry.key] = _filter(inner[0].key, inner[0].value, inner[0].place)
        entries = tuple(self._field(e.key, e.value, e.place) for e in _entries(_node(node, "entries")))
        for name in ("at", "kind"):
            if entries and not any(f.name == name for f in entries):
                add(self.problems, "mapping-no-entry", node.key_place("entries") if isinstance(node, Mapping) else node.place, name=name)
        return EventLog(
            entries=entries,
            case=(_entry(node, "case") or "").strip(),
            order=None if (by := _entry(order, "column")) is None else by.strip(),
            order_formats=self._formats(_node(order, "format")),
            take={e.key: _text(e.value) or "last" for e in _entries(take)},
            where=filters,
            place=_place(node, "case"),
            places=places | {"order": _place(order, "column") if order is not None else node.place},
        )


def _node(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


def _entries(node: Node | None) -> tuple[Any, ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) else None


def _entry(node: Node | None, key: str) -> str | None:
    return _text(_node(node, key))


def _place(node: Node | None, key: str) -> Place:
    found = _node(node, key)
    return found.place if found is not None else node.place if node is not None else NOWHERE


def _listed(node: Node | None) -> list[tuple[str, Place]]:
    """One text or a list of texts, each with its place."""
    nodes = node.items if isinstance(node, Sequence) else (node,)
    return [(n.value, n.place) for n in nodes if isinstance(n, Scalar)]


def _words(node: Node | None) -> frozenset[str]:
    return frozenset(v.strip() for v, _ in _listed(node))


def _filter(column: str, node: Node, place: Place) -> RowFilter:
    return RowFilter(column.strip(), _words(node), place)


def _title(node: Node | None) -> Text | None:
    en, zh = _entry(node, "en"), _entry(node, "zh")
    return Text(en or zh or "", zh or en or "") if en or zh else None


def check_against_policy(
    mapping: ColumnMapping, fields: Iterable[Field], zone: Zone, currency: str | None
) -> tuple[Problem, ...]:
    """What is wrong with a mapping for a policy with these fields: unknown fields, values a field cannot hold."""
    problems = Problems()
    known = {f.name: f for f in fields}
    log = known.get("events")
    attributes = log.all_attributes() if isinstance(log, LogField) else {}
    entries = mapping.events.entries if mapping.events is not None else ()
    for filled, among in (*((f, known) for f in mapping.fields), *((f, attributes) for f in entries)):
        declared = among.get(filled.name)
        if declared is None:
            add(problems, "mapping-unknown-field", filled.place, near=(filled.name, among), name=filled.name)
            continue
        if (filled.formats or filled.as_date) and not declared.is_moment:
            add(problems, "mapping-no-date", filled.place, name=filled.name, type=declared.type)
        targets = [(v, filled.value_places.get(k, filled.place)) for k, v in (filled.values or {}).items()]
        if filled.otherwise is not None:
            targets.append((filled.otherwise, filled.value_places["otherwise"]))
        if filled.constant is not None:
            targets.append((filled.constant, filled.place))
        read = coercer(declared, zone, currency)
        for value, place in targets:
            if value.strip():
                try:
                    read(value)
                except Unusable as error:
                    near = (value, declared.values) if declared.values else None
                    add(problems, "mapping-value", place, near=near, name=filled.name, value=value, why=error.reason)
    if mapping.events is not None:
        for name, how in mapping.events.take.items():
            declared = known.get(name)
            wrong = declared is not None and (
                (how in ("earliest", "latest") and not declared.is_moment)
                or (how == "any" and declared.type != "boolean")
            )
            if wrong and declared is not None:
                place = mapping.events.places.get(name, mapping.events.place)
                add(problems, "mapping-take", place, how=how, name=name, type=declared.type)
    return problems.sorted()


def check_against_columns(mapping: ColumnMapping, columns: Iterable[str]) -> tuple[Problem, ...]:
    """Columns a mapping names that the table has not, each with the nearest name."""
    problems = Problems()
    present = [c for c in columns if c]
    known, hint = shown_names(present)
    log = mapping.events
    filled = (*mapping.fields, *(log.entries if log else ()))
    named = [(c, p) for f in filled for c, p in zip(f.columns, f.column_places, strict=True)]
    named += [(f.column, f.place) for f in (*mapping.where, *(log.where.values() if log else ()))]
    if log is not None:
        named.append((log.case, log.place))
        if log.order is not None:
            named.append((log.order, log.places["order"]))
    for column, place in named:
        if column not in present:
            add(problems, "mapping-no-column", place, near=(column, known), hint=hint, name=column)
    return problems.sorted()
