"""JSON Lines read quickly where a line is plainly flat say what the exact reader says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from complaint_policy.audit import json_files
from complaint_policy.texts import Text

KEYS = st.sampled_from(["a", "b", "a b", 'q"', "é", "x.y", ":"])
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**25), st.sampled_from(["1.50", "1e400", "-0.0", "NaN", "Infinity"]).map(lambda t: _Number(t)),
    st.sampled_from(["", "x", '":', '" :', '\\": ', "10:00:00", "断网", "\u2028", '"'])
)  # fmt: skip
VALUES = st.recursive(PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=2), st.lists(st.tuples(KEYS, inner), max_size=2).map(tuple)), max_leaves=4)


class _Number(str):
    """A number as it is written."""


def written(value: Any, colon: str, comma: str) -> str:
    if isinstance(value, tuple):  # pairs of an object, whose keys may stand twice
        return "{" + comma.join(json.dumps(k, ensure_ascii=False) + colon + written(v, colon, comma) for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + comma.join(written(v, colon, comma) for v in value) + "]"
    return value if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def exact(line: str) -> Any:
    try:
        return json_files._record(json.loads(line, parse_float=Decimal, object_pairs_hook=json_files._paired))
    except ValueError:
        return "fault"


@settings(max_examples=300, deadline=None)
@given(
    pairs=st.lists(st.tuples(KEYS, VALUES), max_size=4).map(tuple),
    colon=st.sampled_from([":", ": ", " :", "\t:"]),
    comma=st.sampled_from([",", ", ", " ,"]),
    torn=st.integers(0, 9),
)
def test_a_line_read_quickly_is_read_exactly(pairs: Any, colon: str, comma: str, torn: int) -> None:
    line = written(pairs, colon, comma)
    line = line[:-1] if torn == 0 else ("\ufeff" + line if torn == 1 else line + "\n")
    found, expected = json_files.object_of(line), exact(line)

    assert repr(found) == repr(expected) if expected != "fault" else isinstance(found, Text)
    assert [type(v) for v in found.values()] == [type(v) for v in expected.values()] if isinstance(expected, dict) and isinstance(found, dict) else True


def test_a_key_that_stands_twice_is_seen_however_it_is_written() -> None:
    for line in ('{"a":1,"a":2}', '{"a":1,"a" :2}', '{"a":1,"a"\t:2}', '{"a":"\\":","a":2}', '{"b":{"a":1,"a":2}}'):
        assert json_files.object_of(line) == json_files._TWICE
