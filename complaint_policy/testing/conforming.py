"""The trial of a plugin, from its registration to its policies; every failure is told, none stops the others."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from complaint_policy.cases import run_cases
from complaint_policy.contributed import Plugin, Similarity
from complaint_policy.decision import Decision
from complaint_policy.errors import ComplaintPolicyError, PolicyError
from complaint_policy.fields import Field
from complaint_policy.loader import load_policy, load_policy_text
from complaint_policy.plugins import Manager, make_manager
from complaint_policy.plugins.industries import INDUSTRIES
from complaint_policy.policy import Policy
from complaint_policy.testing.evaluators import judged, try_tables
from complaint_policy.testing.probing import probe, undeclared
from complaint_policy.testing.purity import Recorder, constants_of, recorded, try_purity
from complaint_policy.testing.report import Gathering, Report, Speed
from complaint_policy.testing.values import borders_of, records_of
from complaint_policy.texts import Text

__all__ = ["assert_plugin_conforms", "conformance"]

AS_OF: Final = "2026-06-15T12:00"
_CODED: Final = ("facts", "operators", "classifiers", "normalisers", "finders", "similarities", "report_sections")
_PARTS: Final = ("folders", "fields", "settings", "calendars", "messages", *_CODED)
_TEXTS: Final = ("network down", "Network  down!", "网络中断", "", "a", "x" * 300)


def assert_plugin_conforms(
    plugin: Any,
    *,
    name: str,
    policies: Iterable[str | os.PathLike[str]] = (),
    records: Iterable[Mapping[str, Any]] = (),
    as_of: str = AS_OF,
    time_budget: float | None = None,
) -> Report:
    """Tries a plugin (a module or an object with hooks) and raises ``AssertionError`` with everything that it does not keep.

    ``name``: what policies call it.  ``policies``: more policies that use it, as texts, paths or names; those it brings are tried anyway, and
    one is made that uses all of it.  ``records``: records of real shape, beside those that are made.  ``time_budget``: seconds a call may
    take on average; without it speed is told and not judged.
    """
    report = conformance(plugin, name=name, policies=policies, records=records, as_of=as_of, time_budget=time_budget)
    if report.failures:
        raise AssertionError(report.render("en"))
    return report


def conformance(
    plugin: Any,
    *,
    name: str,
    policies: Iterable[str | os.PathLike[str]] = (),
    records: Iterable[Mapping[str, Any]] = (),
    as_of: str = AS_OF,
    time_budget: float | None = None,
) -> Report:
    """The same as a :class:`Report`, whatever it found."""
    gathering = Gathering()
    manager = _manager_of(plugin, name)
    found = manager.plugin(name)
    if found is None:
        for fault in manager.faults:
            gathering.add("registration", fault.hook, fault.reason, Text("see the page of the hook in docs/hooks", "请参阅 docs/hooks 中该钩子的说明"))
        return Report(name, tuple(gathering.found))
    _the_same_again(plugin, found, gathering)
    _documented(found, gathering)
    watched, recorders = recorded(found)
    host = evolve(manager, plugins=tuple(watched if one.name == name else one for one in manager.plugins))
    trial = _Trial(watched, recorders, host, gathering, as_of, [dict(record) for record in records])
    trial.policies([*host.policies, *policies])
    trial.probe()
    for similarity in found.similarities:
        _alike(similarity, next(r for r in recorders if r.what == similarity.name), gathering)
    _all_called(recorders, gathering)
    speeds: tuple[Speed, ...] = try_purity(recorders, gathering, time_budget)
    return Report(name, tuple(gathering.found), speeds)


def _manager_of(plugin: Any, name: str) -> Manager:
    """An industry of the library's own is there already."""
    return make_manager() if INDUSTRIES.get(name) is plugin else make_manager({name: plugin})


# --------------------------------------------------------------------------- what is declared
def _the_same_again(plugin: Any, first: Plugin, gathering: Gathering) -> None:
    """A hook that is called again gives the same contributions."""
    second = _manager_of(plugin, first.name).plugin(first.name)
    for part in _PARTS:
        if second is None or getattr(first, part) != getattr(second, part):
            problem = Text("its hook gives something else when it is called again", "再次调用钩子时返回的内容不同")
            gathering.add("purity", part, problem, Text("a hook gives the same whenever it is called", "钩子每次都应返回相同内容"))


def _documented(plugin: Plugin, gathering: Gathering) -> None:
    if plugin.version == "unversioned":
        advice = Text("give the plugin an attribute version: decisions name it", "请为插件设置 version 属性，判定结果会注明版本")
        gathering.add("documentation", plugin.name, Text("it has no version", "没有版本号"), advice)
    for part in _CODED:
        for one in getattr(plugin, part):
            if not inspect.getdoc(one.function) or one.function.__doc__ == type(one.function).__doc__:
                advice = Text("say in one line what it gives, with units and whether ends count", "请用一行说明返回什么、单位以及端点是否计入")
                gathering.add("documentation", one.name, Text("its function has no docstring", "函数没有文档字符串"), advice)
    for settings in plugin.settings:
        for one in settings.fields:
            if not (one.title.en.strip() and one.title.zh.strip()):
                advice = Text("title=Text(English, Chinese)", "请写 title=Text(英文, 中文)")
                gathering.add("documentation", f"{settings.key}.{one.name}", Text("its title lacks a language", "标题缺少一种语言"), advice)


def _all_called(recorders: Collection[Recorder], gathering: Gathering) -> None:
    for recorder in recorders:
        if not recorder.count:
            advice = Text("hand in policies or records with which it is", "请提供会用到它的 policies 或 records")
            gathering.add("answers", recorder.what, Text("its function was never called", "函数从未被调用"), advice)


def _alike(similarity: Similarity, recorder: Recorder, gathering: Gathering) -> None:
    """Likeness is a number from 0 to 1, the same both ways, and 1 for a text and itself."""
    advice = Text("give a number from 0 to 1, the same both ways, 1 for a text and itself", "请返回0到1的数字，交换参数结果相同，文本与自身为1")
    for one in _TEXTS:
        for other in _TEXTS:
            try:
                there, back = recorder(one, other), recorder(other, one)
                fine = 0 <= there <= 1 and there == back and (one != other or there == 1)
            except Exception:  # noqa: BLE001  told when the calls are made again
                fine = True
            if not fine:
                problem = Text(f"for {one[:20]!r} and {other[:20]!r} it gives {there} and {back}", f"对{one[:20]!r}和{other[:20]!r}分别返回{there}和{back}")
                gathering.add("answers", similarity.name, problem, advice)


# --------------------------------------------------------------------------- policies
class _Trial:
    """Policies tried with a plugin whose functions are recorded."""

    def __init__(
        self, plugin: Plugin, recorders: list[Recorder], host: Manager, gathering: Gathering, as_of: str, records: list[dict[str, Any]]
    ) -> None:
        self.plugin, self.recorders, self.host, self.gathering, self.as_of, self.records = plugin, recorders, host, gathering, as_of, records
        self.known: dict[str, Field] = {}

    def policies(self, sources: Iterable[str | os.PathLike[str]]) -> None:
        for source in sources:
            shown = str(source).strip().partition("\n")[0][:80]
            policy = self._loaded(shown, partial(self._source, source))
            if policy is None:
                continue
            shown = policy.id
            advice = Text("answer the remark in the policy, or mend it", "请在制度中修改或注明接受")
            for remark in policy.remarks(None):
                self.gathering.add("policy", shown, remark.message, advice)
            for case in run_cases(policy):
                for difference in case.differences:
                    problem = Text(f"test '{case.name}': ", f"测试“{case.name}”：") + difference.message
                    self.gathering.add("policy", shown, problem, Text("mend the rule, the function or the test", "请修改规则、函数或测试"))
            for version in policy.versions:
                self.known |= version.model.fields
            self._judged(policy)

    def _source(self, source: str | os.PathLike[str]) -> Policy:
        if isinstance(source, str) and "\n" in source:
            return load_policy_text(source, plugins=self.host)
        there = isinstance(source, str) and source not in self.host.policies and Path(source).exists()
        return load_policy(Path(source) if there else source, plugins=self.host)

    def _loaded(self, shown: str, load: Callable[[], Policy]) -> Policy | None:
        try:
            return load()
        except PolicyError as error:
            for problem in error.problems:
                text = Text("it does not load: ", "无法加载：") + Text(problem.render("en"), problem.render("zh"))
                self.gathering.add("policy", shown, text, Text("mend it at that place", "请在该处修改"))
        except ComplaintPolicyError as error:
            text = Text(f"it does not load: {error.render('en')}", f"无法加载：{error.render('zh')}")
            self.gathering.add("policy", shown, text, Text("mend what it names", "请按提示修改"))
        return None

    def _judged(self, policy: Policy) -> list[Decision]:
        fields = {name: one for version in policy.versions for name, one in version.model.fields.items()}
        # Every core field in every mixture would drown what the plugin reads.
        reads = self._reads()
        core = {name for name, one in fields.items() if one.core} - reads
        log = {"events"} if any(name.startswith("event:") for name in reads) else set()
        tried = [one for name, one in fields.items() if name not in core or name == "closed_at" or name in log]
        constants = constants_of(self.recorders)
        more = {one.name: borders_of(one, constants) for one in tried if one.name in reads}
        made = records_of(tried, self.records, more=more)
        decisions = judged(policy, made, self.as_of, self.gathering)
        try_tables(policy, made, decisions, self.as_of, self.gathering)
        return decisions

    def _reads(self) -> set[str]:
        plugin = self.plugin
        found = {name for place in ("facts", "classifiers", "normalisers", "finders") for one in getattr(plugin, place) for name in one.reads}
        return found | {one.name for one in plugin.fields} | ({"description", "affected_customers", "amount_claimed", "injury"} if plugin.operators else set())

    def probe(self) -> None:
        """A policy that asks for all facts; then one that asks for each value that came out."""
        lacking = undeclared(self.plugin, self.known)
        for contribution, name in lacking:
            problem = Text(f"it reads '{name}', which neither the library nor the plugin declares", f"它读取“{name}”，而本库和插件都没有声明")
            advice = Text("give the field in record_fields, or hand in a policy that declares it", "请在 record_fields 中提供该字段，或提供声明它的制度")
            self.gathering.add("registration", contribution, problem, advice)
        if lacking:
            return
        seen: dict[str, list[Any]] = {}
        asked = [fact.name for fact in self.plugin.facts if fact.kind not in ("boolean", "enum", "instant")]
        for _ in range(2):
            text = probe(self.plugin, self.known, seen)
            policy = self._loaded("a policy that uses all of it", partial(load_policy_text, text, plugins=self.host))
            if policy is None:
                return
            decisions = self._judged(policy)
            again = {name: [decision.fact(name) for decision in decisions] for name in asked}
            if again == seen or not again:
                return
            seen = again
