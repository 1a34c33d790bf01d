"""What to write instead, told from the wrong text itself."""

from __future__ import annotations

import re
from collections.abc import Container
from decimal import Decimal
from typing import Final

from complaint_policy.expressions.environment import Environment, spelled_here
from complaint_policy.outcomes import STATUS_ORDER
from complaint_policy.problems import Problems, nearest
from complaint_policy.reader import Node, Scalar, Sequence
from complaint_policy.texts import Text

__all__ = [
    "amount_hint", "bad_hours", "branch_hint", "branch_word", "field_hint", "foreign_hint", "hours_hint", "instant_hint", "list_hint", "misplaced_hint",
    "not_a_condition", "outcome_hint", "text_hint", "whole_hint",
]  # fmt: skip

_LONGEST: Final = 200
_NAME: Final = r"[^\W\d]\w{0,60}"
_COMPARED: Final = re.compile(rf"({_NAME})\s*(==|=|!=|>=|<=|>|<)\s*['\"]?([\w.%-]{{1,60}})['\"]?")
_TESTS: Final = {"!=": "not", ">=": "at_least", "<=": "at_most", ">": "above", "<": "below"}
_AMOUNT: Final = re.compile(r"[¥￥$€£]?\s*([0-9]{1,18}|[0-9]{1,3}(?:[,，][0-9]{3}){1,5})(\.[0-9]{1,4})?\s*(万)?\s*(?:元|圆|块|人民币|[¥￥$€£]|[A-Za-z]{3})?")
_HOURS: Final = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})\s*(?:-|–|—|~|至|到)\s*([0-9]{1,2})[:：]([0-9]{2})")
# Words of other languages for the keys of a branch of `choose`.
_BRANCH: Final = {"if": "when", "case": "when", "condition": "when", "else": "otherwise", "default": "otherwise", "value": "then", "result": "then"}
# Lengths as people write them elsewhere; a figure and a unit, perhaps without a blank.
_LENGTH: Final = re.compile(r"([0-9]{1,5}) *([A-Za-z]+(?:[ _-][A-Za-z]+)?|[\u4e00-\u9fff]{1,6})")
_UNITS: Final = {
    "minutes": "m min mins minute minutes 分 分钟",
    "hours": "h hr hrs hour hours 小时 个小时 时",
    "working hours": "workhours workinghours businesshours officehours 工作小时 个工作小时",
    "days": "d day days calendardays calendarday naturaldays 天 日 自然日 个自然日",
    "working days": "wd bd workday workdays workingday workingdays businessday businessdays bankingdays bankingday 工作日 个工作日",
    "weeks": "w wk week weeks 周 星期 个星期",
    "months": "mo month months calendarmonths 月 个月",
    "years": "y yr year years 年",
}
_UNIT_OF: Final = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings.split()}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
_PART_OF: Final = re.compile(r"([0-9]{1,3})\.5 *(?:h|hours?)")

# Keys that stand somewhere else, by the word and, where it matters, what stands beside it.
_BESIDE: Final[dict[tuple[str, str], str]] = {
    ("nth", "event"): "{nth: 2, of: {event: ...}}",
    ("event", "nth"): "{nth: 2, of: {event: ...}}",
    ("where", "count"): "{count: {event: ..., where: {...}}}",
    ("where", "last"): "{last: {event: ..., where: {...}}, take: ...}",
    ("before", "from"): "{from: ..., ahead: 5 days}",
    ("after", "from"): "{from: ..., within: 5 days}",
}
_ELSEWHERE: Final[dict[str, str]] = {
    "where": "{event: ..., where: {...}}",
    **dict.fromkeys(("calendar", "first_day", "ends", "roll", "after_hours", "from_closed_day", "at_closing", "pause_on_days"), "counting: {...: ...}"),
    **dict.fromkeys(("median", "percentile"), "{quantile: ..., at: 50%}"),
    "divide": "divided_by: 30",
    **dict.fromkeys(("then", "otherwise"), "{choose: [{when: {...}, then: ...}, {otherwise: ...}]}"),
}
_AT_THE_TOP: Final = {
    "rules": "deadlines, requirements, ...",
    "policies": "deadlines, requirements, ...",
    "holidays": "calendars",
    "fields": "record: {fields: ...}",
    "events": "record: {events: ...}",
}

# What the words of FOREIGN say besides words of the language.
_IN_CHINESE: Final = (
    ("the value itself", "值本身"),
    ("not with a list", "not 加列表"),
    ("contains, which takes a list", "contains（可接列表）"),
    ("at_least and at_most together", "at_least 与 at_most 并用"),
    ("; of times not_before and by", "；时间用 not_before 与 by"),
    ("a condition on the metered field", "关于计量字段的条件"),
    ("nothing: severity takes the first level that holds, matrix rows never overlap", "空：分级取第一个成立者，矩阵各行互不重叠"),
    ("a list", "列表"),
    (" or ", " 或 "),
    (", as in ", "，如 "),
)


def foreign_hint(word: str) -> Text | None:
    """Our spelling of another language's word."""
    ours = spelled_here(word)
    if ours is None:
        return None
    chinese = ours
    for english, own in _IN_CHINESE:
        chinese = chinese.replace(english, own)
    return Text(f"write {ours}", f"请写 {chinese}")


def instant_hint(text: str, env: Environment) -> Text | None:
    """What was probably meant by a text that is neither an instant nor a length."""
    if len(text) > _LONGEST:
        return None
    found = _LENGTH.fullmatch(text)
    unit = None if found is None else _UNIT_OF.get(re.sub("[ _-]", "", found[2]).lower())
    if found is not None and unit is not None:
        return _write(f"{found[1]} {unit}")
    half = _PART_OF.fullmatch(text)
    if half is not None:
        return _write(f"{int(half[1]) * 60 + 30} minutes")
    if _DAY.fullmatch(text):
        return Text(
            "a day stands in the head (effective) or in the record: name a field of type date or datetime",
            "具体日期应写在 effective 或记录中：请写 date 或 datetime 类型的字段名",
        )
    if text == "previous":
        return _write("{due: previous}")
    log = env.fields.get("events")
    if text in {kind.name for kind in getattr(log, "kinds", ())}:
        return _write(f"{{event: {text}}}")
    return None


def field_hint(text: str, env: Environment) -> Text | None:
    """A bare word in a value is a text: the field of that name is asked for."""
    return _write(f"{{field: {text}}}") if text in env.fields or text in env.fact_names else None


def list_hint(key: str) -> Text:
    """One thing where a list of them is needed."""
    if key == "choose":
        return _write("choose: [{when: {...}, then: ...}, {otherwise: ...}]")
    if key == "exempt":
        return _write("exempt: [{when: {...}, reason: {en: ..., zh: ...}}]")
    return _write(f"{key}: [...]", ", or a line that begins with '- ' for each", "，或每项另起一行以“- ”开头")


def hours_hint(text: str) -> Text | None:
    """Hours where a calendar is named."""
    found = _matched(_HOURS, text)
    if found is None:
        return None
    spelled = f"{found[1]:0>2}:{found[2]}-{found[3]:0>2}:{found[4]}"
    return Text(f"name a calendar with these hours: calendars: {{night: {{hours: {{mon-sun: ['{spelled}']}}}}}}",
                f"请写日历名称，并在 calendars 中声明：{{night: {{hours: {{mon-sun: ['{spelled}']}}}}}}")  # fmt: skip


# Other words for an outcome; letters alone would bring failed near waived.
_OUTCOMES: Final = {
    **dict.fromkeys(("failed", "late", "overdue", "missed", "violated", "broken", "not_met", "breach"), "breached"),
    **dict.fromkeys(("passed", "ok", "done", "kept", "fulfilled", "in_time"), "met"),
    **dict.fromkeys(("open", "running", "waiting"), "pending"),
    **dict.fromkeys(("unknown", "undecided"), "indeterminate"),
}


def outcome_hint(word: str) -> Text | None:
    """The outcome that another word means, or that is spelt nearly so."""
    ours = _OUTCOMES.get(word)
    return _write(ours) if ours is not None else nearest(word, STATUS_ORDER, cutoff=0.75)


def misplaced_hint(word: str, known: Container[str], beside: Container[str]) -> Text | None:
    """Where a key belongs that cannot stand here."""
    for (misplaced, other), form in _BESIDE.items():
        if misplaced == word and other in beside:
            return _write(form)
    if "deadlines" in known:
        top = _AT_THE_TOP.get(word)
        return _write(top) if top is not None else None
    if "outcomes" in known and re.fullmatch("[A-Za-z]{1,8}-.{1,60}", word):
        return _write(f"outcomes: {{{word}: ...}}")
    elsewhere = _ELSEWHERE.get(word)
    if elsewhere is None:
        return None
    return _write(elsewhere.replace("...", word, 1) if elsewhere.startswith("counting") else elsewhere)


def not_a_condition(node: Node, problems: Problems) -> None:
    """The problem of something else where a condition is needed."""
    hint = None
    if isinstance(node, Sequence):
        hint = _write("{all: [...]}", " or {any: [...]}", " 或 {any: [...]}")
    elif isinstance(node, Scalar):
        found = _matched(_COMPARED, node.value)
        if found is not None:
            name, sign, value = found.groups()
            hint = _write(f"{{{name}: {{{_TESTS[sign]}: {value}}}}}" if sign in _TESTS else f"{{{name}: {value}}}")
        elif re.fullmatch(_NAME, node.value):
            # An event is there or not; yes or no is asked of the rest.
            hint = _write(f"{{{node.value}: {'present' if node.value.endswith('_at') else 'true'}}}")
    problems.add("wrong-shape", node.place, wanted=Text("a condition, as in {category: network}", "条件，例如 {category: network}"), hint=hint)


def amount_hint(text: str) -> Text | None:
    """``1000元``, ``¥1,000`` or ``1万`` as a plain number."""
    found = _matched(_AMOUNT, text)
    if found is None:
        return None
    number = Decimal(re.sub("[,，]", "", found[1]) + (found[2] or "")) * (10_000 if found[3] else 1)
    shown = format(number, "f")
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return _write(shown, "; the currency stands at the top", "；币种由文件开头的 currency 写明")


def bad_hours(node: Scalar, problems: Problems) -> None:
    """The problem of a text that is no span of hours."""
    found = _matched(_HOURS, node.value)
    hint = None
    if found is not None:
        spelled = f"{found[1]:0>2}:{found[2]}-{found[3]:0>2}:{found[4]}"
        hint = _write(spelled) if spelled != node.value else None
    problems.add("bad-hours", node.place, value=node.value, hint=hint)


def branch_word(word: str) -> str | None:
    """Our word for a foreign key of a branch of ``choose``."""
    return _BRANCH.get(word)


def branch_hint(ours: str) -> Text:
    """How a branch is written, with our word for its key."""
    form = "{choose: [{when: {...}, then: ...}, {otherwise: ...}]}"
    return _write(ours, f", as in {form}", f"，如 {form}")


def text_hint(text: str) -> Text:
    """A title written as one text, in both languages."""
    shown = text if 0 < len(text) <= 60 and not re.search(r"[,:{}\[\]#'\"]", text) else "..."
    # Chinese characters, or not.
    return _write(f"{{en: ..., zh: {shown}}}" if re.search("[\u3400-\u9fff]", text) else f"{{en: {shown}, zh: ...}}")


def whole_hint(node: Node, known: Container[str]) -> Text | None:
    """What has parts, written as one text or a list."""
    shown = node.value if isinstance(node, Scalar) and len(node.value) <= 40 else "..."
    if "is" in known and "house" in known:
        return _write(f"{{is: {shown}}}")
    if "cap" not in known and "per" in known and "in" in known and "amount" in known:
        return _write(f"{{per: charge, in: month, amount: {shown}}}")
    if "by" in known and isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        roles = ", ".join(item.value for item in node.items[:3] if isinstance(item, Scalar))
        return _write(f"{{by: [{roles}]}}")
    return None


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The match of the whole text; a long one is none, so that hostile texts cost nothing."""
    return pattern.fullmatch(text.strip()) if len(text) <= _LONGEST else None


def _write(what: str, en: str = "", zh: str = "") -> Text:
    return Text(f"write {what}{en}", f"请写 {what}{zh}")
