"""What every expression is: a node with its place, and those below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import AttrsInstance, field, fields, frozen

from complaint_policy.problems import NOWHERE, Place

__all__ = ["Expression", "children", "walk"]


@frozen
class Expression:
    place: Place = field(default=NOWHERE, eq=False, repr=False, kw_only=True)


def children(node: AttrsInstance) -> Iterator[Expression]:
    """The expressions right under an expression, or a rule."""
    for attribute in fields(type(node)):
        yield from _expressions(getattr(node, attribute.name))


def _expressions(value: Any) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)


def walk(node: Expression) -> Iterator[Expression]:
    """The node and everything under it, from the top, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)
