"""Problems: what is wrong with a policy file, where, and what would be right.

A problem is a value.  All problems of a file are collected, sorted by place and raised together
by the outermost door (:class:`complaint_policy.errors.PolicyError`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Final

from attrs import field, frozen

from complaint_policy.messages import PROBLEMS
from complaint_policy.remark_messages import LEVELS
from complaint_policy.texts import Text

__all__ = ["NOWHERE", "Place", "Problem", "Problems", "nearest"]


@frozen(order=True)
class Place:
    """A place in a file: line and column count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE: Final = Place("<policy>")


_LEVEL_TEXTS: Final = {"warning": Text("warning", "警告"), "note": Text("note", "提示")}


@frozen(order=True)
class Problem:
    """One problem: a stable code, a place, a message and a hint, both in English and Chinese."""

    place: Place
    code: str
    message: Text
    hint: Text | None = field(default=None, order=False)

    @property
    def level(self) -> str:
        """``problem``: the policy is refused; ``warning`` and ``note``: it loads."""
        return LEVELS.get(self.code, "problem")

    def label(self, language: str) -> str:
        """The code, after the level of a remark."""
        level = _LEVEL_TEXTS.get(self.level)
        return self.code if level is None else f"{level.get(language)} {self.code}"

    def render(self, language: str = "en") -> str:
        """``file:line:column: code message`` and, where one is known, the hint; the level stands before a remark's code."""
        head = f"{_visible(str(self.place))}: {self.label(language)} {_visible(self.message.get(language))}"
        if self.hint is None:
            return head
        return f"{head} ({_visible(self.hint.get(language))})" if language == "en" else f"{head}（{_visible(self.hint.get(language))}）"

    def __str__(self) -> str:
        return self.render("en")

    def to_dict(self) -> dict[str, object]:
        return {
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code,
            "level": self.level,
            "message": self.message.to_dict(),
            "hint": self.hint.to_dict() if self.hint else None,
        }


def _visible(text: str) -> str:
    """Control characters of a hostile file never reach a terminal as they are; a problem stays on one line."""
    return "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in text)


# More problems than a person will read: the rest is counted out, so that a hostile file costs little.
MAX_PROBLEMS: Final = 500


# What is unknown where a plugin is not named or not there.
_BROUGHT: Final = frozenset(
    f"unknown-{what}" for what in ("key", "test", "field", "instant", "kind", "attribute", "calendar", "classifier", "similarity")
)


class Problems:
    """The collector: ``problems.add("unknown-field", place, name=...)``; never raises by itself.

    After ``MAX_PROBLEMS`` a last one says that there are more, and no others are taken.
    """

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._seen: set[Problem] = set()
        self._places: set[Place] = set()
        self._refused: set[str] = set()
        self.lacking = False  # a plugin is not there: what it would have brought is not said to be unknown, name by name
        self.brought: Callable[[str], Text | None] | None = None  # what to write for a name that a plugin has

    def add(self, code: str, place: Place, *, near: tuple[str, Iterable[str]] | None = None, hint: Text | None = None, **values: object) -> None:
        """Collect one problem.

        ``values`` fill the message of ``code`` (see messages.py).  ``near`` is a wrong word and the
        known ones: the hint then proposes the nearest.
        """
        name = values.get("name") if code.startswith("unknown-") else None
        if self.is_full() or name in self._refused or (self.lacking and code in _BROUGHT):
            return
        if code in _BROUGHT and self.brought is not None and isinstance(name, str):
            hint = self.brought(name) or hint
        message, standard_hint = PROBLEMS[code]
        clipped = {k: _clip(v) for k, v in values.items()}
        if hint is None and near is not None:
            hint = nearest(*near)
        if hint is None and standard_hint is not None:
            hint = standard_hint.filled(**clipped)
        self._take(Problem(place, code, message.filled(**clipped), hint))

    def refuse(self, name: str) -> None:
        """What was declared under this name is refused, and said so: that it is unknown is not said again wherever it is used."""
        self._refused.add(name)

    def extend(self, others: Iterable[Problem]) -> None:
        for problem in others:
            self._take(problem)

    def _take(self, problem: Problem) -> None:
        if problem in self._seen or self.is_full() or problem.code == "too-many-problems":
            return
        self._seen.add(problem)
        self._places.add(problem.place)
        self._found.append(problem)
        if len(self._found) == MAX_PROBLEMS:
            message, hint = PROBLEMS["too-many-problems"]
            self._found.append(Problem(Place(problem.place.file), "too-many-problems", message.filled(limit=MAX_PROBLEMS), hint))

    def is_full(self) -> bool:
        """Whether no further problem is taken."""
        return len(self._found) > MAX_PROBLEMS

    def has_any(self) -> bool:
        return bool(self._found)

    def at(self, place: Place) -> bool:
        """Whether a problem is already known at that place."""
        return place in self._places

    def __len__(self) -> int:
        return len(self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All problems, by place."""
        return tuple(sorted(self._found))


def _clip(value: object) -> object:
    """Long input is shown by its beginning."""
    if isinstance(value, str) and len(value) > 120:
        return value[:117] + "..."
    return value


# Comparing words costs: among more than these only those of the same first letter and a like length are looked at.
_MOST_COMPARED: Final = 600


def nearest(word: str, known: Iterable[str], cutoff: float = 0.62) -> Text | None:
    """A hint naming the known words nearest to a wrong one, or the known words where they are few."""
    words = list(known)
    if len(words) > _MOST_COMPARED:
        first = word[:1]
        words = [w for w in words if w.startswith(first) and -3 <= len(w) - len(word) <= 3][:_MOST_COMPARED]
    words = sorted(set(words))
    close = get_close_matches(word[:80], words, n=1, cutoff=cutoff)
    if close:
        return Text(f"did you mean '{close[0]}'?", f"是否想写“{close[0]}”？")
    if 0 < len(words) <= 12:
        return Text("one of: " + ", ".join(words), "可用：" + "、".join(words))
    return None
