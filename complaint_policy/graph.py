"""The order in which names are computed: names depend on names, never in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from complaint_policy.kinds import Step
from complaint_policy.problems import Problems
from complaint_policy.reader import Node, Scalar, Sequence

__all__ = ["bases_first", "ordered"]


def ordered(steps: Iterable[Step], problems: Problems) -> tuple[Step, ...]:
    """The steps, each after those it rests on; a cycle is a problem with its path.

    Among steps that do not depend on each other the given order is kept.
    """
    by_name = {step.name: step for step in steps}
    done: dict[str, Step] = {}
    reported: set[frozenset[str]] = set()

    for root in by_name.values():
        # Depth first with a stack of our own: a long chain must not end in Python's.
        path: list[str] = [root.name]
        waiting = [iter(root.needs)]
        if root.name in done:
            continue
        while waiting:
            following = next((n for n in waiting[-1] if n in by_name and n not in done), None)
            if following is None:
                name = path.pop()
                waiting.pop()
                done.setdefault(name, by_name[name])
            elif following in path:
                cycle = path[path.index(following) :]
                if frozenset(cycle) not in reported:
                    reported.add(frozenset(cycle))
                    shown = " → ".join(n.partition(":")[2] or n for n in (*cycle, following))
                    problems.add("name-cycle", by_name[following].place, path=shown)
            else:
                path.append(following)
                waiting.append(iter(by_name[following].needs))
    return tuple(done.values())


def bases_first(facts: dict[str, Node]) -> list[str]:
    """The facts, each after those it may rest on: a long chain of facts must not become a deep recursion."""
    waiting = {name: _words_within(node, facts) for name, node in facts.items()}
    order: dict[str, None] = {}
    for root in facts:
        path = [root]
        seen = {root}
        while path:
            following = next((w for w in waiting[path[-1]] if w not in order and w not in seen), None)
            if following is None:
                order[path.pop()] = None
            else:
                seen.add(following)
                path.append(following)
    return list(order)


def _words_within(node: Node, known: dict[str, Node]) -> Iterator[str]:
    """Every key and word below a node that is also the name of a fact."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Scalar):
            if one.value in known:
                yield one.value
        elif isinstance(one, Sequence):
            stack += one.items
        else:
            for entry in one.entries:
                if entry.key in known:
                    yield entry.key
                stack.append(entry.value)
