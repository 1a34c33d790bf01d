"""Lines of JSON that are plainly a flat object of one shape: one pattern tells them, thousands at a time, so that Polars may read them.

A shape is learnt from the first lines: its keys in their order, each of which may be absent, and of what kind their values are.  A
line that fits has each key at most once, no list and no object within, texts without half a surrogate pair and numbers short
enough to be the same as floats; on any such line Polars and Python's ``json`` cannot differ.  Every other line is Python's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl
from attrs import define, field

__all__ = ["Shape", "Survey", "of_shape", "split_up"]

# A file of fewer lines is read by Python alone.
_WORTH: Final = 2_000
_LEARNT_FROM: Final = 1_000
# Of so many lines one may be of another shape before it is learnt.
_OTHERS: Final = 10
_TRIES: Final = 10
# Beyond it the automaton of the pattern outgrows what is kept of it, and takes many times as long.
_MOST_KEYS: Final = 100
# Cuts no line: such a character stands in JSON only as an escape.
_RARE: Final = "\x1f"

_HEX: Final = "[0-9a-fA-F]"
_HALF: Final = rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_TEXT: Final = rf'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?:[0-9a-cA-CeEfF]{_HEX}{{3}}|[dD][0-7]{_HEX}{{2}})|{_HALF})*"'
_WHOLE: Final = "-?[1-9][0-9]{0,14}|0"
_NUMBER: Final = rf"{_WHOLE}|-?(?:[1-9][0-9]{{0,8}}|0)\.[0-9]{{1,6}}|-?(?:[1-9][0-9]{{0,2}}|0)\.[0-9]{{7,12}}"
_ANY: Final = rf"{_TEXT}|-?[0-9][-+.0-9eE]*|true|false"
_FORMS: Final[dict[frozenset[type], tuple[str, Any]]] = {
    frozenset(): ("", pl.Null),
    frozenset({str}): (_TEXT, pl.String),
    frozenset({bool}): ("true|false", pl.Boolean),
    frozenset({int}): (_WHOLE, pl.Int64),
    frozenset({Decimal}): (_NUMBER, pl.Float64),
    frozenset({int, Decimal}): (_NUMBER, pl.Float64),
}
_SCALARS: Final = frozenset({str, bool, int, Decimal})
_SPACE: Final = r"[ \t]*"


@define
class Shape:
    """The keys of lines, in order, each with the classes of its values."""

    keys: dict[str, set[type]] = field(factory=dict)
    _pattern: str | None = None

    def learn(self, records: Iterable[dict[str, Any]]) -> None:
        """Makes room for flat records; what a key's values have been they still may be."""
        order = list(self.keys)
        for record in records:
            if len(order) > _MOST_KEYS:
                break
            before = -1
            for key, value in record.items():
                if key not in self.keys:  # one that was absent so far has its place behind the one before it
                    order.insert(before + 1, key)
                    self.keys[key] = set()
                before = order.index(key) if order[before + 1 : before + 2] != [key] else before + 1
                if value is not None:
                    self.keys[key].add(type(value))
        self.keys = {key: self.keys[key] for key in order}
        self._pattern = None

    @property
    def pattern(self) -> str | None:
        """What a whole line of this shape looks like; ``None`` where none can be told."""
        if self._pattern is None and 0 < len(self.keys) <= _MOST_KEYS:
            self._pattern = rf"^{_SPACE}\{{" + "".join(map(self._pair, self.keys)) + rf"{_SPACE}\}}\s*$"
        return self._pattern

    def _pair(self, key: str) -> str:
        form, _ = _FORMS.get(frozenset(self.keys[key]), (_ANY, None))
        spelled = "|".join(dict.fromkeys(re.escape(json.dumps(key, ensure_ascii=plain)) for plain in (True, False)))
        # Whether each comma stands where it must the parser sees.
        return rf"(?:{_SPACE}(?:{spelled}){_SPACE}:{_SPACE}(?:{form + '|' if form else ''}null){_SPACE},?)?"

    def schema(self, wanted: Sequence[str], numbers: Callable[[str], bool]) -> dict[str, Any] | None:
        """The types of the wanted columns; ``None`` where one holds what no type does.  ``numbers``: whether a column's may be floats."""
        found: dict[str, Any] = {}
        for name in wanted:
            kind = _FORMS.get(frozenset(self.keys.get(name, ())), ("", None))[1]
            if kind is None or (kind == pl.Float64 and not numbers(name)):
                return None
            found[name] = kind
        return found


@define
class Survey:
    """A first reading of a file: the records it hands on have all the keys there are, and it learns the shape of the lines.

    ``plain`` are the numbers of the pieces in which every line is of that shape; ``parsed`` makes a line a record.
    """

    parsed: Callable[[str], Any]
    shape: Shape = field(factory=Shape)
    plain: set[int] = field(factory=set)
    _tries: int = _TRIES

    def records(self, pieces: Iterable[str | None]) -> Iterator[dict[str, Any]]:
        """Some of the records, among them one with each key, in the order of the file."""
        for number, piece in enumerate(pieces):
            if piece is None:
                continue
            if number == 0 or self.shape.pattern is None or not self._tries:
                head, rest = self._first(piece) if number == 0 else (piece, "")
                yield from self._all(head.split("\n"), learn=number == 0)
                piece = rest
                if not piece:
                    continue
            lines = split_up(piece)
            others = None if lines is None else of_shape(lines, self.shape)
            if lines is None or others is None:
                yield from self._all(piece.split("\n"), learn=False)
                continue
            left = lines.filter(~others).to_list()
            if not left and number:
                self.plain.add(number)
            many = len(left) * _OTHERS > lines.len() and self._tries > 0
            self._tries -= many
            yield from self._all(left, learn=many)

    def _first(self, piece: str) -> tuple[str, str]:
        """The first lines, all of them where there are not many, and the others."""
        if piece.count("\n") < _WORTH:
            self._tries = 0
            return piece, ""
        end = 0
        for _ in range(_LEARNT_FROM):
            end = piece.find("\n", end) + 1
        return piece[:end], piece[end:]

    def _all(self, lines: Iterable[str], *, learn: bool) -> Iterator[dict[str, Any]]:
        flat: list[dict[str, Any]] = []
        for line in lines:
            record = self.parsed(line) if line.strip() else None
            if isinstance(record, dict):
                if learn and not any(isinstance(value, list) for value in record.values()):
                    flat.append(record)
                yield record
        if flat:
            self.shape.learn(flat)


def split_up(piece: str) -> pl.Series | None:
    """The lines of a piece; ``None`` where Polars does not tell them as Python does."""
    if _RARE in piece or piece[0] == "\ufeff" or "\n\ufeff" in piece:
        return None
    try:
        data = piece.encode()
    except UnicodeEncodeError:  # an encoding that knows halves of surrogate pairs
        return None
    lines = pl.read_csv(data, has_header=False, separator=_RARE, quote_char=None, schema={"line": pl.String})["line"].fill_null("")
    return lines if lines.len() == piece.count("\n") + (piece[-1] != "\n") else None


def of_shape(lines: pl.Series, shape: Shape) -> pl.Series | None:
    """Which lines are of a shape; ``None`` where its pattern is too long."""
    pattern = shape.pattern
    if pattern is None:
        return None
    half = lines.len() // 2  # one for each of two cores
    try:
        found = pl.collect_all([part.to_frame("line").lazy().select(pl.col("line").str.contains(pattern)) for part in (lines[:half], lines[half:])])
    except pl.exceptions.PolarsError:
        return None
    return pl.concat(found)["line"]
