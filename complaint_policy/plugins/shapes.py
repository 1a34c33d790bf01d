"""The slips that Python itself says nothing about until a record is judged: a text for a tuple, a function of other arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from pluggy import PluginValidationError

from complaint_policy.contributed import Calendar, Classifier, DerivedFact, Finder, Normaliser, Operator, ReportSection, Similarity
from complaint_policy.fields import Field
from complaint_policy.guarded import Refused
from complaint_policy.texts import Text

__all__ = ["SLIPS", "check_functions", "check_tuples", "raised"]

# What Python says of a slip in the plugin's own code.
SLIPS: Final = (TypeError, AttributeError, NameError, ImportError, SyntaxError, PluginValidationError)

# What is several texts: of a text each letter would be taken for one.
_SEVERAL: Final[Mapping[type, tuple[str, ...]]] = {
    Field: ("values",),
    DerivedFact: ("reads", "optional", "values"),
    Classifier: ("reads", "optional", "labels"),
    Operator: ("kinds",),
    Normaliser: ("reads", "writes"),
    Finder: ("reads",),
    Calendar: ("weekdays", "holidays", "extra_working_days"),
}


def raised(error: BaseException) -> Text:
    """What was raised, while there is no record: the words of a slip say what to mend; what others say is nobody's business."""
    name = type(error).__name__
    said = " ".join(str(error).split())[:300] if isinstance(error, SLIPS) else ""
    return Text(f"it raised {name}: {said}", f"抛出了{name}：{said}") if said else Text(f"it raised {name}", f"抛出了{name}")


def check_tuples(item: Any, name: str) -> None:
    """Raises where a text, or anything but texts, stands for several of them."""
    for part in _SEVERAL.get(type(item), ()):
        _several(getattr(item, part), name, part, days=isinstance(item, Calendar))
    if isinstance(item, Calendar) and item.hours is not None:
        if not isinstance(item.hours, Mapping):
            raise Refused(Text(f"'{name}': hours are a mapping of days to tuples", f"“{name}”：hours应为从星期到元组的映射"))
        for days, spans in item.hours.items():
            _several(spans, name, f"hours of {days}")


def _several(given: Any, name: str, part: str, *, days: bool = False) -> None:
    if isinstance(given, str):
        wanted = f'("{given[:64]}",)'
        raise Refused(Text(f"'{name}': {part} is a text where a tuple of texts is expected: {wanted}", f"“{name}”：{part}为文本，应为文本的元组：{wanted}"))
    if given is None or isinstance(given, Mapping):
        return
    for one in given if isinstance(given, (tuple, list, set, frozenset)) else (given,):
        if not isinstance(one, (str, date) if days else str):
            raise Refused(Text(f"'{name}': {part} has {type(one).__name__} where a text is expected", f"“{name}”：{part}中有{type(one).__name__}，应为文本"))


def check_functions(item: Any, name: str) -> None:
    """Raises where a function cannot be called the way it will be."""
    settings = ("settings",) if getattr(item, "settings", None) is not None else ()
    if isinstance(item, (DerivedFact, Classifier)):
        _called(item.function, len(item.reads), settings, name, "function")
        if isinstance(item, DerivedFact) and item.column is not None:
            _called(item.column, len(item.reads), settings, name, "column")
    elif isinstance(item, Finder):
        _called(item.function, len(item.reads), ("decided", *settings), name, "function")
    elif isinstance(item, Operator):
        _called(item.function, 2, (), name, "function")
        if item.column is not None:
            _called(item.column, 2, (), name, "column")
    elif isinstance(item, (Normaliser, ReportSection)):
        _called(item.function, 1, settings, name, "function")
    elif isinstance(item, Similarity):
        _called(item.function, 2, (), name, "function")


def _called(function: Callable[..., Any], count: int, keywords: tuple[str, ...], name: str, part: str) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not say
        return
    try:
        signature.bind(*[None] * count, **dict.fromkeys(keywords))
    except TypeError:
        handed = f"{count} value{'' if count == 1 else 's'}" + "".join(f", {word}=" for word in keywords)
        handed_zh = f"{count}个值" + "".join(f"、{word}=" for word in keywords)
        taken = str(signature)[:200]
        raise Refused(
            Text(f"'{name}': its {part} is called with {handed} and takes {taken}", f"“{name}”：调用其{part}时传入{handed_zh}，而它接受{taken}")
        ) from None
