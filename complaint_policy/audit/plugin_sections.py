"""What plugins add to an audit's summary: sections of their own, and what of theirs failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from complaint_policy.audit.sections import Section
from complaint_policy.contributed import ReportTable
from complaint_policy.guarded import Failed, Guarded, Refused, Watch, read_only
from complaint_policy.texts import Text, joined, shown_number

__all__ = ["plugin_sections"]

_MOST_PARTS: Final = 50
_MOST_ROWS: Final = 1000
_LONGEST: Final = 500


def plugin_sections(watch: Watch, summary: dict[str, Any]) -> tuple[Section, ...]:
    """The sections of the policy's plugins, in their order, and a last one of failures where there are any."""
    shown = read_only(summary)
    found: list[Section] = []
    for plugin in watch.plugins:
        for section in plugin.report_sections:
            guarded = Guarded(plugin.name, "complaint_policy_report_sections", section.name, section.function, _parts, plugin.strict)
            parts = watch.each(guarded, [(shown,)], {})[0]
            if not isinstance(parts, Failed):
                found += _sections(f"plugin:{plugin.name}:{section.name}", section.title, parts)
    if watch.faults:
        columns = (Text("plugin", "插件"), Text("what", "内容"), Text("cause", "原因"), Text("times", "次数"))
        rows = tuple((fault.plugin, fault.hook, fault.reason, times) for fault, times in watch.faults.items())
        note = Text("What rests on them is undecided, never met.", "依赖于此的结果均为未定，不会判为符合。")
        found.append(Section("plugin-failures", Text("Plugins that failed", "出错的插件"), columns, rows, note))
    return tuple(found)


def _sections(identity: str, title: Text, parts: tuple[Any, ...]) -> Iterator[Section]:
    """One section a table; what is said before it stands under it, as a note."""
    said: list[Text] = []
    tables = [part for part in parts if isinstance(part, ReportTable)]
    for part in parts:
        if isinstance(part, Text):
            said.append(part)
    note = joined(said, " ", "") if said else None
    if not tables:
        yield Section(identity, title, (Text("", ""),), ((note,),)) if note is not None else Section(identity, title, (), ())
        return
    for number, table in enumerate(tables, 1):
        name = title if table.caption is None else Text("{t}: {c}", "{t}：{c}").filled(t=title, c=table.caption)
        yield Section(identity if number == 1 else f"{identity}:{number}", name, table.headings, table.rows, note if number == len(tables) else None)


def _parts(given: Any) -> Any:
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise Refused(Text("texts and tables in a list are expected", "应返回文本和表格的列表"))
    found = list(islice(iter(given), _MOST_PARTS + 1))
    if len(found) > _MOST_PARTS:
        raise Refused(Text(f"more than {_MOST_PARTS} parts", f"超过{_MOST_PARTS}部分"))
    return tuple(_part(part) for part in found)


def _part(part: Any) -> Any:
    if isinstance(part, Text):
        return Text(part.en[: 4 * _LONGEST], part.zh[: 4 * _LONGEST])
    if not isinstance(part, ReportTable) or not all(isinstance(h, Text) for h in part.headings) or not part.headings:
        raise Refused(Text(f"{type(part).__name__} is neither a Text nor a ReportTable", f"{type(part).__name__}既不是Text也不是ReportTable"))
    if len(part.rows) > _MOST_ROWS or any(len(row) != len(part.headings) for row in part.rows):
        raise Refused(Text(f"a table has at most {_MOST_ROWS} rows, each as long as its headings", f"表格至多{_MOST_ROWS}行，且每行与表头等长"))
    return ReportTable(tuple(part.headings), tuple(tuple(_cell(cell) for cell in row) for row in part.rows), part.caption)


def _cell(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return shown_number(cell)
    if cell is None or isinstance(cell, Text) or (isinstance(cell, int) and not isinstance(cell, bool)):
        return cell
    if isinstance(cell, str):
        return cell[:_LONGEST]
    raise Refused(Text(f"{type(cell).__name__} cannot stand in a table", f"{type(cell).__name__}不能作为单元格"))
