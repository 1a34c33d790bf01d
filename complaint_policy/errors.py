"""What the library raises.

::

    ComplaintPolicyError
    ├── PolicyError        a policy file is wrong: holds every problem, sorted by place
    ├── RecordError        a record cannot be judged at all
    ├── WaiverError        a waiver file is wrong: holds every problem
    ├── MappingError       a mapping file is wrong: holds every problem
    ├── InputError         a table or file of records cannot be read
    ├── PluginError        a plugin raises, gives nonsense, or claims another's name
    ├── MissingExtra       an optional part of the library is not installed
    └── UsageError         a call is wrong: an unknown rule, a bare date as `as_of`
"""

from __future__ import annotations

from complaint_policy.problems import Problem
from complaint_policy.texts import Text

__all__ = [
    "ComplaintPolicyError",
    "InputError",
    "MappingError",
    "MissingExtra",
    "PluginError",
    "PolicyError",
    "RecordError",
    "UsageError",
    "WaiverError",
]


class ComplaintPolicyError(Exception):
    """Everything this library raises on purpose."""

    def render(self, language: str = "en") -> str:
        """The message in that language."""
        return str(self)


class _WithProblems(ComplaintPolicyError):
    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems: tuple[Problem, ...] = problems

    def render(self, language: str = "en") -> str:
        return "\n".join(p.render(language) for p in self.problems)

    def __str__(self) -> str:
        return self.render("en")


class PolicyError(_WithProblems):
    """A policy is refused whole; ``problems`` has every problem at once, sorted by place."""


class MappingError(_WithProblems):
    """A mapping file is refused whole."""


class WaiverError(_WithProblems):
    """A waiver file is refused whole."""


class _WithText(ComplaintPolicyError):
    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason

    def render(self, language: str = "en") -> str:
        return self.reason.get(language)

    def __str__(self) -> str:
        return self.reason.en


class RecordError(_WithText):
    """A record cannot be judged at all: ``reason`` says why, ``field`` which field stands in the way (or None)."""

    def __init__(self, reason: Text, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field

    def __reduce__(self) -> tuple[object, ...]:
        return (RecordError, (self.reason, self.field))


class InputError(_WithText):
    """A file or table of records cannot be read."""


class UsageError(_WithText):
    """The call itself is wrong."""


class PluginError(_WithText):
    """A plugin is at fault; ``plugin`` is its name."""

    def __init__(self, plugin: str, reason: Text) -> None:
        super().__init__(Text(f"plugin '{plugin}': ", f"插件“{plugin}”：") + reason)
        self.plugin = plugin
        self._given = (plugin, reason)

    def __reduce__(self) -> tuple[object, ...]:
        return (PluginError, self._given)


class MissingExtra(_WithText):
    """An optional part is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            Text(
                f"this needs the package '{package}': pip install 'complaint-policy[{extra}]'",
                f"此功能需要软件包“{package}”：pip install 'complaint-policy[{extra}]'",
            )
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[object, ...]:
        return (MissingExtra, (self.package, self.extra))
