"""What a classifier says of a record, and the label that counts where it is sure enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from complaint_policy.expressions import nodes as n
from complaint_policy.expressions.computed import Call, Computed
from complaint_policy.guarded import Failed, Refused
from complaint_policy.possible import Maybe, possibilities
from complaint_policy.texts import Text

if TYPE_CHECKING:
    from complaint_policy.expressions.compile import Compiler, Function, State

__all__ = ["Asked", "Classified", "Evidence", "EvidenceOf", "classified", "classified_in", "counted", "evidence_name"]

_LONGEST: Final = 500


@frozen
class Evidence:
    """What a classifier says of a text: a label, how sure it is (0 to 1), and why, for the person who reads it."""

    label: str
    confidence: Decimal | float
    because: str = ""


@frozen
class Classified(n.Value):
    """The label of a classifier where its confidence reaches ``call.threshold``, else unknown.

    ``evidence`` stands for what the classifier said: it is asked once a record, however many thresholds look at it.
    """

    call: Call
    parts: tuple[n.Expression, ...]
    evidence: n.NamedValue
    kind: str = "enum"
    title: Text = field(eq=False, kw_only=True)
    titles: Mapping[str, Text] = field(eq=False, kw_only=True)  # of labels

    @property
    def threshold(self) -> Decimal:
        assert self.call.threshold is not None
        return self.call.threshold

    def label_text(self, label: str) -> Text:
        return self.titles.get(label) or Text(label, label)


@frozen
class Asked:
    """A classifier that expressions ask: the node of its evidence, and what it is called."""

    node: Computed
    title: Text
    uses: tuple[Classified, ...] = field(default=(), eq=False)  # one for each threshold


def evidence_name(classifier: str) -> str:
    """The name of a classifier's evidence among all that is computed for a record."""
    return f"classifier:{classifier}"


@frozen
class EvidenceOf:
    """Takes evidence with one of the labels; ``None`` stays ``None``."""

    labels: frozenset[str]

    def __call__(self, given: Any) -> Any:
        if given is None:
            return None
        if not isinstance(given, Evidence):
            raise Refused(Text(f"it gave {type(given).__name__} where Evidence is expected", f"返回了{type(given).__name__}，应为Evidence"))
        label: Any = given.label
        if not isinstance(label, str) or label not in self.labels:
            raise Refused(Text("its label is none of the declared ones", "标签不在已声明的标签中"))
        sure: Any = given.confidence
        because: Any = given.because
        if isinstance(sure, float):
            sure = Decimal(repr(sure))
        if isinstance(sure, bool) or not isinstance(sure, (int, Decimal)) or not Decimal(sure).is_finite() or not 0 <= sure <= 1:
            raise Refused(Text("its confidence is no number from 0 to 1", "置信度不是0到1之间的数字"))
        if not isinstance(because, str) or len(because) > _LONGEST:
            raise Refused(Text(f"its reason is no text of up to {_LONGEST} characters", f"理由不是{_LONGEST}个字符以内的文本"))
        because.encode("utf-8")
        return Evidence(str(label), Decimal(sure), str(because))


def counted(call: Call, found: Any) -> Any:
    """The label of evidence that reaches the threshold; below it a person has to say."""
    assert call.threshold is not None
    return found.label if found.confidence >= call.threshold else Maybe(None, frozenset({call.name}))


def classified(node: Classified, compiler: Compiler) -> Function:
    """The function of a state that holds a classifier's evidence against the threshold."""
    index, call = compiler.slots[node.evidence.source], node.call

    def held(state: State) -> Any:
        found = state[index]
        if found.__class__ is Failed or not isinstance(found, Maybe):
            return found if found.__class__ is Failed else counted(call, found)
        if found.options is None:
            return found
        return possibilities([counted(call, option) for option in found.options], found.missing, found.open)

    return held


def classified_in(node: n.Expression | None, inner: Callable[[str], n.Expression | None]) -> Iterator[Classified]:
    """The uses of classifiers below an expression, through the facts that ``inner`` gives."""
    seen: set[str] = set()
    waiting = [] if node is None else [node]
    while waiting:
        one = waiting.pop()
        yield from (part for part in n.walk(one) if isinstance(part, Classified))
        for name in n.names_in(one):
            kind, _, fact = name.partition(":")
            if kind == "fact" and fact not in seen:
                seen.add(fact)
                expression = inner(fact)
                if expression is not None:
                    waiting.append(expression)
