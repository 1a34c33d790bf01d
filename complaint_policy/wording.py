"""Times, lengths and lists in words, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.zones import Zone

__all__ = [
    "CONVENTION_TEXTS",
    "PERIOD_TEXTS",
    "PER_TEXTS",
    "SOURCE_TEXTS",
    "STATE_TEXTS",
    "cited",
    "currency_text",
    "day_text",
    "duration_iso",
    "duration_text",
    "elapsed_text",
    "field_list",
    "moment_text",
    "name_list",
    "period_text",
    "place_text",
    "plain_day_text",
    "role_text",
    "stretch_text",
    "unit_text",
    "whole_days",
]

# The states of a penalty.
STATE_TEXTS: Final = {
    "proposed": Text("proposed", "建议"),
    "accruing": Text("accruing", "累计中"),
    "indeterminate": Text("indeterminate", "无法判定"),
    "waived": Text("waived", "经批准豁免"),
}
# How far a source is verified.
SOURCE_TEXTS: Final = {
    "verified": Text("verified", "已核实"),
    "second-hand": Text("second-hand, not verified", "转引，未核实原文"),
    "company": Text("company rule", "企业制度"),
}
# What a penalty is counted by.
PER_TEXTS: Final = {"case": Text("case", "每案"), "breach": Text("breach", "每次违反")}
# How time is counted: what differs from what everybody expects.
CONVENTION_TEXTS: Final = {
    ("first_day", "excluded"): Text("the first day does not count", "起始日不计入"),
    ("first_day", "included"): Text("the first day counts", "起始日计入"),
    ("ends", "end_of_day"): Text("ends with the last day", "至最后一日24时届满"),
    ("ends", "same_time"): Text("ends at the same time of day", "届满于同一时刻"),
    ("ends", "close_of_business"): Text("ends at close of business", "届满于下班时刻"),
    ("roll", "next_working_day"): Text("a last day off moves to the next working day", "末日逢休顺延至下一工作日"),
    ("roll", "previous_working_day"): Text("a last day off moves to the working day before", "末日逢休提前至上一工作日"),
    ("after_hours", "next_opening"): Text("after hours counts from the next opening", "下班后自下次上班起算"),
    ("after_hours", "deemed_next_opening"): Text("after hours counts as received at the next opening", "下班后视为下次上班时收到"),
    ("from_closed_day", "next_working_day_is_zero"): Text("from a day off, the next working day is day zero", "休息日收到的，以下一工作日为第零日"),
    ("at_closing", "roll"): Text("a limit that ends at closing moves to the next opening", "恰于下班届满的顺延至下次上班"),
    ("pause_on_days", "elapsed"): Text("pauses add their elapsed time", "暂停按实际时长顺延"),
    ("pause_on_days", "whole_days"): Text("pauses add whole days", "暂停按整日顺延"),
}
# How often a duty comes back.
PERIOD_TEXTS: Final = {
    "week": Text("week", "每周"),
    "month": Text("month", "每月"),
    "quarter": Text("quarter", "每季度"),
    "half_year": Text("half-year", "每半年"),
    "year": Text("year", "每年"),
}
# Who bears a duty or is paid, where the policy gives no title of its own.
_ROLES: Final = {
    "company": Text("company", "企业"),
    "complainant": Text("complainant", "投诉人"),
    "regulator": Text("regulator", "监管机构"),
    "merchant": Text("merchant", "商家"),
}

_UNITS: Final = {
    "minutes": Text("minutes", "分钟"),
    "h": Text("hours", "小时"),
    "hours": Text("hours", "小时"),
    "days": Text("days", "天"),
    "weeks": Text("weeks", "周"),
    "months": Text("months", "个月"),
    "years": Text("years", "年"),
    "km": Text("km", "公里"),
    "persons": Text("persons", "人"),
    "times": Text("times", "次"),
}
_CURRENCIES: Final = {"CNY": "元", "GBP": "英镑", "USD": "美元", "EUR": "欧元", "AUD": "澳元", "CAD": "加元", "INR": "印度卢比"}
_PLACES: Final = {
    "AU-NSW": Text("New South Wales", "澳大利亚新南威尔士州"),
    "BE": Text("Belgium", "比利时"),
    "BH": Text("Bahrain", "巴林"),
    "CA": Text("Canada", "加拿大"),
    "CN": Text("China", "中国"),
    "GB-ENG": Text("England", "英格兰"),
    "IE": Text("Ireland", "爱尔兰"),
    "IN": Text("India", "印度"),
    "US": Text("the United States", "美国"),
    "ZA": Text("South Africa", "南非"),
}

_WEEKDAYS = (("Mon", "周一"), ("Tue", "周二"), ("Wed", "周三"), ("Thu", "周四"), ("Fri", "周五"), ("Sat", "周六"), ("Sun", "周日"))


def day_text(day: date) -> Text:
    """``Mon 16 March 2026`` would need a locale: ISO with the weekday reads the same everywhere."""
    en, zh = _WEEKDAYS[day.weekday()]
    return Text(f"{day.isoformat()[:10]} ({en})", f"{day.year}年{day.month}月{day.day}日（{zh}）")


def plain_day_text(day: date) -> Text:
    """A day without its weekday."""
    return Text(day.isoformat(), f"{day.year}年{day.month}月{day.day}日")


def moment_text(moment: datetime) -> Text:
    """A local time to the second, without its offset where the zone is known from the context."""
    clock = moment.strftime("%H:%M:%S") if moment.second else moment.strftime("%H:%M")
    return Text(f"{moment.date().isoformat()} {clock}", f"{moment.year}年{moment.month}月{moment.day}日 {clock}")


def stretch_text(start: datetime, end: datetime, zone: Zone) -> Text:
    """From one local time to another: days where they are whole, the end of a day as 24:00."""
    begins, ends = _begins_day(start, zone), _begins_day(end, zone)
    last = (end - timedelta(microseconds=1)).date() if ends else end.date()
    if begins and ends and end > start:
        first, until = day_text(start.date()), _day_after(last, start.date())
        return first if last == start.date() else Text("{a} to {b}", "{a}至{b}").filled(a=first, b=until)
    since = Text("{d} {t}", "{d} {t}").filled(d=day_text(start.date()), t=_clock(start))
    if end <= start:
        return Text("{d} {t}", "{d} {t}").filled(d=day_text(last), t="24:00" if ends else _clock(end))
    clock = "24:00" if ends else _clock(end)
    if last == start.date():
        return Text("{a} to {b}", "{a}至{b}").filled(a=since, b=clock)
    return Text("{a} to {d} {t}", "{a}至{d} {t}").filled(a=since, d=_day_after(last, start.date()), t=clock)


def _begins_day(moment: datetime, zone: Zone) -> bool:
    return zone.to_aware(zone.day_start(moment.toordinal())) == moment


def _day_after(day: date, before: date) -> Text:
    """A day without what it shares with one before it."""
    en, zh = _WEEKDAYS[day.weekday()]
    if day.year != before.year:
        return day_text(day)
    return Text(f"{day.month:02}-{day.day:02} ({en})", f"{day.month}月{day.day}日（{zh}）")


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S") if moment.second else moment.strftime("%H:%M")


def whole_days(start: datetime, end: datetime) -> int:
    """How many local days lie between two times, each begun one counted."""
    return (end.date() - start.date()).days + (1 if end.time() > start.time() else 0)


def duration_iso(length: timedelta) -> str:
    """ISO 8601: ``P1DT8H``, ``PT30M``; to the second."""
    seconds = int(length.total_seconds())
    sign = "-" if seconds < 0 else ""
    seconds = abs(seconds)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{n}{u}" for n, u in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def duration_text(length: timedelta) -> Text:
    """The two largest units that are not zero."""
    seconds = int(abs(length).total_seconds())
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d", "天"), (hours, "h", "小时"), (minutes, "min", "分钟"), (seconds, "s", "秒")]
    shown = [p for p in parts if p[0]][:2] or [parts[3]]
    return Text(" ".join(f"{n} {en}" for n, en, _ in shown), "".join(f"{n}{zh}" for n, _, zh in shown))


def elapsed_text(length: timedelta) -> Text:
    """Hours, minutes and seconds, so that a reader can add them up."""
    hours, rest = divmod(int(length.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [p for p in ((hours, "h", "小时"), (minutes, "min", "分钟"), (seconds, "s", "秒")) if p[0]] or [(0, "h", "小时")]
    return Text(" ".join(f"{n} {en}" for n, en, _ in parts), "".join(f"{n}{zh}" for n, _, zh in parts))


def period_text(name: str) -> Text:
    """``2026-Q1`` as it is written, in Chinese 2026年第1季度."""
    year, _, part = name.partition("-")
    number = part.lstrip("WQH0")
    zh = {"W": f"第{number}周", "Q": f"第{number}季度", "H": "上半年" if number == "1" else "下半年"}.get(part[:1], f"{number}月") if part else ""
    return Text(name, f"{year}年{zh}")


def role_text(name: str, roles: Mapping[str, Text]) -> Text:
    """A department, role or duty bearer: the policy's own title, else the usual one, else the word."""
    return roles.get(name) or _ROLES.get(name) or Text(name, name)


def unit_text(unit: str) -> Text:
    """The unit of a field: in both languages where it is a usual one, else as it is written."""
    return _UNITS.get(unit) or Text(unit, unit)


def currency_text(currency: str | None) -> Text:
    """A currency by its code, in Chinese by its name."""
    code = currency or ""
    return Text(code, _CURRENCIES.get(code, code))


def place_text(code: str) -> Text:
    """A country, or a part of one, by its name where it is one of the policies that ship."""
    return _PLACES.get(code) or Text(code, code)


def cited(title: Text, clause: str | None) -> Text:
    """A source with its clause.  Chinese puts the title in its own marks, so that nothing runs into the clause."""
    zh = title.zh if "《" in title.zh else f"《{title.zh}》"
    return Text(f"{title.en}, {clause}" if clause else title.en, f"{zh}{clause or ''}")


def name_list(names: Iterable[str]) -> Text:
    listed = list(names)
    return Text(", ".join(listed), "、".join(listed))


def field_list(names: Iterable[str], titles: dict[str, Text] | None = None) -> Text:
    """Fields by title and name, as a person looks for them on a form."""
    known = titles or {}
    en = [f"{known[n].en} ({n})" if n in known and known[n].en != n else n for n in names]
    zh = [f"{known[n].zh}（{n}）" if n in known and known[n].zh != n else n for n in names]
    return Text(", ".join(en), "、".join(zh))
