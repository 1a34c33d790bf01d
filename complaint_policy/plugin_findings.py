"""What plugins have to do with one decision: the findings they add, what their classifiers said, and their failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.evidence import Classified, Evidence, classified_in, evidence_name
from complaint_policy.findings import Finding
from complaint_policy.guarded import Failed, Fault
from complaint_policy.model import PolicyModel, fields_below
from complaint_policy.normalising import Change, Normalised
from complaint_policy.noting import Noted, clipped
from complaint_policy.possible import Maybe
from complaint_policy.texts import Text, joined

if TYPE_CHECKING:
    from complaint_policy.decision import Decision

__all__ = ["evidence_dict", "evidence_texts", "noted", "plugin_findings", "plugin_versions"]


def plugin_findings(decision: Decision, *, reveal: bool = False) -> list[Finding]:
    """What is left to a person because a classifier was not sure, notes of finders, failures of the policy's plugins, each once."""
    model, record = decision._compiled.model, decision._record
    if not model.plugins and not isinstance(record, Normalised):
        return []
    noted = decision._noted
    notes = [Finding(note.rule, "note", note.whole if reveal else note.shown) for found in noted if not isinstance(found, Failed) for note in found]
    changes, broken = (record.changes, record.faults) if isinstance(record, Normalised) else ((), ())
    changed = [_changed(change, model, reveal=reveal) for change in changes]
    faults = dict.fromkeys([*broken, *_failures(decision), *(found.fault for found in noted if isinstance(found, Failed))])
    return [*changed, *_for_a_person(decision), *notes, *(Finding(f"plugin:{fault.plugin}", "plugin-failed", fault.message) for fault in faults)]


def noted(decision: Decision) -> list[tuple[Noted, ...] | Failed]:
    """What each finder of the policy's plugins says of a decision, or how it failed."""
    compiled = decision._compiled
    if not compiled.model.lookers:
        return []
    decided = {
        "status": decision.status,
        "severity": decision.severity.level,
        "owner": decision.responsibility.owner,
        "outcomes": {result.rule: result.outcome for result in decision.judged()},
    }
    return [looker.notes(compiled.setting, decision._state, decided) for looker in compiled.model.lookers]


def _failures(decision: Decision) -> Iterator[Fault]:
    compiled, state = decision._compiled, decision._state
    for name in (*(f"fact:{fact}" for fact in compiled.model.facts), *(evidence_name(one) for one in compiled.model.classifiers)):
        value: Any = state[compiled.slots[name]]
        if isinstance(value, Maybe) and isinstance(value, Failed):
            yield value.fault


def plugin_versions(decision: Decision) -> list[dict[str, str]]:
    """The plugins of the version that judges, and those that normalised the record for all versions."""
    normalisers, own = decision._policy.normalisers, decision._compiled.model.plugins
    others = () if normalisers is None else normalisers.plugins
    return [{"name": plugin.name, "version": plugin.version} for plugin in (*own, *(one for one in others if one not in own))]


# --------------------------------------------------------------------------- normalisers
def _changed(change: Change, model: PolicyModel, *, reveal: bool) -> Finding:
    """That a cell was changed before it was read; what it said only where that may be shown."""
    declared = model.fields.get(change.field)
    title = declared.title if declared is not None else Text(change.field, change.field)
    if declared is not None and declared.sensitive and not reveal:
        said = Text("{f} was changed by the plugin '{p}'.", "{f}已由插件“{p}”改写。")
    else:
        said = Text("{f} was changed by the plugin '{p}', from {b} to {a}.", "{f}已由插件“{p}”由{b}改写为{a}。")
    return Finding(f"plugin:{change.plugin}", "normalised", said.filled(f=title, p=change.plugin, b=_cell(change.before), a=_cell(change.after)))


def _cell(value: Any) -> Text:
    if value is None:
        return Text("nothing", "空")
    text = clipped(value if isinstance(value, str) else str(value))
    return Text(f"'{text}'", f"“{text}”")


# --------------------------------------------------------------------------- classifiers
def _said(decision: Decision, use: Classified) -> Evidence | None:
    """What the classifier said of the record; ``None`` where it said nothing, or was not asked."""
    found = decision._state[decision._compiled.slots[evidence_name(use.call.name)]]
    return found if isinstance(found, Evidence) else None


def _uses(decision: Decision) -> Iterator[Classified]:
    for asked in decision._compiled.model.classifiers.values():
        yield from asked.uses


def _text(decision: Decision, use: Classified) -> Text:
    """What was said, and whether it counts."""
    said = _said(decision, use)
    if said is None:
        return Text("{t}: the classifier gave no label", "{t}：分类器未给出标签").filled(t=use.title)
    sure, asked = n.shown_number(said.confidence), n.shown_number(use.threshold)
    shown = Text("{t}: classified as {l} with {c}", "{t}：归类为{l}，置信度{c}").filled(t=use.title, l=use.label_text(said.label), c=sure)
    if said.confidence >= use.threshold:
        return shown + Text(f", at least {asked}: sure enough", f"，不低于{asked}：可以采用")
    return shown + Text(f", below {asked}: for a person to decide", f"，低于{asked}：由人工判断")


def _for_a_person(decision: Decision) -> Iterator[Finding]:
    """Uses whose label did not count, and what cannot be decided for that."""
    for use in _uses(decision):
        said, name = _said(decision, use), use.call.name
        if said is not None and said.confidence >= use.threshold:
            continue
        waiting = [one.rule for one in decision.judged() if name in one.missing]
        waiting += [one.rule for one in decision.penalties if name in one.missing]
        waiting += [rule for rule, part in (("severity", decision.severity), ("responsibility", decision.responsibility)) if name in part.missing]
        if waiting:
            rules = joined([Text(rule, rule) for rule in waiting], ", ", "、")
            yield Finding(f"plugin:{use.call.plugin}", "for-a-person", _text(decision, use) + Text(" (waiting: {r}).", "（待定：{r}）。").filled(r=rules))


def _because(decision: Decision, use: Classified, said: Evidence, *, reveal: bool) -> str | None:
    """The classifier's reason, which may quote what it read."""
    model = decision._compiled.model
    read = [model.fields[name] for part in use.parts for name in fields_below(part, model)]
    quotes = any(one.sensitive or one.type == "log" for one in read)
    return None if not said.because or (quotes and not reveal) else said.because


def evidence_texts(decision: Decision, parts: Iterable[n.Expression], *, reveal: bool) -> list[Text]:
    """What classifiers said that expressions rest on."""
    model = decision._compiled.model
    if not model.classifiers:
        return []
    texts: list[Text] = []
    for use in dict.fromkeys(use for part in parts for use in classified_in(part, lambda name: model.facts[name].expression)):
        said = _said(decision, use)
        if said is None and use.call.name not in decision._state[decision._compiled.slots[evidence_name(use.call.name)]].missing:
            continue  # not asked: what it reads is missing, and says so itself
        because = None if said is None else _because(decision, use, said, reveal=reveal)
        reason = Text("", "") if because is None else Text(" ({b})", "（{b}）").filled(b=because)
        texts.append(_text(decision, use) + reason)
    return texts


def evidence_dict(decision: Decision, *, reveal: bool) -> list[dict[str, Any]]:
    """What each classifier said, and whether it counted."""
    shown: list[dict[str, Any]] = []
    for use in _uses(decision):
        said = _said(decision, use)
        shown.append(
            {
                "classifier": use.call.name,
                "plugin": use.call.plugin,
                "label": None if said is None else said.label,
                "confidence": None if said is None else n.shown_number(said.confidence),
                "because": None if said is None else _because(decision, use, said, reveal=reveal),
                "at_least": n.shown_number(use.threshold),
                "counted": said is not None and said.confidence >= use.threshold,
            }
        )
    return shown
