"""The JSON Schema of policy files: known keywords only, closed, no branch to be guessed, and published in step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schema_check import policy_schema
from tests.project.tree import ROOT

PUBLISHED = ROOT / "docs" / "schema" / "policy.schema.json"
SCHEMA = policy_schema(BUILTIN_KINDS)

# The keywords of 2020-12 by what their value is.
ONE = {"additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else", "unevaluatedProperties", "unevaluatedItems"}
MANY = {"allOf", "anyOf", "oneOf", "prefixItems"}
NAMED = {"properties", "patternProperties", "dependentSchemas", "$defs"}
PLAIN = {
    "$schema", "$id", "$ref", "$anchor", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
    "format", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required", "dependentRequired",
}  # fmt: skip
# Open on purpose: typed by the policy's own fields, not by the language.
OPEN = {
    "#/properties/facts/additionalProperties": "a fact is a condition, a value or an instant: told by its keys when it is read",
    "#/$defs/test_case/properties/record": "the record of a test has the policy's fields",
    "#/$defs/test_case/properties/records/items": "and so have the records of a table",
    "#/$defs/test_case/properties/lists/additionalProperties/items": "the entries of a list",
    "#/$defs/test_case/properties/exposures/items": "a period, the groups and the exposures of the policy",
    "#/$defs/test_case/properties/waivers/items": "waivers are read by waivers.py",
}


def subschemas(schema: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key, value in schema.items():
        if key in ONE:
            yield from subschemas(value, f"{path}/{key}")
        elif key in MANY:
            for index, item in enumerate(value):
                yield from subschemas(item, f"{path}/{key}/{index}")
        elif key in NAMED:
            for name, item in value.items():
                yield from subschemas(item, f"{path}/{key}/{name}")


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_keyword_is_known() -> None:
    """A misspelt keyword is silently accepted by every validator."""
    unknown = [f"{path}: {key}" for path, schema in subschemas(SCHEMA) for key in schema if key not in ONE | MANY | NAMED | PLAIN]
    assert unknown == []


def test_every_mapping_is_closed() -> None:
    open_ = [
        path
        for path, schema in subschemas(SCHEMA)
        if ("properties" in schema or "object" in _types(schema)) and "additionalProperties" not in schema and path not in OPEN
    ]
    assert open_ == []


def test_no_branch_is_guessed() -> None:
    unions = [path for path, schema in subschemas(SCHEMA) if {"anyOf", "oneOf", "if", "allOf"} & schema.keys()]
    assert unions == []


def test_every_reference_leads_somewhere() -> None:
    targets = {schema["$ref"] for _, schema in subschemas(SCHEMA) if "$ref" in schema}
    assert targets <= {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_every_room_brings_its_piece() -> None:
    assert {kind.key for kind in BUILTIN_KINDS} <= SCHEMA["properties"].keys()


def test_the_published_schema_is_in_step() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == SCHEMA, "run: make schema"


def _types(schema: dict[str, Any]) -> list[str]:
    given = schema.get("type", [])
    return [given] if isinstance(given, str) else given
