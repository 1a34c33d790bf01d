"""Bilingual texts: every sentence a person sees exists in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from attrs import frozen

__all__ = ["LANGUAGES", "Language", "Text", "as_language", "joined", "literal_text", "shown_number"]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@frozen(order=True)
class Text:
    """One text in English and Chinese."""

    en: str
    zh: str

    def get(self, language: str) -> str:
        """The text in that language (``en`` or ``zh``)."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.en

    def filled(self, **values: object) -> Text:
        """The text with its ``{names}`` filled; a :class:`Text` value is filled language by language."""
        return Text(_fill(self.en, "en", values), _fill(self.zh, "zh", values))

    def __add__(self, other: Text) -> Text:
        return Text(self.en + other.en, self.zh + other.zh)

    def to_dict(self) -> dict[str, str]:
        return {"en": self.en, "zh": self.zh}


def _fill(template: str, language: str, values: Mapping[str, object]) -> str:
    # Templates are ours, never a user's; values are put in as they are.
    shown = {k: v.get(language) if isinstance(v, Text) else str(v) for k, v in values.items()}
    return template.format_map(shown)


def as_language(name: str) -> Language:
    """``en`` or ``zh``; raises ``ValueError`` for any other name."""
    if name not in LANGUAGES:
        raise ValueError(f"unknown language {name!r}; one of: en, zh")
    return "zh" if name == "zh" else "en"


def joined(parts: list[Text], en: str = "; ", zh: str = "；") -> Text:
    """Several texts in a row."""
    return Text(en.join(p.en for p in parts), zh.join(p.zh for p in parts))


def shown_number(value: Any) -> str:
    """A number without needless zeros or exponents."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def literal_text(value: Any) -> Text:
    """A literal of a policy as people see it."""
    if value is True:
        return Text("yes", "是")
    if value is False:
        return Text("no", "否")
    return Text(shown_number(value), shown_number(value))
