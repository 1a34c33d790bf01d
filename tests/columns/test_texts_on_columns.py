"""Texts of an enumeration are told apart by numbers made of them, and codes become words: as single records read them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from complaint_policy import Policy, load_policy_text
from complaint_policy.columns.plan import Ex
from complaint_policy.columns.tabulating import worded
from complaint_policy.outcomes import STATUS_ORDER

VALUES = ["a", "b", "ab", "ba", "abcdefghijklm", "abcdefghijkln", "网速", "网 速", "é", "é", "A", "0", "null", "a b", "long " * 30, "long " * 30 + "x"]
KIND = pl.Enum(list(STATUS_ORDER))


def policy_of(values: list[str]) -> Policy:
    listed = ", ".join(f"\'{value}\'" for value in values)
    levels = ", ".join(f"l{number}" for number in range(len(values) + 1))
    rules = "".join(f"    - {{id: SEV-{number}, level: l{number}, when: {{kind: \'{value}\'}}}}\n" for number, value in reversed(list(enumerate(values))))
    return load_policy_text(
        f"""
format: 1
policy: test/texts
effective: {{from: 2020-01-01}}
timezone: Asia/Shanghai
record: {{fields: {{kind: {{type: enum, values: [{listed}]}}}}}}
severity:
  levels: [{levels}]
  rules:
{rules}  otherwise: l{len(values)}
"""
    )


@pytest.mark.parametrize(("count", "rows"), [(1, 60), (2, 60), (3, 60), (8, 60), (15, 60), (24, 60), (30, 60), (2, 200_000), (3, 200_000)])
@pytest.mark.parametrize("lacking", [False, True])
def test_every_text_is_told_as_evaluate_tells_it(count: int, rows: int, lacking: bool) -> None:
    values = list(dict.fromkeys([*VALUES, *(f"v{number}" for number in range(30))]))[:count]
    policy = policy_of(values)
    # What is none of the values: other letters, blanks about one, another length, another form of a letter, nothing.
    cells: list[Any] = [*values, *VALUES, "aa", "c", "abcdefghijklm ", "\u3000ab", "e\u0301", "long " * 29, *([None, "", " "] if lacking else ["z"])]
    frame = pl.DataFrame({"received_at": pl.Series(["2026-03-02"] * len(cells)).str.to_datetime("%Y-%m-%d"), "kind": pl.Series(cells, dtype=pl.String)})
    judged = [policy.evaluate(row, as_of="2026-03-03T00:00").severity for row in frame.to_dicts()]
    wanted = pl.Series([one.level for one in judged], dtype=pl.String)
    times = -(-rows // len(cells))
    for source in (pl.concat([frame] * times), pl.concat([frame] * times, rechunk=True), pl.concat([frame] * times).lazy()):
        found = policy.audit(source, as_of="2026-03-03T00:00").decisions["severity"].cast(pl.String)
        assert found.equals(pl.concat([wanted] * times), check_names=False)


def test_numbers_made_of_texts_are_those_of_the_same_texts_anywhere() -> None:
    """What columns.cells rests on: the number of a text depends on the text and the seed, not on what stands beside it."""
    texts = pl.Series([*VALUES * 20_000], dtype=pl.String)
    alone = {text: pl.Series([text], dtype=pl.String).hash(7)[0] for text in VALUES}
    assert len(set(alone.values())) == len(set(VALUES))
    for streamed in (False, True):
        found = texts.slice(5).to_frame("t").lazy().select("t", number=pl.col("t").hash(7)).collect(engine="streaming" if streamed else "in-memory")
        assert dict(found.unique().iter_rows()) == alone
    assert {text: pl.Series([text]).hash(8)[0] for text in VALUES} != alone


@pytest.mark.parametrize("codes", [[5], [0, 5], [0, 3, 5], [0, 1, 2, 3, 4, 5, 6, 7]])
def test_codes_become_words(codes: list[int]) -> None:
    frame = pl.DataFrame({"code": pl.Series(codes * 3, dtype=pl.UInt8)})
    found = frame.select(word=worded(Ex(pl.col("code")), codes, KIND).expr)["word"]
    if len(codes) == 1:  # one word for all rows
        found = found.new_from_index(0, frame.height)
    assert found.dtype == KIND
    assert found.cast(pl.String).to_list() == [STATUS_ORDER[code] for code in codes * 3]
