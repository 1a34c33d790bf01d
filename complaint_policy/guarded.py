"""Calling a plugin's function so that its fault stays its own.

A function is handed what it declared and nothing it could change.  Whatever it does wrong (it raises, gives something of
another kind, never ends) becomes a :class:`Failed` value: unknown, with the plugin's name as what is missing, so that no
outcome rests on it.  A strict manager raises :class:`PluginError` instead.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import wraps
from types import MappingProxyType
from typing import Any, Final, ParamSpec, TypeVar

from attrs import field, frozen

from complaint_policy.errors import PluginError
from complaint_policy.exactness import own_context
from complaint_policy.possible import Maybe
from complaint_policy.texts import Text

__all__ = ["WATCH", "Failed", "Fault", "Guarded", "Refused", "Watch", "failure_name", "here", "read_only", "watched_call"]

P = ParamSpec("P")
T = TypeVar("T")

# After so many calls that did not end, an audit asks no more.
_MOST_STUCK: Final = 3
# So many answers of one costly function are remembered.
_MOST_REMEMBERED: Final = 200_000


def failure_name(plugin: str) -> str:
    """What is missing where a plugin failed."""
    return f"plugin:{plugin}"


@frozen
class Fault:
    """What a plugin did wrong: its name, the hook, and the cause in words that hold nothing of a record."""

    plugin: str
    hook: str
    reason: Text

    @property
    def message(self) -> Text:
        return Text("plugin '{p}', {h}: {r}", "插件“{p}”，{h}：{r}").filled(p=self.plugin, h=self.hook, r=self.reason)


class Failed(Maybe):
    """The value of a call that failed: unknown until the plugin is mended."""

    __slots__ = ("fault",)
    __hash__ = None  # like any Maybe

    def __init__(self, fault: Fault) -> None:
        super().__init__(None, frozenset({failure_name(fault.plugin)}))
        self.fault = fault


class Stuck(BaseException):
    """Raised in a thread whose call has been given up: nothing a plugin catches as an Exception."""


@frozen
class Guarded:
    """One function of a plugin.  ``accept`` turns what it gives into ours, or raises ``ValueError`` with a :class:`Text`."""

    plugin: str
    hook: str
    what: str  # the name of the fact, operator, … the function is for
    function: Callable[..., Any] = field(eq=False, repr=False)
    accept: Callable[[Any], Any] = field(eq=False, repr=False)
    strict: bool = False
    costly: bool = field(default=False, eq=False)  # an audit remembers what it gave

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function gives, accepted, or a :class:`Failed`.  Raises :class:`PluginError` where the manager is strict."""
        watch = WATCH.get()
        if watch is not None:
            return watch.each(self, [arguments], named)[0]
        return self.called(arguments, named)

    def called(self, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
        """The call itself, in this thread and without a limit of time."""
        try:
            with own_context():
                return self.accept(self.function(*arguments, **named))
        except Refused as refused:
            return self.failed(refused.reason)
        except (KeyboardInterrupt, Stuck):
            raise
        except BaseException as error:  # noqa: BLE001  a stranger's function may raise anything, or try to end the program
            name = type(error).__name__
            return self.failed(Text(f"it raised {name}", f"抛出了{name}"))

    def failed(self, reason: Text) -> Failed:
        fault = Fault(self.plugin, f"{self.hook} ({self.what})" if self.what else self.hook, reason)
        if self.strict:
            raise PluginError(self.plugin, Text(f"{fault.hook}: ", f"{fault.hook}：") + reason)
        return Failed(fault)


class Refused(ValueError):
    """What a function gave cannot be taken; ``reason`` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


# What cannot be changed by whoever has it.
_PLAIN: Final = (type(None), bool, int, float, Decimal, str, date)


def read_only(value: Any) -> Any:
    """Data that a plugin cannot change for anybody else, as deep as it goes; what cannot be copied is ``None``."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(read_only(item) for item in value)
    if isinstance(value, Mapping):
        return MappingProxyType({key: read_only(item) for key, item in value.items()})
    try:
        return deepcopy(value)
    except Exception:  # noqa: BLE001  a stranger's object may raise anything
        return None


class Watch:
    """Runs the calls of one audit in a thread of their own and gives up one that takes longer than ``limit`` seconds."""

    def __init__(self, limit: float, plugins: tuple[Any, ...] = ()) -> None:
        self.limit = limit
        self.plugins = plugins  # those of the policy that is audited
        self.faults: dict[Fault, int] = {}  # how often each happened
        self.calls: dict[tuple[str, str, str], int] = {}  # plugin, hook, what → how many calls
        self.error: PluginError | None = None  # of a strict manager
        self._stuck: dict[tuple[str, str, str], int] = {}
        self._answers: dict[int, tuple[Guarded, dict[Any, Any]]] = {}
        self._lock = threading.Lock()
        self._worker: _Worker | None = None

    def each(self, guarded: Guarded, calls: Sequence[Sequence[Any]], named: dict[str, Any]) -> list[Any]:
        """What the function gives for each set of arguments; calls of several threads take turns."""
        with self._lock:
            if guarded.costly:
                return self._remembered(guarded, calls, named)
            return self._each(guarded, calls, named)

    def _remembered(self, guarded: Guarded, calls: Sequence[Sequence[Any]], named: dict[str, Any]) -> list[Any]:
        """The same, asking once for equal arguments; the function is kept with its answers, so that its identity stays its own."""
        try:
            keys = [tuple(arguments) for arguments in calls]
            _, known = self._answers.setdefault(id(guarded), (guarded, {}))
            new = [key for key in dict.fromkeys(keys) if key not in known]
        except TypeError:  # entries of a log cannot be looked up
            return self._each(guarded, calls, named)
        found = dict(zip(new, self._each(guarded, new, named), strict=True)) if new else {}
        results = [known[key] if key in known else found[key] for key in keys]
        if len(known) < _MOST_REMEMBERED:
            known.update(found)
        return results

    def _each(self, guarded: Guarded, calls: Sequence[Sequence[Any]], named: dict[str, Any]) -> list[Any]:
        key = (guarded.plugin, guarded.hook, guarded.what)
        self.calls[key] = self.calls.get(key, 0) + len(calls)
        results: list[Any] = []
        while len(results) < len(calls):
            if self._stuck.get(key, 0) >= _MOST_STUCK:
                off = Text(
                    f"switched off after {_MOST_STUCK} calls that took longer than {self.limit:g} s", f"已停用：{_MOST_STUCK}次调用超过{self.limit:g}秒"
                )
                results += [guarded.failed(off)] * (len(calls) - len(results))
                break
            self._run(guarded, calls, named, results)
            if len(results) < len(calls):
                self._stuck[key] = self._stuck.get(key, 0) + 1
                results.append(guarded.failed(Text(f"it took longer than {self.limit:g} s", f"用时超过{self.limit:g}秒")))
        for result in results:
            self._count(result)
        return results

    def _count(self, result: Any) -> None:
        if result.__class__ is Failed:
            self.faults[result.fault] = self.faults.get(result.fault, 0) + 1

    def here(self, guarded: Guarded, arguments: Sequence[Any]) -> Any:
        """A call in the thread it is made in, without a limit of time."""
        try:
            result = guarded.called(arguments, {})
        except PluginError as error:
            self.error = error
            raise
        self._count(result)
        return result

    def _run(self, guarded: Guarded, calls: Sequence[Sequence[Any]], named: dict[str, Any], results: list[Any]) -> None:
        """Appends results until all are there or a call does not end."""
        if self._worker is None:
            self._worker = _Worker()
        job = _Job(guarded, calls[len(results) :], named)
        self._worker.give(job)
        seen = -1
        while not job.done.wait(self.limit):
            if job.count == seen:  # not one call has ended in all that time
                self._worker.abandon()
                self._worker = None
                break
            seen = job.count
        results += job.results[: job.count]
        if job.error is not None:
            if isinstance(job.error, PluginError):
                self.error = job.error
            raise job.error

    def around(self, function: Callable[P, T]) -> Callable[P, T]:
        """The function with its calls of plugins under this watch."""

        @wraps(function)
        def watching(*arguments: P.args, **options: P.kwargs) -> T:
            before = WATCH.set(self)
            try:
                return function(*arguments, **options)
            except Exception:
                # Polars wraps what is raised inside of it.
                if self.error is not None:
                    raise self.error from None
                raise
            finally:
                WATCH.reset(before)

        return watching

    def notes(self) -> tuple[Text, ...]:
        """What the calls cost, and what failed, in the order it happened."""
        counted = [
            Text(f"plugin '{plugin}', {what}: {count:,} call{'' if count == 1 else 's'} in Python", f"插件“{plugin}”，{what}：{count:,}次Python调用")
            for (plugin, _, what), count in self.calls.items()
        ]
        failed = [fault.message + Text(f" ({count:,} time{'' if count == 1 else 's'})", f"（{count:,}次）") for fault, count in self.faults.items()]
        return (*counted, *failed)

    def __del__(self) -> None:
        self.close()  # an audit that nobody keeps leaves no thread behind

    def close(self) -> None:
        """Lets the thread end."""
        if self._worker is not None:
            self._worker.give(None)
            self._worker = None


# The audit that is running in this context, if one is.  Outside of one a call runs in the caller's own thread and time.
WATCH: Final[ContextVar[Watch | None]] = ContextVar("complaint_policy_watch", default=None)


def watched_call(watch: Watch | None, guarded: Guarded, calls: Sequence[Sequence[Any]], named: dict[str, Any]) -> list[Any]:
    """A batch of calls, watched where an audit watches."""
    if watch is not None:
        return watch.each(guarded, calls, named)
    return [guarded.called(arguments, named) for arguments in calls]


def here(watch: Watch | None, guarded: Guarded, arguments: Sequence[Any]) -> Any:
    """A call in this thread, its fault counted where an audit watches."""
    return watch.here(guarded, arguments) if watch is not None else guarded.called(arguments, {})


class _Job:
    def __init__(self, guarded: Guarded, calls: Iterable[Sequence[Any]], named: dict[str, Any]) -> None:
        self.guarded, self.calls, self.named = guarded, calls, named
        self.results: list[Any] = []
        self.count = 0
        self.done = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for arguments in self.calls:
                self.results.append(self.guarded.called(arguments, self.named))
                self.count += 1
        except Stuck:
            return
        except BaseException as error:  # noqa: BLE001  of a strict manager: raised where the audit runs
            self.error = error
        self.done.set()


class _Worker:
    """A thread that does one job after another, and is left to itself where one does not end."""

    def __init__(self) -> None:
        self._jobs: list[_Job | None] = []
        self._there = threading.Semaphore(0)
        self._left = False
        self._thread = threading.Thread(target=self._work, name="complaint_policy plugins", daemon=True)
        self._thread.start()

    def give(self, job: _Job | None) -> None:
        self._jobs.append(job)
        self._there.release()

    def _work(self) -> None:
        try:
            while True:
                self._there.acquire()
                job = self._jobs.pop(0)
                if job is None or self._left:
                    return
                job.run()
        except Stuck:
            return

    def abandon(self) -> None:
        """A loop of Python ends at once; what waits inside C is left behind, a daemon that nobody waits for."""
        self._left = True
        self.give(None)
        identity = self._thread.ident
        if identity is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(identity), ctypes.py_object(Stuck))
