"""``complaint-policy evaluate``: one record, or a list of them, judged at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from complaint_policy import Decision, RecordError
from complaint_policy.cli.inputs import as_of_text, outcomes_of, policy_of, read_records, read_waivers, warn_of_unknown_fields
from complaint_policy.cli.spec import FAILED, FINE, WRONG, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal
from complaint_policy.cli.views.decisions import print_decision, print_refusal
from complaint_policy.coerce import Unusable, as_text
from complaint_policy.texts import Text

__all__ = ["AS_OF", "COMMAND", "POLICY", "RECORD", "REVEAL", "WAIVERS", "identity_of", "refused_dict"]

POLICY = Argument("POLICY", Text("a file, a folder of versions, or the name of a shipped policy", "文件、存放各版本的文件夹，或内置制度的名称"))
RECORD = Argument(
    "RECORD",
    Text("a JSON or YAML file with one record or a list of them; - is standard input", "含一条记录或记录列表的 JSON 或 YAML 文件；- 为标准输入"),
)
AS_OF = Option(
    ("--as-of",),
    Text("the instant of judgement, ISO 8601 (in the policy's zone where it names none), or now", "判定时刻，ISO 8601（未写时区时按制度的时区），或 now"),
    value="TIME",
    required=True,
)
WAIVERS = Option(("--waivers",), Text("a YAML file of waivers", "豁免清单（YAML 文件）"), value="FILE")
REVEAL = Option(("--reveal",), Text("show values of sensitive fields", "显示敏感字段的值"))


def run(
    terminal: Terminal,
    policy: str,
    record: str,
    as_of: str,
    waivers: str | None,
    fail_on: tuple[str, ...],
    reveal: bool,
    everything: bool,
) -> int:
    """Judge each record; one that cannot be judged does not stop the others."""
    wanted = outcomes_of(fail_on)
    loaded = policy_of(policy, terminal)
    records, many = read_records(record)
    warn_of_unknown_fields(records, loaded, terminal)
    held = read_waivers(loaded, waivers)
    instant = loaded.instant(as_of_text(as_of))
    local = loaded.zone.to_aware(instant)
    status, failing, data = FINE, 0, []
    for position, given in enumerate(records):
        try:
            decision = loaded.evaluate(given, as_of=local, waivers=held)
        except RecordError as error:
            if not many:
                raise
            status = WRONG
            data.append(refused_dict(identity_of(given), error))
            if not terminal.as_json:
                print_refusal(identity_of(given) or f"#{position + 1}", error.reason, terminal)
        else:
            failing += _fails(decision, wanted)
            if terminal.as_json:
                data.append(decision.to_dict(reveal=reveal))
            else:
                print_decision(decision, loaded, terminal, everything=everything, reveal=reveal)
        if not terminal.as_json and position + 1 < len(records):
            terminal.print("")
    if terminal.as_json:
        terminal.json(data if many else data[0])
    if failing and status == FINE:
        return FAILED
    return status


def _fails(decision: Decision, wanted: tuple[str, ...]) -> bool:
    """Whether a rule of the company has one of the outcomes, or the decision as a whole."""
    found = {result.outcome for result in decision.judged() if result.model.is_companys} if decision.in_scope is not False else set()
    return not found.isdisjoint(wanted) or decision.status in wanted


def identity_of(record: Mapping[str, Any]) -> str | None:
    """The id of a record that was not judged, as that of one that was."""
    try:
        return as_text(record.get("id")) or None
    except (Unusable, ValueError):
        return None


def refused_dict(identity: str | None, error: RecordError) -> dict[str, Any]:
    """What stands in a list of decisions in the place of one that could not be made."""
    return {"complaint_id": identity, "error": {"kind": "record", "message": error.reason.to_dict(), "field": error.field}}


COMMAND = Command(
    name="evaluate",
    summary=Text("Judge a record.", "判定一条投诉记录。"),
    text=Text(
        "Judge one record, or a list of records, as things stood at an instant. With --format json: the decision as data.",
        "按指定时刻判定一条或一组投诉记录。--format json 输出判定结果的数据。",
    ),
    run=run,
    arguments=(POLICY, RECORD),
    options=(
        AS_OF,
        WAIVERS,
        Option(
            ("--fail-on",),
            Text(
                "exit with 1 when a rule of the company has one of these outcomes (breached,indeterminate,...)",
                "企业的规则出现这些结果（如 breached,indeterminate）时退出码为 1",
            ),
            value="OUTCOMES",
            many=True,
        ),
        REVEAL,
        Option(("--all", "everything"), Text("show rules that do not apply too", "同时显示不适用的规则")),
    ),
    examples=(
        "complaint-policy evaluate cn/telecom complaint.json --as-of 2026-03-20T09:00",
        "complaint-policy evaluate cn/telecom - --as-of now --format json --fail-on breached < complaint.json",
    ),
)
