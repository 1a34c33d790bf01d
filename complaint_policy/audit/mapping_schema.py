"""The shape of a mapping file: its closed JSON Schema, and schema errors as problems at their own place."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from complaint_policy.problems import Problems
from complaint_policy.reader import Mapping, Node, Sequence, plain
from complaint_policy.texts import Text

__all__ = ["check_shape", "mapping_schema"]

_KINDS = {
    "object": Text("a mapping of keys and values", "键值映射"),
    "array": Text("a list", "列表"),
    "string": Text("a text", "文本"),
}


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema 2020-12 of mapping files, for editors and other programs."""
    text = resources.files("complaint_policy.audit").joinpath("mapping.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(mapping_schema())


def check_shape(tree: Node, problems: Problems) -> bool:
    """Whether the tree has the shape of a mapping file; what is wrong goes to ``problems``."""
    before = len(problems)
    for error in _validator().iter_errors(plain(tree)):
        _report(error, tree, problems)
    return len(problems) == before


def _report(error: Any, tree: Node, problems: Problems) -> None:
    """One schema error under the codes that policy files have for it, at the key it is about."""
    node = _at(tree, list(error.absolute_path))
    keyword, wanted = error.validator, error.validator_value
    if keyword == "additionalProperties" and isinstance(node, Mapping):
        known = error.schema.get("properties", {})
        for entry in node.entries:
            if entry.key not in known:
                problems.add("unknown-key", entry.place, near=(entry.key, known), name=entry.key)
    elif keyword == "required" and isinstance(node, Mapping):
        for name in wanted:
            if name not in node:
                problems.add("missing-key", node.place, name=name)
    elif keyword == "enum":
        words = [w for w in wanted if isinstance(w, str)]
        problems.add("unknown-word", node.place, near=(str(error.instance), words), name=str(error.instance))
    elif keyword == "type":
        kinds = [_KINDS[k] for k in ([wanted] if isinstance(wanted, str) else wanted) if k in _KINDS]
        shown = Text(" or ".join(k.en for k in kinds), "或".join(k.zh for k in kinds))
        problems.add("wrong-shape", node.place, wanted=shown)
    elif keyword in ("minItems", "minProperties", "minLength"):
        problems.add("empty-mapping", node.place, what=Text("a value", "内容"))
    elif keyword == "pattern":
        problems.add("bad-form", node.place, value=str(error.instance), form=str(wanted))
    else:
        problems.add("schema", node.place, detail=keyword)


def _at(tree: Node, path: list[str | int]) -> Any:
    node: Any = tree
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step) or node
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
    return node
