"""What the command line is given: policies, records, waivers and the instant of judgement."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Never

from complaint_policy import Policy, load_policy
from complaint_policy.causes import cause_of
from complaint_policy.cli.terminal import Terminal, visible
from complaint_policy.errors import InputError, PolicyError, UsageError
from complaint_policy.exactness import decimal_of
from complaint_policy.outcomes import OUTCOMES
from complaint_policy.problems import Problems, nearest
from complaint_policy.reader import plain, read_yaml
from complaint_policy.texts import Text
from complaint_policy.waivers import WaiverSet

__all__ = [
    "STDIN",
    "as_of_text",
    "is_there",
    "outcomes_of",
    "policy_of",
    "read_records",
    "read_waivers",
    "warn_of_unknown_fields",
    "words_of",
]

STDIN: Final = "-"
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_WARNINGS: Final = 20


# --------------------------------------------------------------------------- policies
def is_there(name: str) -> bool:
    """Whether a path is there; a name too long for one is not."""
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def policy_source(name: str) -> str | Path:
    """A path where one is there, else a shipped name (or a path that the loader will miss)."""
    return Path(name) if is_there(name) else name


def policy_of(name: str, terminal: Terminal) -> Policy:
    """The policy of a name or path on the command line, with the plugins of the run; raises :class:`PolicyError`."""
    return load_policy(policy_source(name), plugins=terminal.manager)


def fields_of(policy: Policy) -> set[str]:
    """The names of the fields of every version."""
    return {name for version in policy.versions for name in version.model.fields}


# --------------------------------------------------------------------------- words
def as_of_text(given: str) -> str:
    """The instant of judgement; ``now`` is the machine's clock, which only the command line looks at."""
    return datetime.now(UTC).isoformat() if given == "now" else given


def words_of(given: Iterable[str]) -> tuple[str, ...]:
    """Words separated by commas, from an option that may be repeated."""
    return tuple(dict.fromkeys(w.strip() for part in given for w in part.split(",") if w.strip()))


def outcomes_of(given: Iterable[str], *, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The words of ``--fail-on``; raises :class:`UsageError` for one that is no outcome."""
    known = (*sorted(OUTCOMES), *also)
    found = words_of(given)
    for word in found:
        if word not in known:
            hint = nearest(word, known) or Text("", "")
            raise UsageError(Text("--fail-on: unknown outcome '{w}' ({h})", "--fail-on：未知的结果“{w}”（{h}）").filled(w=word, h=hint))
    return found


# --------------------------------------------------------------------------- files
def _bytes_of(name: str) -> bytes:
    try:
        if name == STDIN:
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        why = cause_of(error)
        raise InputError(Text(f"cannot read '{name}': {why.en}", f"无法读取“{name}”：{why.zh}")) from None
    if len(content) > _MOST_BYTES:
        raise InputError(Text(f"'{name}' is larger than {_MOST_BYTES} bytes; audit reads large files", f"“{name}”超过{_MOST_BYTES}字节；大文件请用 audit"))
    return content


def read_records(name: str) -> tuple[list[Mapping[str, Any]], bool]:
    """The records of a JSON or YAML file (``-``: standard input), and whether it holds a list of them.

    Raises :class:`InputError` where it cannot be read, :class:`PolicyError` with places for wrong YAML.
    """
    content = _bytes_of(name)
    suffix = Path(name).suffix.lower()
    is_json = suffix == ".json" or (suffix not in (".yaml", ".yml") and content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["))
    data = _json(content, name) if is_json else _yaml(content, name)
    listed = data if isinstance(data, list) else [data]
    for position, record in enumerate(listed, 1):
        if not isinstance(record, dict):
            where = Text(f"'{name}', record {position}: ", f"“{name}”第{position}条：") if isinstance(data, list) else Text(f"'{name}': ", f"“{name}”：")
            raise InputError(where + Text("a record is an object of fields and values", "记录应为“字段: 值”的结构"))
    return listed, isinstance(data, list)


def _json(content: bytes, name: str) -> Any:
    try:
        # Numbers keep the digits they were written with.
        return json.loads(content.decode("utf-8-sig"), parse_float=decimal_of, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except UnicodeDecodeError:
        raise InputError(Text(f"'{name}' is not UTF-8 text", f"“{name}”不是UTF-8文本")) from None
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise InputError(Text(f"{place}: this is not JSON: {error.msg}", f"{place}：不是有效的JSON：{error.msg}")) from None
    except ValueError as error:
        detail = error.args[0] if error.args and isinstance(error.args[0], Text) else Text("a number is too long", "数字过长")
        raise InputError(Text(f"'{name}': ", f"“{name}”：") + detail) from None
    except RecursionError:
        raise InputError(Text(f"'{name}' is nested too deeply", f"“{name}”嵌套过深")) from None


def _no_constant(word: str) -> Never:
    raise ValueError(Text(f"{word} is no value", f"{word} 不是有效的值"))


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twin = next(n for n in names if names.count(n) > 1)
        raise ValueError(Text(f"the key '{twin}' stands twice", f"键“{twin}”重复"))
    return found


def _yaml(content: bytes, name: str) -> Any:
    problems = Problems()
    tree = read_yaml(content, name, problems)
    if problems.has_any() or tree is None:
        raise PolicyError(problems.sorted())
    return plain(tree)


def read_waivers(policy: Policy, name: str | None) -> WaiverSet | tuple[()]:
    """The waivers of a YAML file, checked against the policy; raises :class:`WaiverError`."""
    return policy.read_waivers(_bytes_of(name), name) if name is not None else ()


def warn_of_unknown_fields(records: Iterable[Mapping[str, Any]], policy: Policy, terminal: Terminal) -> None:
    """A misspelt field is quietly empty, so it is said aloud, once a name."""
    known = fields_of(policy)
    unknown = dict.fromkeys(str(key) for record in records for key in record if key not in known)
    for name in list(unknown)[:_MOST_WARNINGS]:
        close = nearest(name, known)
        hint = Text("; {h}", "；{h}").filled(h=close) if close is not None else Text("", "")
        text = Text("warning: the policy has no field '{n}': it is ignored", "警告：制度没有字段“{n}”，已忽略").filled(n=name) + hint
        _warn(terminal, text)
    if len(unknown) > _MOST_WARNINGS:
        more = len(unknown) - _MOST_WARNINGS
        _warn(terminal, Text(f"warning: and {more} more unknown fields", f"警告：另有{more}个未知字段"))


def _warn(terminal: Terminal, text: Text) -> None:
    from rich.text import Text as Line

    terminal.note(Line(visible(text.get(terminal.language)), style="yellow"))
