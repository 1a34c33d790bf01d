"""What can be wrong with a mapping file: every message once, under its code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from complaint_policy.problems import Place, Problem, Problems
from complaint_policy.texts import Text

__all__ = ["MAPPING_PROBLEMS", "add"]

MAPPING_PROBLEMS: Final[dict[str, Text]] = {
    "mapping-encoding": Text("unknown encoding '{name}'", "未知编码“{name}”"),
    "mapping-delimiter": Text("a delimiter is one character, or: tab", "分隔符须为单个字符，或 tab"),
    "mapping-one-source": Text(
        "the field '{name}' needs exactly one of: column, columns, constant",
        "字段“{name}”须恰有 column、columns、constant 之一",
    ),
    "mapping-constant-alone": Text("'{key}' has no meaning beside a constant", "已有 constant 时“{key}”没有意义"),
    "mapping-otherwise": Text("'otherwise' belongs to 'values'", "“otherwise”须与“values”同用"),
    "mapping-format": Text("the date format '{text}' cannot be used: {why}", "日期格式“{text}”不可用：{why}"),
    "mapping-too-many-formats": Text("more than {most} date formats", "日期格式超过 {most} 个"),
    "mapping-not-filled": Text("the mapping does not fill the field '{name}'", "映射文件未填充字段“{name}”"),
    "mapping-one-column": Text("one column and its values are needed here", "此处须为一列及其取值"),
    "mapping-no-receipt": Text(
        "no column or constant fills 'received_at': without it no record can be judged",
        "没有列或常量填充“received_at”：缺少收到投诉时间无法判定任何记录",
    ),
    "mapping-no-entry": Text(
        "no column or constant fills '{name}': an event needs id, at and kind", "没有列或常量填充“{name}”：事件须有 id、at 和 kind"
    ),
    "mapping-folds-events": Text(
        "a mapping of a table of events has no 'events': its rows are the events", "事件表的映射文件不用“events”：每一行就是一个事件"
    ),
    "mapping-unknown-field": Text("the policy has no field '{name}'", "制度没有字段“{name}”"),
    "mapping-no-date": Text(
        "'format' and 'as: date' are for dates; '{name}' is of type {type}",
        "“format”与“as: date”仅用于日期；“{name}”的类型为 {type}",
    ),
    "mapping-value": Text(
        "'{value}' is no value of the field '{name}': {why}", "“{value}”不是字段“{name}”的取值：{why}"
    ),
    "mapping-take": Text(
        "'{how}' cannot be taken of '{name}', a field of type {type}", "“{how}”不适用于 {type} 类型的字段“{name}”"
    ),
    "mapping-no-column": Text("the table has no column '{name}'", "表中没有列“{name}”"),
}
_SHOWN: Final = 40
_LONG: Final = 120


def add(
    problems: Problems, code: str, place: Place, *, near: tuple[str, Iterable[str]] | None = None, hint: Text | None = None, **values: object
) -> None:
    """Collect one problem of a mapping file; ``near`` is a wrong word and the known ones, ``hint`` stands before what is near."""
    clipped = {k: v[: _LONG - 3] + "..." if isinstance(v, str) and len(v) > _LONG else v for k, v in values.items()}
    close = _nearest(*near) if near is not None else None
    hint = hint if close is None else close if hint is None else hint + Text("; ", "；") + close
    problems.extend([Problem(place, code, MAPPING_PROBLEMS[code].filled(**clipped), hint)])


def _nearest(word: str, known: Iterable[str]) -> Text | None:
    """The nearest of the known names, in whatever case they are written; else the first of them."""
    names = list(dict.fromkeys(known))
    folded = {n.casefold(): n for n in reversed(names)}
    close = [folded[n] for n in get_close_matches(word[: _SHOWN * 2].casefold(), folded, n=3, cutoff=0.6)]
    if close:
        return Text(
            "did you mean " + " or ".join(f"'{n}'" for n in close) + "?",
            "是否想写" + "或".join(f"“{n}”" for n in close) + "？",
        )
    if not names:
        return None
    more = f" … ({len(names)})" if len(names) > _SHOWN else ""
    return Text("known: " + ", ".join(names[:_SHOWN]) + more, "可用：" + "、".join(names[:_SHOWN]) + more)
