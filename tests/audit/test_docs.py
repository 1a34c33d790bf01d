"""The mappings that docs/audit.md shows are mappings."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from complaint_policy.audit import mapping_schema, read_mapping
from complaint_policy.audit.sources import SUFFIXES

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
EXAMPLES = [dedent(text) for text in re.findall(r"^ *```yaml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)]


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_read(text: str) -> None:
    assert read_mapping(text, of_records="mapping: steps" not in text).fields


def test_every_key_is_taught() -> None:
    schema = mapping_schema()
    keys = set(schema["$defs"]["field"]["properties"]) | set(schema["properties"])
    keys |= set(schema["properties"]["input"]["properties"]) | set(schema["properties"]["rows"]["properties"])
    keys |= set(schema["properties"]["events"]["properties"])

    assert len(EXAMPLES) == 3
    assert {k for k in keys if not re.search(rf"\b{k}\b", PAGE)} == set()
    assert {s for s in SUFFIXES if f"`{s}`" not in PAGE} == set()
