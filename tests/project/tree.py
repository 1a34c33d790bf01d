"""The package as a reader of its source sees it: modules, what each imports, and how."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "complaint_policy"
NAME = "complaint_policy"


class Import(NamedTuple):
    module: str  # of the importing module, without the package's name; "" is the package itself
    target: str  # full dotted name
    line: int
    lazy: bool  # inside a function
    typing_only: bool  # under TYPE_CHECKING


def short(path: Path) -> str:
    """``rules.deadlines.record`` of a file of the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {short(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text("utf-8"))


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for module in modules() for found in _imports(module, parsed(module), False, False))


def _imports(module: str, node: ast.AST, lazy: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, (ast.FunctionDef, ast.Lambda))
        typed = typing_only or (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING")
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, alias.name, child.lineno, lazy, typing_only)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(module, f"{child.module or ''}.{alias.name}", child.lineno, lazy, typing_only)
        else:
            yield from _imports(module, child, inside, typed)


@cache
def own_imports() -> tuple[Import, ...]:
    """Imports of the package's own modules; ``target`` is the short name of the module meant."""
    found = []
    for one in imports():
        if one.target == NAME or one.target.startswith(NAME + "."):
            target = one.target.removeprefix(NAME).removeprefix(".")
            while target not in modules():
                target = target.rpartition(".")[0]
            found.append(one._replace(target=target))
    return tuple(found)
