"""The shape of a mapping file: its closed JSON Schema, and schema errors as problems at their own place."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from complaint_policy.audit.messages import add
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
    node = _at(tree, list(error.absolute_path))
    keyword, wanted = error.validator, error.validator_value
    if keyword == "additionalProperties" and isinstance(node, Mapping):
        known = error.schema.get("properties", {})
        for entry in node.entries:
            if entry.key not in known:
                add(problems, "mapping-unknown-key", entry.place, near=(entry.key, known), name=entry.key)
    elif keyword == "required" and isinstance(node, Mapping):
        for name in wanted:
            if name not in node:
                add(problems, "mapping-missing-key", node.place, name=name)
    elif keyword == "enum":
        words = [str(w) for w in wanted if isinstance(w, str)]
        what = Text(f"'{error.instance}' is not one of: ", f"“{error.instance}”不在可用值之列：")
        shown = Text(", ".join(words), "、".join(words))
        add(problems, "mapping-shape", node.place, near=(str(error.instance), words), what=what + shown)
    elif keyword == "type":
        kinds = [_KINDS[k] for k in ([wanted] if isinstance(wanted, str) else wanted) if k in _KINDS]
        what = Text(" or ".join(k.en for k in kinds), "或".join(k.zh for k in kinds))
        add(problems, "mapping-shape", node.place, what=Text("needed here: ", "此处须为") + what)
    elif keyword in ("minItems", "minProperties", "minLength"):
        add(problems, "mapping-shape", node.place, what=Text("this must not be empty", "此处不能为空"))
    elif keyword == "pattern":
        what = Text(f"'{error.instance}' has not the form needed here", f"“{error.instance}”不符合此处要求的形式")
        add(problems, "mapping-shape", node.place, what=what)
    else:
        what = Text(f"not allowed here ({keyword})", f"此处不允许（{keyword}）")
        add(problems, "mapping-shape", node.place, what=what)


def _at(tree: Node, path: list[str | int]) -> Any:
    node: Any = tree
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step) or node
        elif isinstance(node, Sequence) and isinstance(step, int):
            node = node.items[step]
    return node
