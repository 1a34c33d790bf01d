"""A deadline in words: what was due when, by which arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.expressions import nodes as n
from complaint_policy.instants import highest, lowest
from complaint_policy.outcomes import AT_RISK, BREACHED, INDETERMINATE, MET, NOT_APPLICABLE, PENDING
from complaint_policy.possible import NOT_YET, DayEnd
from complaint_policy.results import DeadlineResult
from complaint_policy.rules.deadlines.ledger import Ledger
from complaint_policy.rules.deadlines.ledger_words import ledger_lines
from complaint_policy.texts import Text, joined
from complaint_policy.wording import day_text, duration_iso, duration_text, moment_text

if TYPE_CHECKING:
    from complaint_policy.explaining import Words

__all__ = ["arithmetic", "message", "open_for", "to_dict"]


def to_dict(result: DeadlineResult) -> dict[str, Any]:
    """The shape of one deadline in ``Decision.to_dict()``."""
    shown: dict[str, Any] = {
        "rule": result.rule,
        "outcome": result.outcome,
        # Where only the day is known, the day.
        "from": _iso(result.start or result.started_on),
        "due_at": _iso(result.due_at),
        "due_on": result.due_on.isoformat() if result.due_on else None,
        "done_at": _iso(result.done_at or result.done_on),
        "over_by": duration_iso(result.over_by) if result.over_by is not None else None,
        "provisional": result.provisional,
        "paused": result.paused,
        "missing": list(result.missing),
    }
    if result.due_latest is not None:
        shown["due_latest"] = _iso(result.due_latest)
    if result.at_risk_at is not None:
        shown["at_risk_at"] = _iso(result.at_risk_at)
    if result.step is not None:
        shown["extension"] = result.step
    if result.instances:
        shown["instances"] = [to_dict(one) for one in result.instances]
    return shown


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def message(result: DeadlineResult, words: Words) -> Text:
    """One sentence or two: the duty, its due instant, the act, and by how much it was missed."""
    if result.instances:
        return _repeated(result, words)
    title = result.name
    due = result.due_at
    when = moment_text(due) if due is not None else None
    done = _when(result.done_at, result.done_on)
    if result.outcome == BREACHED and when is not None:
        if done is not None and not result.over_by:
            return Text("{t}: due {d}, done {x}, late.", "{t}：应于{d}前完成，实际{x}完成，已逾期。").filled(t=title, d=when, x=done)
        if done is not None and result.over_by is not None:
            return Text("{t}: due {d}, done {x}, late by {o}.", "{t}：应于{d}前完成，实际{x}完成，逾期{o}。").filled(
                t=title, d=when, x=done, o=duration_text(result.over_by)
            )
        gone = open_for(result, words.decision.as_of)
        if gone is None:
            return Text("{t}: due {d}, not done.", "{t}：应于{d}前完成，尚未完成。").filled(t=title, d=when)
        return Text("{t}: due {d}, not done, late by {o} so far.", "{t}：应于{d}前完成，至判定时刻已逾期{o}，仍未完成。").filled(
            t=title, d=when, o=duration_text(gone)
        )
    if result.outcome in (PENDING, AT_RISK):
        if when is None:
            return Text("{t}: its time has not begun to run.", "{t}：期限尚未起算。").filled(t=title)
        late = Text(" The warning point has passed.", "已过预警点。") if result.outcome == AT_RISK else Text("", "")
        still = Text(" The clock stands still at present.", "目前暂停计时。") if result.paused else Text("", "")
        return Text("{t}: due {d}.", "{t}：应于{d}前完成。").filled(t=title, d=when) + late + still
    if result.outcome == MET and when is not None and done is not None:
        return Text("{t}: due {d}, done {x}.", "{t}：应于{d}前完成，已于{x}完成。").filled(t=title, d=when, x=done)
    if result.outcome == INDETERMINATE and result.reason is not None:
        return Text("{t}: cannot be decided: {r}.", "{t}：{r}，无法判定。").filled(t=title, r=result.reason)
    if result.outcome == INDETERMINATE and result.start is not None and result.done_at is not None and result.done_at < result.start:
        return Text(
            "{t}: cannot be decided: done {x}, before it began {s} ({m}).", "{t}：完成时间{x}早于起算时间{s}（{m}），无法判定。"
        ).filled(t=title, x=done, s=moment_text(result.start), m=words.fields(result.missing))
    if result.outcome == INDETERMINATE:
        return Text("{t}: cannot be decided without {m}.", "{t}：缺少{m}，无法判定。").filled(t=title, m=words.fields(result.missing))
    if result.outcome == NOT_APPLICABLE:
        why = Text(" ({r})", "（{r}）").filled(r=result.reason) if result.reason is not None else Text("", "")
        return Text("{t}: does not apply", "{t}：不适用").filled(t=title) + why + Text(".", "。")
    return words.settled(result)


def _repeated(result: DeadlineResult, words: Words) -> Text:
    """Of a duty that begins anew: how often it began and was broken, and what is due next."""
    broken = sum(one.outcome == BREACHED for one in result.instances)
    times = sum(one.would_be is None for one in result.instances)  # not those of which that is unknown
    text = Text("{t}: began {n} {w}, late {b}", "{t}：起算{n}次，逾期{b}次").filled(
        t=result.name, n=times, w="time" if times == 1 else "times", b=broken
    )
    if any(one.outcome in (PENDING, AT_RISK) for one in result.instances) and result.due_at is not None:
        text += Text("; next due {d}", "；下次应于{d}前完成").filled(d=moment_text(result.due_at))
    if result.outcome == INDETERMINATE:
        text += Text("; cannot be decided without {m}", "；缺少{m}，无法判定").filled(m=words.fields(result.missing))
    return text + Text(".", "。")


def open_for(result: DeadlineResult, as_of: datetime) -> timedelta | None:
    """How long a breach has stood open at that aware instant; ``None`` for what is done or not late; the least where several due instants are possible."""
    due = highest(result.due)
    if result.outcome != BREACHED or result.done is not NOT_YET or due is None:
        return None
    gone = as_of.astimezone(UTC).replace(tzinfo=None) - (due.boundary if isinstance(due, DayEnd) else due)
    return gone if gone > timedelta(0) else None


def _when(moment: datetime | None, day: date | None) -> Text | None:
    """A time, or only its day."""
    if moment is not None:
        return moment_text(moment)
    return day_text(day) if day is not None else None


# --------------------------------------------------------------------------- arithmetic
_FIRST_DAY: Final = Text("the first day does not count", "起始日不计入")
_FIRST_DAY_IN: Final = Text("the first day counts", "起始日计入")
_ENDS: Final = {
    "end_of_day": Text("the limit ends with the last day", "期限至最后一日24时止"),
    "same_time": Text("the limit ends at the same time of day", "期限至最后一日的同一时刻止"),
    "close_of_business": Text("the limit ends at the close of business", "期限至最后一日停止业务活动时止"),
}


def arithmetic(result: DeadlineResult, words: Words) -> list[Text]:
    """The steps from the start to the due instant, in order."""
    begun = lowest(result.begun)
    rule: Any = result.model
    if begun is None:
        return [Text("not started: {s} has not happened", "尚未起算：{s}尚未发生").filled(s=words.instant(rule.start))] if result.begun is NOT_YET else []
    start = _when(result.start, result.started_on) or moment_text(words.zone.to_aware(begun))
    if isinstance(rule.start, n.Each):  # which of them began it is told by the time
        lines = [Text("counted from {t}", "自{t}起算").filled(t=start)]
    else:
        lines = [Text("counted from {n}: {t}", "自{n}起算：{t}").filled(n=words.instant(rule.start), t=start)]
    found = words.ledger(result)
    if found is not None:
        lines += [_limit(found, rule, words), *ledger_lines(found, rule, words)]
    elif result.due_at is not None:
        lines.append(Text("limit: {l}", "期限：{l}").filled(l=words.instant(rule.within)))
        lines += words.pauses(result)
    if result.step is not None:
        lines.append(Text("extension '{s}' holds", "适用延期“{s}”").filled(s=result.step))
    if result.due_at is not None:
        lines.append(Text("due: {d}", "到期：{d}").filled(d=moment_text(result.due_at)))
    if result.due_latest is not None:
        lines.append(Text("at the latest: {d}", "最迟：{d}").filled(d=moment_text(result.due_latest)))
    if result.provisional:
        lines.append(Text("provisional: the calendar is not announced that far", "暂定：该日期的节假日安排尚未公布"))
    return lines


def _limit(found: Ledger, rule: Any, words: Words) -> Text:
    """The limit in force, and the conventions it is counted by."""
    counted = found.counted
    parts = [Text("limit: {l}", "期限：{l}").filled(l=found.length.text)]
    if not isinstance(counted.base, n.RuleStart):
        template = Text("{a} ahead of {b}", "{b}前{a}") if counted.ahead else Text("{a} from {b}", "{b}起{a}")
        parts = [template.filled(a=parts[0], b=words.instant(counted.base))]
    if found.length.counts_days and not found.length.same_day:
        parts.append(_FIRST_DAY_IN if counted.counting.first_day == "included" else _FIRST_DAY)
        parts.append(_ENDS[counted.counting.ends])
    return joined(parts)
