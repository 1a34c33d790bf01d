"""A decision in data and in words."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from complaint_policy.event_log import Log
from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.findings import Block, Finding
from complaint_policy.instants import local
from complaint_policy.model import fields_below, levels_below
from complaint_policy.outcomes import AT_RISK, BREACHED, EXEMPT, INDETERMINATE, MET, NOT_APPLICABLE, OUTCOME_TEXTS, WAIVED
from complaint_policy.plugin_findings import evidence_dict, evidence_texts, plugin_findings, plugin_versions
from complaint_policy.possible import NOT_YET, Growing, Interval
from complaint_policy.results import DeadlineResult, Judged, times_of
from complaint_policy.rules.deadlines.explain import arithmetic as deadline_arithmetic
from complaint_policy.rules.deadlines.ledger import Ledger, ledger
from complaint_policy.rules.penalties.explain import arithmetic as penalty_arithmetic
from complaint_policy.texts import Language, Text, joined
from complaint_policy.versions import engine_versions
from complaint_policy.waivers import waived_dict
from complaint_policy.wording import SOURCE_TEXTS, STATE_TEXTS, cited, moment_text, name_list, plain_day_text, role_text

if TYPE_CHECKING:
    from complaint_policy.decision import Decision

__all__ = ["Words", "blocks", "decision_dict", "explain", "findings"]

# Outcomes a person should see.
_SHOWN: Final = (BREACHED, INDETERMINATE, AT_RISK, WAIVED)


class Words(Describer):
    """The words of one decision: its policy's titles, its record's values."""

    def __init__(self, decision: Decision) -> None:
        model = decision._compiled.model
        severity = model.section("severity")
        levels = {rank: severity.title_of(level) for rank, level in enumerate(severity.levels)}
        super().__init__(model.titles(), levels, {rule.id: rule.name for rule in model.all_rules()}, model.value_titles(), yes_or_no=model.yes_or_no())
        self.decision = decision
        self.zone = decision._compiled.zone

    def field(self, name: str) -> Text:
        """A field as a person looks for it: its title and name."""
        title = self.titles.get(name)
        if title is None:
            return Text(name, name)
        return Text(name if title.en == name else f"{title.en} ({name})", name if title.zh == name else f"{title.zh}（{name}）")

    def fields(self, names: tuple[str, ...]) -> Text:
        return joined([self.field(name) for name in names], ", ", "、") if names else Text("further facts", "其他信息")

    def roles(self, names: Iterable[str]) -> Text:
        """Departments and roles by their titles, where the policy gives them."""
        known = self.decision._compiled.model.roles
        return joined([role_text(name, known) for name in names], ", ", "、")

    def settled(self, result: Judged) -> Text:
        """A result that needs no more words than its outcome and reason."""
        text = Text("{t}: {o}", "{t}：{o}").filled(t=result.name, o=OUTCOME_TEXTS[result.outcome])
        if result.reason is not None:
            text += Text(" ({r})", "（{r}）").filled(r=result.reason)
        return text + Text(".", "。")

    def pauses(self, result: DeadlineResult) -> list[Text]:
        """The stretches during which the clock stood still."""
        state = self.decision._state
        lines: list[Text] = []
        for name in _pause_names(result.model):
            value = state[self.decision._compiled.slots[f"field:{name}"]]
            for low, high in value if isinstance(value, tuple) else ():
                until = moment_text(self.zone.to_aware(high)) if high is not None else Text("now", "目前")
                start = moment_text(self.zone.to_aware(low))
                lines.append(Text("clock stopped: {n}, {a} to {b}", "暂停计时：{n}，{a}至{b}").filled(n=self.name(name), a=start, b=until))
        return lines

    def ledger(self, result: DeadlineResult) -> Ledger | None:
        """The clock of a deadline, stretch by stretch."""
        return ledger(result, self.decision._state, self.decision._compiled.setting)

    def decided(self, name: str) -> Text:
        """The severity or owner of the decision, or those that are possible."""
        severity, owner = self.decision.severity, self.decision.responsibility
        if name == "owner":
            shown = [self.roles((one,)) for one in ((owner.owner,) if owner.owner is not None else owner.candidates)]
        else:
            levels = (severity.level,) if severity.level is not None else severity.possible
            shown = [self.decision._compiled.model.section("severity").title_of(level) for level in levels]
        return joined(shown, " or ", "或") if shown else Text("missing", "缺失")

    def held(self, name: str) -> Any:
        """What a field was read as."""
        slot = self.decision._compiled.slots.get(f"field:{name}")
        return self.decision._state[slot] if slot is not None else None

    def value_of(self, name: str, *, reveal: bool) -> Text:
        """What the record says of a field."""
        declared = self.decision._compiled.model.fields[name]
        held = self.held(name)
        if isinstance(held, Log):
            text = Text(f"{held.size} entries", f"{held.size}条")
            return text if held.fault is None else text + Text(" (", "（") + held.fault + Text(")", "）")
        if name in self.decision.unusable:
            return Text("unusable: ", "无法使用：") + self.decision.unusable[name]
        value = held
        if value is NOT_YET:
            return Text("not yet", "尚未发生")
        moment = local(value, self.zone)
        if moment is not None:
            return moment_text(moment)
        if isinstance(value, (bool, int, Decimal, str)):
            if declared.sensitive and not reveal:
                return Text("(withheld)", "（不显示）")
            return dict(declared.titles).get(value) or n.literal_text(value) if isinstance(value, str) else n.literal_text(value)
        if isinstance(value, tuple):
            return Text(f"{len(value)} entries", f"{len(value)}项")
        if isinstance(value, Interval):
            return plain_day_text(self.zone.to_wall(value.low).date())
        return Text("missing", "缺失")


def _pause_names(rule: Any) -> list[str]:
    return list(dict.fromkeys(part.name for span in rule.pauses for part in n.walk(span) if isinstance(part, n.NamedSpan)))


# --------------------------------------------------------------------------- findings
def findings(decision: Decision, *, reveal: bool = False) -> tuple[Finding, ...]:
    """In the order of the policy: what is breached, undecided, at risk or waived; penalties; notes on the record."""
    words = Words(decision)
    found: list[Finding] = []
    if decision.in_scope is not False:
        kinds = {kind.key: kind for kind in decision._compiled.kinds}
        for key, kind in kinds.items():
            for result in (one for r in decision._results(key) for one in times_of(r)) if kind.judged else ():
                if result.outcome in _SHOWN and kind.message is not None:
                    found.append(Finding(result.rule, result.outcome, kind.message(result, words) + _laxer(result.model), _source(result)))
        propose = kinds["penalties"].message if "penalties" in kinds else None
        if propose is not None:
            found += [Finding(p.rule, p.state, propose(p, words), _source(p)) for p in decision.penalties]
        found += _differences(decision, words)
    found += _record_notes(decision, words)
    return tuple(found + plugin_findings(decision, reveal=reveal))


def _laxer(rule: Any) -> Text:
    """What a finding adds where its rule is laxer than the base's on purpose."""
    if rule.laxer is None:
        return Text("", "")
    return Text(" (Laxer than the policy it extends: {r})", "（宽于所扩展的制度：{r}）").filled(r=laxer_text(rule.laxer))


def _source(result: Any) -> dict[str, str | None] | None:
    source = result.model.source
    return source.to_dict() if source is not None else None


def _differences(decision: Decision, words: Words) -> list[Finding]:
    """What the record says against what the policy says; the computed one rules."""
    compiled, state = decision._compiled, decision._state
    found: list[Finding] = []
    severity = decision.severity
    recorded = state[compiled.slots["field:recorded_severity"]]
    if isinstance(recorded, str) and severity.possible and recorded not in severity.possible:
        ranks = [r for r, level in enumerate(compiled.model.section("severity").levels) if level in severity.possible]
        if recorded not in {title for r in ranks for title in (words.levels[r].en, words.levels[r].zh)}:
            message = Text("Severity on record: {a}; by the policy: {b}.", "登记的等级为{a}，按制度应为{b}。").filled(
                a=recorded, b=name_list(severity.possible)
            )
            found.append(Finding("severity", "differs", message))
    owner = decision.responsibility
    recorded = state[compiled.slots["field:recorded_owner"]]
    if isinstance(recorded, str) and owner.candidates and recorded not in owner.candidates:
        message = Text("Owner on record: {a}; by the policy: {b}.", "登记的责任方为{a}，按制度应为{b}。").filled(a=recorded, b=words.roles(owner.candidates))
        found.append(Finding("responsibility", "differs", message))
    return found


def _record_notes(decision: Decision, words: Words) -> list[Finding]:
    found: list[Finding] = list(decision._notes)
    moved = decision._origin.transition
    if moved is not None:
        said = Text("Judged by the version of {v} by its transition: {r}.", "依过渡条款适用{v}的版本：{r}。")
        if moved.use == "previous":
            said = Text("Judged by the version of {v}, as the next one's transition says: {r}.", "依后一版本的过渡条款适用{v}的版本：{r}。")
        message = said.filled(v=decision.policy_version, r=laxer_text(moved))
        found.append(Finding("record", "transition", message, moved.source.to_dict() if moved.source is not None else None))
    if decision._state[decision._compiled.received_slot] is NOT_YET:
        found.append(Finding("record", "not_yet_received", Text("The complaint is received after the moment of judgement.", "该投诉的收到时间晚于判定时刻。")))
    for name, reason in decision.unusable.items():
        whole = not isinstance(words.held(name), Log)
        said = Text("{f} cannot be used: {r}.", "{f}无法使用：{r}。") if whole else Text("{f} cannot be used in part: {r}.", "{f}部分无法使用：{r}。")
        message = said.filled(f=words.field(name), r=reason)
        found.append(Finding("record", "unusable", message))
    return found


# --------------------------------------------------------------------------- blocks
def blocks(decision: Decision, event: str) -> tuple[Block, ...]:
    """The requirements before an event that do not hold now, what each waits for, and who owes it."""
    decision._policy._event(event)
    words = Words(decision)
    found: list[Block] = []
    for result in decision.requirements:
        rule: Any = result.model
        if rule.event != event or result.outcome in (MET, NOT_APPLICABLE, EXEMPT, WAIVED):
            continue
        names = _unfilled(decision, rule)
        by = decision.responsibility.owner if rule.is_companys else rule.duty_of
        text = Text("{t}: {c}", "{t}：{c}").filled(t=rule.name, c=words.condition(rule.require))
        if names:
            text += Text("; missing: {f}", "；缺少：{f}").filled(f=words.fields(names))
        found.append(Block(result.rule, result.outcome, names, by, text))
    return tuple(found)


def _unfilled(decision: Decision, rule: Any) -> tuple[str, ...]:
    """The fields a requirement looks at that the record does not have."""
    slots, state = decision._compiled.slots, decision._state
    names = dict.fromkeys(name for part in (rule.when, rule.require) for name in fields_below(part, decision._compiled.model))
    return tuple(name for name in names if _lacks(state[slots[f"field:{name}"]]))


def _lacks(value: Any) -> bool:
    return value is NOT_YET or hasattr(value, "options")


# --------------------------------------------------------------------------- data
def decision_dict(decision: Decision, *, reveal: bool) -> dict[str, Any]:
    """The shape of section 5 of the design; times ISO 8601 with offset, money as decimal texts."""
    compiled = decision._compiled
    severity, owner = decision.severity, decision.responsibility
    shown: dict[str, Any] = {
        "complaint_id": decision.complaint_id,
        "as_of": decision.as_of.isoformat(),
        "policy": {"id": compiled.model.id, "version": decision.policy_version, "digest": compiled.digest},
        "engine": {**engine_versions(), "plugins": plugin_versions(decision)},
        "status": decision.status,
        "severity": {
            "level": severity.level,
            "rank": severity.rank,
            "rule": severity.rule,
            "possible": list(severity.possible),
            "at_least": severity.at_least,
            "missing": list(severity.missing),
        },
        "responsibility": {
            "owner": owner.owner,
            "candidates": list(owner.candidates),
            "accountable": owner.accountable,
            "consulted": list(owner.consulted),
            "informed": list(owner.informed),
            "escalate_to": list(owner.escalate_to),
            "rule": owner.rule,
            "missing": list(owner.missing),
        },
    }
    for kind in compiled.kinds:
        if kind.to_dict is None:
            continue
        results = decision.penalties if kind.key == "penalties" else decision._results(kind.key)
        shown[kind.key] = [_with_common(kind.to_dict(result), result, reveal) for result in results]
    shown["waivers"] = waived_dict(decision._state[compiled.setting.waivers], compiled.zone)
    if compiled.model.classifiers:
        shown["evidence"] = evidence_dict(decision, reveal=reveal)
    shown["findings"] = [finding.to_dict() for finding in (findings(decision, reveal=True) if reveal else decision.findings)]
    return shown


def _with_common(shown: dict[str, Any], result: Any, reveal: bool) -> dict[str, Any]:
    if isinstance(result, Judged):
        if result.would_be is not None:
            shown["would_be"] = result.would_be
        if result.without_waiver is not None:
            shown["without_waiver"] = result.without_waiver
        if result.reason is not None and "reason" not in shown:
            shown["reason"] = result.reason.to_dict()
        if not result.model.is_companys:
            shown["duty_of"] = result.model.duty_of
        for part, one in zip(shown.get("instances", ()), getattr(result, "instances", ()), strict=True):
            _with_common(part, one, reveal)
    elif reveal and getattr(result, "charge", None) is not None:
        shown["charge"]["name"] = result.charge.name
    return shown


# --------------------------------------------------------------------------- text
def explain(decision: Decision, language: Language, *, reveal: bool) -> str:
    """The decision as a text: the result, then each rule with its clause, values and arithmetic."""
    words = Words(decision)
    lines: list[Text] = [*_heading(decision, words), Text("", "")]
    if decision.in_scope is False:
        lines.append(Text("The policy does not speak of this complaint: it is out of scope.", "该投诉不在制度适用范围内。"))
    else:
        for kind in decision._compiled.kinds:
            results = decision.penalties if kind.key == "penalties" else decision._results(kind.key) if kind.judged else ()
            if not results:
                continue
            lines.append(Text("{t}", "{t}").filled(t=kind.title))
            for result in results:
                lines += _rule_lines(kind, result, words, reveal)
            lines.append(Text("", ""))
    notes = [f.message for f in (*_differences(decision, words), *_record_notes(decision, words), *plugin_findings(decision, reveal=reveal))]
    if notes:
        lines += [Text("Notes", "说明"), *(Text("  • ", "  • ") + note for note in notes)]
    return "\n".join(line.get(language).rstrip() for line in lines).rstrip() + "\n"


def _heading(decision: Decision, words: Words) -> list[Text]:
    model = decision._compiled.model
    identity = decision.complaint_id or "?"
    severity, owner = decision.severity, decision.responsibility
    lines = [
        Text("Complaint {i}: {s}", "投诉 {i}：{s}").filled(i=identity, s=OUTCOME_TEXTS[decision.status]),
        Text("Policy: {t} ({p}, in force from {v}); judged at {a}", "依据：{t}（{p}，自{v}起施行）；判定时刻{a}").filled(
            t=model.title, p=model.id, v=decision.policy_version, a=moment_text(decision.as_of)
        ),
    ]
    if severity.level is not None:
        level = words.levels[(severity.rank or 1) - 1]
        by = Text(" ({r})", "（{r}）").filled(r=words.rule(severity.rule)) if severity.rule else Text("", "")
        lines.append(Text("Severity: {l}", "等级：{l}").filled(l=level) + by)
    elif severity.possible:
        shown = [words.levels[r] for r, name in enumerate(model.section("severity").levels) if name in severity.possible]
        lines.append(
            Text("Severity: {l}; settled by {m}", "等级：{l}；需要{m}才能确定").filled(l=joined(shown, " or ", "或"), m=words.fields(severity.missing))
        )
    if owner.owner is not None:
        lines.append(Text("Owner: {o}", "责任方：{o}").filled(o=words.roles((owner.owner,))))
    elif owner.candidates:
        candidates = joined([words.roles((name,)) for name in owner.candidates], " or ", "或")
        lines.append(Text("Owner: {o}; settled by {m}", "责任方：{o}；需要{m}才能确定").filled(o=candidates, m=words.fields(owner.missing)))
    for label, roles in (
        (Text("Consulted", "协助"), owner.consulted),
        (Text("Informed", "知会"), owner.informed),
        (Text("Escalate to", "上报"), owner.escalate_to),
    ):
        if roles:
            lines.append(Text("{a}: {r}", "{a}：{r}").filled(a=label, r=words.roles(roles)))
    return lines


def _rule_lines(kind: Any, result: Any, words: Words, reveal: bool) -> list[Text]:
    outcome = result.outcome if isinstance(result, Judged) else result.state
    label = OUTCOME_TEXTS.get(outcome) or STATE_TEXTS[outcome]
    lines = [Text("  [{o}] {r} {m}", "  【{o}】{r} {m}").filled(o=label, r=result.rule, m=kind.message(result, words))]
    details: list[Text] = []
    if isinstance(result, DeadlineResult) and outcome != NOT_APPLICABLE:
        rule: Any = result.model
        extensions = [part for step in rule.extend for part in (step.within, step.when, step.needs)]
        if not result.instances:
            details += deadline_arithmetic(result, words)
        for one in result.instances:
            head = Text("[{o}] {r} {m}", "【{o}】{r} {m}").filled(o=OUTCOME_TEXTS[one.outcome], r=one.rule, m=kind.message(one, words))
            details += [head, *(Text("    ", "    ") + line for line in (*deadline_arithmetic(one, words), *_beside(one)))]
        details += _looked_at((rule.when, rule.within, *extensions, *(e.when for e in rule.exempt)), words, reveal)
    elif kind.key == "penalties":
        rule = result.model
        details += penalty_arithmetic(result, words)
        details += _looked_at((rule.when, rule.amount, rule.range), words, reveal)
    elif outcome != NOT_APPLICABLE:
        details += _values(result.model, words, reveal)
    if not getattr(result, "instances", ()):
        details += _beside(result)
    source = result.model.source
    if source is not None:
        details.append(_source_text(source))
    if result.model.laxer is not None:
        details.append(Text("laxer than the policy it extends: {r}", "宽于所扩展的制度：{r}").filled(r=laxer_text(result.model.laxer)))
    return lines + [Text("      ", "      ") + line for line in details]


def _beside(result: Any) -> list[Text]:
    """What the outcome would be if the rule applies, or without a waiver."""
    details: list[Text] = []
    would_be = getattr(result, "would_be", None)
    if would_be is not None and would_be != result.outcome:
        details.append(Text("if it applies: {o}", "若适用：{o}").filled(o=OUTCOME_TEXTS[would_be]))
    if getattr(result, "without_waiver", None) is not None:
        details.append(Text("without the waiver: {o}", "若未经批准豁免：{o}").filled(o=OUTCOME_TEXTS[result.without_waiver]))
    return details


def _source_text(source: Any) -> Text:
    status = SOURCE_TEXTS.get(source.status, Text("status not stated", "未注明核实情况"))
    title = source.title or Text(source.ref, source.ref)
    return Text("source: {t} [{s}]", "依据：{t}［{s}］").filled(t=cited(title, source.clause), s=status)


def laxer_text(stated: Any) -> Text:
    """Why a rule is laxer than its base's, or why another version judges, with the clause that says so."""
    reason: Text = stated.reason
    return reason if stated.source is None else reason + Text("; ", "；") + _source_text(stated.source)


def _values(rule: Any, words: Words, reveal: bool) -> list[Text]:
    """The values of the record a rule looked at."""
    parts = (rule.when, getattr(rule, "require", None), getattr(rule, "keep_until", None), getattr(rule, "deleted", None))
    return _looked_at((*parts, *(e.when for e in rule.exempt)), words, reveal)


def _looked_at(parts: Iterable[n.Expression | None], words: Words, reveal: bool) -> list[Text]:
    """The values of fields, and the lengths of spans, that expressions rest on."""
    model = words.decision._compiled.model
    given = [part for part in parts if part is not None]
    names = dict.fromkeys(name for part in given for name in fields_below(part, model))
    shown = [Text("{n} = {v}", "{n}={v}").filled(n=words.name(name), v=words.value_of(name, reveal=reveal)) for name in names]
    decided = {name for part in given for name in levels_below(part, model)}
    labels = {"severity": Text("severity", "等级"), "owner": Text("owner", "责任方")}
    shown += [Text("{n} = {v}", "{n}={v}").filled(n=label, v=words.decided(name)) for name, label in labels.items() if name in decided]
    lengths = [node for part in given for node in n.walk(part) if isinstance(node, n.LengthOf)]
    for node in dict.fromkeys(lengths):
        value = words.decision._compiled.setting.compiler.length_of(node)(words.decision._state)
        so_far = value.options if isinstance(value, Growing) else (value,)
        if so_far is not None and len(so_far) == 1 and isinstance(so_far[0], int):
            growing = Text(" so far", "（截至目前）") if isinstance(value, Growing) else Text("", "")
            shown.append(Text("{n} = {v}{g}", "{n}={v}{g}").filled(n=words.value(node), v=so_far[0], g=growing))
    said = evidence_texts(words.decision, given, reveal=reveal)
    return [*([Text("looked at: ", "依据数据：") + joined(shown)] if shown else []), *said]
