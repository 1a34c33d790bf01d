"""The plugins of one run of the command line: none but the library's own, unless the caller asks for others."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from complaint_policy.cli.inputs import words_of
from complaint_policy.cli.spec import Asked
from complaint_policy.errors import PluginError, UsageError
from complaint_policy.plugins import Manager, make_manager
from complaint_policy.plugins.shapes import raised
from complaint_policy.texts import Text

__all__ = ["manager_of"]


def manager_of(asked: Asked) -> Manager | None:
    """The manager, or ``None`` where nothing was asked for."""
    if asked == Asked():
        return None
    own = dict(_own(given) for given in asked.own)
    return make_manager(own, entry_points=asked.installed, disable=words_of(asked.disabled), strict=asked.strict)


def _own(given: str) -> tuple[str, Any]:
    name, sign, where = given.partition("=")
    if not (name and sign and where):
        raise UsageError(Text(f"--plugin '{given}': write NAME=MODULE, or NAME=FILE.py", f"--plugin “{given}”：请写 NAME=MODULE 或 NAME=FILE.py"))
    try:
        return name, _loaded(where)
    except UsageError:
        raise
    except Exception as error:  # a stranger's module may raise anything
        raise PluginError(name, Text(f"importing '{where}': ", f"导入“{where}”：") + raised(error)) from error


def _loaded(where: str) -> Any:
    if not where.endswith(".py"):
        name, _, attribute = where.partition(":")
        module = importlib.import_module(name)
        return getattr(module, attribute) if attribute else module
    path = Path(where)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(Text(f"there is no file '{where}'", f"没有文件“{where}”"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
