"""``complaint-policy explain``: a decision with its arithmetic, a rule in words, or a problem code."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from rich.padding import Padding
from rich.text import Text as Line

from complaint_policy import Policy, PolicyVersion, RecordError
from complaint_policy.cli.commands.evaluate import AS_OF, POLICY, REVEAL, WAIVERS, identity_of, refused_dict
from complaint_policy.cli.inputs import STDIN, as_of_text, is_there, policy_of, read_records, read_waivers, warn_of_unknown_fields
from complaint_policy.cli.spec import FINE, WRONG, Argument, Command, Option
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.cli.views.decisions import print_refusal
from complaint_policy.cli.views.fields import fields_used, print_fields
from complaint_policy.cli.views.flow import Flow
from complaint_policy.cli.views.rules import RuleWords
from complaint_policy.cli.views.tables import pairs, table
from complaint_policy.errors import UsageError
from complaint_policy.frame import Rule
from complaint_policy.kinds import RuleKind
from complaint_policy.messages import PROBLEMS
from complaint_policy.problems import nearest
from complaint_policy.results import times_of
from complaint_policy.texts import Text

__all__ = ["COMMAND"]

_PLACE: Final = re.compile(r"\{\{|\}\}|\{(\w+)\}")


def run(terminal: Terminal, policy: str | None, what: str | None, as_of: str | None, waivers: str | None, reveal: bool, code: str | None) -> int:
    """Find out what is asked for: a code, a decision, a rule, or the rules there are."""
    if code is not None:
        return _code(terminal, code)
    if policy is None:
        raise UsageError(Text("name a policy and a record or rule, or --code", "请给出制度及记录或规则，或使用 --code"))
    loaded = policy_of(policy, terminal)
    if what is None:
        return _overview(terminal, loaded)
    if what == STDIN or is_there(what):
        return _decisions(terminal, loaded, what, as_of, waivers, reveal)
    return _rule(terminal, loaded, what)


# --------------------------------------------------------------------------- decisions
def _decisions(terminal: Terminal, policy: Policy, name: str, as_of: str | None, waivers: str | None, reveal: bool) -> int:
    if as_of is None:
        raise UsageError(Text("--as-of is needed: a decision is made as things stood at an instant", "缺少 --as-of：判定以某一时刻的情况为准"))
    records, many = read_records(name)
    warn_of_unknown_fields(records, policy, terminal)
    held = read_waivers(policy, waivers)
    instant = policy.zone.to_aware(policy.instant(as_of_text(as_of)))
    status, data = FINE, []
    for position, record in enumerate(records):
        if position and not terminal.as_json:
            terminal.print("")
        try:
            decision = policy.evaluate(record, as_of=instant, waivers=held)
        except RecordError as error:
            if not many:
                raise
            status = WRONG
            data.append(refused_dict(identity_of(record), error))
            if not terminal.as_json:
                print_refusal(identity_of(record) or f"#{position + 1}", error.reason, terminal)
            continue
        if terminal.as_json:
            explanation = {language: decision.explain(language, reveal=reveal) for language in ("en", "zh")}
            times = [one.rule for deadline in decision.deadlines for one in times_of(deadline)]
            ledgers = [found.to_dict() for rule in times if (found := decision.ledger(rule)) is not None]
            data.append({**decision.to_dict(reveal=reveal), "explanation": explanation, "ledgers": ledgers})
        else:
            _print_text(decision.explain(terminal.language, reveal=reveal), terminal)
    if terminal.as_json:
        terminal.json(data if many else data[0])
    return status


def _print_text(text: str, terminal: Terminal) -> None:
    """The text as it is; on a terminal, lines too long for it are indented like their beginning."""
    lines = visible(text).rstrip("\n").split("\n")
    if not terminal.out.is_terminal:
        terminal.write("\n".join(lines) + "\n")
        return
    for position, line in enumerate(lines):
        bare = line.lstrip()
        indent = len(line) - len(bare)
        style = "bold" if not position or (bare and not indent and position > 1 and not lines[position - 1]) else ""
        terminal.print(Padding(Flow(bare, style=style), (0, 0, 0, indent)))


# --------------------------------------------------------------------------- rules
def _kinds(policy: Policy) -> dict[str, tuple[RuleKind, list[tuple[PolicyVersion, Rule]]]]:
    """Every rule by its id: its kind, and its form in each version that has it."""
    found: dict[str, tuple[RuleKind, list[tuple[PolicyVersion, Rule]]]] = {}
    for kind in policy.kinds:
        for version in policy.versions:
            section = version.model.section(kind.key)
            for rule in section if isinstance(section, tuple) else section.rules_of_section():
                found.setdefault(rule.id, (kind, []))[1].append((version, rule))
    return found


def _rule(terminal: Terminal, policy: Policy, identity: str) -> int:
    known = _kinds(policy)
    if identity not in known:
        hint = nearest(identity, known)
        text = Text("'{w}' is neither a file nor a rule of {p}", "“{w}”既不是文件，也不是{p}的规则").filled(w=identity, p=policy.id)
        raise UsageError(text + Text(" ({h})", "（{h}）").filled(h=hint) if hint is not None else text)
    kind, forms = known[identity]
    distinct = _distinct(forms)
    if terminal.as_json:
        terminal.json({"policy": policy.id, "rule": identity, "kind": kind.kind, "forms": [_form_dict(f) for f in distinct]})
        return FINE
    for position, form in enumerate(distinct):
        if position:
            terminal.print("")
        _print_form(form, kind, terminal)
    return FINE


class _Form:
    """One wording of a rule and the stretch of days for which it stands."""

    def __init__(self, version: PolicyVersion, rule: Rule) -> None:
        self.rule = rule
        self.start: date = version.start
        self.until: date | None = version.until
        words = RuleWords(version)
        self.parts = tuple(words.parts(rule))
        self.source = words.source(rule)


def _distinct(forms: list[tuple[PolicyVersion, Rule]]) -> list[_Form]:
    """The wordings of a rule in order of date; versions that say the same are one."""
    found: list[_Form] = []
    for version, rule in forms:
        form = _Form(version, rule)
        last = found[-1] if found else None
        if last is not None and last.until == form.start and last.parts == form.parts and last.rule.source == rule.source:
            last.until = form.until
        else:
            found.append(form)
    return found


def _print_form(form: _Form, kind: RuleKind, terminal: Terminal) -> None:
    rule = form.rule
    head = Line(visible(rule.id), style="bold")
    if rule.title is not None:
        head += Line(f"  {terminal.say(rule.title)}", style="bold")
    terminal.print(head)
    shown = pairs()

    def row(label: str, value: str) -> None:
        shown.add_row(f"  {label}", visible(value))

    row(terminal.t("kind", "类型"), terminal.say(kind.title))
    until = form.until.isoformat() if form.until is not None else ""
    # The day at which a form ends is the first of the next one.
    ends = terminal.t(f", before {until}", f"，{until}前") if until else ""
    row(terminal.t("in force", "施行"), terminal.t(f"from {form.start}", f"{form.start}起") + ends)
    for label, value in form.parts:
        row(terminal.say(label), terminal.say(value))
    if rule.source is not None:
        row(terminal.t("source", "依据"), terminal.say(form.source))
    row(terminal.t("written at", "位置"), str(rule.place))
    terminal.print(shown)


def _form_dict(form: _Form) -> dict[str, Any]:
    rule = form.rule
    return {
        "from": form.start.isoformat(),
        "until": form.until.isoformat() if form.until is not None else None,
        "title": rule.name.to_dict(),
        "words": [{"part": label.to_dict(), "text": text.to_dict()} for label, text in form.parts],
        "source": rule.source.to_dict() if rule.source is not None else None,
        "file": rule.place.file,
        "line": rule.place.line,
    }


def _overview(terminal: Terminal, policy: Policy) -> int:
    known = _kinds(policy)
    if terminal.as_json:
        rules = [{"rule": identity, "kind": kind.kind, "title": forms[-1][1].name.to_dict()} for identity, (kind, forms) in known.items()]
        terminal.json({"policy": policy.id, "rules": rules, "fields": [use.to_dict() for use in fields_used(policy)]})
        return FINE
    shown = table(terminal.t("rule", "规则"), terminal.t("kind", "类型"), terminal.t("name", "名称"), title=terminal.say(policy.title))
    for identity, (kind, forms) in known.items():
        shown.add_row(Line(visible(identity), style="bold"), terminal.say(kind.title), terminal.say(forms[-1][1].name))
    terminal.print(shown, "")
    print_fields(fields_used(policy), policy, terminal)
    return FINE


# --------------------------------------------------------------------------- codes
def _code(terminal: Terminal, code: str) -> int:
    entry = PROBLEMS.get(code) or _of_mapping(code)
    if entry is None:
        hint = nearest(code, PROBLEMS)
        text = Text("there is no problem code '{c}'", "没有问题代码“{c}”").filled(c=code)
        raise UsageError(text + Text(" ({h})", "（{h}）").filled(h=hint) if hint is not None else text)
    message, hint = entry
    if terminal.as_json:
        terminal.json({"code": code, "message": message.to_dict(), "hint": hint.to_dict() if hint is not None else None})
        return FINE
    terminal.print(Line(code, style="bold"))
    shown = pairs()
    shown.add_row("  " + terminal.t("message", "含义"), _template(terminal.say(message)))
    if hint is not None:
        shown.add_row("  " + terminal.t("hint", "提示"), _template(terminal.say(hint)))
    terminal.print(shown)
    return FINE


def _of_mapping(code: str) -> tuple[Text, Text | None] | None:
    """The words of a problem of a mapping file."""
    if not code.startswith("mapping-"):
        return None
    from complaint_policy.audit.messages import MAPPING_PROBLEMS

    return (MAPPING_PROBLEMS[code], None) if code in MAPPING_PROBLEMS else None


def _template(text: str) -> str:
    """The places to be filled as ``<name>``; doubled braces are braces."""
    return _PLACE.sub(lambda found: f"<{found[1]}>" if found[1] else found[0][0], text)


COMMAND = Command(
    name="explain",
    summary=Text("Explain a decision, a rule or a problem code.", "解释判定结果、规则或问题代码。"),
    text=Text(
        "With a record: the decision in words, each rule with its clause, values and arithmetic. With the id of a rule: that rule in words. "
        "With a policy alone: its rules, and the fields of a record they use. With --code: what a problem code means.",
        "给出记录：用文字说明判定结果，逐条列明依据、数值和计算过程。给出规则编号：用文字说明该规则。"
        "只给出制度：列出其规则和用到的记录字段。使用 --code：说明问题代码的含义。",
    ),
    run=run,
    arguments=(
        Argument("POLICY", POLICY.help, required=False),
        Argument(
            "WHAT",
            Text("a JSON or YAML file with a record (- is standard input), or the id of a rule", "含记录的 JSON 或 YAML 文件（- 为标准输入），或规则编号"),
            required=False,
        ),
    ),
    options=(
        Option(AS_OF.flags, AS_OF.help, value="TIME"),
        WAIVERS,
        REVEAL,
        Option(("--code",), Text("explain this problem code of check", "解释 check 给出的问题代码"), value="CODE"),
    ),
    examples=(
        "complaint-policy explain cn/telecom complaint.json --as-of 2026-03-20T09:00",
        "complaint-policy explain cn/telecom DL-respond",
        "complaint-policy explain --code duplicate-key",
    ),
)
