"""Whether functions are pure: calls are kept while policies are judged, and made again under other circumstances.

What a function must not touch is not replaced by something that raises: whoever imported it by name would never notice.  A profiler sees
every call of a clock, of chance, of the disk, however it was come by.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from random import Random
from time import perf_counter
from types import CodeType, FrameType, MappingProxyType
from typing import Any, Final

from attrs import define, evolve, field

from complaint_policy.contributed import Plugin
from complaint_policy.testing.report import Gathering, Speed
from complaint_policy.texts import Text

__all__ = ["Recorder", "constants_of", "recorded", "try_purity"]

_MOST_CALLS: Final = 300
_PLACES: Final = ("facts", "operators", "classifiers", "normalisers", "finders", "similarities", "report_sections")
# Modules of the world outside: functions in C, and in Python.
_WORLD: Final = frozenset({"time", "posix", "nt", "_socket", "_io", "io", "_random"})
_WORLDLY: Final = frozenset({"os", "random", "secrets", "socket", "subprocess", "urllib.request", "http.client", "uuid"})
_CLOCK: Final = frozenset({"now", "utcnow", "today"})


@define(eq=False)
class Recorder:
    """A function of a plugin that keeps what it was called with."""

    what: str
    function: Callable[..., Any]
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(factory=list)
    count: int = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.count += 1
        if len(self.calls) < _MOST_CALLS:
            self.calls.append((arguments, named))
        return self.function(*arguments, **named)


def recorded(plugin: Plugin) -> tuple[Plugin, list[Recorder]]:
    """The plugin with every function under a recorder."""
    recorders: list[Recorder] = []
    parts: dict[str, tuple[Any, ...]] = {}
    for place in _PLACES:
        made = []
        for one in getattr(plugin, place):
            recorder = Recorder(one.name, one.function)
            recorders.append(recorder)
            made.append(evolve(one, function=recorder))
        parts[place] = tuple(made)
    changed: Any = parts
    return evolve(plugin, **changed), recorders


def constants_of(recorders: Iterable[Recorder]) -> tuple[Any, ...]:
    """The numbers and texts written in the functions, and in the settings they were handed: where their answers are likely to change."""
    found: dict[Any, None] = {}
    for recorder in recorders:
        code = getattr(recorder.function, "__code__", None)
        todo = [code] if isinstance(code, CodeType) else []
        while todo:
            for constant in todo.pop().co_consts:
                if isinstance(constant, CodeType):
                    todo.append(constant)
                elif isinstance(constant, (int, float, str)):
                    found[constant] = None
        for _, named in recorder.calls[:1]:
            found |= {value: None for value in dict(named.get("settings", {})).values() if isinstance(value, (int, Decimal, str))}
    return tuple(found)


def try_purity(recorders: list[Recorder], gathering: Gathering, time_budget: float | None) -> tuple[Speed, ...]:
    """Makes the kept calls again; gives how fast they were."""
    speeds = []
    for recorder in recorders:
        if not recorder.calls:
            continue
        before = [_frozen(call) for call in recorder.calls]
        start = perf_counter()
        first = [_answer(recorder.function, *call) for call in recorder.calls]
        took = perf_counter() - start
        speeds.append(Speed(recorder.what, len(first), len(first) / max(took, 1e-9)))
        _raised(recorder, first, gathering)
        _same(recorder, first, gathering)
        _changed(recorder, before, gathering)
        _worldly(recorder, gathering)
        if time_budget is not None and took > time_budget * len(first):
            slow = Text(f"a call takes {took / len(first):.6f} s, the budget is {time_budget:g} s", f"每次调用{took / len(first):.6f}秒，限额{time_budget:g}秒")
            gathering.add("speed", recorder.what, slow, Text("make it faster, or raise the budget", "请优化，或放宽限额"))
    return tuple(speeds)


# --------------------------------------------------------------------------- the same answer
class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.name = type(error).__name__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Raised) and other.name == self.name


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
    try:
        found = function(*arguments, **named)
        # An answer made bit by bit is made whole, so that it can be compared.
        return found if found is None or hasattr(found, "__len__") or not hasattr(found, "__iter__") else list(found)
    except Exception as error:  # noqa: BLE001  a stranger's function may raise anything
        return _Raised(error)


def _raised(recorder: Recorder, first: list[Any], gathering: Gathering) -> None:
    for found, (arguments, _) in zip(first, recorder.calls, strict=True):
        if isinstance(found, _Raised):
            problem = Text(f"it raised {found.name} for {_shown(arguments)}", f"对{_shown(arguments)}抛出了{found.name}")
            gathering.add("answers", recorder.what, problem, Text("give None where it cannot be told", "无法判断时请返回 None"))


def _same(recorder: Recorder, first: list[Any], gathering: Gathering) -> None:
    """Again, in another order, and in another thread."""
    order = list(range(len(first)))
    Random(1).shuffle(order)  # noqa: S311  to be repeated, not to be secret
    results: dict[str, list[tuple[int, Any]]] = {}

    def again(name: str, places: list[int]) -> None:
        results[name] = [(place, _answer(recorder.function, *recorder.calls[place])) for place in places]

    again("a second time", list(range(len(first))))
    again("in another order", order)
    thread = threading.Thread(target=again, args=("in another thread", order))
    thread.start()
    thread.join()
    zh = {"a second time": "第二次调用", "in another order": "换一种顺序调用", "in another thread": "在另一线程中调用"}
    for name, found in results.items():
        for place, answer in found:
            if not _alike(answer, first[place]):
                shown = _shown(recorder.calls[place][0])
                problem = Text(f"{name} it answered otherwise for {shown}", f"{zh[name]}时对{shown}的回答不同")
                advice = Text("keep nothing between calls; answer from the arguments alone", "不要在调用之间保存任何内容，只依据参数作答")
                gathering.add("purity", recorder.what, problem, advice)
                break


def _alike(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # noqa: BLE001  what cannot be compared is not the same
        return False


def _frozen(call: tuple[tuple[Any, ...], dict[str, Any]]) -> str:
    arguments, named = call
    return repr((arguments, {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in named.items()}))


def _changed(recorder: Recorder, before: list[str], gathering: Gathering) -> None:
    for call, was in zip(recorder.calls, before, strict=True):
        if _frozen(call) != was:
            problem = Text("it changed its arguments", "它修改了参数")
            gathering.add("purity", recorder.what, problem, Text("copy what you want to change", "请先复制再修改"))
            return


def _shown(arguments: tuple[Any, ...]) -> str:
    text = ", ".join(repr(argument) for argument in arguments)
    return f"({text[:120]}…)" if len(text) > 120 else f"({text})"


# --------------------------------------------------------------------------- the world outside
def _worldly(recorder: Recorder, gathering: Gathering) -> None:
    touched: dict[str, None] = {}

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            name = _outside(argument)
        elif event == "call" and frame.f_globals.get("__name__") in _WORLDLY:
            name = f"{frame.f_globals['__name__']}.{frame.f_code.co_name}"
        else:
            return
        if name is not None:
            touched[name] = None

    previous = sys.getprofile()
    for arguments, named in recorder.calls[:20]:
        sys.setprofile(watch)
        try:
            recorder.function(*arguments, **named)
        except Exception:  # noqa: BLE001, S110  told by the answers already
            pass
        finally:
            sys.setprofile(previous)
    for name in list(touched)[:3]:
        problem = Text(f"it calls {name}", f"它调用了{name}")
        advice = Text(
            "a fact is its arguments' only: no clock, chance, environment, disk or network; put numbers into settings",
            "结果只能取决于参数：不得使用时钟、随机数、环境变量、磁盘或网络；数值请放入设置",
        )
        gathering.add("purity", recorder.what, problem, advice)


def _outside(function: Any) -> str | None:
    name, owner, module = getattr(function, "__name__", ""), getattr(function, "__self__", None), getattr(function, "__module__", None)
    if isinstance(owner, type) and issubclass(owner, date) and name in _CLOCK:
        return f"{owner.__name__}.{name}"
    if isinstance(owner, Random):
        return f"random.{name}"
    if module in _WORLD and not (module in ("time", "posix") and name in ("strptime", "fspath")):
        return f"{module}.{name}"
    return None
