"""Which encoding a file of text is in: declared, or found by looking at its bytes.

Looked at in this order: a byte-order mark, strict UTF-8, strict GB18030 (which reads GBK and GB2312
too), UTF-8 with a few stray bytes, then the guess of ``charset-normalizer``.  All but the guess read the
whole file, in pieces, so memory stays bounded.  How the encoding was found is kept: the summary of an audit says it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import IO, Final

from attrs import frozen

from complaint_policy.errors import InputError, MissingExtra
from complaint_policy.texts import Text

__all__ = ["Encoding", "find_encoding", "undecodable"]

_PIECE: Final = 1 << 20
_SAMPLE: Final = 1 << 18
_RARE: Final = 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What ``surrogateescape`` makes of bytes that the encoding cannot read.
_ESCAPED: Final = re.compile("[\udc80-\udcff]")


@frozen
class Encoding:
    """An encoding and how it was found; ``certain`` is false for a guess."""

    name: str
    how: Text
    certain: bool = True
    strict: bool = False  # the whole file was read with it, without one error


def undecodable(cell: str) -> bool:
    """Whether a cell holds bytes that its encoding could not read."""
    return not cell.isascii() and _ESCAPED.search(cell) is not None


def find_encoding(opened: Callable[[], IO[bytes]], declared: str | None) -> Encoding:
    """The encoding of what ``opened`` opens.

    Raises :class:`InputError` for a declared name that no codec has, :class:`MissingExtra` where only a
    guess would help and ``charset-normalizer`` is not installed.
    """
    if declared is not None:
        return _declared(declared, opened)
    with opened() as stream:
        head = stream.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, Text("byte-order mark", "字节顺序标记"))
    for name, how in (
        ("utf-8", Text("every byte reads as UTF-8", "全文可按 UTF-8 读取")),
        ("gb18030", Text("every byte reads as GB18030, not as UTF-8", "全文可按 GB18030 读取，不能按 UTF-8 读取")),
    ):
        if _reads_as(name, opened):
            return Encoding(name, how, certain=name == "utf-8", strict=True)
    return _nearly_utf8(opened) or _guess(opened)


def _declared(name: str, opened: Callable[[], IO[bytes]]) -> Encoding:
    try:
        codec = codecs.lookup(name)
        plain = codec.name
        if not getattr(codec, "_is_text_encoding", True):  # base64, zip and their kind make no text
            raise LookupError(name)
    except (LookupError, ValueError):
        raise InputError(Text(f"unknown encoding '{name}'", f"未知编码“{name}”")) from None
    if plain == "utf-8":
        # A mark at the beginning is not part of the first column's name.
        with opened() as stream:
            if stream.read(3) == codecs.BOM_UTF8:
                plain = "utf-8-sig"
    return Encoding(plain, Text("declared", "已声明"))


def _reads_as(name: str, opened: Callable[[], IO[bytes]]) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    with opened() as stream:
        try:
            while piece := stream.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _nearly_utf8(opened: Callable[[], IO[bytes]]) -> Encoding | None:
    """UTF-8 where a system cut characters in two or pasted bytes in: what does not fit is rare."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    stray = fitting = 0
    with opened() as stream:
        while piece := stream.read(_PIECE):
            text = decoder.decode(piece)
            if not text.isascii():
                wrong = len(_ESCAPED.findall(text))
                stray += wrong
                fitting += sum(c > "\x7f" for c in text) - wrong
    stray += len(decoder.decode(b"", final=True))
    if stray * _RARE > fitting:
        return None
    how = Text(f"reads as UTF-8 except for {stray} bytes", f"除 {stray} 个字节外均可按 UTF-8 读取")
    return Encoding("utf-8", how, certain=False)


def _guess(opened: Callable[[], IO[bytes]]) -> Encoding:
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise MissingExtra("charset-normalizer", "audit") from None
    with opened() as stream:
        best = from_bytes(stream.read(_SAMPLE)).best()
    if best is None:
        raise InputError(
            Text(
                "the encoding of the file cannot be told; declare it: input: {encoding: ...}",
                "无法判断文件编码；请声明：input: {encoding: ...}",
            )
        )
    return Encoding(best.encoding, Text("a guess from the bytes", "根据字节推测"), certain=False)
