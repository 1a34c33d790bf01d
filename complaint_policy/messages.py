"""Every problem's words: code, message and standing hint, in English and Chinese.

A code never changes its meaning.  ``docs/problems.md`` is checked against this table.
"""

from __future__ import annotations

from typing import Final

from complaint_policy.message_hints import HINTS
from complaint_policy.plugin_messages import OF_PLUGINS
from complaint_policy.remark_messages import REMARKS
from complaint_policy.table_messages import OF_TABLES
from complaint_policy.texts import Text

__all__ = ["PROBLEMS"]

_Entry = tuple[Text, Text | None]


def _m(en: str, zh: str, hint_en: str | None = None, hint_zh: str | None = None) -> _Entry:
    return Text(en, zh), Text(hint_en, hint_zh or hint_en) if hint_en else None


_MESSAGES: Final[dict[str, _Entry]] = {
    # ------------------------------------------------------------------ reading
    "too-large": _m("the file is larger than {limit} bytes", "文件超过{limit}字节"),
    "not-utf8": _m("the file is not UTF-8 text", "文件不是UTF-8文本", "save it as UTF-8", "请另存为UTF-8"),
    "bad-character": _m("the character {character} may not stand in a policy file", "制度文件中不允许出现字符{character}"),
    "yaml-syntax": _m(
        "this is not YAML: {detail}",
        "不是有效的YAML：{detail}",
        "look at the line above too: brackets closed, a blank after each colon, no tabs",
        "也请检查上一行：括号是否闭合，冒号是否为英文冒号且后有空格，有无制表符",
    ),
    "empty-file": _m("the file is empty", "文件为空"),
    "several-documents": _m("a policy file holds one document", "一个制度文件只能有一个文档", "remove the line '---'", "请删去“---”行"),
    "alias": _m("an alias (*{name}) may not be used", "不允许使用别名（*{name}）", "write the value out", "请直接写出内容"),
    "anchor": _m("an anchor (&{name}) may not be used", "不允许使用锚点（&{name}）", "write the value out where it is needed", "请在需要处直接写出内容"),
    "tag": _m("a tag ({tag}) may not be used", "不允许使用标签（{tag}）", "remove it: the place decides what a value is", "请删去：值的类型由位置决定"),
    "merge-key": _m("a merge key (<<) may not be used", "不允许使用合并键（<<）", "use extends, or write the keys out", "请使用 extends，或逐项写出"),
    "too-deep": _m("nested deeper than {limit} levels", "嵌套超过{limit}层"),
    "too-many-ways": _m(
        "each branch counts from this start, which has branches of its own: more than {limit} parts",
        "各分支均从此起点计算，而起点自身又有分支：展开后超过{limit}个部分",
    ),
    "too-many-nodes": _m("more than {limit} values in one file", "一个文件超过{limit}个值"),
    "too-many-problems": _m(
        "the first {limit} problems are shown; there are more", "仅显示前{limit}个问题，其余未列出", "correct these first", "请先改正这些问题"
    ),
    "key-not-text": _m("a key must be a plain text", "键必须是普通文本", "put a text with braces in it in quotes", "含花括号的文本请加引号"),
    "duplicate-key": _m("the key '{name}' stands here and in {other}", "键“{name}”在此处和{other}重复", "keep one", "请只保留一处"),
    "no-such-file": _m("there is no such file", "文件不存在"),
    "unreadable-file": _m("the file cannot be read: {detail}", "无法读取文件：{detail}"),
    "empty-folder": _m("the folder holds no policy file (*.yaml)", "该文件夹中没有制度文件（*.yaml）"),
    # ------------------------------------------------------------------ schema
    "unknown-key": _m("unknown key '{name}'", "未知的键“{name}”"),
    "missing-key": _m("'{name}' is missing", "缺少“{name}”"),
    "wrong-shape": _m("{wanted} is expected here", "此处应为{wanted}"),
    "unknown-word": _m("'{name}' is not one of the words known here", "“{name}”不是此处可用的词"),
    "bad-form": _m("'{value}' does not have the form expected here ({form})", "“{value}”的写法不符合要求（{form}）"),
    "empty-mapping": _m("nothing stands here; {what} is expected", "此处为空，应有{what}"),
    "too-few": _m("at least {least} are needed here", "此处至少需要{least}项"),
    "too-many": _m("at most {most} may stand here", "此处至多{most}项"),
    "schema": _m("this does not fit the schema ({detail})", "不符合 JSON Schema（{detail}）"),
    "foreign-spelling": _m("'{word}' is another language's spelling", "“{word}”是其他语言的写法"),
    "reserved-name": _m("'{name}' is a word of the language and cannot be a name", "“{name}”是制度语言的保留词，不能用作名称"),
    "reserved-value": _m("the field '{name}' cannot have 'present' or 'missing' as a value", "字段“{name}”的取值不能是 present 或 missing"),
    "empty-list": _m("an empty list says nothing", "空列表没有意义"),
    "empty-text": _m("an empty text is in every text", "空文本包含于任何文本"),
    "one-key-only": _m("'{key}' cannot stand beside '{first}'", "“{key}”不能与“{first}”并列"),
    "unknown-record": _m("no record of this test has the id '{name}'", "本测试中没有编号为“{name}”的记录"),
    "record-twice": _m("the id '{name}' stands in {other} already", "编号“{name}”已见于{other}"),
    # ------------------------------------------------------------------ head
    "bad-date": _m("'{value}' is not a date", "“{value}”不是日期", "write it as 2026-03-01", "请写作 2026-03-01"),
    "upside-down-dates": _m("the range ends ({last}) before it begins ({first})", "日期范围颠倒：{last}早于{first}"),
    "unknown-timezone": _m("'{name}' is not a time zone", "“{name}”不是时区", "write it as Asia/Shanghai", "请写作 Asia/Shanghai"),
    "timezone-differs": _m("the time zone {own} is not that of the base ({base})", "时区{own}与所扩展制度的时区（{base}）不一致"),
    "currency-differs": _m("the currency {own} is not that of the base ({base})", "币种{own}与所扩展制度的币种（{base}）不一致"),
    "unknown-source": _m("there is no source '{name}'", "没有名为“{name}”的依据"),
    "unknown-country": _m("no holidays are known for the country '{name}'", "没有国家“{name}”的节假日数据"),
    "unknown-subdivision": _m("'{name}' is not a subdivision of {country}", "“{name}”不是{country}的地区代码"),
    "subdivision-without-country": _m("a subdivision needs a country", "写明地区时须写明国家"),
    "calendar-without-week": _m(
        "the calendar '{name}' says neither country nor weekdays nor hours",
        "日历“{name}”未写明国家、工作日或工作时间",
        "write country: CN, or weekdays: mon-fri",
        "请写 country: CN 或 weekdays: mon-fri",
    ),
    "unknown-weekday": _m("'{name}' is not a weekday", "“{name}”不是有效的星期"),
    "weekday-twice": _m("the hours of '{name}' are given twice", "“{name}”的时间重复"),
    "bad-hours": _m(
        "'{value}' is not a span of hours",
        "“{value}”不是时间段",
        "write it as 09:00-17:30; past midnight as 22:00-06:00",
        "请写作 09:00-17:30，跨夜写作 22:00-06:00",
    ),
    "hours-overlap": _m("'{value}' overlaps another span of the same day", "“{value}”与同日其他时间段重叠"),
    "holiday-and-working": _m("{day} is both a holiday and an extra working day", "{day}既是节假日又是调休上班日"),
    "unknown-calendar": _m("there is no calendar '{name}'", "没有名为“{name}”的日历"),
    "convention-not-taken": _m("'{key}' does not apply to {units}", "“{key}”不适用于 {units}", "it applies to {takers}", "它适用于 {takers}"),
    "field-not-narrowed": _m("the core field '{name}' is a {wanted}; it cannot be declared as {given}", "核心字段“{name}”的类型是 {wanted}，不能改为 {given}"),
    "enum-without-values": _m("the enum '{name}' has no values", "枚举字段“{name}”没有取值", "write values: [a, b]", "请写 values: [a, b]"),
    "values-without-enum": _m("'{name}' has values but is no enum", "“{name}”有取值但不是枚举", "write type: enum", "请写 type: enum"),
    "value-twice": _m("'{name}' stands here twice", "“{name}”重复"),
    "not-yet-without-event": _m("only an event can be not_yet; '{name}' is none", "只有事件可以是 not_yet，“{name}”不是事件"),
    "default-of-moment": _m("'{name}' is a time and cannot have a default", "“{name}”是时间，不能有默认值"),
    "default-and-empty": _m(
        "'{name}' has both a default and a meaning of empty",
        "“{name}”同时写了 default 和 empty",
        "a default already says what an empty cell means",
        "default 已说明空值的含义",
    ),
    "bad-format": _m("the date format '{text}' cannot be used: {why}", "日期格式“{text}”不可用：{why}"),
    "bad-default": _m("'{value}' cannot be the default of '{name}': {reason}", "“{value}”不能作为“{name}”的默认值：{reason}"),
    # ------------------------------------------------------------------ names
    "unknown-field": _m("unknown field '{name}'", "未知字段“{name}”"),
    "unknown-value": _m("'{name}' is not a value of '{field}'", "“{name}”不是“{field}”的取值"),
    "unknown-level": _m("there is no severity level '{name}'", "没有等级“{name}”"),
    "unknown-kind": _m("the policy declares no kind of entry '{name}'", "制度未声明事件类型“{name}”"),
    "unknown-attribute": _m("these entries of the log have no '{name}'", "这类事件没有“{name}”"),
    "unknown-rule": _m("there is no rule '{name}' to refer to here", "没有可在此引用的规则“{name}”"),
    "unknown-outcome": _m("'{name}' is not an outcome", "“{name}”不是判定结果"),
    "unknown-instant": _m("'{name}' is neither an event, a fact nor a length", "“{name}”既不是事件、事实，也不是时长"),
    "unknown-test": _m("unknown test '{name}'", "未知的测试“{name}”"),
    "unknown-role": _m("there is no role '{name}'", "没有名为“{name}”的部门或角色"),
    "unknown-policy": _m(
        "there is no shipped policy '{name}'",
        "没有名为“{name}”的内置制度",
        "one that a plugin brings needs the plugin; a file or folder ends in .yaml or starts with . or /",
        "插件附带的制度须传入该插件；文件或文件夹须以 .yaml 结尾，或以 . 或 / 开头",
    ),
    "unknown-base": _m("there is no policy file or folder '{name}' to extend", "没有可扩展的制度文件或文件夹“{name}”", "the path is relative to this file and ends in .yaml", "路径相对于本文件，并以 .yaml 结尾"),
    "wrong-rule-kind": _m("'{name}' is a rule of kind {kind}; {wanted} is needed here", "“{name}”属于 {kind}，此处需要 {wanted}"),
    "rule-twice": _m(
        "the rule id '{name}' is used twice (the other: {other})",
        "规则编号“{name}”重复（另一处：{other}）",
        "ids are unique in a policy, ignoring case",
        "编号在制度内唯一，不区分大小写",
    ),
    "rule-of-base": _m(
        "the rule '{name}' stands in a base policy ({other})",
        "规则“{name}”已在所扩展的制度中（{other}）",
        "write replaces: true to replace it, or choose another id",
        "要替换请写 replaces: true，否则请另取编号",
    ),
    "replaces-nothing": _m("'{name}' replaces no rule of a base", "“{name}”没有可替换的规则"),
    "replaces-other-kind": _m("'{name}' is a rule of kind {kind} in the base", "所扩展制度中的“{name}”属于 {kind}"),
    "fact-twice": _m("the fact '{name}' is defined twice (the other: {other})", "事实“{name}”重复定义（另一处：{other}）"),
    "fact-is-field": _m("'{name}' is a field already", "“{name}”已是字段", "choose another name for the fact", "请为事实另取名称"),
    "text-for-field": _m(
        "'{name}' is read as a text here, not as the field", "此处“{name}”被读作文本，而不是字段", "write {{field: {name}}}", "请写 {{field: {name}}}"
    ),
    "fact-cycle": _m("facts rest on each other in a circle: {path}", "事实循环引用：{path}"),
    "name-cycle": _m("names rest on each other in a circle: {path}", "循环引用：{path}"),
    # ------------------------------------------------------------------ types and units
    "literal-type": _m("'{value}' is not {kind}, as '{name}' needs", "“{value}”不是“{name}”所需的{kind}"),
    "instant-literal": _m("'{name}' is a time: compare it with by, before, after or not_before", "“{name}”是时间：请用 by、before、after 或 not_before 比较"),
    "compare-instant": _m(
        "'{name}' is a time and cannot be compared with {test}",
        "“{name}”是时间，不能用 {test} 比较",
        "use by, before, after or not_before",
        "请用 by、before、after 或 not_before",
    ),
    "test-not-possible": _m("'{name}' is of type {kind}; the test '{test}' is not possible", "“{name}”的类型是 {kind}，不能使用测试“{test}”"),
    "kind-mismatch": _m("'{name}' ({left}) cannot be held against {right}", "“{name}”（{left}）不能与 {right} 比较"),
    "kinds-differ": _m("the choices are of different types: {left} and {right}", "各选项类型不同：{left} 与 {right}"),
    "unit-mismatch": _m("units differ: {left} and {right}", "单位不同：{left} 与 {right}"),
    "not-a-number": _m("a number is needed here, not {kind}", "此处需要数字，而不是 {kind}"),
    "attribute-type": _m("an entry's '{name}' cannot be of type {type}", "事件的“{name}”不能是 {type} 类型"),
    "not-entries": _m("last needs entries of the log", "last 需要事件记录"),
    "bad-nth": _m("nth is a whole number from 1 to {most}", "nth 应为1至{most}的整数"),
    "not-an-instant": _m("'{name}' ({kind}) is no instant", "“{name}”（{kind}）不是时刻"),
    "not-a-span": _m("'{name}' ({kind}) is no span", "“{name}”（{kind}）不是时间段"),
    "instant-as-value": _m("'{name}' makes an instant; a value is needed here", "“{name}”得到的是时刻，此处需要值"),
    "money-times-money": _m("money cannot be multiplied by money", "金额不能相乘"),
    "value-as-condition": _m("'{name}' makes a number or a time; a condition is needed here", "“{name}”得到的是数字或时间，此处需要条件"),
    "present-of-fact": _m("present looks at the record: '{name}' is no field", "present 只看记录字段，“{name}”不是字段"),
    "list-of-instants": _m("a list is no instant", "列表不是时刻", "write first_of, last_of or all_of", "请写 first_of、last_of 或 all_of"),
    "each-outside-from": _m(
        "each stands in the from of a deadline alone", "each 只能写在时限的 from 中", "write first_of, last_of or all_of", "请写 first_of、last_of 或 all_of"
    ),
    "order-of-one": _m("an order needs two instants", "顺序至少需要两个时刻"),
    "bad-pattern": _m("not a pattern RE2 can run: {detail}", "不是RE2可用的模式：{detail}"),
    "otherwise-not-last": _m("otherwise stands last", "otherwise 须放在最后"),
    "measure-not-one": _m("a measure is one of {measures}", "measure 须是 {measures} 之一"),
    "measure-key": _m("'{key}' belongs to '{owner}'", "“{key}”仅用于“{owner}”"),
    "quantile-at": _m("'{value}' is no place of a quantile: above 0% and below 100%", "“{value}”不是分位点：须大于0%且小于100%"),
    "different-kind": _m("values of kind {kind} cannot be told apart here", "此处不能区分 {kind} 类型的值"),
    "axis-twice": _m("'{name}' stands twice", "“{name}”重复"),
    "trend-without-period": _m("'{name}' looks at earlier periods, and there are none", "“{name}”须有前期可比"),
    "same-period-of-years": _m("a year is the same period of no other year", "年度没有“上年同期”"),
    "baseline-count": _m("'{name}' takes a number of periods from 1 to {most}", "“{name}”的期数须为1至{most}"),
    "portfolio-only": _m("'{name}' stands only in the expect of a portfolio rule", "“{name}”只能写在总体指标的 expect 中"),
    # ------------------------------------------------------------------ lengths and limits
    "number-without-unit": _m(
        "'{value}' has no unit", "“{value}”没有单位", "write it as '{value} days' or '{value} working days'", "请写作“{value} days”或“{value} working days”"
    ),
    "bad-length": _m(
        "'{value}' is not a length of time",
        "“{value}”不是时长",
        "write it as 15 days, 7 working days, 48 hours or same day",
        "请写作 15 days、7 working days、48 hours 或 same day",
    ),
    "length-too-long": _m("{length} is longer than this library counts", "{length}超出可计算范围"),
    "length-without-anchor": _m("{length} from when?", "{length}从何时起算？", "write {{from: ..., within: {length}}}", "请写 {{from: ..., within: {length}}}"),
    "bad-month-day": _m("no year has the day {value}", "任何一年都没有{value}这一天", "write a day that the month has, as in 08-31", "请写该月有的日，例如 08-31"),
    "month-day-without-anchor": _m(
        "the next {days} after when?", "何时之后的下一个{days}？", "write {{from: ..., within: {{month_day: [...]}}}}", "请写 {{from: ..., within: {{month_day: [...]}}}}"
    ),
    "unknown-figure": _m(
        "there is no portfolio rule '{name}'; a schedule looks at figures over many records, not at a record",
        "没有总体指标“{name}”；定期义务只能引用总体指标，不能引用单条记录",
        "name a rule of portfolio, by its id",
        "请写 portfolio 中某条指标的编号",
    ),
    "figure-of-another-period": _m(
        "'{name}' is measured per {per}, the schedule is judged per {period}",
        "指标“{name}”按{per}计算，而该定期义务按{period}判定",
        "measure it per: {period}",
        "请写 per: {period}",
    ),
    "figure-by-groups": _m(
        "'{name}' is measured by groups: it has no one figure for a period", "指标“{name}”按组计算，每期没有单一数值", "add a rule without by", "请另写一条不分组的指标"
    ),
    "day-not-in-period": _m(
        "'{rule}' needs one of the days {days} in every period; {period} has {count}",
        "“{rule}”每期须恰有{days}中的一天，而{period}有{count}天",
        "write one day for each period of the year",
        "请为一年中的每一期各写一天",
    ),
    "share-beyond-all": _m("a share lies between 0 and 100%, and {value} does not", "比例在0至100%之间，而{value}不在其间"),
    "from-without-within": _m("an instant counted from another needs from, and within or ahead", "推算的时刻须写明 from 以及 within 或 ahead"),
    "working-unit-without-calendar": _m(
        "{length} needs a calendar", "{length}需要日历", "write counting: {{calendar: ...}}", "请写 counting: {{calendar: ...}}"
    ),
    "roll-without-calendar": _m(
        "{length} is to roll, but over which calendar?", "{length}要顺延，但未指定日历", "write counting: {{calendar: ...}}", "请写 counting: {{calendar: ...}}"
    ),
    "calendar-never-opens": _m("{length} may never end: the calendar '{name}' is open on no day of the week", "{length}可能永远不会届满：日历“{name}”在一周中没有一天工作"),
    "closing-without-hours": _m("{length} ends at the close of business, but the calendar has no hours", "{length}止于停止业务活动时，但日历没有工作时间"),
    "after-hours-without-hours": _m("{length} treats receipt after hours, but the calendar has no hours", "{length}区分非工作时间受理，但日历没有工作时间"),
    "previous-outside-ladder": _m("{{due: previous}} stands only inside extend", "{{due: previous}} 只能用在 extend 中"),
    "extension-without-condition": _m("the extension '{name}' has neither when nor needs", "延期“{name}”没有 when 或 needs"),
    "extension-not-longer": _m(
        "the extension '{name}' ({length}) is no longer than the limit before it ({before})", "延期“{name}”（{length}）不长于之前的期限（{before}）"
    ),
    "bad-share": _m("'{value}' is not a share between 0% and 100%", "“{value}”不是0%到100%之间的比例"),
    "bad-at-risk": _m("'{value}' is neither a share nor a length", "“{value}”既不是比例也不是时长", "write 80% or 2 days", "请写 80% 或 2 days"),
    "part-too-long": _m("'{name}' allows {length}, more than the {limit} of '{whole}' it is part of", "“{name}”的{length}超过其所属“{whole}”的{limit}"),
    "parts-too-long": _m("the parts of '{name}' together allow {total}, more than its {limit}", "“{name}”各环节合计{total}，超过其{limit}"),
    "part-cycle": _m("deadlines are part of each other in a circle: {path}", "时限的所属关系循环：{path}"),
    # ------------------------------------------------------------------ tables and ranges
    "levels-differ": _m("the levels are not those of the policy as a whole", "等级与制度整体的等级不一致"),
    "never-fires": _m("'{name}' can never hold", "“{name}”永远不会成立"),
    "shadowed-rule": _m("'{name}' can never decide: a rule above takes every case", "“{name}”永远不会起作用：上方规则已涵盖全部情形"),
    "not-an-axis": _m("'{name}' is not an axis of the matrix", "“{name}”不是矩阵的维度", "add it to by", "请加入 by"),
    "owner-any": _m("an owner cannot be 'any'", "责任方不能是“any”", "name one owner, or let otherwise take the rest", "请写明一个责任方，其余用 otherwise"),
    "matrix-empty": _m("the matrix has neither rows nor otherwise", "矩阵既没有行也没有 otherwise"),
    "matrix-hole": _m(
        "nobody owns a complaint with {case}",
        "{case} 的投诉没有责任方",
        "add a row, or otherwise: {{owner: ...}}",
        "请增加一行，或写 otherwise: {{owner: ...}}",
    ),
    "matrix-overlap": _m("'{name}' and '{other}' both take a complaint with {case}", "{case} 的投诉同时落入“{name}”和“{other}”"),
    "matrix-too-large": _m(
        "the matrix has too many cells to be shown free of holes and overlaps", "矩阵单元过多，无法证明没有空缺和重叠", "use fewer axes", "请减少维度"
    ),
    "upside-down-range": _m("the range is upside down: {low} to {high}", "范围颠倒：{low}至{high}"),
    "amount-outside-range": _m("the amount {amount} lies outside its range {low} to {high}", "金额{amount}超出范围{low}至{high}"),
    "penalty-without-amount": _m("the penalty '{name}' has neither amount nor range", "处罚“{name}”未写明金额或范围"),
    "penalty-without-trigger": _m("the penalty '{name}' has neither for nor when", "处罚“{name}”未写明 for 或 when"),
    "cap-without-charge": _m(
        "a cap for each bearer, and nobody bears it", "按承担者设定上限，却未写明承担者", "write charge: {{field: ...}}", "请写 charge: {{field: ...}}"
    ),
    "not-positive": _m("'{name}' must be above 0", "“{name}”必须大于 0", "write a number above 0", "请写大于 0 的数"),
    "penalty-without-currency": _m(
        "the penalty '{name}' is in no currency", "处罚“{name}”未写明币种", "write currency: CNY at the top", "请在文件开头写 currency: CNY"
    ),
    # ------------------------------------------------------------------ versions and overlays
    "file-name-differs": _m("the file is called {name}, but takes effect on {start}", "文件名为{name}，但生效日期是{start}"),
    "policy-id-differs": _m("this version is of '{name}', {other} is of another policy", "此版本属于“{name}”，而{other}属于另一制度"),
    "version-twice": _m("two versions take effect on {start} (the other: {other})", "{start}有两个版本生效（另一个：{other}）"),
    "versions-overlap": _m("from {start} on two versions are in force: {other} holds until {until}", "自{start}起有两个版本同时有效：{other}至{until}"),
    "versions-gap": _m("no version is in force from {until} to {start} (after {other})", "{until}至{start}没有有效版本（在{other}之后）"),
    "extends-cycle": _m("policies extend each other in a circle: {path}", "制度循环扩展：{path}"),
    "laxer-than-base": _m("'{name}' is laxer than {base}: {why}", "“{name}”宽于{base}：{why}"),
    "not-shown-stricter": _m("'{name}' cannot be shown to be as strict as {base}: {why}", "无法证明“{name}”不宽于{base}：{why}"),
    "transition-beyond-fields": _m("a transition may ask of fields of the record only, not of '{name}'", "过渡条款只能依据记录字段，不能依据“{name}”"),
    "transition-of-base": _m(
        "'{name}', in force from {day}, says which complaints change over; that speaks of its own versions, not of this policy's",
        "“{name}”自{day}起施行，其过渡条款只针对该制度自身的版本，不适用于本制度",
    ),
    "transition-without-previous": _m("there is no version before this one", "此版本之前没有版本"),
    "tighten-nothing": _m("tighten_only without extends tightens nothing", "有 tighten_only 而没有 extends，无可收紧"),
    "base-without-version": _m("'{name}' has no version in force on {day}", "“{name}”在{day}没有有效版本"),
}


def _with_hint(code: str, entry: _Entry) -> _Entry:
    message, hint = entry
    return message, hint or (Text(*HINTS[code]) if code in HINTS else None)


PROBLEMS: Final[dict[str, _Entry]] = {code: _with_hint(code, entry) for code, entry in _MESSAGES.items()} | OF_TABLES | OF_PLUGINS | REMARKS
