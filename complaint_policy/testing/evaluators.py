"""Whether a table is judged as its records are: all of it, backwards, and in two parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from complaint_policy.decision import Decision
from complaint_policy.errors import RecordError
from complaint_policy.policy import Policy
from complaint_policy.testing.report import Gathering
from complaint_policy.texts import Text

__all__ = ["judged", "try_tables"]

# So many decisions are put into words: that takes longer than making them.
_SHOWN: Final = 40
_Rows = dict[str, dict[str, Any]]
_ADVICE: Final = Text(
    "column and function must give the same, for empty and odd cells too; leave column out where they cannot",
    "column 与 function 的结果须一致（含空值与异常值）；做不到时请去掉 column",
)
_KIND: Final = Text("give a value of the kind declared, or None where it cannot be told", "请返回所声明类型的值，无法判断时返回 None")
_FAILED: Final = Text("the plugin's own fault: mend what it names", "这是插件自身的错误，请按提示修改")


def judged(policy: Policy, records: Sequence[dict[str, Any]], as_of: str, gathering: Gathering) -> list[Decision]:
    """The records one by one; those that are none are left out.  What fails is told."""
    found: list[Decision] = []
    fields = frozenset(name for record in records for name in record)
    for record in records:
        try:
            decision = policy.evaluate(record, as_of=as_of, source_fields=fields)
            if len(found) < _SHOWN:
                decision.to_dict()
                decision.explain("en")
                decision.explain("zh")
        except RecordError:
            continue
        except Exception as error:  # noqa: BLE001  told, with the record's number
            name = type(error).__name__
            problem = Text(f"judging the record {record.get('id')} raised {name}: {error}", f"判定记录{record.get('id')}时抛出{name}：{error}")
            gathering.add("isolation", policy.id, problem, Text("mend what it names", "请按提示修改"))
            continue
        found.append(decision)
        for finding in decision.findings:
            if finding.outcome == "plugin-failed":
                gathering.add("answers", policy.id, finding.message, _KIND)
    return found


def try_tables(policy: Policy, records: Sequence[dict[str, Any]], decisions: Sequence[Decision], as_of: str, gathering: Gathering) -> None:
    """The audit of the records' table held against their decisions."""
    wanted: _Rows = {str(decision.complaint_id): _row(decision) for decision in decisions}
    half = len(records) // 2
    ways = {
        "the table": [list(records)],
        "the table backwards": [list(reversed(records))],
        "the table in two parts": [list(records[:half]), list(records[half:])],
    }
    zh = {"the table": "整表", "the table backwards": "逆序的表", "the table in two parts": "分成两部分的表"}
    for way, parts in ways.items():
        found: _Rows = {}
        for part in parts:
            # Failures are the same whatever the order: they are looked for once.
            found |= _audited(policy, part, as_of, gathering if part is parts[0] and way == "the table" else None)
        for identity in [*wanted, *(i for i in found if i not in wanted)]:
            one, other = wanted.get(identity, {}), found.get(identity, {})
            for column in {**one, **other}:
                if one.get(column) != other.get(column):
                    problem = Text(
                        f"{way} gives {column} = {other.get(column)} for record {identity}, evaluate gives {one.get(column)}",
                        f"{zh[way]}中记录{identity}的{column}为{other.get(column)}，evaluate 为{one.get(column)}",
                    )
                    gathering.add("tables", policy.id, problem, _ADVICE)
                    break


def _audited(policy: Policy, records: list[dict[str, Any]], as_of: str, gathering: Gathering | None) -> _Rows:
    import polars as pl

    if not records:
        return {}
    # A log stands in no cell of texts.
    table: Any = records if "events" in records[0] else pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String))
    audit = policy.audit(table, as_of=as_of)
    rows: _Rows = {}
    for row in audit.decisions.to_dicts():
        cells = {name: _plain(cell) for name, cell in row.items() if name not in ("row", "id")}
        rows[str(row["id"])] = {name: cell for name, cell in cells.items() if cell is not None}
    for section in audit.summary().sections() if gathering is not None else ():
        for failed in section.rows if section.id == "plugin-failures" else ():
            assert gathering is not None
            gathering.add("answers", str(failed[1]), Text("in an audit: ", "审计时：") + failed[2], _FAILED)
    return rows


def _plain(cell: Any) -> Any:
    return cell.astimezone(UTC) if isinstance(cell, datetime) else cell


def _row(decision: Decision) -> dict[str, Any]:
    """What a row of an audit's decisions has, from the decision's own attributes; what is ``None`` is left out."""
    cells: dict[str, Any] = {"status": decision.status, "severity": decision.severity.level, "owner": decision.responsibility.owner}
    for result in decision.judged():
        cells[f"{result.rule}.outcome"] = result.outcome
    for deadline in decision.deadlines:
        cells[f"{deadline.rule}.due_at"] = _plain(deadline.due_at)
    for penalty in decision.penalties:
        cells[f"{penalty.rule}.amount"] = penalty.amount
    return {name: cell for name, cell in cells.items() if cell is not None}
