"""Lines broken where both languages allow it: between Chinese characters, never inside a name such as ``closed_at``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.containers import Lines
from rich.measure import Measurement
from rich.text import Text as Line

from complaint_policy.cli.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, JustifyMethod, OverflowMethod

__all__ = ["Flow"]

_AFTER: Final = "，。；：、！？）】》〕］”’…％,.;:!?)]}%"  # may not begin a line
_BEFORE: Final = "（【《“‘〔［([{"  # may not end one
# A run of Latin letters, digits and their signs, or one other character; with the signs that cling to it.
_PIECE: Final = re.compile(rf"[{re.escape(_BEFORE)}]*(?:[!-~À-ɏ–]+|\S)?[{re.escape(_AFTER)}]*\s*")


def _pieces(text: str) -> list[str]:
    return [piece for piece in _PIECE.findall(text) if piece]


class Flow(Line):
    """A styled text that wraps by these rules."""

    @classmethod
    def of(cls, line: Line | str) -> Flow:
        """The same text and styles; plain text is made visible first, so that it is measured as it is shown."""
        if isinstance(line, str):
            return cls(visible(line))
        return cls(line.plain, style=line.style, justify=line.justify, overflow=line.overflow, spans=list(line.spans))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        lines = self.plain.splitlines()
        pieces = (cell_len(piece.rstrip()) for line in lines for piece in _pieces(line))
        return Measurement(max(pieces, default=0), max(map(cell_len, lines), default=0))

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        if no_wrap or self.no_wrap:
            return super().wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap)
        lines = Lines()
        for line in self.split(allow_blank=True):
            broken = line.divide(_breaks(line.plain, width))
            for part in broken:
                part.rstrip()
            if justify in ("right", "center"):
                broken.justify(console, width, justify=justify, overflow="fold")
            lines.extend(broken)
        return lines


def _breaks(text: str, width: int) -> list[int]:
    """The positions at which a line is broken so that no part is wider than ``width`` cells."""
    found: list[int] = []
    position = filled = 0
    for piece in _pieces(text):
        needed = cell_len(piece.rstrip())
        if filled and filled + needed > width:
            found.append(position)
            filled = 0
        if needed > width:  # longer than a line: broken anywhere
            for offset, character in enumerate(piece):
                cells = cell_len(character)
                if filled and filled + cells > width:
                    found.append(position + offset)
                    filled = 0
                filled += cells
        else:
            filled += cell_len(piece)
        position += len(piece)
    return found
