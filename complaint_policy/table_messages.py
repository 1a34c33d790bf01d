"""The words of problems in the sections about many records: history, numbering, reconcile.  Each is a message and its hint."""

from __future__ import annotations

from typing import Final

from complaint_policy.texts import Text

__all__ = ["OF_TABLES"]


def _m(en: str, zh: str, hint_en: str, hint_zh: str) -> tuple[Text, Text | None]:
    return Text(en, zh), Text(hint_en, hint_zh)


OF_TABLES: Final[dict[str, tuple[Text, Text | None]]] = {
    "history-not-a-number": _m(
        "the field '{name}' is of type {kind}, and a count is a whole number",
        "字段“{name}”的类型是{kind}，而计数应为整数",
        "choose another name, or declare the field as integer",
        "请另取名称，或将字段声明为 integer",
    ),
    "history-key": _m(
        "'{name}' ({kind}) cannot say that two records are of one matter",
        "“{name}”（{kind}）不能用于判断两条记录是否属同一事项",
        "name fields of texts, numbers or yes and no; like takes a text",
        "请写文本、数字或是否类的字段；like 只用于文本",
    ),
    "history-without-key": _m(
        "a text alone is compared with every other record",
        "仅凭文本需要与所有记录逐一比较",
        "name a field beside it that has to be the same, such as complainant_id",
        "请同时写一个必须相同的字段，例如 complainant_id",
    ),
    "history-looks-at-result": _m(
        "'{name}' looks at '{of}', which is known only after it",
        "“{name}”依据“{of}”，而后者要在其之后才能得知",
        "history looks at fields of the records alone",
        "历史只能依据记录自身的字段",
    ),
    "merge-clock": _m(
        "a merged case begins with its first record: received_at cannot be taken by '{how}'",
        "合并后的案件自首条记录起算：received_at 不能按“{how}”取值",
        "leave it out, or write earliest",
        "请删去，或写 earliest",
    ),
    "merge-aggregate": _m(
        "'{how}' cannot be said of '{name}' ({kind})",
        "“{how}”不适用于“{name}”（{kind}）",
        "first and last fit every field; docs/language.md has the others",
        "first 和 last 适用于所有字段，其余见 docs/language.md",
    ),
    "number-without-serial": _m(
        "a number has one running part, and every part once",
        "编号须有且仅有一个流水号，且各部分只出现一次",
        "write {{serial}}, or {{serial:4}} for four digits, as in {{year}}{{month}}-{{serial:4}}",
        "请写 {{serial}}，或以 {{serial:4}} 表示四位，例如 {{year}}{{month}}-{{serial:4}}",
    ),
    "number-part": _m(
        "'{name}' is no part of a number",
        "“{name}”不是编号的组成部分",
        "year, yy, month, day, serial, or a field of texts",
        "可用 year、yy、month、day、serial 或文本字段",
    ),
}
