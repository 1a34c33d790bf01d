"""The tables of a summary: titles, columns and cells in English and Chinese, and their plain-text form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from complaint_policy.audit.across_table import FINDING_TEXTS
from complaint_policy.audit.figures import figure_tables, figures_note
from complaint_policy.frame import COMPANY
from complaint_policy.outcomes import OUTCOME_TEXTS, STATUS_ORDER
from complaint_policy.texts import Text, joined
from complaint_policy.wording import STATE_TEXTS, duration_text, period_text, role_text

if TYPE_CHECKING:
    from complaint_policy.audit.summary import Summary
    from complaint_policy.audit.tally import PenaltySum

__all__ = ["Cell", "Section", "render_sections", "sections_of"]

Cell = Text | str | int | None
_MANY: Final = 15
_WIDE: Final = 90
_UNDECIDED: Final = Text("(undecided)", "（未定）")
_PARTS: Final = {"severity": Text("severity", "等级"), "owner": Text("owner", "责任方")}
# A table of many columns has no room for more.
_SHORT: Final = {"not_applicable": Text("n/a", "不适用")}
_RECORDS: Final = Text("records", "记录数")
_SHARE: Final = Text("share", "占比")
_RULE: Final = Text("rule", "规则")
_TITLE: Final = Text("title", "名称")
_FIELD: Final = Text("field", "字段")


@frozen
class Section:
    """One table; ``id`` is stable, a column of numbers is set right."""

    id: str
    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Text | None = None

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON-ready data."""
        rows = [[cell.to_dict() if isinstance(cell, Text) else cell for cell in row] for row in self.rows]
        headings = [column.to_dict() for column in self.columns]
        return {"id": self.id, "title": self.title.to_dict(), "columns": headings, "rows": rows, "note": self.note.to_dict() if self.note else None}


def sections_of(summary: Summary) -> tuple[Section, ...]:
    """All tables that have something to say, in reading order."""
    from complaint_policy.audit.schedule_sections import schedule_sections  # they make sections themselves
    from complaint_policy.audit.waiver_notes import waiver_sections

    made = (
        _source(summary),
        _identity(summary),
        _events(summary),
        _rejects(summary),
        _status(summary),
        _counted(
            "severity", Text("By severity", "按等级"), Text("severity", "等级"), summary.severity, summary.level_titles
        ),
        _counted("owner", Text("By owner", "按责任方"), Text("owner", "责任方"), summary.owner, summary.role_titles),
        _rules(summary),
        _late(summary),
        _penalties(summary),
        *waiver_sections(summary),
        _caps(summary),
        *_portfolio(summary),
        *schedule_sections(summary),
        _history(summary),
        _across(summary),
        _unusable(summary),
        _missing(summary),
        _ids(summary),
        _versions(summary),
    )
    return tuple(section for section in made if section.rows)


def _portfolio(summary: Summary) -> tuple[Section, ...]:
    """The figures over many records; an interval where records leave a figure open."""
    made = [Section("portfolio", title, columns, rows) for title, columns, rows in figure_tables(summary.portfolio)]
    if made:
        made[-1] = evolve(made[-1], note=figures_note(summary.portfolio, summary.left_out, summary.identity.rejected))
    return tuple(made)


def _history(summary: Summary) -> Section:
    """What was counted of earlier records."""
    notes = summary.history
    rows = tuple((c.name, c.title, c.records, c.highest, c.unknown) for c in notes.counts) if notes is not None else ()
    columns = (_FIELD, _TITLE, Text("records with any", "有计数的记录"), Text("highest", "最高"), Text("not known", "未知"))
    note = None
    if notes is not None and notes.uncounted:
        n = notes.uncounted
        note = Text(f"{n:,} rows without a usable receipt may be missing from the counts.", f"有 {n:,} 行缺少可用的收到投诉时间，可能未计入。")
    return Section("history", Text("Earlier records", "此前记录"), columns, rows, note)


def _across(summary: Summary) -> Section:
    """What was found about the table as a whole, or that a rule found nothing."""
    rows: list[tuple[Cell, ...]] = []
    for checked in summary.across:
        looked = Text(f"{checked.records:,} records", f"{checked.records:,} 条记录")
        if checked.entries is not None:
            looked += Text(f", {checked.entries:,} entries", f"、{checked.entries:,} 条清单")
        found = [(FINDING_TEXTS[finding], times) for finding, times in checked.found.items()]
        for text, times in found or [(checked.note or Text("nothing found", "未发现问题"), 0)]:
            rows.append((checked.rule, checked.title, looked, text, times))
    columns = (_RULE, _TITLE, Text("looked at", "核查范围"), Text("found", "发现"), Text("times", "次数"))
    notes = [checked.note for checked in summary.across if checked.note is not None and checked.found]
    return Section("across", Text("Over the whole table", "全表核查"), columns, tuple(rows), joined(notes) if notes else None)


def _source(summary: Summary) -> Section:
    notes = summary.source
    rows: list[tuple[Cell, ...]] = [
        (Text("policy", "制度"), summary.title + Text(f" ({summary.policy})", f"（{summary.policy}）")),
        (Text("as of", "判定时刻"), f"{notes.as_of:%Y-%m-%d %H:%M:%S%z} {notes.as_of.tzinfo}"),
        (Text("source", "数据来源"), f"{notes.name} ({notes.kind})"),
    ]
    if notes.encoding is not None and notes.encoding_found is not None:
        shown = Text(f"{notes.encoding}: ", f"{notes.encoding}：") + notes.encoding_found
        if not notes.encoding_certain:
            shown += Text("; declare it to be certain", "；如需确保无误请声明编码")
        rows.append((Text("encoding", "编码"), shown))
    rows += [(Text("read as", "读取方式"), remark) for remark in notes.remarks]
    rows.append((Text("mapping", "映射"), notes.mapping or Text("columns named like fields", "列名与字段名相同")))
    rows.append((Text("fields filled", "已映射字段"), _names(notes.fields)))
    if notes.unused_columns:
        rows.append((Text("columns not read", "未读取的列"), _names(notes.unused_columns)))
    return Section("source", Text("What was audited", "审计对象"), (Text("", ""), Text("", "")), tuple(rows))


def _identity(summary: Summary) -> Section:
    i = summary.identity
    rows: list[tuple[Cell, ...]] = [
        (Text("source rows", "源数据行"), i.rows),
        (Text("= decided", "= 已判定"), i.decided),
        (Text("+ rejected", "+ 未采用"), i.rejected),
        (Text("+ folded into a record", "+ 并入记录的事件行"), i.folded),
    ]
    if i.merged:
        rows.append((Text("+ merged into a case", "+ 并入其他案件"), i.merged))
    note = (
        Text("Every source row is accounted for.", "所有源数据行均有去向。")
        if i.holds
        else Text("ROWS ARE MISSING.", "有数据行缺失。")
    )
    return Section("identity", Text("Rows", "行数核对"), (Text("", ""), Text("rows", "行数")), tuple(rows), note)


def _events(summary: Summary) -> Section:
    counts, rows = summary.events, list[tuple[Cell, ...]]()
    if counts is not None:
        rows = [(Text("events read", "已读取事件"), counts.rows), (Text("= of a record", "= 属于某条记录"), counts.joined)]
        others = (
            (Text("+ whose id several records have", "+ 编号为多条记录共用"), counts.shared_ids),
            (Text("+ whose id no record has", "+ 编号无对应记录"), counts.unknown_ids),
            (Text("+ without id", "+ 没有编号"), counts.without_id),
            (Text("+ left out by the mapping", "+ 按映射文件排除"), counts.refused),
            (Text("+ unreadable: so is every log", "+ 无法读取：因此所有事件记录均不确定"), counts.unreadable),
            (Text("of these, of kinds the policy does not ask for", "其中制度未涉及的类型"), counts.other_kinds),
        )
        rows += [row for row in others if row[1]]
    title = Text(f"Events ({counts.name})", f"事件（{counts.name}）") if counts is not None else Text("Events", "事件")
    return Section("events", title, (Text("", ""), Text("rows", "行数")), tuple(rows))


def _rejects(summary: Summary) -> Section:
    rows: list[tuple[Cell, ...]] = [
        (r.reason, r.rows, ", ".join(map(str, r.first)) + (" …" if r.rows > len(r.first) else ""))
        for r in summary.rejects[:_MANY]
    ]
    columns = (Text("reason", "原因"), Text("rows", "行数"), Text("at row", "所在行"))
    return Section("rejected", Text("Rejected rows", "未采用的行"), columns, tuple(rows), _more(len(summary.rejects)))


def _status(summary: Summary) -> Section:
    total = summary.identity.decided
    rows = tuple((OUTCOME_TEXTS[s], n, _share(n, total)) for s, n in summary.status.items())
    return Section("status", Text("By status", "按状态"), (Text("status", "状态"), _RECORDS, _SHARE), rows)


def _counted(
    section: str, title: Text, column: Text, counted: dict[str | None, int], titles: dict[str, Text]
) -> Section:
    total = sum(counted.values())
    shown = list(counted.items())[: _MANY * 2]
    rows = tuple((_UNDECIDED if name is None else titles.get(name, name), n, _share(n, total)) for name, n in shown)
    return Section(section, title, (column, _RECORDS, _SHARE), rows, _more(len(counted), _MANY * 2))


def _rules(summary: Summary) -> Section:
    judged = [r for r in summary.rules if summary.outcomes.get(r.id)]
    seen = [o for o in STATUS_ORDER if any(o in summary.outcomes[r.id] for r in judged)]
    rows: list[tuple[Cell, ...]] = []
    for rule in judged:
        found = summary.outcomes[rule.id]
        known = found.get("met", 0) + found.get("breached", 0)
        # An admission is no duty: it is passed or not.
        kept = _share(found.get("met", 0), known) if known and rule.kind != "admission" else "–"
        mark = Text("", "") if rule.duty_of == COMPANY else Text(" *", " *")
        rows.append((rule.id, rule.title + mark, *(found.get(o, 0) for o in seen), kept))
    columns = (_RULE, _TITLE, *(_SHORT.get(o, OUTCOME_TEXTS[o]) for o in seen), Text("kept", "达标率"))
    note = Text("kept: met of met and breached", "达标率：符合 ÷（符合 + 违反）")
    others = [role_text(name, summary.role_titles) for name in dict.fromkeys(r.duty_of for r in judged if r.duty_of != COMPANY)]
    if others:
        note += Text("; * the duty of others ({o}): it does not colour the status", "；* 为他方的义务（{o}），不影响状态").filled(
            o=joined(others, ", ", "、")
        )
    return Section("rules", Text("By rule", "按规则"), columns, tuple(rows), note)


def _late(summary: Summary) -> Section:
    titles = {r.id: r.title for r in summary.rules}
    rows = tuple(
        (rule, titles[rule], late.breached, late.open, _span(late.median), _span(late.longest))
        for rule, late in summary.late.items()
    )
    columns = (
        _RULE,
        _TITLE,
        Text("late", "逾期"),
        Text("still open", "仍未完成"),
        Text("median", "中位数"),
        Text("longest", "最长"),
    )
    note = Text(
        "Open cases count up to the audit's instant; an act of which only the day is known by the least it can be.",
        "未完成的案件计至判定时刻；仅有日期的按最短可能计。",
    )
    return Section("late", Text("How late", "逾期时长"), columns, rows, note)


def _penalties(summary: Summary) -> Section:
    titles = {r.id: r.title for r in summary.rules}
    rows = tuple(
        (rule, titles[rule], STATE_TEXTS.get(state, state), found.cases, _sum(state, found))
        for rule, states in summary.penalties.items()
        for state, found in states.items()
    )
    currency = summary.currency or ""
    columns = (_RULE, _TITLE, Text("state", "状态"), _RECORDS, Text(f"sum {currency}", f"合计 {currency}"))
    note = Text("Proposals inside the range of the rule; nothing is imposed.", "均为规则范围内的建议，并非处罚决定。")
    return Section("penalties", Text("Penalties", "处罚建议"), columns, rows, note)


def _caps(summary: Summary) -> Section:
    """What the caps of penalties leave: the names of bearers stand in ``Audit.caps`` alone."""
    titles = {r.id: r.title for r in summary.rules}
    rows = tuple(
        (c.rule, titles[c.rule], period_text(c.period), c.bearers, c.bearers_over, f"{c.proposed:,f}", f"{c.allowed:,f}", f"{c.over:,f}") for c in summary.caps
    )
    currency = summary.currency or ""
    sums = (Text(f"proposed {currency}", f"建议合计 {currency}"), Text("within the cap", "上限以内"), Text("over it", "超出"))
    columns = (_RULE, _TITLE, Text("period", "期间"), Text("bearers", "承担者"), Text("over the cap", "超出上限者"), *sums)
    undecided = sum(c.undecided for c in summary.caps)
    note = Text(f"{undecided} proposals without a settled amount are in no sum", f"{undecided} 项金额未定，不计入合计") if undecided else None
    return Section("caps", Text("Penalties and their caps", "处罚上限"), columns, rows, note)


def _sum(state: str, found: PenaltySum) -> str:
    if state != "indeterminate":
        return f"{found.total:,}"
    low = "?" if found.least is None else f"{found.least:,}"
    high = "?" if found.most is None else f"{found.most:,}"
    return f"{low} – {high}"


def _unusable(summary: Summary) -> Section:
    rows = tuple(
        (f, summary.field_titles.get(f, ""), n, _share(n, summary.identity.decided))
        for f, n in list(summary.unusable.items())[:_MANY]
    )
    title = Text("Cells that could not be read", "无法读取的单元格")
    return Section("unusable", title, (_FIELD, _TITLE, _RECORDS, _SHARE), rows, _more(len(summary.unusable)))


def _missing(summary: Summary) -> Section:
    rows = tuple(
        (f, summary.field_titles.get(f, ""), _PARTS.get(rule, rule), n)
        for (rule, f), n in list(summary.missing.items())[:_MANY]
    )
    title = Text("Fields that leave something undecided", "导致无法判定的字段")
    return Section(
        "missing", title, (_FIELD, _TITLE, Text("undecided", "无法判定项"), _RECORDS), rows, _more(len(summary.missing))
    )


def _ids(summary: Summary) -> Section:
    rows: list[tuple[Cell, ...]] = []
    if summary.missing_ids:
        rows.append((Text("records without id", "没有编号的记录"), summary.missing_ids))
    if summary.repeated_ids:
        rows.append((Text("ids that stand more than once", "重复的编号"), summary.repeated_ids))
        rows.append((Text("records with such an id", "涉及的记录"), summary.records_with_repeated_ids))
    return Section("ids", Text("Case numbers", "编号"), (Text("", ""), Text("number", "数量")), tuple(rows))


def _versions(summary: Summary) -> Section:
    total = summary.identity.decided
    rows = tuple((version, n, _share(n, total)) for version, n in summary.versions.items())
    title = Text("Versions of the policy used", "所用制度版本")
    return Section("versions", title, (Text("version", "版本"), _RECORDS, _SHARE), rows)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" … ({len(listed)})" if len(listed) > _MANY * 2 else ""
    return ", ".join(listed[: _MANY * 2]) + more


def _more(count: int, limit: int = _MANY) -> Text | None:
    hidden = count - limit
    return Text(f"and {hidden} more", f"另有 {hidden} 项") if hidden > 0 else None


def _span(span: timedelta | None) -> Cell:
    return "–" if span is None else duration_text(span)


def render_sections(sections: Iterable[Section], language: str) -> str:
    """Plain text, columns aligned, Chinese characters counted as two."""
    return "\n\n".join("\n".join(_drawn(section, language)) for section in sections) + "\n"


def _drawn(section: Section, language: str) -> list[str]:
    head = [c.get(language) for c in section.columns]
    body = [line for row in section.rows for line in _wrapped([_shown(cell, language) for cell in row])]
    widths = [max(_width(line[i]) for line in (head, *body)) for i in range(len(head))]
    right = [all(_numeric(row[i]) for row in section.rows) for i in range(len(head))]
    lines = [section.title.get(language)]
    if any(head):
        lines += [_line(head, widths, right), "  " + "  ".join("-" * w for w in widths)]
    lines += [_line(row, widths, right) for row in body]
    if section.note is not None:
        lines.append("  " + section.note.get(language))
    return lines


def _wrapped(cells: list[str]) -> list[list[str]]:
    """A row whose last cell is long goes on in further lines."""
    lines: list[str] = []
    for word in cells[-1].split(" ") if _width(cells[-1]) > _WIDE else [cells[-1]]:
        if lines and _width(lines[-1]) + 1 + _width(word) <= _WIDE:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return [[*(cells[:-1] if not n else [""] * (len(cells) - 1)), line] for n, line in enumerate(lines)]


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = []
    for text, width, is_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - _width(text))
        padded.append(gap + text if is_right else text + gap)
    return ("  " + "  ".join(padded)).rstrip()


def _shown(cell: Cell, language: str) -> str:
    text = cell.get(language) if isinstance(cell, Text) else f"{cell:,}" if isinstance(cell, int) else cell or ""
    # Column names come from files: nothing of them may steer a terminal.
    return "".join(c if c.isprintable() else " " for c in text)


def _numeric(cell: Cell) -> bool:
    return isinstance(cell, int) or (
        isinstance(cell, str) and (cell[-1:] in ("%", "–") or (cell[:1].isdigit() and "." in cell))
    )


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
