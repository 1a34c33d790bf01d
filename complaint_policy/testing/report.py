"""What a trial of a plugin found."""

from __future__ import annotations

from attrs import field, frozen

from complaint_policy.texts import Text

__all__ = ["Failure", "Gathering", "Report", "Speed"]

# Of one thing that fails for many records, so many are told.
_MOST_ALIKE = 3


@frozen
class Failure:
    """One promise not kept: ``check`` says which, ``what`` names the contribution, ``advice`` what to do."""

    check: str  # registration, documentation, policy, purity, answers, tables, isolation, speed
    what: str
    problem: Text
    advice: Text

    @property
    def message(self) -> Text:
        return Text("[{c}] {w}: {p}. {a}.", "[{c}] {w}：{p}。{a}。").filled(c=self.check, w=self.what, p=self.problem, a=self.advice)


@frozen
class Speed:
    """How a function did: its calls, and how many a second; told, never judged unless a time budget is given."""

    what: str
    calls: int
    per_second: float

    @property
    def message(self) -> Text:
        return Text(f"{self.what}: {self.calls:,} calls, {self.per_second:,.0f} a second", f"{self.what}：调用{self.calls:,}次，每秒{self.per_second:,.0f}次")


@frozen
class Report:
    """All of it.  ``failures`` is empty for a plugin that conforms."""

    name: str
    failures: tuple[Failure, ...]
    speeds: tuple[Speed, ...] = ()

    def render(self, language: str = "en") -> str:
        """Every failure in that language, one a line, then the speeds."""
        if self.failures:
            count = len(self.failures)
            many = "1 failure" if count == 1 else f"{count} failures"
            head = Text(f"the plugin '{self.name}' does not conform ({many})", f"插件“{self.name}”不符合要求（{count}项）")
        else:
            head = Text(f"the plugin '{self.name}' conforms", f"插件“{self.name}”符合要求")
        lines = [head, *(failure.message for failure in self.failures), *(speed.message for speed in self.speeds)]
        return "\n".join(line.get(language) for line in lines)


@frozen
class Gathering:
    """Failures while they are found: each once, and of like ones the first few."""

    found: dict[Failure, None] = field(factory=dict)

    def add(self, check: str, what: str, problem: Text, advice: Text) -> None:
        failure = Failure(check, what, problem, advice)
        alike = sum(other.check == check and other.what == what and other.advice == advice for other in self.found)
        if alike < _MOST_ALIKE:
            self.found[failure] = None
