"""A decision as a page for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text as Line

from complaint_policy import Decision, Finding, Policy
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.tables import OUTCOME_STYLE, Table, moment, outcome, pairs, source_status, state, table
from complaint_policy.fields import Field
from complaint_policy.outcomes import NOT_APPLICABLE
from complaint_policy.results import DeadlineResult, Judged
from complaint_policy.rules.deadlines.explain import open_for
from complaint_policy.texts import Text
from complaint_policy.wording import duration_text, role_text

__all__ = ["print_decision", "print_refusal"]


def print_decision(decision: Decision, policy: Policy, terminal: Terminal, *, everything: bool = False, reveal: bool = False) -> None:
    """Head, deadlines, other rules, penalties, findings; rules that do not apply only with ``everything``."""
    page = _Page(decision, policy, terminal, reveal)
    terminal.print(page.heading(), page.facts())
    hidden = 0
    for title, results in page.judged():
        shown = [r for r in results if everything or r.outcome != NOT_APPLICABLE]
        hidden += len(results) - len(shown)
        if shown:
            terminal.print("", page.deadlines(title, shown) if isinstance(shown[0], DeadlineResult) else page.rules(title, shown))
    if decision.penalties:
        terminal.print("", page.penalties())
    if decision.findings:
        terminal.print("", Line(terminal.t("Findings", "发现"), style="bold"), page.findings(decision.findings))
    if hidden:
        text = terminal.t(f"{hidden} rules do not apply (--all shows them)", f"另有{hidden}条规则不适用（--all 显示全部）")
        terminal.print("", Line(text if hidden > 1 else text.replace("rules do", "rule does"), style="dim"))


def print_refusal(identity: object, reason: Text, terminal: Terminal) -> None:
    """A record that cannot be judged at all."""
    head = Line(terminal.t("Complaint ", "投诉 ") + visible(str(identity)) + terminal.t(": ", "："), style="bold")
    terminal.print(head + Line(terminal.t("cannot be judged", "无法判定"), style="bold red"), Line("  " + terminal.say(reason)))


class _Page:
    """The parts of one decision's page."""

    def __init__(self, decision: Decision, policy: Policy, terminal: Terminal, reveal: bool) -> None:
        self.decision, self.policy, self.terminal, self.reveal = decision, policy, terminal, reveal
        self.language = terminal.language
        self.t = terminal.t
        model = next(v.model for v in reversed(policy.versions) if v.model.effective.isoformat() == decision.policy_version)
        self.model = model
        self.fields: dict[str, Field] = dict(model.fields)

    # ---------------------------------------------------------------- head
    def heading(self) -> Line:
        status = outcome(self.decision.status, self.language)
        identity = visible(self.decision.complaint_id or self.t("(no id)", "（无编号）"))
        return Line.assemble((self.t(f"Complaint {identity}: ", f"投诉 {identity}："), "bold"), status)

    def facts(self) -> Table:
        t, decision = self.t, self.decision
        shown = pairs()
        version = t(f"{self.policy.id}, in force from {decision.policy_version}", f"{self.policy.id}，{decision.policy_version}起施行")
        self._row(shown, t("policy", "制度"), self.terminal.say(self.model.title) + t(f" ({version})", f"（{version}）"))
        zone = self.policy.zone.name
        self._row(shown, t("judged at", "判定时刻"), moment(decision.as_of) + t(f" (times in {zone})", f"（时间均为 {zone} 时区）"))
        if decision.in_scope is False:
            self._row(shown, t("scope", "适用范围"), t("the policy does not speak of this complaint", "不在制度适用范围内"))
            return shown
        self._severity(shown)
        self._owner(shown)
        following = decision.next_deadline
        if following is not None:
            self._row(shown, t("next due", "最近到期"), f"{moment(following.due_at)} {self.terminal.say(following.name)}")
        change = decision.next_change_at
        if change is not None:
            self._row(shown, t("next change", "下次变化"), f"{moment(change)} {t('(with no new data)', '（数据不变时）')}")
        return shown

    def _row(self, shown: Table, label: str, value: str) -> None:
        shown.add_row(Line(f"  {label}"), Line(visible(value)))

    def _severity(self, shown: Table) -> None:
        severity, t = self.decision.severity, self.t
        section = self.model.section("severity")
        if severity.level is not None:
            by = self._by(severity.rule)
            self._row(shown, t("severity", "等级"), section.title_of(severity.level).get(self.language) + by)
        elif severity.possible:
            levels = t(" or ", "或").join(section.title_of(level).get(self.language) for level in severity.possible)
            self._row(shown, t("severity", "等级"), levels + self._settled_by(severity.missing))

    def _owner(self, shown: Table) -> None:
        owner, t = self.decision.responsibility, self.t
        if owner.owner is not None:
            by = self._by(owner.rule)
            self._row(shown, t("owner", "责任方"), self._roles((owner.owner,)) + by)
        elif owner.candidates:
            self._row(shown, t("owner", "责任方"), self._roles(owner.candidates, t(" or ", "或")) + self._settled_by(owner.missing))
        roles = (
            (t("accountable", "负责"), (owner.accountable,) if owner.accountable else ()),
            (t("consulted", "协助"), owner.consulted),
            (t("informed", "知会"), owner.informed),
            (t("escalate to", "上报"), owner.escalate_to),
        )
        for label, names in roles:
            if names:
                self._row(shown, label, self._roles(names))

    def _roles(self, names: Iterable[str], between: str = "") -> str:
        """Departments and roles by their titles, where the policy gives them."""
        titles = [role_text(name, self.model.roles).get(self.language) for name in names]
        return (between or self.t(", ", "、")).join(titles)

    def _by(self, rule: str | None) -> str:
        return self.t(f" ({rule})", f"（{rule}）") if rule else ""

    def _settled_by(self, missing: Iterable[str]) -> str:
        names = self._names(missing)
        return self.t(f"; settled by {names}", f"；需要{names}才能确定") if names else ""

    def _names(self, names: Iterable[str]) -> str:
        """Fields by title and name, as a person looks for them."""
        shown = []
        for name in names:
            title = self.fields[name].title.get(self.language) if name in self.fields else name
            shown.append(title if title == name else self.t(f"{title} ({name})", f"{title}（{name}）"))
        return self.t(", ", "、").join(shown)

    # ---------------------------------------------------------------- rules
    def judged(self) -> Iterable[tuple[str, list[Judged]]]:
        """The results by rule kind, under the kind's title."""
        if self.decision.in_scope is False:
            return
        results = {result.rule: result for result in self.decision.judged()}
        for kind in self.policy.kinds:
            if kind.judged:
                found = [results[rule.id] for rule in self.model.section(kind.key) if rule.id in results]
                if found:
                    yield self.terminal.say(kind.title), found

    def deadlines(self, title: str, results: Iterable[Any]) -> Table:
        t = self.t
        shown = table(t("rule", "规则"), t("name", "名称"), t("outcome", "结果"), t("due", "到期"), t("done", "完成"), t("late by", "逾期"), title=title)
        for r in (one for result in results for one in (result, *result.instances)):
            due = moment(r.due_at)
            if r.due_latest is not None:
                due += f"\n… {moment(r.due_latest)}"
            if r.provisional:
                due += t("\n(provisional)", "\n（暂定）")
            if r.paused:
                due += t("\n(clock stopped)", "\n（暂停计时）")
            shown.add_row(Line(r.rule), self._name(r), self._outcome(r), due, *(("", "") if r.instances else (self._done(r), self._late(r))))
        return shown

    def _done(self, result: DeadlineResult) -> str:
        """When it was done; the day where only the day is known."""
        return result.done_on.isoformat() if result.done_at is None and result.done_on is not None else moment(result.done_at)

    def _late(self, result: DeadlineResult) -> str:
        """By how much it was late, or is so far."""
        if result.over_by is not None:
            return duration_text(result.over_by).get(self.language)
        gone = open_for(result, self.decision.as_of)
        if gone is None:
            return ""
        shown = duration_text(gone).get(self.language)
        return self.t(f"{shown},\nstill open", f"已逾期{shown}，\n仍未完成")

    def rules(self, title: str, results: Iterable[Any]) -> Table:
        t = self.t
        gated = any(getattr(r, "before", None) for r in results)
        columns = [t("rule", "规则"), t("name", "名称"), t("outcome", "结果"), *([t("before", "须先于")] if gated else []), t("note", "说明")]
        shown = table(*columns, title=title)
        for r in results:
            event = getattr(r, "before", None)
            before = [self.fields[event].title.get(self.language) if event in self.fields else event or ""] if gated else []
            shown.add_row(Line(r.rule), self._name(r), self._outcome(r), *(Line(visible(b)) for b in before), self._note(r))
        return shown

    def _name(self, result: Any) -> Line:
        name = self.terminal.say(getattr(result, "name", result.model.name))
        if result.model.is_companys:
            return Line(name)
        duty = visible(self._roles((result.model.duty_of,)))
        return Line.assemble(name, (self.t(f" (duty of: {duty})", f"（义务人：{duty}）"), "dim"))

    def _outcome(self, result: Judged) -> Line:
        shown = outcome(result.outcome, self.language)
        if result.would_be is not None and result.would_be != result.outcome:
            return Line.assemble(shown, self.t("\nif it applies: ", "\n若适用："), outcome(result.would_be, self.language))
        return shown

    def _note(self, result: Judged) -> Line:
        parts = [self.terminal.say(result.reason)] if result.reason is not None else []
        if result.missing:
            parts.append(self.t("missing: ", "缺少：") + visible(self._names(result.missing)))
        return Line("\n".join(parts))

    # ---------------------------------------------------------------- penalties and findings
    def penalties(self) -> Table:
        t = self.t
        title = t("Penalties (proposals, never imposed)", "处罚（仅为建议）")
        sums = (t("amount >", "金额 >"), t("range >", "范围 >"))
        shown = table(t("rule", "规则"), t("name", "名称"), t("state", "状态"), *sums, t("payable to", "收款方"), t("charged to", "承担者"), title=title)
        for p in self.decision.penalties:
            span = f"{_money(p.min)} – {_money(p.max)}" if p.min is not None or p.max is not None else "–"
            amount = f"{_money(p.amount)} {p.currency or ''}".strip() if p.amount is not None else "–"
            payable_to, charged_to = visible(self._roles((p.payable_to,))), visible(self._charged(p.charge))
            shown.add_row(p.rule, self._name(p), state(p.state, self.language), amount, span, payable_to, charged_to)
        return shown

    def _charged(self, charge: Any) -> str:
        if charge is None:
            return "–"
        if charge.sensitive and not self.reveal:
            return self._names([charge.field]) if charge.field else self.t("(withheld)", "（不显示）")
        return str(charge.name)

    def findings(self, findings: Iterable[Finding]) -> Table:
        shown = pairs(gap=1, style="")
        for finding in findings:
            style = OUTCOME_STYLE.get(finding.outcome, "yellow")
            shown.add_row(Line("  •", style=style), Line(self.terminal.say(finding.message)) + self._source(finding))
        return shown

    def _source(self, finding: Finding) -> Line:
        source = finding.source
        if source is None:
            return Line("")
        known = self.model.sources.get(source["ref"] or "")
        title = known.title.get(self.language) if known is not None else source["ref"] or ""
        given = source.get("status")
        clause = f" {source['clause']}" if source.get("clause") else ""
        status = source_status(given).get(self.language) if given else ""
        bracket = self.t(f" [{title}{clause}; {status}]", f" ［{title}{clause}；{status}］")
        return Line(visible(bracket), style="dim")


def _money(value: Any) -> str:
    return "?" if value is None else f"{value:,f}"
