"""The terminal: results to standard output, everything else to standard error, nothing that could steer it.

Values of policies and records reach a person only through here, with control and direction characters shown as
escapes.  When a reader closes the pipe the command goes on quietly, so its exit status stays true.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TextIO

from rich.console import Console
from rich.segment import Segment

from complaint_policy.texts import Language, Text

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType

    from complaint_policy.plugins import Manager

__all__ = ["Terminal", "visible"]

# Width where no terminal tells one: a file, a pipe.
_WIDTH: Final = 100
_KEPT: Final = frozenset("\n\u3000")  # the full-width space belongs to Chinese text


def visible(text: str) -> str:
    """The text with every character that could steer a terminal, or turn its direction, shown as an escape."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    if character == "\t" or unicodedata.category(character) == "Zs":
        return " "
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Console(Console):
    """A console that escapes what it prints, and outlives the reader of its pipe."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control is None and not segment.text.isprintable():
                yield Segment(visible(segment.text), segment.style)
            else:
                yield segment

    def on_broken_pipe(self) -> None:
        _drop(self.file)


def _drop(stream: Any) -> None:
    """Let what is still written go nowhere."""
    try:
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


class Terminal:
    """Where one run of the command line writes, in one language."""

    def __init__(self, language: Language, *, as_json: bool = False) -> None:
        self.language = language
        self.as_json = as_json
        self.plugins: Any = None  # what the options ask for (plugging.py)
        for stream in (sys.stdout, sys.stderr):
            # A character the encoding has not is shown as its escape, never a failure.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        self.out = self._console(sys.stdout)
        self.err = self._console(sys.stderr)

    @cached_property
    def manager(self) -> Manager | None:
        """The plugins of the run; ``None``: the library's own.  What is left out of those asked for is said beside the results."""
        from complaint_policy.cli.plugging import manager_of

        manager = manager_of(self.plugins) if self.plugins is not None else None
        for fault in manager.faults if manager is not None else ():
            left_out = self.t("left out: ", "未载入：")
            self.note(f"{left_out}{fault.message.get(self.language)}")
        return manager

    def _console(self, stream: TextIO) -> Console:
        width = None if stream.isatty() or os.environ.get("COLUMNS", "").isdigit() else _WIDTH
        return _Console(file=stream, width=width, highlight=False, markup=False, emoji=False)

    def t(self, en: str, zh: str) -> str:
        """One of two texts, by the language."""
        return zh if self.language == "zh" else en

    def say(self, text: Text) -> str:
        """A text in the terminal's language."""
        return visible(text.get(self.language))

    def print(self, *parts: RenderableType) -> None:
        """Results, to standard output."""
        if self.out.is_terminal:
            self.out.print(*parts, sep="\n")
            return
        # Tables fill their lines with blanks, which a file has no use for.
        with self.out.capture() as captured:
            self.out.print(*parts, sep="\n")
        self.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))

    def line(self, part: RenderableType) -> None:
        """One line of results that is never wrapped: programs cut such lines at their colons."""
        self.out.print(visible(part) if isinstance(part, str) else part, soft_wrap=True)

    def note(self, part: RenderableType) -> None:
        """A message beside the results, to standard error."""
        self.err.print(visible(part) if isinstance(part, str) else part, soft_wrap=True)

    def json(self, data: Any) -> None:
        """Data, to standard output."""
        ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") not in ("utf8", "utf8sig")
        text = json.dumps(data, ensure_ascii=ascii_only, indent=2)
        self.write("".join(map(_in_json, text)) if not text.isprintable() else text)
        self.write("\n")

    def write(self, text: str) -> None:
        """Plain text, to standard output as it is."""
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            _drop(sys.stdout)

    def close(self) -> None:
        """Push out what is still held back."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                _drop(stream)


def _in_json(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    return json.dumps(character)[1:-1]
