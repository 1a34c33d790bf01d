"""A reconciliation: which list, what tells that an entry and a record are of one matter, and what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.describe import Describer
from complaint_policy.frame import Rule
from complaint_policy.texts import Text, joined

__all__ = ["EXPECTED", "Reconciliation"]

EXPECTED: Final = {
    "record": Text("a record for each entry of the list", "清单的每一条均有记录"),
    "entry": Text("an entry of the list for each record", "每条记录均在清单中"),
    "both": Text("a record for each entry of the list, and an entry for each record", "清单的每一条均有记录，每条记录亦均在清单中"),
}


@frozen(kw_only=True)
class Reconciliation(Rule):
    """``within``: how far the entry and the record may lie apart, either way; ``agree``: fields that have to say the same in both."""

    list_name: str
    same: tuple[n.NamedValue, ...]
    within: n.Counted | None
    expect: str
    agree: tuple[n.NamedValue, ...]

    def in_words(self, words: Describer) -> Iterator[tuple[Text, Text]]:
        yield Text("against the list", "核对清单"), Text(self.list_name, self.list_name)
        yield Text("the same", "相同字段"), joined([words.value(value) for value in self.same], ", ", "、")
        if self.within is not None:
            yield Text("apart at most", "相隔不超过"), words.instant(self.within)
        yield Text("expects", "要求"), EXPECTED[self.expect]
        if self.agree:
            yield Text("agree in", "须一致"), joined([words.value(value) for value in self.agree], ", ", "、")
