"""How much there was to complain about: by name, period and group, as an audit is handed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from attrs import field, frozen

__all__ = ["NO_EXPOSURES", "Exposures"]

Axes = frozenset[tuple[str, str]]


@frozen
class Exposures:
    """Numbers by name and period; each for the groups it names, and for no others: nothing is added up."""

    numbers: Mapping[tuple[str, str], Mapping[Axes, Fraction]] = field(factory=dict)

    def of(self, name: str, period: str, by: tuple[str, ...], group: tuple[str, ...]) -> Fraction | None:
        return self.numbers.get((name, period), {}).get(frozenset(zip(by, group, strict=True)))

    def stated(self, name: str, by: tuple[str, ...]) -> Iterable[tuple[str, tuple[str, ...]]]:
        """The periods and groups, by those axes, that a number is stated for."""
        for (known, period), groups in self.numbers.items():
            for axes in groups if known == name else ():
                labels = dict(axes)
                if labels.keys() == set(by):
                    yield period, tuple(labels[axis] for axis in by)


NO_EXPOSURES: Final = Exposures()
