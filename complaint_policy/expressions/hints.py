"""What to write instead, told from the wrong text itself."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from complaint_policy.problems import Problems
from complaint_policy.reader import Node, Scalar, Sequence
from complaint_policy.texts import Text

__all__ = ["amount_hint", "bad_hours", "branch_hint", "branch_word", "not_a_condition", "text_hint"]

_LONGEST: Final = 200
_NAME: Final = r"[^\W\d]\w{0,60}"
_COMPARED: Final = re.compile(rf"({_NAME})\s*(==|=|!=|>=|<=|>|<)\s*['\"]?([\w.%-]{{1,60}})['\"]?")
_TESTS: Final = {"!=": "not", ">=": "at_least", "<=": "at_most", ">": "above", "<": "below"}
_AMOUNT: Final = re.compile(
    r"[¥￥$€£]?\s*([0-9]{1,18}|[0-9]{1,3}(?:[,，][0-9]{3}){1,5})(\.[0-9]{1,4})?\s*(万)?\s*(?:元|圆|块|人民币|[¥￥$€£]|[A-Za-z]{3})?"
)
_HOURS: Final = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})\s*(?:-|–|—|~|至|到)\s*([0-9]{1,2})[:：]([0-9]{2})")
# Words of other languages for the keys of a branch of `choose`.
_BRANCH: Final = {"if": "when", "case": "when", "condition": "when", "else": "otherwise", "default": "otherwise", "value": "then", "result": "then"}


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
            hint = _write(f"{{{node.value}: true}}")
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


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The match of the whole text; a long one is none, so that hostile texts cost nothing."""
    return pattern.fullmatch(text.strip()) if len(text) <= _LONGEST else None


def _write(what: str, en: str = "", zh: str = "") -> Text:
    return Text(f"write {what}{en}", f"请写 {what}{zh}")
