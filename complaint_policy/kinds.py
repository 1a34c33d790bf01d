"""What a rule kind is: one room's key, schema, builder, checks and record evaluation, as one value.

Rooms and plugins make :class:`RuleKind` objects; ``registry.py`` lists the built-in ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.compile import Compiler
from complaint_policy.expressions.environment import Environment
from complaint_policy.fields import Field
from complaint_policy.problems import Place, Problems
from complaint_policy.reader import Mapping, Node
from complaint_policy.texts import Text
from complaint_policy.zones import Zone

if TYPE_CHECKING:
    from complaint_policy.building import Builder
    from complaint_policy.model import PolicyModel
    from complaint_policy.straight import Straight

__all__ = ["Piece", "RuleKind", "Setting", "Step"]

State = list[Any]


@frozen
class Piece:
    """One file's part of a section, with the environment its words are read in; bases come first."""

    node: Node
    env: Environment


@frozen
class Step:
    """One computation of a decision: the name it gives, the names it rests on, and its function."""

    name: str  # severity, responsibility, rule:<id>, fact:<name>
    needs: tuple[str, ...]
    make: Callable[[Setting], Callable[[State], Any]]
    place: Place = field(eq=False)


@frozen
class Setting:
    """What rooms compile against."""

    compiler: Compiler
    paused_compiler: Compiler
    zone: Zone
    scope: n.Condition | None
    model: PolicyModel
    waivers: int  # slot of the record's waivers
    slots: dict[str, int]


@frozen(eq=False)
class RuleKind:
    """A rule kind.

    ``key`` is its section in a policy file, ``kind`` the word for one rule.  ``ids`` finds the rules'
    ids in the raw section (so that expressions can name them), ``build`` makes the section's model,
    ``fields`` adds the fields the section gives every record, ``check`` looks for contradictions in the whole model, ``steps`` says what
    it computes for a record, ``to_dict`` and ``message`` show one result, ``emit`` writes its part of the straight line, ``columns`` names the
    module that computes the same for a table.
    """

    key: str
    kind: str
    title: Text
    schema: dict[str, Any]
    ids: Callable[[Node], Iterable[tuple[str, Place]]]
    build: Callable[[list[Piece], Builder], Any]
    steps: Callable[[Any], Iterable[Step]]
    empty: Any = ()
    check: Callable[[Any, PolicyModel, Problems], None] | None = None
    judged: bool = False  # its rules have an outcome
    to_dict: Callable[[Any], dict[str, Any]] | None = None
    message: Callable[[Any, Any], Text] | None = None
    emit: Callable[[Any, Straight], dict[str, str]] | None = None  # its part of the straight line (see straight.py)
    stricter: str | None = None  # the module whose ``compare(base, own, comparison)`` holds an overlay against its bases
    fields: Callable[[Node, dict[str, Field], Problems], dict[str, Field]] | None = None
    columns: str | None = None  # the module whose ``columns(section)`` evaluates a table: imported with Polars, never before


def ids_of_list(node: Node) -> Iterable[tuple[str, Place]]:
    """The ids of a section that is a list of rules."""
    from complaint_policy.reader import Scalar, Sequence

    for item in node.items if isinstance(node, Sequence) else ():
        identity = item.get("id") if isinstance(item, Mapping) else None
        if isinstance(identity, Scalar):
            yield identity.value, identity.place


def ids_under(*keys: str) -> Callable[[Node], Iterable[tuple[str, Place]]]:
    """The ids of rules in lists under keys of a section that is a mapping."""

    def ids(node: Node) -> Iterable[tuple[str, Place]]:
        for key in keys:
            inner = node.get(key) if isinstance(node, Mapping) else None
            if inner is not None:
                yield from ids_of_list(inner)

    return ids
