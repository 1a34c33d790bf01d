"""The head of a policy file: dates, sources, calendars, counting, terms and record fields."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import lru_cache
from typing import Any, Final

from attrs import evolve

from complaint_policy.coerce import Unusable, coercer
from complaint_policy.counting import CalendarSpec, Counting
from complaint_policy.dates import FormatError, date_format
from complaint_policy.expressions.environment import read_counting
from complaint_policy.expressions.hints import bad_hours
from complaint_policy.fields import (
    CORE_FIELDS,
    ENTRY_FIELDS,
    FIELD_TYPES,
    LOG,
    NOT_OF_ENTRIES,
    RESERVED_VALUES,
    RESERVED_WORDS,
    EntryKind,
    Field,
    LogField,
)
from complaint_policy.lengths import Length, parse_length
from complaint_policy.model import Accepted, Source
from complaint_policy.problems import Problems
from complaint_policy.reader import Entry, Mapping, Node, Scalar, Sequence
from complaint_policy.texts import Text
from complaint_policy.zones import UnknownZone, Zone, zone_named

__all__ = [
    "read_accepted",
    "read_calendars",
    "read_counting_head",
    "read_date",
    "read_fields",
    "read_roles",
    "read_sources",
    "read_terms",
    "read_zone",
    "scalar_text",
    "text_of",
    "words",
]

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def scalar_text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) else None


def words(node: Node | None) -> tuple[str, ...]:
    """A list of words, or one word."""
    if isinstance(node, Scalar):
        return (node.value,)
    if isinstance(node, Sequence):
        return tuple(i.value for i in node.items if isinstance(i, Scalar))
    return ()


def text_of(node: Node | None) -> Text | None:
    """``{en: …, zh: …}``; a language left out reads as the other."""
    if not isinstance(node, Mapping):
        return None
    en, zh = scalar_text(node.get("en")), scalar_text(node.get("zh"))
    if en is None and zh is None:
        return None
    return Text(en if en is not None else zh or "", zh if zh is not None else en or "")


def read_date(node: Node | None, problems: Problems) -> date | None:
    """An ISO date; a problem for a text that only looks like one."""
    if not isinstance(node, Scalar):
        return None
    try:
        if len(node.value) == 10:
            return date.fromisoformat(node.value)
    except ValueError:
        pass
    if not problems.at(node.place):
        problems.add("bad-date", node.place, value=node.value)
    return None


def read_zone(node: Node | None, problems: Problems) -> Zone | None:
    if not isinstance(node, Scalar):
        return None
    try:
        return zone_named(node.value)
    except UnknownZone:
        from importlib import resources

        names = resources.files("tzdata").joinpath("zones").read_text().split()
        problems.add("unknown-timezone", node.place, name=node.value, near=(node.value, names))
        return None


def read_sources(node: Node | None, problems: Problems) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for entry in node.entries if isinstance(node, Mapping) else ():
        body = entry.value
        if not isinstance(body, Mapping):
            continue
        force = body.get("in_force")
        start = read_date(force.get("from"), problems) if isinstance(force, Mapping) else None
        end = read_date(force.get("until"), problems) if isinstance(force, Mapping) else None
        if start and end and end <= start and isinstance(force, Mapping):
            problems.add("upside-down-dates", force.place, first=start, last=end)
        found[entry.key] = Source(
            entry.key,
            text_of(body.get("title")) or Text(entry.key, entry.key),
            scalar_text(body.get("status")),
            scalar_text(body.get("issuer")),
            scalar_text(body.get("number")),
            scalar_text(body.get("url")),
            (start, end),
            read_date(body.get("reviewed_on"), problems),
            read_date(body.get("review_by"), problems),
            text_of(body.get("note")),
            entry.place,
        )
    return found


def read_accepted(node: Node | None) -> tuple[Accepted, ...]:
    """Remarks that the author lets stand, and why."""
    found: list[Accepted] = []
    for item in node.items if isinstance(node, Sequence) else ():
        remark = scalar_text(item.get("remark")) if isinstance(item, Mapping) else None
        reason = text_of(item.get("reason")) if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and remark is not None and reason is not None:
            found.append(Accepted(remark, scalar_text(item.get("rule")), reason, item.place))
    return tuple(found)


def read_roles(node: Node | None) -> dict[str, Text]:
    """Departments and roles by their ids."""
    entries = node.entries if isinstance(node, Mapping) else ()
    return {entry.key: text_of(entry.value) or Text(entry.key, entry.key) for entry in entries}


# --------------------------------------------------------------------------- calendars
def read_calendars(node: Node | None, zone: Zone, problems: Problems) -> dict[str, CalendarSpec]:
    found: dict[str, CalendarSpec] = {}
    for entry in node.entries if isinstance(node, Mapping) else ():
        if isinstance(entry.value, Mapping):
            spec = _calendar(entry, entry.value, zone, problems)
            if spec is not None:
                found[entry.key] = spec
    return found


def _calendar(entry: Entry, body: Mapping, zone: Zone, problems: Problems) -> CalendarSpec | None:
    before = len(problems)
    country, subdivision = scalar_text(body.get("country")), scalar_text(body.get("subdivision"))
    country_node = body.get("country")
    if country is not None and country_node is not None:
        _check_country(country, subdivision, country_node, body, problems)
    elif subdivision is not None:
        problems.add("subdivision-without-country", body.key_place("subdivision"))
    if country is None and "weekdays" not in body and "hours" not in body:
        problems.add("calendar-without-week", entry.place, name=entry.key)
    weekdays = _weekdays(body.get("weekdays"), problems) if "weekdays" in body else None
    hours = _hours(body.get("hours"), problems) if "hours" in body else None
    holidays = _days(body.get("holidays"), problems)
    extra = _days(body.get("extra_working_days"), problems)
    for day in sorted(set(holidays) & set(extra)):
        problems.add("holiday-and-working", body.key_place("extra_working_days"), day=day)
    dates: list[tuple[date, tuple[tuple[str, str], ...]]] = []
    given = body.get("dates")
    for one in given.entries if isinstance(given, Mapping) else ():
        dated = read_date(Scalar(one.key, one.place), problems)
        if dated is not None:
            dates.append((dated, _spans(one.value, problems)))
    if len(problems) > before:
        return None
    until, title = read_date(body.get("announced_until"), problems), text_of(body.get("title"))
    spec = CalendarSpec(entry.key, zone.name, country, subdivision, weekdays, until, hours, holidays, extra, tuple(dates), title)
    return spec if len(problems) == before else None


@lru_cache(maxsize=1)
def _known_countries() -> frozenset[str]:
    """Country codes of the `holidays` library, without loading a single country."""
    from holidays.registry import COUNTRIES

    return frozenset(code for _, *codes in COUNTRIES.values() for code in codes if len(code) in (2, 3))


def _check_country(country: str, subdivision: str | None, node: Node, body: Mapping, problems: Problems) -> None:
    known = _known_countries()
    if country.upper() not in known:
        problems.add("unknown-country", node.place, name=country, near=(country.upper(), (c for c in known if len(c) == 2)))
        return
    if subdivision is None:
        return
    import holidays

    subdivisions: tuple[str, ...] = getattr(holidays, country.upper()).subdivisions
    if subdivision not in subdivisions:
        problems.add("unknown-subdivision", body.key_place("subdivision"), name=subdivision, country=country, near=(subdivision, subdivisions))


def _weekdays(node: Node | None, problems: Problems) -> tuple[str, ...]:
    found: list[str] = []
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items:
        if isinstance(item, Scalar):
            found += _day_range(item, problems)
    return tuple(d for d in _WEEKDAYS if d in found)


def _day_range(item: Scalar, problems: Problems) -> list[str]:
    first, dash, last = item.value.lower().partition("-")
    last = last if dash else first
    if first not in _WEEKDAYS or last not in _WEEKDAYS:
        problems.add("unknown-weekday", item.place, name=item.value, near=(item.value.lower(), _WEEKDAYS))
        return []
    a, b = _WEEKDAYS.index(first), _WEEKDAYS.index(last)
    return [_WEEKDAYS[(a + i) % 7] for i in range((b - a) % 7 + 1)]


def _hours(node: Node | None, problems: Problems) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in node.entries if isinstance(node, Mapping) else ():
        for part in entry.key.split(","):
            for day in _day_range(Scalar(part.strip(), entry.place), problems):
                if day in found:
                    problems.add("weekday-twice", entry.place, name=day)
                found[day] = _spans(entry.value, problems)
    return tuple((d, found[d]) for d in _WEEKDAYS if d in found)


def _spans(node: Node, problems: Problems) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    covered: list[tuple[int, int]] = []
    for item in node.items if isinstance(node, Sequence) else ():
        if not isinstance(item, Scalar):
            continue
        start, _, end = item.value.partition("-")
        a, b = _minutes(start), _minutes(end)
        if a is None or b is None or a >= 24 * 60 or a == b:
            bad_hours(item, problems)
            continue
        low, high = a, b if b > a else b + 24 * 60  # past midnight
        if any(low < y and x < high for x, y in covered):
            problems.add("hours-overlap", item.place, value=item.value)
        covered.append((low, high))
        found.append((start, end))
    return tuple(found)


def _minutes(text: str) -> int | None:
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isdigit() and minutes.isdigit()) or len(hours) != 2 or len(minutes) != 2:
        return None
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= 24 * 60 else None


def _days(node: Node | None, problems: Problems) -> tuple[date, ...]:
    days = [read_date(i, problems) for i in node.items] if isinstance(node, Sequence) else []
    return tuple(d for d in days if d is not None)


def read_counting_head(node: Node | None, base: Counting, calendars: dict[str, CalendarSpec], problems: Problems) -> tuple[Counting, bool]:
    """The file's conventions, and whether their calendar is unknown (already reported)."""
    if not isinstance(node, Mapping):
        return base, False
    counting, _, unknown = read_counting(node, base, calendars, problems)
    return counting, unknown


def read_terms(node: Node | None, problems: Problems) -> dict[str, Length]:
    """Vague words bound to a length; a house number is marked as such."""
    found: dict[str, Length] = {}
    for entry in node.entries if isinstance(node, Mapping) else ():
        given = entry.value.get("is") if isinstance(entry.value, Mapping) else None
        if not isinstance(given, Scalar) or not isinstance(entry.value, Mapping):
            continue
        length = parse_length(given.value)
        if length is None:
            problems.add("bad-length", given.place, value=given.value)
            continue
        house = scalar_text(entry.value.get("house")) == "true"
        found[entry.key] = evolve(length, word=entry.key, house=house, title=text_of(entry.value.get("title")))
    return found


# --------------------------------------------------------------------------- record fields
def read_fields(node: Node | None, known: dict[str, Field], zone: Zone, currency: str | None, problems: Problems) -> dict[str, Field]:
    """The fields of a `record` section over those already known: core ones narrowed, new ones declared."""
    fields = dict(known)
    if not isinstance(node, Mapping):
        return fields
    declared = node.get("fields")
    for entry in declared.entries if isinstance(declared, Mapping) else ():
        if isinstance(entry.value, Mapping):
            made = _field(entry, entry.value, fields.get(entry.key), zone, currency, problems)
            if made is not None:
                fields[entry.key] = made
            elif entry.key not in fields:
                problems.refuse(entry.key)
    log = _log(node.get("events"), fields.get("events"), zone, currency, problems)
    if log is not None:
        fields["events"] = log
    given = node.get("sensitive")
    items: tuple[Any, ...] = given.items if isinstance(given, Sequence) else (given,) if given is not None else ()
    for item in items:
        if isinstance(item, Scalar):
            if item.value in fields:
                fields[item.value] = evolve(fields[item.value], sensitive=True)
            else:
                problems.add("unknown-field", item.place, name=item.value, near=(item.value, fields))
    return fields


def _field(entry: Entry, body: Mapping, base: Field | None, zone: Zone, currency: str | None, problems: Problems, entry_of_log: bool = False) -> Field | None:
    name = entry.key
    if (name in RESERVED_WORDS and not entry_of_log) or name in ("true", "false") or (name == "events" and not entry_of_log):
        problems.add("reserved-name", entry.place, name=name)
        return None
    # Names ending in _at are events unless declared otherwise.
    kind = scalar_text(body.get("type")) or (base.type if base else "event" if name.endswith("_at") else None)
    if kind is None:
        problems.add("missing-key", entry.place, name="type", near=(name, CORE_FIELDS))
        return None
    if kind not in FIELD_TYPES:
        return None  # the schema has said so
    if base is not None and base.core and not _narrows(base.type, kind):
        problems.add("field-not-narrowed", body.key_place("type"), name=name, wanted=base.type, given=kind)
        return None
    same = base if base is not None and base.type == kind else None
    listed = body.get("values")
    titles = tuple((unicodedata.normalize("NFC", e.key), text_of(e.value)) for e in listed.entries) if isinstance(listed, Mapping) else ()
    values = tuple(value for value, _ in titles) or tuple(unicodedata.normalize("NFC", value) for value in words(listed)) or (same.values if same else ())
    if kind == "enum" and not values:
        problems.add("enum-without-values", entry.place, name=name)
        return None
    if values and kind != "enum":
        problems.add("values-without-enum", body.key_place("values"), name=name)
    for value in values:
        if value in RESERVED_VALUES:
            problems.add("reserved-value", body.key_place("values"), name=value)
    if len(set(values)) < len(values):
        problems.add("value-twice", body.key_place("values"), name=next(v for v in values if values.count(v) > 1))
    empty = scalar_text(body.get("empty")) or (same.empty if same else "not_yet" if kind == "event" else "unknown")
    if empty == "not_yet" and kind != "event":
        problems.add("not-yet-without-event", body.key_place("empty"), name=name)
        empty = "unknown"
    sensitive = body.get("sensitive")
    made = Field(
        name,
        kind,
        text_of(body.get("title")) or (base.title if base else Text(name, name)),
        scalar_text(body.get("unit")) or (base.unit if base else None),
        values,
        empty,
        None,
        _formats(body, problems) or (same.formats if same else ()),
        scalar_text(sensitive) == "true" if sensitive is not None else bool(base and base.sensitive),
        base.core if base else False,
        tuple((v, t) for v, t in titles if t is not None) or (same.titles if same and listed is None else ()),
        entry.place,
    )
    return _with_default(made, body, same, zone, currency, problems)


def _formats(body: Mapping, problems: Problems) -> tuple[str, ...]:
    """The formats of a field's times; one that tells no whole date is a problem."""
    formats: list[str] = []
    for text in words(body.get("formats")):
        try:
            date_format(text)
        except FormatError as error:
            problems.add("bad-format", body.key_place("formats"), text=text, why=error.reason)
        else:
            formats.append(text)
    return tuple(formats)


def _log(node: Node | None, base: Field | None, zone: Zone, currency: str | None, problems: Problems) -> LogField | None:
    """The kinds of entries a file declares, over those of its base: an overlay adds kinds, and attributes to kinds."""
    if not isinstance(node, Mapping):
        return None
    kinds = {kind.name: kind for kind in base.kinds} if isinstance(base, LogField) else {}
    for entry in node.entries:
        if entry.key in RESERVED_VALUES:
            problems.add("reserved-name", entry.place, name=entry.key)
        elif isinstance(entry.value, Mapping):
            kinds[entry.key] = _kind(entry, entry.value, kinds.get(entry.key), zone, currency, problems)
    return LogField("events", LOG, Text("Event log", "事件记录"), empty="not_yet", sensitive=True, place=node.place, kinds=tuple(kinds.values()))


def _kind(entry: Entry, body: Mapping, base: EntryKind | None, zone: Zone, currency: str | None, problems: Problems) -> EntryKind:
    attributes = {a.name: a for a in base.attributes} if base is not None else {}
    for item in body.entries:
        if item.key == "title":
            continue
        # `to: string` is short for `to: {type: string}`.
        written = item.value if isinstance(item.value, Mapping) else Mapping((Entry("type", item.value, item.place),), item.value.place)
        kind = scalar_text(written.get("type"))
        if item.key in ("at", "kind"):
            problems.add("reserved-name", item.place, name=item.key)
        elif kind in NOT_OF_ENTRIES or (kind is not None and kind not in FIELD_TYPES):
            problems.add("attribute-type", item.place, name=item.key, type=kind, near=(kind, [t for t in FIELD_TYPES if t not in NOT_OF_ENTRIES]))
        else:
            known = attributes.get(item.key) or ENTRY_FIELDS.get(item.key)
            made = _field(item, written, evolve(known, core=False) if known is not None else None, zone, currency, problems, entry_of_log=True)
            if made is not None:
                attributes[item.key] = made
    title = text_of(body.get("title")) or (base.title if base is not None else Text(entry.key.replace("_", " "), entry.key))
    return EntryKind(entry.key, title, tuple(attributes.values()), entry.place)


def _narrows(base: str, kind: str) -> bool:
    """Whether a core field may be declared with that type."""
    narrower = {"string": {"enum", "list"}, "integer": set(), "number": {"integer"}, "event": {"datetime", "date"}, "money": set()}
    return kind == base or kind in narrower.get(base, set())


def _with_default(made: Field, body: Mapping, base: Field | None, zone: Zone, currency: str | None, problems: Problems) -> Field:
    given = body.get("default")
    if not isinstance(given, Scalar):
        return evolve(made, default=base.default) if base is not None and base.default is not None else made
    if made.type in ("event", "datetime", "date", "intervals", "instants"):
        problems.add("default-of-moment", given.place, name=made.name)
        return made
    if "empty" in body:
        problems.add("default-and-empty", given.place, name=made.name)
    try:
        return evolve(made, default=coercer(made, zone, currency)(given.value))
    except Unusable as error:
        problems.add("bad-default", given.place, name=made.name, value=given.value, reason=error.reason, near=(given.value, made.values))
        return made
