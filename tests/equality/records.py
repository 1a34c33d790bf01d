"""Tables of records for a policy, drawn from a seed: the same values in every physical form a table may come in.

A column is drawn in one form (a Polars type) with values that this form can hold; now and then a cell is missing,
blank, unusable or far away.  Acts lie where outcomes turn: on due instants and beside them, on midnights, on days
when clocks change, before the start, after ``as_of``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any, Final, TypeVar

import polars as pl
from attrs import evolve, field, frozen

from complaint_policy import Policy
from complaint_policy.instants import highest, lowest
from complaint_policy.possible import DayEnd
from complaint_policy.zones import Zone
from tests.equality.draw_log import LOG_FORMS, LOG_SERIES, draw_log
from tests.equality.policies import CUTS, ROLES, TAGS, WORDS, Drawn

__all__ = ["FORMS", "Table", "draw_table", "draw_table_for", "split_frame"]

Row = dict[str, Any]
_One = TypeVar("_One")
_MICRO: Final = timedelta(microseconds=1)
_STEPS: Final = (timedelta(0), timedelta(0), _MICRO, -_MICRO, timedelta(seconds=1), -timedelta(seconds=1), timedelta(minutes=20), -timedelta(hours=1))
_NEAR: Final = tuple(timedelta(hours=h) for h in (-30, -1, 0, 1, 2, 5, 20, 26, 47, 48, 72, 100, 170, 360, 800))

# The physical forms by type of field; what a form cannot say of a field is a cell that cannot be used.
_MOMENTS: Final = ("naive_us", "naive_us", "naive_ms", "naive_ns", "aware_utc", "aware_zone", "aware_other_ns", "date", "text", "text", "categorical", "null", "int", "time")
FORMS: Final[dict[str, tuple[str, ...]]] = {
    "event": _MOMENTS,
    "datetime": _MOMENTS,
    "date": ("date", "date", "naive_us", "aware_zone", "text", "null"),
    "boolean": ("bool", "bool", "bool", "int", "float", "text", "categorical", "null"),
    "integer": ("int", "int", "int8", "float", "decimal", "text", "null", "bool"),
    "number": ("float", "float", "int", "float32", "decimal", "text", "null"),
    "money": ("float", "int", "decimal", "decimal_wide", "text", "text", "null"),
    "string": ("text", "text", "categorical", "enum", "int", "float", "bool", "date", "time", "null"),
    "enum": ("text", "text", "categorical", "enum", "enum", "int", "null"),
    "list": ("text", "list", "list", "list_int", "null"),
    "intervals": ("text", "structs", "structs_date", "structs_text", "structs_open", "pairs", "null"),
    **LOG_FORMS,
}
# The forms an ordinary export has: every cell means what its field is.
ORDINARY: Final[dict[str, tuple[str, ...]]] = {
    "event": ("naive_us", "naive_us", "naive_ms", "naive_ns", "aware_utc", "aware_zone"), "datetime": ("naive_us", "aware_zone"), "date": ("date",),
    "boolean": ("bool",), "integer": ("int",), "number": ("float", "int", "decimal"), "money": ("float", "int", "decimal"),
    "string": ("text", "categorical"), "enum": ("text", "enum"), "list": ("list", "text"), "intervals": ("structs", "text"),
    "log": ("entries", "entries_typed"), "instants": ("moments", "text"),
}  # fmt: skip
DELIVERIES: Final = ("frame", "frame", "frame", "lazy", "chunks", "arrow", "text", "records", "records")


@frozen
class Table:
    """Records as they are handed to an audit, and as a loop reads them."""

    frame: pl.DataFrame | None
    records: Sequence[Row]
    columns: tuple[str, ...]
    as_of: datetime | str
    waivers: Sequence[Row] = ()
    delivery: str = "frame"
    forms: Mapping[str, str] = field(factory=dict)

    @property
    def source(self) -> Any:
        """What the audit is given."""
        if self.frame is None:
            return list(self.records)
        if self.delivery == "lazy":
            return self.frame.lazy()
        if self.delivery == "arrow":
            return self.frame.to_arrow()
        return self.frame

    def taken(self, rows: Sequence[int]) -> Table:
        """The same table with these rows in this order."""
        records = [self.records[row] for row in rows]
        return evolve(self, frame=None if self.frame is None else self.frame[list(rows)], records=records)


def draw_table(drawn: Drawn, policy: Policy, seed: int, most: int = 40, *, rows: int = 0) -> Table:
    """A table for a drawn policy, of so many ``rows`` where that is asked for."""
    return _Tables(policy, drawn.fields, datetime.combine(drawn.centre, time()), Random(f"table {seed} {drawn.seed}"), most).table(rows)


def draw_table_for(policy: Policy, seed: int, centre: date, most: int = 40) -> Table:
    """A table for any policy: its own fields as they are declared."""
    fields: dict[str, dict[str, Any]] = {}
    for declared in policy.fields:
        fields[declared.name] = {"type": declared.type, "values": declared.values, "formats": declared.formats}
    return _Tables(policy, fields, datetime.combine(centre, time()), Random(f"table {seed} {policy.id}"), most).table()


def split_frame(frame: pl.DataFrame, cuts: Sequence[int]) -> pl.DataFrame:
    """The same rows in several chunks."""
    edges = [0, *sorted(cuts), frame.height]
    parts = [frame[low:high] for low, high in pairwise(edges) if high > low]
    return pl.concat(parts, rechunk=False) if parts else frame


class _Tables:
    """Draws one table."""

    def __init__(self, policy: Policy, fields: Mapping[str, Mapping[str, Any]], centre: datetime, random: Random, most: int) -> None:
        self.policy, self.fields, self.centre, self.random, self.most = policy, fields, centre, random, most
        self.zone: Zone = policy.zone
        self.changing = self.zone.steady_from > centre
        # A good part of the tables is ordinary; the others hold more and more odd cells.
        self.ordinary = self.chance(0.4)
        self.odd = 0.0 if self.ordinary else self.one((0.0, 0.02, 0.08, 0.25))
        self.lacking = self.one((0.0, 0.0, 0.05) if self.ordinary else (0.0, 0.05, 0.15, 0.4))
        self.borders: dict[datetime, list[datetime]] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, options: Sequence[Any]) -> Any:
        return options[self.random.randrange(len(options))]

    def of(self, options: Sequence[_One]) -> _One:
        return options[self.random.randrange(len(options))]

    # ---------------------------------------------------------------- instants, naive UTC
    def step(self) -> timedelta:
        return self.of(_STEPS)

    def anchors(self) -> None:
        """Instants of receipt, and for each the instants at which its deadlines turn."""
        for _ in range(self.random.randint(1, 4)):
            day = self.centre + timedelta(days=self.one((-45, -20, -9, -4, -2, -1, 0, 0, 1, 3)))
            wall = day + self.one((timedelta(0), timedelta(hours=2, minutes=30), timedelta(hours=10), timedelta(hours=17, minutes=59), timedelta(hours=23, minutes=59, seconds=59, microseconds=999999)))
            received = self.zone.to_utc(wall)
            self.borders[received] = self.turns({"id": "turn", "received_at": self.aware(received)}, received)

    def aware(self, instant: datetime) -> datetime:
        return instant.replace(tzinfo=UTC)

    def turns(self, record: Row, received: datetime) -> list[datetime]:
        """The due instants of a record on which nothing has been done, and when it is at risk."""
        found: list[datetime] = []
        for as_of in (received + timedelta(minutes=1), self.zone.to_utc(self.centre + timedelta(days=300))):
            try:
                decision = self.policy.evaluate(record, as_of=self.aware(as_of))
            except Exception:  # noqa: BLE001  what cannot be judged turns nowhere; the comparison tells what it thinks of it
                continue
            for line in decision.deadlines:
                for due in (lowest(line.due), highest(line.due)):
                    if due is not None and due.year < 2300:
                        found.append(due.boundary if isinstance(due, DayEnd) else due)
                if line.details.at_risk_at is not None:
                    found += [line.details.at_risk_at] * 3
        return found

    def instant(self, received: datetime) -> datetime:
        """Near a turn, near the receipt, or anywhere about."""
        draw = self.random.random()
        borders = self.borders.get(received, [])
        if borders and draw < 0.45:
            return self.of(borders) + self.step()
        if draw < 0.55:
            return self.now + self.step()
        if draw < 0.65:  # a midnight
            return self.zone.day_start((self.zone.to_wall(received) + timedelta(days=self.random.randint(0, 9))).toordinal()) + self.step()
        return received + self.of(_NEAR) + timedelta(minutes=self.random.randint(0, 90))

    def moment_of_judgement(self) -> datetime:
        every = [b for borders in self.borders.values() for b in borders if abs(b - self.centre) < timedelta(days=400)]
        if every and self.chance(0.5):
            return self.of(every) + self.step()
        wall = self.centre + timedelta(days=self.one((-1, 0, 1, 2, 4, 8, 15, 30, 90)), hours=self.one((0, 2, 9, 12, 20)), minutes=self.one((0, 30)))
        return self.zone.to_utc(wall)

    # ---------------------------------------------------------------- the table
    def table(self, rows: int = 0) -> Table:
        self.anchors()
        self.now = self.moment_of_judgement()
        delivery = self.one(DELIVERIES)
        count = self.one((0, 1, 2, 3, 5, 8, 8, 12, 12, 20, self.most))
        names = self.columns()
        starts = [self.one(list(self.borders)) if self.chance(0.8) else self.one(list(self.borders)) + timedelta(hours=self.random.randint(-200, 90)) for _ in range(rows or min(count, self.most))]
        as_of: datetime | str = self.one((self.aware(self.now), self.zone.to_wall(self.now).replace(fold=0), self.aware(self.now).isoformat()))
        made = self.records(names, starts) if delivery == "records" else self.typed(names, starts, delivery)
        frame, records, forms = made
        columns = tuple(frame.columns) if frame is not None else tuple(dict.fromkeys(k for r in records for k in r))
        return Table(frame, records, columns, as_of, self.waivers(), delivery, forms)

    def columns(self) -> list[str]:
        """The fields the policy looks at, most of them; a few it does not; what is nobody's."""
        used: dict[str, None] = {}
        for version in self.policy.versions:
            for _, name, *_ in self.policy.compiled(version).intake.fields:
                used[name] = None
        kept = [name for name in used if name in self.fields and (self.chance(0.93) or self.chance(0.5))]
        spare = [name for name in self.fields if name not in used]
        names = [*kept, *self.random.sample(spare, min(len(spare), self.random.randint(0, 2)))]
        names = [n for n in names if n not in ("id", "received_at")] + ["received_at"]
        names += ["id"] * self.chance(0.9) + ["memo"] * self.chance(0.3)
        self.random.shuffle(names)
        return names

    def spec(self, name: str) -> Mapping[str, Any]:
        if name == "received_at":
            return {"type": "event"}
        return self.fields.get(name) or {"type": "string"}

    def typed(self, names: list[str], starts: list[datetime], delivery: str) -> tuple[pl.DataFrame, list[Row], dict[str, str]]:
        forms, series = {}, []
        for name in names:
            spec = self.spec(name)
            form = "text" if delivery == "text" else self.form(name, spec)
            forms[name] = form
            series.append(self.column(name, spec, form, starts))
        frame = pl.DataFrame(series) if series else pl.DataFrame()
        if delivery == "chunks":
            frame = split_frame(frame, [self.random.randint(0, frame.height) for _ in range(self.random.randint(1, 3))])
        return frame, frame.to_dicts(), forms

    def form(self, name: str, spec: Mapping[str, Any]) -> str:
        """The form of a column; one that makes every cell empty or unusable is rare."""
        options = (ORDINARY if self.ordinary else FORMS)[spec["type"]]
        form = str(self.one(options))
        if form in ("null", "time") or (form == "int" and spec["type"] in ("event", "datetime", "enum")) or (form == "bool" and spec["type"] == "integer"):
            form = str(self.one(options)) if name != "received_at" or self.chance(0.5) else "naive_us"
        return form

    def records(self, names: list[str], starts: list[datetime]) -> tuple[None, list[Row], dict[str, str]]:
        """Plain mappings: each cell in a form of its own, keys left out."""
        rows: list[Row] = []
        forms: dict[str, str] = {}
        for index, received in enumerate(starts):
            row: Row = {}
            for name in names:
                if self.chance(0.05) and name != "received_at":
                    continue
                spec = self.spec(name)
                form = self.form(name, spec)
                form = "text" if form in ("categorical", "enum", "null") else form
                forms[name] = "python"
                row[name] = self.plain(spec, form, self.cell(name, spec, form, received, index))
            rows.append(row)
        return None, rows, forms

    def plain(self, spec: Mapping[str, Any], form: str, value: Any) -> Any:
        """A cell as Python has it."""
        if isinstance(value, datetime) and form.startswith("aware"):
            return value.replace(tzinfo=self.one((UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30)))))
        if isinstance(value, list) and self.chance(0.2):
            return tuple(value)
        return value

    # ---------------------------------------------------------------- columns
    def column(self, name: str, spec: Mapping[str, Any], form: str, starts: list[datetime]) -> pl.Series:
        values = [self.cell(name, spec, form, received, index) for index, received in enumerate(starts)]
        return _SERIES[form](name, values, self)

    def cell(self, name: str, spec: Mapping[str, Any], form: str, received: datetime, index: int) -> Any:
        if form == "null":
            return None
        if name == "id":
            return self.identity(form, index)
        kind = spec["type"]
        lacking = 0.03 if name == "received_at" else max(self.lacking, 0.25 if kind == "event" else 0.0)
        if self.chance(lacking):
            return self.one((None, None, "", "  ")) if form in ("text", "categorical") else None
        odd = self.chance(self.odd * (0.3 if name == "received_at" else 1))
        if kind in ("event", "datetime", "date"):
            return self.moment_cell(spec, form, received if name == "received_at" else self.instant(received), odd)
        if kind in LOG_FORMS:
            return draw_log(self, kind, form, received, odd)
        if kind == "intervals":
            return self.spans_cell(form, received, odd)
        return getattr(self, f"{kind}_cell")(spec, form, odd)

    def identity(self, form: str, index: int) -> Any:
        if form in ("int", "float", "bool", "date", "time"):
            return {"int": index, "time": time(index % 24), "float": self.one((float(index), index + 0.5)), "bool": index % 2 == 0, "date": date(2026, 1, 1)}[form]
        return self.one((f"C-{index}", f"C-{index}", f"C-{index}", "C-0", "C-1", f" C-{index} ", "编号１", None, "", "   "))

    # ---------------------------------------------------------------- cells
    def moment_cell(self, spec: Mapping[str, Any], form: str, instant: datetime, odd: bool) -> Any:
        wall = self.zone.to_wall(instant).replace(fold=0)
        if self.chance(0.1 if self.changing else 0.02) and not form.startswith("aware"):  # what the clock shows while it is changed, or never shows
            wall = self.centre + timedelta(minutes=15 * self.random.randint(-2, 12))
        if odd:
            if form in ("text", "categorical"):
                return self.one(("soon", "2026-02-30", "2026-13-01T00:00", "1800-01-01", "9999-12-31", "20260301", "2026-3-1", "２０２６-03-01", "2026-03-01T25:00", "0000-01-01"))
            if form in ("int", "time"):
                return self.one((0, 45000, 1772300000)) if form == "int" else time(10)
            far = self.one((datetime(1800, 1, 1), datetime(2401, 1, 1), datetime(1849, 12, 31, 23, 59, 59), datetime(9000, 1, 1), datetime(1900, 1, 1)))
            if form.endswith("ns"):  # nanoseconds reach from 1678 to 2262
                far = datetime(1800, 1, 1)
            return far.date() if form == "date" else far
        if form == "int":
            return self.one((None, 45000))
        if form == "time":
            return wall.time()
        if form == "date":
            return wall.date()
        if form in ("text", "categorical"):
            return self.moment_text(spec, instant, wall)
        return instant if form.startswith("aware") else wall

    def moment_text(self, spec: Mapping[str, Any], instant: datetime, wall: datetime) -> str:
        formats = spec.get("formats") or ()
        if formats and self.chance(0.4):
            return wall.strftime(str(self.one(formats)))
        how = self.random.randrange(9)
        if how == 0:
            return wall.date().isoformat()
        if how == 1:
            shown = self.aware(instant).astimezone(timezone(timedelta(hours=self.one((8, -5, 0)), minutes=self.one((0, 30)))))
            return shown.isoformat(self.of((" ", "T")))
        if how == 2:
            return instant.isoformat() + "Z"
        if how == 3:
            return f" {wall.isoformat(' ')} "
        if how == 4:
            return wall.isoformat("T", "minutes")
        if how == 5:
            return wall.isoformat(" ", "seconds") + self.of((".5", ",123456789", ".999999999"))
        if how == 6 and wall.time() == time():
            return (wall - timedelta(days=1)).date().isoformat() + "T24:00"
        return wall.isoformat()

    def boolean_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        match form:
            case "bool":
                return self.chance(0.5)
            case "int":
                return self.one((2, -1)) if odd else self.one((0, 1))
            case "float":
                return self.one((float("nan"), 0.5, float("inf"))) if odd else self.one((0.0, 1.0))
        return self.one(("maybe", "１", "2", "true?", "null")) if odd else self.one(("true", "FALSE", "yes", "No", "是", "否", " 1 ", "0", "Y", "无"))

    def _near_cut(self) -> Any:
        cut = Decimal(str(self.one(CUTS)))
        return cut + self.one((0, 0, 0, 1, -1, Decimal("0.01"), Decimal("-0.01")))

    def integer_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        value = int(self._near_cut())
        match form:
            case "int":
                return self.one((2**62, -(2**62))) if odd else value
            case "int8":
                return value % 100
            case "float":
                return self.one((float("nan"), float("inf"), 2.5, 1e300, -0.0, 1e15, 1e16)) if odd else float(value)
            case "decimal":
                return Decimal("2.5") if odd else Decimal(value)
            case "bool":
                return self.chance(0.5)
        if odd:
            return self.one(("abc", "2.5", "1e3", "9" * 40, "1,00", "--3", "NaN", "inf", "1 000", "3件"))
        return self.one((str(value), f" {value} ", f"+{abs(value)}", f"{value}.0", unicodedata.normalize("NFKC", str(value)).translate(_WIDE), "1,000", "1，000"))

    def number_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        value = self._near_cut()
        match form:
            case "int":
                return int(value)
            case "float" | "float32":
                return self.one((float("nan"), float("inf"), float("-inf"), 1e300, 1e-70, -0.0, 0.1 + 0.2, 1e16, 123456789.123456789)) if odd else float(value)
            case "decimal" | "decimal_wide":
                return value
        if odd:
            return self.one(("abc", "1e3", ".5", "5.", "9" * 40, "NaN", "1,2,3", "70%"))
        return self.one((str(value), f" {value}", str(value).translate(_WIDE), "1,000.50"))

    def money_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        if form != "text":
            return self.number_cell(spec, form, odd)
        currency = self.policy.currency or "CNY"
        value = abs(self._near_cut())
        if odd:
            return self.one(("abc", "EUR 5", "£3", "5 GBP", "1.2.3", "¥", "1,00", "-5-", "+-5", "１２"))
        return self.one((str(value), f"-{value}", f"{currency} {value}", f"{value} {currency}", f" {value} ", "1,234.50", "$60" if currency == "USD" else "¥60" if currency in ("CNY", "JPY") else "60"))

    def string_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        match form:
            case "int":
                return self.random.randint(0, 3)
            case "float":
                return self.one((1.0, 2.5, float("nan"), 1e20, -0.0))
            case "bool":
                return self.chance(0.5)
            case "date":
                return date(2026, 3, self.random.randint(1, 9))
            case "time":
                return time(self.random.randint(0, 23))
        word = self.one((*WORDS, *TAGS, *ROLES[:2], "13800138000", "宽带断网三天\n第二行", "FRAUD!", "x"))
        if form == "enum":
            return word
        return self.one((word, word, word, f" {word} ", unicodedata.normalize("NFD", word), word.translate(_WIDE), f"{word}\u3000"))

    def enum_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        if form == "int":
            return self.random.randint(1, 3)
        value = str(self.one(spec["values"]))
        if odd:
            return self.one(("netwrok", value.upper(), value + "x", "present", "９", value[:1]))
        return value if form == "enum" else self.one((value, value, value, f" {value} ", unicodedata.normalize("NFD", value)))

    def list_cell(self, spec: Mapping[str, Any], form: str, odd: bool) -> Any:
        if form == "list_int":
            return [self.random.randint(0, 2) for _ in range(self.random.randint(0, 2))]
        tags = [self.one((*TAGS, "x", " a ", "")) for _ in range(self.random.randint(0, 3))]
        if form == "list":
            return [*tags, None] if odd else tags
        return self.one((";;", "|", " ； ")) if odd else self.one((";", ", ", "|", "，", "； ")).join(tags)

    def spans_cell(self, form: str, received: datetime, odd: bool) -> Any:
        spans: list[tuple[datetime | None, datetime | None]] = []
        for _ in range(self.random.randint(0, 3)):
            start = self.instant(received)
            length = timedelta(hours=self.one((0, 1, 5, 24, 30, 72, 200)))
            spans.append((start, None if self.chance(0.2) else start + length))
        if odd:
            start = self.instant(received)
            spans.append(self.one(((start, start - timedelta(hours=1)), (None, start))))
        walls = [tuple(None if edge is None else self.zone.to_wall(edge).replace(fold=0) for edge in span) for span in spans]
        match form:
            case "structs":
                return [{"from": low, "to": high} for low, high in walls]
            case "structs_open":
                return [{"from": low} for low, _ in walls]
            case "structs_date":
                return [{"from": low and low.date(), "to": high and high.date()} for low, high in walls]
            case "structs_text":
                return [{"from": low and low.isoformat(), "to": self.one((None, "")) if high is None else high.isoformat(" ")} for low, high in walls]
            case "pairs":
                return [[low, high] for low, high in walls]
        if odd and self.chance(0.4):
            return self.one(("2026-03-05", "x/y", "2026-03-05/soon", "/", ";"))
        shown = [f"{'' if low is None else low.isoformat()}/{'' if high is None else self.one((high.isoformat(), high.date().isoformat() if low is None or high.date() >= low.date() else ''))}" for low, high in walls]
        return self.one(("; ", ";", "；")).join(shown)

    # ---------------------------------------------------------------- waivers
    def waivers(self) -> list[Row]:
        """For rules that may be waived, and some that may not: by id and by condition."""
        if self.chance(0.35):
            return []
        rules = {rule.id: rule for version in self.policy.versions for section in version.model.sections.values() for rule in (section if isinstance(section, tuple) else ()) if getattr(rule, "waivable_by", ())}
        made: list[Row] = []
        for rule in rules.values():
            if self.chance(0.25):
                continue
            waiver: Row = {"rule": rule.id, "by": self.one((*rule.waivable_by, *rule.waivable_by, "nobody")), "reason": self.one(("agreed", {"en": "Agreed", "zh": "已同意"}))}
            waiver["records"] = self.one(("C-1", ["C-0", "C-2", "C-3"], {"injury": True}, {"id": "present"}, {"received_at": {"by": "as_of"}}, ["编号１"]))
            if self.chance(0.3):
                waiver["until"] = self.zone.to_wall(self.now).date().isoformat()
            if self.chance(0.2):
                waiver["at"] = (self.aware(self.now) + self.one((timedelta(0), timedelta(days=1), -timedelta(days=1)))).isoformat()
            made.append(waiver)
        if made and self.chance(0.1):
            made.append({"rule": "DL-unknown", "by": "boss", "reason": "x", "records": "C-1"})
        return made


_WIDE: Final = {ord("0") + i: chr(ord("０") + i) for i in range(10)}


def _cast(dtype: Any) -> Callable[[str, list[Any], _Tables], pl.Series]:
    return lambda name, values, _: pl.Series(name, values, dtype=dtype, strict=False)


def _nanoseconds(series: pl.Series, tables: _Tables) -> pl.Series:
    """Instants between two microseconds, as nanoseconds allow."""
    shifts = pl.Series([tables.one((0, 0, 1, 500, 999)) for _ in range(series.len())], dtype=pl.Int64)
    return (series.to_physical() + shifts).cast(series.dtype).alias(series.name)


def _naive_ns(name: str, values: list[Any], tables: _Tables) -> pl.Series:
    return _nanoseconds(pl.Series(name, values, dtype=pl.Datetime("ns")), tables)


def _aware(unit: Any, zone: str | None) -> Callable[[str, list[Any], _Tables], pl.Series]:
    def series(name: str, values: list[Any], tables: _Tables) -> pl.Series:
        naive = pl.Series(name, values, dtype=pl.Datetime(unit))
        naive = _nanoseconds(naive, tables) if unit == "ns" else naive
        return naive.dt.replace_time_zone("UTC").dt.convert_time_zone(zone or tables.zone.name)

    return series


def _enumerated(name: str, values: list[Any], _: _Tables) -> pl.Series:
    known = list(dict.fromkeys(str(v) for v in values if v is not None))
    return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.Enum(known))


_NAIVE: Final = pl.Datetime("us")
_SERIES: Final[dict[str, Callable[[str, list[Any], _Tables], pl.Series]]] = {
    "naive_us": _cast(_NAIVE), "naive_ms": _cast(pl.Datetime("ms")), "naive_ns": _naive_ns, "time": _cast(pl.Time),
    "aware_utc": _aware("us", "UTC"), "aware_zone": _aware("us", None), "aware_other_ns": _aware("ns", "Europe/Paris"),
    "date": _cast(pl.Date), "text": _cast(pl.String), "categorical": _cast(pl.Categorical), "enum": _enumerated, "null": _cast(pl.Null),
    "int": _cast(pl.Int64), "int8": _cast(pl.Int8), "float": _cast(pl.Float64), "float32": _cast(pl.Float32), "bool": _cast(pl.Boolean),
    "decimal": _cast(pl.Decimal(20, 4)), "decimal_wide": _cast(pl.Decimal(38, 12)),
    "list": _cast(pl.List(pl.String)), "list_int": _cast(pl.List(pl.Int64)),
    "structs": _cast(pl.List(pl.Struct({"from": _NAIVE, "to": _NAIVE}))), "structs_date": _cast(pl.List(pl.Struct({"from": pl.Date, "to": pl.Date}))),
    **LOG_SERIES,
    "structs_open": _cast(pl.List(pl.Struct({"from": _NAIVE}))), "structs_text": _cast(pl.List(pl.Struct({"from": pl.String, "to": pl.String}))), "pairs": _cast(pl.List(pl.List(_NAIVE))),
}  # fmt: skip
