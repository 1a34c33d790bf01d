"""The tables of a summary about schedules: what each period gave, what is due next, and rows of the register set aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from complaint_policy.audit.sections import Cell, Section
from complaint_policy.instants import lowest
from complaint_policy.outcomes import EXEMPT, MET, NOT_APPLICABLE, OUTCOME_TEXTS
from complaint_policy.possible import DayEnd
from complaint_policy.texts import Text
from complaint_policy.wording import duration_text, name_list, period_text

if TYPE_CHECKING:
    from complaint_policy.audit.summary import Summary
    from complaint_policy.rules.schedules.looked_at import Schedules
    from complaint_policy.rules.schedules.result import ScheduleResult

__all__ = ["schedule_sections"]

_MOST: Final = 30
_TITLE: Final = Text("title", "名称")
_PERIOD: Final = Text("period", "期间")
_DUE: Final = Text("due", "到期")


def schedule_sections(summary: Summary) -> Iterator[Section]:
    """None where the audit was not asked for schedules."""
    found = summary.schedules
    if found is not None:
        yield from (_results(found), _next_due(found), _register(found))


def _results(found: Schedules) -> Section:
    """Every period looked at, what calls for somebody first."""
    calling = sorted(found.results, key=lambda r: r.outcome in (MET, NOT_APPLICABLE, EXEMPT))
    rows: list[tuple[Cell, ...]] = []
    for r in calling[:_MOST]:
        done = _moment(r.done_at) if r.done_at is not None or r.done_on is None else r.done_on.isoformat()
        late = r.over_by or r.open_for
        mark = Text("", "") if r.model.is_companys else Text(" *", " *")
        span: Cell = "–" if late is None else duration_text(late)
        rows.append((r.model.name + mark, period_text(r.period), _due(r), done, span, OUTCOME_TEXTS[r.outcome]))
    columns = (_TITLE, _PERIOD, _DUE, Text("done", "完成"), Text("late by", "逾期"), Text("outcome", "结果"))
    lacking = sorted({name for r in found.results for name in r.missing})
    note = Text("undecided for want of {m}", "无法判定的各期缺少：{m}").filled(m=name_list(lacking)) if lacking else None
    return Section("schedules", Text("Duties that come back", "定期义务"), columns, tuple(rows), _more(len(found.results)) or note)


def _next_due(found: Schedules) -> Section:
    rows = tuple((r.model.name, period_text(r.period), _due(r)) for r in found.next_due)
    return Section("next_due", Text("Due next", "下一次到期"), (_TITLE, _PERIOD, _DUE), rows)


def _register(found: Schedules) -> Section:
    """Rows of the register that stand for no period, or not for sure."""
    rows = tuple(("–" if f.row is None else str(f.row), f.message) for f in found.findings[:_MOST])
    title = Text("Rows of the register that were set aside", "登记表中未计入的行")
    return Section("register", title, (Text("row", "行"), Text("why", "原因")), rows, _more(len(found.findings)))


def _due(result: ScheduleResult) -> str:
    """A day where the limit ends with one."""
    return result.due_on.isoformat() if isinstance(lowest(result.due), DayEnd) and result.due_on is not None else _moment(result.due_at)


def _moment(moment: datetime | None) -> str:
    """A local time, the same in both languages; seconds only where there are any."""
    if moment is None:
        return "–"
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


def _more(count: int) -> Text | None:
    hidden = count - _MOST
    return Text(f"and {hidden} more", f"另有 {hidden} 项") if hidden > 0 else None
