"""The language of the command line: ``--lang``, else what the environment says.  Only the command line looks there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from complaint_policy.texts import LANGUAGES, Language

__all__ = ["language_of"]


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """``zh`` or ``en``.

    It is looked up before the arguments are parsed, so that help and error messages are in it too; a
    ``--lang`` that names no language is left for the parser to refuse.
    """
    asked = None
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang":
            asked = arguments[position + 1] if position + 1 < len(arguments) else None
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
    for language in LANGUAGES:
        if asked == language:
            return language
    # POSIX: the first of these that is set says it.
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name)
        if value:
            return "zh" if value.casefold().startswith("zh") else "en"
    return "en"
