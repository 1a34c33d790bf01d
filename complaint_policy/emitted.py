"""Functions made of emitted lines, with constants in place.

Emitted text holds nothing but variables, operators and placeholders.  A placeholder stands where the compiler keeps a constant
and is replaced there: a constant is loaded faster than a global name, and no value ever has to be written as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any, Final

__all__ = ["constant_named", "function_of"]

# No text of a policy begins so.
_MARK: Final = "\0constant "


def constant_named(index: int) -> str:
    """The placeholder of a constant, which is not called, compared by identity or subscripted by a literal: of a text that makes no sense."""
    return repr(f"{_MARK}{index}")


def function_of(head: str, body: Sequence[str], constants: Sequence[Any], called: dict[str, Any]) -> Callable[..., Any]:
    """The function with that name and those arguments, and what it calls by name; of the builtins it knows ``KeyError``."""
    text = "\n".join([f"def {head}:", *("    " + line for line in body)])
    module = compile(text, "<complaint_policy straight line>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    placed = code.replace(co_consts=tuple(_placed(constant, constants) for constant in code.co_consts))
    return FunctionType(placed, {"__builtins__": {"KeyError": KeyError}, **called})


def _placed(found: Any, constants: Sequence[Any]) -> Any:
    if isinstance(found, str) and found.startswith(_MARK):
        return constants[int(found.removeprefix(_MARK))]
    # The compiler has made one constant of several.
    return tuple(_placed(part, constants) for part in found) if isinstance(found, tuple) else found
