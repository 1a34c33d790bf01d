"""``complaint-policy audit``: a file of records held against a policy, and the summary a manager reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text as Line

from complaint_policy import Policy, load_policy
from complaint_policy.cli.commands.evaluate import AS_OF, WAIVERS
from complaint_policy.cli.inputs import as_of_text, outcomes_of, policy_of, read_waivers, words_of
from complaint_policy.cli.spec import FAILED, FINE, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.figures import print_figure
from complaint_policy.errors import UsageError
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from complaint_policy.audit import Audit, ColumnMapping

__all__ = ["COMMAND"]

REJECTED: Final = "rejected"
FINDINGS: Final = "findings"


def run(
    terminal: Terminal,
    file: tuple[str, ...],
    as_of: str,
    mapping: str | None,
    output: str | None,
    rejects: str | None,
    waivers: str | None,
    fail_on: tuple[str, ...],
    columns: tuple[str, ...],
    register: str | None,
    since: str | None,
    history: str | None,
    events: str | None,
    events_mapping: str | None,
    exposure: str | None,
    figure: str | None,
    part: tuple[str, ...],
    lists: tuple[str, ...],
    list_mappings: tuple[str, ...],
    findings: str | None,
) -> int:
    """Audit one file; the decisions are written while they are made."""
    wanted = outcomes_of(fail_on, also=(REJECTED, FINDINGS))
    if part and figure is None:
        raise UsageError(Text("--part belongs to --figure", "--part 须与 --figure 同用"))
    if len(file) > 2:
        raise UsageError(Text(f"too many arguments: {' '.join(file[2:])}", f"多余的参数：{' '.join(file[2:])}"))
    from complaint_policy.audit import load_mapping, run_audit
    from complaint_policy.audit.history import COUNTED

    read = load_mapping(mapping) if mapping is not None else None
    policy = policy_of(file[0], terminal) if len(file) == 2 else _policy_of_mapping(read, terminal)
    named = _named(lists, list_mappings)
    sources = (*file, mapping, waivers, register, events, events_mapping, exposure, *(path for pair in named.values() for path in pair))
    _check_targets({"--output": output, "--rejects": rejects, "--findings": findings}, [path for path in sources if path is not None])
    with _progress(terminal, file[-1]) as progress:
        audit = run_audit(
            policy,
            Path(file[-1]),
            as_of=policy.zone.to_aware(policy.instant(as_of_text(as_of))),
            mapping=read,
            waivers=read_waivers(policy, waivers),
            progress=progress,
            columns=words_of(columns),
            events=Path(events) if events is not None else None,
            events_mapping=events_mapping,
            decisions_to=output,
            keep=False,
            register=register,
            since=since,
            history=history or COUNTED,
            exposures=exposure,
            lists={name: (Path(given), Path(how) if how is not None else None) for name, (given, how) in named.items()},
        )
    if rejects is not None:
        audit.write_rejected(rejects)
    if findings is not None:
        audit.write_findings(findings)
    failing = _failing(audit, policy, wanted)
    if figure is None:
        _show(audit, policy, terminal, {"decisions": output, "rejected": rejects, "findings": findings})
    else:
        print_figure(audit, figure, words_of(part), terminal)
    for outcome, times in failing.items():
        terminal.note(
            Line(terminal.t(f"--fail-on {outcome}: found {times:,} time{'' if times == 1 else 's'}", f"--fail-on {outcome}：出现{times:,}次"), style="bold red")
        )
    return FAILED if failing else FINE


def _policy_of_mapping(mapping: ColumnMapping | None, terminal: Terminal) -> Policy:
    reference = mapping.policy_reference() if mapping is not None else None
    if reference is None:
        raise UsageError(Text("name the policy: POLICY FILE, or a --mapping that has 'policy'", "请给出制度：POLICY FILE，或使用写有 policy 的 --mapping"))
    return load_policy(reference, plugins=terminal.manager)


def _named(lists: tuple[str, ...], mappings: tuple[str, ...]) -> dict[str, tuple[str, str | None]]:
    """The lists of ``--list NAME=FILE`` with the mappings of ``--list-mapping NAME=FILE``."""
    pairs = [dict(_pair(given) for given in part) for part in (lists, mappings)]
    for name in pairs[1].keys() - pairs[0].keys():
        raise UsageError(Text(f"--list-mapping: there is no --list '{name}'", f"--list-mapping：没有 --list “{name}”"))
    return {name: (path, pairs[1].get(name)) for name, path in pairs[0].items()}


def _pair(given: str) -> tuple[str, str]:
    name, sign, path = given.partition("=")
    if not (name and sign and path):
        raise UsageError(Text(f"'{given}': write NAME=FILE, as in hotline=hotline.csv", f"“{given}”：请写 NAME=FILE，例如 hotline=hotline.csv"))
    return name, path


def _check_targets(targets: dict[str, str | None], sources: list[str]) -> None:
    """An audit writes over nothing it reads, and writes no two tables to one file; asked before the work is done."""
    from complaint_policy.audit.writing import check_target

    taken: dict[Path, str] = {}
    for option, path in targets.items():
        if path is None:
            continue
        check_target(path, sources)
        first = taken.setdefault(Path(path).resolve(), option)
        if first != option:
            raise UsageError(Text(f"{first} and {option} name the same file, '{path}'", f"{first} 与 {option} 是同一文件“{path}”"))


def _failing(audit: Audit, policy: Policy, wanted: tuple[str, ...]) -> dict[str, int]:
    """How often each outcome asked for was found among the company's rules."""
    summary = audit.summary()
    companys = {rule.id for version in policy.versions for rule in version.model.all_rules() if rule.is_companys}
    found: dict[str, int] = {}
    for outcome in wanted:
        if outcome == REJECTED:
            times = summary.identity.rejected + (summary.events.unreadable if summary.events is not None else 0)
        elif outcome == FINDINGS:
            times = audit.findings.height
        else:
            of_rules = sum(counts.get(outcome, 0) for rule, counts in summary.outcomes.items() if rule in companys)
            figures = sum(figure.outcome == outcome for figures in summary.portfolio.values() for figure in figures)
            times = max(of_rules, summary.status.get(outcome, 0)) + figures
            times += sum(r.outcome == outcome and r.model.is_companys for r in audit.schedules.results) if audit.schedules is not None else 0
        if times:
            found[outcome] = times
    return found


@contextmanager
def _progress(terminal: Terminal, name: str) -> Iterator[Callable[[int, float | None], None] | None]:
    """A bar on standard error, where that is a terminal; it leaves nothing behind."""
    if not terminal.err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    rows = TextColumn("{task.fields[rows]}")
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), rows, TimeElapsedColumn(), console=terminal.err, transient=True)
    with bar:
        task = bar.add_task(visible(Path(name).name), total=1.0, rows="")

        def report(rows_read: int, share: float | None) -> None:
            counted = terminal.t(f"{rows_read:,} rows", f"{rows_read:,} 行")
            bar.update(task, total=None if share is None else 1.0, completed=share or 0.0, rows=counted)

        yield report


_MANY: Final = 10_000
_WRITTEN: Final = {"decisions": Text("decisions", "判定结果"), "rejected": Text("rejected rows", "未采用的行"), "findings": Text("findings", "核查发现")}


def _show(audit: Audit, policy: Policy, terminal: Terminal, written: dict[str, str | None]) -> None:
    summary = audit.summary()
    if terminal.as_json:
        shown: dict[str, Any] = {**summary.to_dict(), "written": written, "notes": [note.to_dict() for note in audit.notes]}
        terminal.json(shown)
        return
    from complaint_policy.cli.views.summaries import print_summary

    print_summary(summary.sections(), terminal)
    # How a few records were judged is nobody's concern; what plugins did always is.
    if summary.identity.rows >= _MANY or any(version.model.plugins for version in policy.versions):
        for note in audit.notes:
            terminal.note(Line(visible(note.get(terminal.language))))
    for name, path in written.items():
        if path is not None:
            terminal.note(Line(visible(Text("{l} written: {p}", "{l}已写入：{p}").filled(l=_WRITTEN[name], p=path).get(terminal.language))))


COMMAND = Command(
    name="audit",
    summary=Text("Judge a file of records and summarise.", "审计一份记录文件并汇总。"),
    text=Text(
        "Hold every record of a file (CSV, TSV, JSON, JSON Lines, Parquet, XLSX, each also .gz) against a policy as things stood at an instant, "
        "and print a summary. Every source row is accounted for. POLICY may be left out when the mapping names one. Needs the extra 'audit'.",
        "按指定时刻用制度判定文件（CSV、TSV、JSON、JSON Lines、Parquet、XLSX，均可为 .gz）中的每条记录，并输出汇总。"
        "每一行源数据都有去向。映射文件写明制度时可省略 POLICY。需要安装 audit 附加组件。",
    ),
    run=run,
    arguments=(Argument("FILE", Text("the policy (see check) and the file of records", "制度（同 check）和记录文件"), many=True, shown="[POLICY] FILE"),),
    options=(
        AS_OF,
        Option(("--mapping", "-m"), Text("the mapping file: which column is which field", "映射文件：哪一列对应哪个字段"), value="FILE"),
        Option(("--events",), Text("a second file, one row an event, joined to the records by id", "第二份文件：每行一个事件，按编号并入记录"), value="FILE"),
        Option(("--events-mapping",), Text("the mapping file of the events: id, at, kind, to", "事件文件的映射：id、at、kind、to 等"), value="FILE"),
        Option(("--output", "-o"), Text("write the decisions: .csv .jsonl .parquet .xlsx", "写出判定结果：.csv .jsonl .parquet .xlsx"), value="FILE"),
        Option(("--rejects",), Text("write the rejected rows, likewise", "同样格式写出未采用的行"), value="FILE"),
        WAIVERS,
        Option(
            ("--fail-on",),
            Text(
                "exit with 1 when a rule of the company has one of these outcomes (breached,indeterminate,...), rows were rejected (rejected), "
                "or something was found about the file as a whole (findings)",
                "企业的规则出现这些结果（如 breached,indeterminate）、有未采用的行（rejected）或全表核查有发现（findings）时退出码为 1",
            ),
            value="OUTCOMES",
            many=True,
        ),
        Option(
            ("--exposure",),
            Text(
                "the exposure table of the policy's rates: period, groups, a column for each exposure",
                "制度中 rate 指标的基数表：period、分组列，以及每个基数一列",
            ),
            value="FILE",
        ),
        Option(
            ("--figure",),
            Text(
                "instead of the summary, the records behind the figures of this portfolio rule",
                "不输出汇总，改为列出该总体指标所依据的记录",
            ),
            value="RULE",
        ),
        Option(
            ("--part",),
            Text(
                "of these records only: numerator, rest, among, undecided, excluded, unstated",
                "只列出：numerator（分子）、rest（分母中其余）、among（分母）、undecided（未定）、excluded（除外）、unstated（无数值）",
            ),
            value="PARTS",
            many=True,
        ),
        Option(
            ("--columns",),
            Text(
                "further columns of the decisions: severity.possible, missing, without_waiver",
                "判定结果中增加的列：severity.possible、missing、without_waiver",
            ),
            value="COLUMNS",
            many=True,
        ),
        Option(
            ("--register",),
            Text("judge the schedules by this register: columns schedule, period, at", "按此登记表（列：schedule、period、at）判定定期义务"),
            value="FILE",
        ),
        Option(
            ("--since",),
            Text("judge the schedules for every period with a day from this one on", "自该日起逐期判定定期义务"),
            value="DAY",
        ),
        Option(
            ("--history",),
            Text(
                "given: take the counts of earlier records from columns of the file, and merge nothing (unless written: counted)",
                "given：采用文件中已有的此前记录计数，且不合并记录（默认 counted）",
            ),
            value="HOW",
        ),
        Option(
            ("--list", "lists"),
            Text("a list the policy reconciles with, as in hotline=hotline.csv", "制度所核对的清单，例如 hotline=hotline.csv"),
            value="NAME=FILE",
            many=True,
        ),
        Option(
            ("--list-mapping", "list_mappings"),
            Text("the mapping of a list, as in hotline=hotline.yaml", "清单的映射文件，例如 hotline=hotline.yaml"),
            value="NAME=FILE",
            many=True,
        ),
        Option(
            ("--findings",),
            Text("write what was found about the file as a whole: numbers, lists", "写出全表核查的发现：编号、清单核对"),
            value="FILE",
        ),
    ),
    examples=(
        "complaint-policy audit ./policy complaints.csv --as-of 2026-07-31T18:00 --register register.csv --since 2026-01-01",
        "complaint-policy audit cn/telecom complaints.csv --as-of 2026-03-31T18:00 --mapping mapping.yaml",
        "complaint-policy audit complaints.xlsx -m mapping.yaml --as-of now -o decisions.parquet --fail-on breached",
        "complaint-policy audit policy.yaml complaints.csv --as-of now --figure PF-followup --part rest",
    ),
)
