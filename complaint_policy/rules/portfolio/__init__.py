"""Portfolio rules: shares, counts, sums and means over many records, judged by an audit."""

from complaint_policy.kinds import RuleKind, ids_of_list
from complaint_policy.rules.portfolio.build import SCHEMA, build
from complaint_policy.texts import Text

__all__ = ["KIND"]

KIND = RuleKind(
    key="portfolio",
    kind="portfolio",
    title=Text("Portfolio", "总体指标"),
    schema=SCHEMA,
    ids=ids_of_list,
    build=build,
    steps=lambda section: (),
    stricter="complaint_policy.rules.portfolio.stricter",
)
