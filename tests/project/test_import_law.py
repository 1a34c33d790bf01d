"""The import law: rooms never import each other, one way only through the layers, and only the loader touches the disk."""

from __future__ import annotations

import ast

import pytest

from tests.project.tree import Import, imports, modules, own_imports, parsed

# From the bottom up.  A module imports only from its own layer and the layers before it.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("words", ("texts", "causes", "outcomes", "remark_messages", "message_hints", "table_messages", "plugin_messages", "messages", "problems", "errors", "lengths", "wording", "patterns", "possible", "exactness", "guarded", "money", "sieve", "dates")),
    ("time", ("zones", "versions", "calendars", "counting", "instants", "periods")),
    ("reading", ("reader", "fields", "coerce", "event_log", "schemas")),
    ("language", ("expressions", "results")),
    ("frame", ("frame", "kinds", "contributed", "noting", "model", "graph", "intake", "digest", "schema_check", "ordinary", "emitted", "straight", "typed")),
    ("columns", ("columns",)),
    ("building", ("head", "plugged", "overlays", "cells", "sifted", "building", "comparing", "tightening")),
    ("rooms", ("rules",)),
    ("registry", ("registry", "shipped")),
    ("plugins", ("plugins",)),
    ("judging", ("silences", "compiled", "field_tests", "transitions", "findings", "decision", "waivers", "normalising", "plugin_findings", "explaining", "remarks", "policy")),
    ("loading", ("loader", "cases", "register_cases", "table_cases")),
    ("package", ("",)),
    ("doors", ("audit", "cli", "testing", "__main__")),
)
RANK = {name: rank for rank, (_, names) in enumerate(LAYERS) for name in names}
# The doors: they read files, write files and talk to a terminal.
DOORS = LAYERS[-1][1]
# The one core module that touches the disk, and what reads data of installed packages, never a path.
DISK = {"loader", "shipped", "plugins.host"}
PACKAGE_DATA = {"zones": "the pinned time-zone table", "head": "its names, for a hint", "versions": "the versions of distributions"}


def area(module: str) -> str:
    return module.partition(".")[0]


def shown(one: Import) -> str:
    return f"{one.module or 'complaint_policy'}:{one.line} imports {one.target or 'complaint_policy'}"


def test_every_module_has_its_layer() -> None:
    assert {area(m) for m in modules()} - RANK.keys() == set()


def test_one_way_only() -> None:
    against = [one for one in own_imports() if not one.lazy and not one.typing_only and RANK[area(one.target)] > RANK[area(one.module)]]
    assert [shown(one) for one in against] == []


def test_the_core_never_needs_a_door() -> None:
    """A door may be opened late, from inside a function, only by the method that is its name."""
    needs = {one for one in own_imports() if area(one.target) in DOORS and area(one.module) not in DOORS}
    assert {(one.module, one.target) for one in needs} <= {("policy", "audit")}
    assert all(one.lazy for one in needs)


def test_rooms_never_import_each_other() -> None:
    def room(module: str) -> str | None:
        parts = module.split(".")
        return parts[1] if parts[0] == "rules" and len(parts) > 1 else None

    crossing = [one for one in own_imports() if room(one.module) and room(one.target) and room(one.module) != room(one.target)]
    assert [shown(one) for one in crossing] == []


def test_expressions_never_import_rules() -> None:
    allowed = {"expressions", *(name for _, names in LAYERS[:3] for name in names), "outcomes"}
    strangers = [one for one in own_imports() if area(one.module) == "expressions" and area(one.target) not in allowed]
    assert [shown(one) for one in strangers] == []


def test_one_line_registers_a_room() -> None:
    """Nobody but the registry names all rooms."""
    by_module: dict[str, set[str]] = {}
    for one in own_imports():
        if one.target.startswith("rules.") and area(one.module) != "rules":
            by_module.setdefault(one.module, set()).add(one.target.split(".")[1])
    rooms = {m.split(".")[1] for m in modules() if m.startswith("rules.")}
    assert by_module["registry"] == rooms
    assert [m for m, named in by_module.items() if m != "registry" and len(named) > 2] == []


# --------------------------------------------------------------------------- the world outside
_DISK_CALLS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "glob", "rglob", "is_file", "is_dir", "exists", "stat",
    "mkdir", "unlink", "rename", "replace_file", "touch", "rmdir",
}  # fmt: skip
_CLOCK_CALLS = {"now", "utcnow", "today", "localtime", "monotonic", "perf_counter", "time_ns"}
_WORLD = {
    "os", "io", "shutil", "tempfile", "socket", "subprocess", "urllib", "http", "sqlite3", "locale", "time", "getpass", "platform", "random", "uuid",
    "secrets",
}  # fmt: skip


def core() -> list[str]:
    return [m for m in modules() if area(m) not in DOORS]


@pytest.mark.parametrize("module", core(), ids=lambda m: m or "complaint_policy")
def test_only_the_loader_touches_the_disk(module: str) -> None:
    if module in DISK:
        return
    touches = [
        f"{module}:{node.lineno} {name}"
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and (name := _called(node)) in _DISK_CALLS and module not in PACKAGE_DATA
    ]
    assert touches == []


@pytest.mark.parametrize("module", core(), ids=lambda m: m or "complaint_policy")
def test_the_core_reads_no_clock_and_no_environment(module: str) -> None:
    nodes = list(ast.walk(parsed(module)))
    read = [f"{module}:{n.lineno} {_called(n)}" for n in nodes if isinstance(n, ast.Call) and _called(n) in _CLOCK_CALLS]
    read += [f"{module}:{n.lineno} {n.attr}" for n in nodes if isinstance(n, ast.Attribute) and n.attr in ("environ", "getenv")]
    assert read == []


def test_the_core_does_not_import_the_world() -> None:
    worldly = {(one.module, one.target.partition(".")[0]) for one in imports() if area(one.module) not in DOORS and one.target.partition(".")[0] in _WORLD}
    assert worldly <= {("loader", "os"), ("zones", "io")}  # a path's type; bytes already read


def test_nothing_is_evaluated_but_made_source() -> None:
    """Source is made at two places, of slot numbers and constant names only; no text of a policy is ever code; no pickle anywhere."""
    calls = {
        (module, name)
        for module in modules()
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (name := node.func.id) in ("eval", "exec", "compile", "__import__")
    }
    assert {module for module, _ in calls} <= {"expressions.source", "emitted"}
    assert {one.module for one in imports() if one.target.partition(".")[0] in ("pickle", "marshal", "shelve")} == set()


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""


# --------------------------------------------------------------------------- sizes
@pytest.mark.parametrize("module", modules(), ids=lambda m: m or "complaint_policy")
def test_no_module_is_long(module: str) -> None:
    lines = modules()[module].read_text("utf-8").count("\n")
    assert lines <= 450, f"{module}: {lines} lines"


@pytest.mark.parametrize("module", modules(), ids=lambda m: m or "complaint_policy")
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(parsed(module))
