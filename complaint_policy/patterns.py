"""Text patterns: RE2, so that no pattern of a policy can take more than linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

__all__ = ["PatternError", "compiled"]

_LONGEST: Final = 2_000
_MEMORY: Final = 8 << 20


class PatternError(ValueError):
    """The pattern is not one RE2 can run."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The compiled RE2 pattern; raises :class:`PatternError`.

    A match is of the whole text: use ``.fullmatch(text)``.  A dot stands for a line break as well.
    """
    import re2

    if len(pattern) > _LONGEST:
        raise PatternError(f"longer than {_LONGEST} characters")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.dot_nl = True  # a description has lines
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0] if error.args else "not a pattern"
        raise PatternError(detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)) from None
