"""The ledger of a clock in words: one line a stretch, the like ones together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from complaint_policy.lengths import Length
from complaint_policy.rules.deadlines.ledger import (
    CLOSED,
    COUNTED,
    HOLIDAY,
    OUTSIDE_HOURS,
    ROLL,
    WEEKEND,
    Amount,
    Ledger,
    Stretch,
)
from complaint_policy.texts import Text, joined
from complaint_policy.wording import elapsed_text, stretch_text, whole_days

if TYPE_CHECKING:
    from complaint_policy.explaining import Words

__all__ = ["ledger_lines"]

_FEW: Final = 8  # so many lines are shown as they are; of more, weekends join the days around them
_MOST: Final = 40
_NOT_WORKED: Final = (WEEKEND, HOLIDAY, CLOSED)


@frozen
class _Line:
    """One line: a stretch, or several alike."""

    start: datetime
    end: datetime
    kind: str
    counted: Amount
    step: str | None
    names: tuple[Text, ...] = ()
    days: int = 0  # several days that count alike
    weekend: int = 0  # days of weekend among those that count
    kinds: frozenset[str] = field(default=frozenset())


def ledger_lines(ledger: Ledger, rule: Any, words: Words) -> list[Text]:
    """Every stretch of the clock, and what they come to."""
    if ledger.limit == ledger.limit * 0:
        return []
    lines = _by_day(ledger.stretches) if ledger.length.unit == "working hours" else [_line(s) for s in ledger.stretches]
    lines = _closed_together(lines)
    if len(lines) > _FEW:
        lines = _weeks_together(lines)
    shown = [
        Text("  {r}: {w}", "  {r}：{w}").filled(r=stretch_text(line.start, line.end, words.zone), w=_words(line, ledger.length, rule, words)) for line in lines
    ]
    if len(shown) > _MOST:
        shown = [*shown[: _MOST - 1], Text(f"  … and {len(shown) - _MOST + 1} more", f"  ……等共{len(shown)}段")]
    if sum(1 for line in lines if line.counted) > 1:
        shown.append(Text("  in all: {a}", "  合计：{a}").filled(a=_amount(ledger.limit, ledger.length)))
    return shown


def _line(stretch: Stretch) -> _Line:
    names = (stretch.name,) if stretch.name is not None else ()
    return _Line(stretch.start, stretch.end, stretch.kind, stretch.counted, stretch.step, names, kinds=frozenset({stretch.kind}))


def _with(line: _Line, more: _Line, kind: str, **changes: Any) -> _Line:
    names = tuple(dict.fromkeys((*line.names, *more.names)))
    counted: Any = line.counted
    return evolve(line, end=more.end, kind=kind, counted=counted + more.counted, names=names, kinds=line.kinds | more.kinds, **changes)


# --------------------------------------------------------------------------- the like ones together
def _by_day(stretches: tuple[Stretch, ...]) -> list[_Line]:
    """Working hours: what counts on one day is one line, and so are days that count as much."""
    days: list[_Line] = []
    for stretch in stretches:
        line, last = _line(stretch), days[-1] if days else None
        if line.kind == OUTSIDE_HOURS and last is not None and stretch is not stretches[-1]:
            continue  # the nights and breaks between
        if last is not None and last.kind == line.kind == COUNTED and last.step == line.step and last.start.date() == line.start.date():
            days[-1] = _with(last, line, COUNTED)
        else:
            days.append(evolve(line, days=1))
    lines: list[_Line] = []
    for line in days:
        last = lines[-1] if lines else None
        alike = last is not None and last.kind == line.kind == COUNTED and last.step == line.step
        if alike and last is not None and last.start.time() == line.start.time() and last.end.time() == line.end.time():
            lines[-1] = _with(last, line, COUNTED, days=last.days + 1)
        else:
            lines.append(line)
    return lines


def _closed_together(lines: list[_Line]) -> list[_Line]:
    """Holidays with the weekends among them, and the days an end is moved past."""
    found: list[_Line] = []
    for line in lines:
        last = found[-1] if found else None
        if last is not None and last.step == line.step and last.kind in _NOT_WORKED and line.kind in _NOT_WORKED:
            found[-1] = _with(last, line, HOLIDAY if HOLIDAY in (last.kind, line.kind) else CLOSED)
        elif last is not None and last.step == line.step and last.kind == line.kind == ROLL:
            found[-1] = _with(last, line, ROLL)
        else:
            found.append(line)
    return found


def _weeks_together(lines: list[_Line]) -> list[_Line]:
    """Weeks as one: the weekends between days that count go with them."""
    found: list[_Line] = []
    for position, line in enumerate(lines):
        last = found[-1] if found else None
        following = lines[position + 1] if position + 1 < len(lines) else None
        joins = last is not None and last.kind == COUNTED and last.step == line.step
        if joins and last is not None and line.kind == COUNTED and last.weekend:
            found[-1] = _with(last, line, COUNTED)
        elif joins and last is not None and line.kind == WEEKEND and following is not None and following.kind == COUNTED and following.step == last.step:
            found[-1] = evolve(_with(last, line, COUNTED), weekend=last.weekend + whole_days(line.start, line.end))
        else:
            found.append(line)
    return found


# --------------------------------------------------------------------------- words
def _words(line: _Line, length: Length, rule: Any, words: Words) -> Text:
    text = _of_kind(line, length, rule, words)
    if line.step is not None and line.counted:
        text += Text(" (extension '{s}')", "（延期“{s}”）").filled(s=line.step)
    return text


def _of_kind(line: _Line, length: Length, rule: Any, words: Words) -> Text:
    days = whole_days(line.start, line.end)
    # A rest day that was only moved is called by the day it comes from: of several names it is no news.
    names = [name for name in line.names if not any(letter.isdigit() for letter in name.en)] or list(line.names)
    named = Text(" ({n})", "（{n}）").filled(n=joined(names, ", ", "、")) if names else Text("", "")
    match line.kind:
        case "counted":
            return _counted(line, length)
        case "make_up":
            return Text("{a}, made up for a day off", "{a}，调休上班").filled(a=_amount(line.counted, length))
        case "first_day":
            return Text("the first day, not counted", "起始日，不计入")
        case "paused":
            stood = elapsed_text(line.end - line.start)
            if len(rule.pauses) == 1:
                return Text("clock stopped, {n}: {d}", "暂停计时，{n}：{d}").filled(n=words.span(rule.pauses[0]), d=stood)
            return Text("clock stopped: {d}", "暂停计时：{d}").filled(d=stood)
        case "weekend" | "closed" if HOLIDAY not in line.kinds and not line.names:
            what = Text("weekend", "休息日") if line.kinds == {WEEKEND} else Text("closed", "非工作日")
            return what + Text(", not counted", "，不计入")
        case "holiday" | "closed" | "weekend":
            what = Text("holiday and weekend", "节假日及休息日") if WEEKEND in line.kinds else Text("holiday", "节假日")
            return what + Text(f", {days} {'day' if days == 1 else 'days'} not counted", f"，{days}天不计入") + named
        case "outside_hours":
            return Text("outside working hours, not counted", "非工作时间，不计入")
        case "roll":
            return Text("the end is moved on", "末日顺延") + named
        case "left_off":
            return Text("the end was moved back, {a} before the limit is used up", "末日提前，尚余{a}").filled(a=_amount(line.counted, length))
    raise AssertionError(line.kind)


def _counted(line: _Line, length: Length) -> Text:
    text = _amount(line.counted, length)
    if line.days > 1 and isinstance(line.counted, timedelta):
        each = elapsed_text(line.counted / line.days)
        text += Text(f" ({line.days} days of {{e}})", f"（{line.days}天，每天{{e}}）").filled(e=each)
    if line.weekend:
        unit = "day" if line.weekend == 1 else "days"
        text += Text(f"; {line.weekend} {unit} of weekend between, not counted", f"；其间休息日{line.weekend}天不计入")
    return text


def _amount(amount: Amount, length: Length) -> Text:
    if isinstance(amount, timedelta):
        return elapsed_text(amount)
    unit = "working days" if length.unit == "working days" else "days"
    return Length(amount, unit).text


