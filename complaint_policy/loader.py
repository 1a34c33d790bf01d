"""Finding, reading and putting together policy files: the only module that touches the disk."""

from __future__ import annotations

import os
import re
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from complaint_policy.building import File, build
from complaint_policy.compiled import steps_of
from complaint_policy.contributed import Plugin
from complaint_policy.errors import PolicyError, WaiverError
from complaint_policy.exactness import exactly
from complaint_policy.graph import ordered
from complaint_policy.head import read_date, scalar_text, words
from complaint_policy.messages import PROBLEMS
from complaint_policy.model import PolicyModel
from complaint_policy.plugged import named_in
from complaint_policy.policy import Policy, PolicyVersion
from complaint_policy.problems import Place, Problem, Problems, nearest
from complaint_policy.reader import MAX_BYTES, Mapping, read_yaml
from complaint_policy.registry import BUILTIN_KINDS
from complaint_policy.schema_check import check_schema
from complaint_policy.shipped import shipped_names, shipped_policies, shipped_root, shipped_templates
from complaint_policy.texts import Text, joined
from complaint_policy.tightening import check_tightening, tightens
from complaint_policy.waivers import WaiverSet

if TYPE_CHECKING:
    from complaint_policy.plugins.host import Manager

__all__ = [
    "check_policy",
    "load_policy",
    "load_policy_text",
    "load_waivers",
    "read_file",
    "shipped_policies",
    "shipped_root",
    "shipped_templates",
    "template_text",
]

_DATED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_FILES: Final = 200
_SUFFIXES: Final = (".yaml", ".yml")


@frozen
class Sheet:
    """One file of a policy: its tree, its own range of dates, and where its relative bases are looked for."""

    file: File
    start: date
    until: date | None
    folder: Path | None

    @property
    def bases(self) -> tuple[str, ...]:
        return words(self.file.root.get("extends"))


def template_text(name: str) -> str:
    """A template as a company begins with it: its newest version, under a name of the company's own."""
    newest = max((shipped_root() / name).glob("*.yaml"))
    return newest.read_text("utf-8").replace(f"policy: {name}", "policy: mycompany/complaints", 1)


@exactly
def load_policy(source: str | os.PathLike[str], *, plugins: Manager | None = None) -> Policy:
    """The policy of a shipped name, a file, or a folder of versions.

    A :class:`~pathlib.Path`, or a text ending in ``.yaml`` or ``.yml`` or starting with ``.`` or
    ``/``, is a file or folder; any other text is the name of a shipped policy (``cn/telecom``), or of one that a plugin
    brings.  ``plugins``: the host's manager, whose plugins policies may name (``make_manager``); without it, those of the library.

    Raises :class:`PolicyError` with every problem at once, sorted by place.
    """
    problems = Problems()
    policy = _Loading(problems, plugins).load(source)
    if policy is None or problems.has_any():
        raise PolicyError(problems.sorted())
    return policy


@exactly
def load_policy_text(text: str | bytes, *, name: str = "<text>", plugins: Manager | None = None) -> Policy:
    """The policy of one file given as text; ``name`` stands for the file in problems.

    Raises :class:`PolicyError`.
    """
    problems = Problems()
    loading = _Loading(problems, plugins)
    sheet = loading.sheet(text, name, None)
    policy = loading.together([sheet]) if sheet is not None else None
    if policy is None or problems.has_any():
        raise PolicyError(problems.sorted())
    return policy


@exactly
def check_policy(source: str | os.PathLike[str], *, plugins: Manager | None = None) -> tuple[Problem, ...]:
    """Every problem of a policy, sorted by place; empty where it would load."""
    problems = Problems()
    _Loading(problems, plugins).load(source)
    return problems.sorted()


@exactly
def load_waivers(policy: Policy, source: str | os.PathLike[str]) -> WaiverSet:
    """The waivers of a YAML file, checked against a policy; raises :class:`WaiverError` where it is no list of waivers."""
    problems = Problems()
    data = read_file(Path(source), problems)
    if data is None:
        raise WaiverError(problems.sorted())
    return policy.read_waivers(data, str(source))


def read_file(path: Path, problems: Problems, shown: str | None = None) -> bytes | None:
    """A file's bytes, within the size bound; ``None`` after a problem."""
    name = shown or str(path)
    try:
        if not path.is_file():
            problems.add("no-such-file", Place(name))
            return None
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        problems.add("unreadable-file", Place(name), detail=getattr(error, "strerror", None) or type(error).__name__)
        return None


class _Loading:
    """One call of :func:`load_policy`."""

    def __init__(self, problems: Problems, manager: Manager | None) -> None:
        self.problems = problems
        self.problems.brought = self._brought
        self._manager = manager
        self.kinds = BUILTIN_KINDS
        self.plugins: tuple[Plugin, ...] = ()  # those that the files read so far name
        self._sheets: dict[str, list[Sheet]] = {}
        self._changing: dict[int, set[date]] = {}
        self._in_force: dict[tuple[int, date], tuple[File, ...]] = {}
        self._tightened: set[tuple[int, ...]] = set()
        self.notes = Problems()

    @property
    def manager(self) -> Manager:
        """The host's, or that of the library's own plugins."""
        if self._manager is None:
            from complaint_policy.plugins.host import default_manager  # pluggy, for those who need it

            return default_manager()
        return self._manager

    def _take_plugins(self, root: Mapping) -> tuple[Plugin, ...]:
        """The plugins a file names: they join those of the policy."""
        named = named_in(root)
        if not named:
            return ()
        own: set[str] = set()
        for item in named:
            fault = self.manager.fault_of(item.value)
            if item.value in self.manager.names:
                own.add(item.value)
                continue
            self.problems.lacking = True
            if fault is not None:
                self.problems.add("plugin-failed", item.place, name=item.value, hook=fault.hook, reason=fault.reason)
            elif item.value in self.manager.disabled:
                self.problems.add("plugin-disabled", item.place, name=item.value)
            else:
                # Those there are help only whoever mistyped one of them.
                close = get_close_matches(item.value[:80], self.manager.names, n=1)
                self.problems.add("unknown-plugin", item.place, name=item.value, near=(item.value, close) if close else None)
        if not own:
            return ()
        wanted = own | {plugin.name for plugin in self.plugins}
        self.plugins = tuple(plugin for plugin in self.manager.plugins if plugin.name in wanted)
        self.kinds = (*BUILTIN_KINDS, *(kind for plugin in self.plugins for kind in plugin.kinds))
        return tuple(plugin for plugin in self.plugins if plugin.name in own)

    def _brought(self, name: str) -> Text | None:
        """What to write for a name that is unknown here and that a plugin has."""
        if any(one.name == name for plugin in self.plugins for one in plugin.classifiers):
            return Text(f"it is a classifier: write {{classified_by: {name}, at_least: 0.8}}", f"这是分类器：请写 {{classified_by: {name}, at_least: 0.8}}")
        used = [plugin.name for plugin in self.plugins]
        for plugin in self.manager.plugins:
            if plugin.name in self.manager.names and plugin.name not in used and name in plugin.words:
                return Text(f"the plugin '{plugin.name}' has it: plugins: [{plugin.name}]", f"由插件“{plugin.name}”提供：请写 plugins: [{plugin.name}]")
        return None

    def load(self, source: str | os.PathLike[str]) -> Policy | None:
        sheets = self.sheets(source, None, Place(str(source)))
        return self.together(sheets) if sheets else None

    # ---------------------------------------------------------------- files
    def sheets(self, source: str | os.PathLike[str], beside: Path | None, place: Place, *, base: bool = False) -> list[Sheet]:
        """The versions of a policy, by date; those of a base are YAML files only."""
        path = self._path(source, beside, place)
        if path is None:
            return []
        try:
            key = str(path.resolve())
            there = path.is_dir() or (path.is_file() and path.suffix in _SUFFIXES)
        except (OSError, ValueError):  # a name no file can have
            there, key = False, str(path)
        if base and not there:
            self.problems.add("unknown-base", place, name=str(source))
            return []
        if key not in self._sheets:
            self._sheets[key] = self._read(path, str(path) if not isinstance(source, str) or _is_path(source) else "", source)
        return self._sheets[key]

    def _path(self, source: str | os.PathLike[str], beside: Path | None, place: Place) -> Path | None:
        if not isinstance(source, str) or _is_path(source):
            path = Path(source)
            return beside / path if beside is not None and not path.is_absolute() else path
        if source in shipped_names():
            return shipped_root() / source
        if self._manager is not None and source in self._manager.policies:
            return self._manager.policies[source]
        known = (*shipped_names(), *(self._manager.policies if self._manager is not None else ()))
        hint, standing = nearest(source, known), PROBLEMS["unknown-policy"][1]
        if standing is not None and not get_close_matches(source[:80], known, n=1):
            # It may well be a folder or file that stands there.
            listed = Text("complaint-policy list names the shipped ones", "complaint-policy list 列出内置制度")
            away = [] if self._manager is None else sorted({*(f.plugin for f in self._manager.faults), *self._manager.disabled})
            left_out = [Text(f"left out are the plugins: {', '.join(away)}", f"未载入的插件：{'、'.join(away)}")] if away else []
            hint = joined([listed, *left_out, standing])
        self.problems.add("unknown-policy", place, name=source, hint=hint)
        return None

    def _read(self, path: Path, shown: str, source: str | os.PathLike[str]) -> list[Sheet]:
        files = [path]
        if _is_folder(path):
            files = sorted(p for p in path.iterdir() if p.suffix in _SUFFIXES)[:_MAX_FILES]
            if not files:
                self.problems.add("empty-folder", Place(str(path)))
        found: list[Sheet] = []
        for file in files:
            name = str(file) if shown or not isinstance(source, str) else f"{source}/{file.name}"
            data = read_file(file, self.problems, name)
            sheet = self.sheet(data, name, file) if data is not None else None
            if sheet is not None:
                found.append(sheet)
        found.sort(key=lambda s: s.start)
        self._ranges(found)
        return found

    def sheet(self, text: str | bytes, name: str, file: Path | None) -> Sheet | None:
        """One file, read and held against the schema."""
        problems = Problems()
        root = read_yaml(text, name, problems)
        if isinstance(root, Mapping):
            plugins = self._take_plugins(root)
            problems.brought, problems.lacking = self._brought, self.problems.lacking
            check_schema(root, BUILTIN_KINDS, problems, plugins)
        elif root is not None:
            problems.add("wrong-shape", root.place, wanted=Text("a mapping (format, policy, effective, ...)", "键值结构（format、policy、effective 等）"))
        self.problems.extend(problems.sorted())
        if not isinstance(root, Mapping):
            return None
        effective = root.get("effective")
        dates = Problems()
        start = read_date(effective.get("from"), dates) if isinstance(effective, Mapping) else None
        until = read_date(effective.get("until"), dates) if isinstance(effective, Mapping) else None
        if start is None:
            if not problems.has_any():
                self.problems.extend(dates.sorted())
            start = date(1970, 1, 1)  # read on, so that the other problems are found too
        if file is not None and _DATED.fullmatch(file.stem) and file.stem != start.isoformat() and isinstance(effective, Mapping):
            self.problems.add("file-name-differs", effective.key_place("from"), name=file.name, start=start)
        return Sheet(File(name, root), start, until, file.parent if file is not None else None)

    def _ranges(self, sheets: list[Sheet]) -> None:
        """Versions of one policy have one id, and neither gaps nor overlaps between them."""
        for earlier, later in pairwise(sheets):
            place = _effective_place(later)
            if scalar_text(earlier.file.root.get("policy")) != scalar_text(later.file.root.get("policy")):
                node = later.file.root.get("policy")
                self.problems.add("policy-id-differs", node.place if node is not None else place, name=scalar_text(node) or "?", other=earlier.file.name)
            if earlier.start == later.start:
                self.problems.add("version-twice", place, start=later.start, other=earlier.file.name)
            elif earlier.until is not None and earlier.until > later.start:
                self.problems.add("versions-overlap", place, start=later.start, other=earlier.file.name, until=earlier.until)
            elif earlier.until is not None and earlier.until < later.start:
                self.problems.add("versions-gap", place, until=earlier.until, start=later.start, other=earlier.file.name)

    # ---------------------------------------------------------------- versions
    def together(self, sheets: list[Sheet]) -> Policy | None:
        """One model for every stretch in which a version and all its bases stand still."""
        versions: list[PolicyVersion] = []
        for index, sheet in enumerate(sheets):
            if not index and "transition" in sheet.file.root:
                self.problems.add("transition-without-previous", sheet.file.root.key_place("transition"))
            following = sheets[index + 1].start if index + 1 < len(sheets) else None
            until = min((d for d in (sheet.until, following) if d is not None), default=None)
            starts = sorted({sheet.start, *(d for d in self._changes(sheet, ()) if d > sheet.start and (until is None or d < until))})
            for start, end in zip(starts, [*starts[1:], until], strict=True):
                files = self._files(sheet, start, ())
                if versions:
                    self._followed(sheet, start, files or ())
                model = build(files, self.kinds, self.problems, end, plugins=self.plugins) if files is not None else None
                if model is not None and files is not None:
                    self._check(model)
                    self._tighten(sheet, start, (), model)
                    versions.append(PolicyVersion(evolve(model, notes=self._notes_of(files)), start, end))
        return Policy(tuple(versions), self.kinds) if versions and not self.problems.has_any() else None

    def _followed(self, sheet: Sheet, day: date, files: tuple[File, ...]) -> None:
        """A base that moves complaints to or from a version of its own says nothing of the overlay's: the overlay has to."""
        if sheet.start == day and "transition" in sheet.file.root:
            return
        for file in files[:-1]:
            effective = file.root.get("effective")
            begins = read_date(effective.get("from"), Problems()) if isinstance(effective, Mapping) else None
            if begins == day and "transition" in file.root:
                self.problems.add("transition-of-base", sheet.file.root.key_place("extends"), name=file.name, day=day)

    def _check(self, model: PolicyModel) -> None:
        ordered(steps_of(model, self.kinds), self.problems)
        if self.problems.has_any():
            return
        for kind in self.kinds:
            if kind.check is not None:
                kind.check(model.section(kind.key), model, self.problems)

    def _tighten(self, sheet: Sheet, day: date, path: tuple[str, ...], model: PolicyModel | None = None) -> None:
        """Holds a file that only tightens, and each such file among its bases, against what it extends on that day."""
        files = self._files(sheet, day, path)
        bases = files[:-1] if files is not None else ()
        if tightens(sheet.file) and not sheet.bases:
            self.problems.add("tighten-nothing", sheet.file.root.key_place("tighten_only"))
        seen = tuple(id(file) for file in files or ())
        if not bases or self.problems.has_any() or seen in self._tightened:
            return
        self._tightened.add(seen)
        for name, _, sheets in self._base_sheets(sheet, path):
            below = _in_force(sheets, day)
            if below is not None:
                self._tighten(below, day, (*path, name))
        if tightens(sheet.file):
            own = model or build(files or (), self.kinds, self.problems, plugins=self.plugins)
            base = build(bases, self.kinds, self.problems, anywhere=own.timezone, plugins=self.plugins) if own is not None else None
            if own is not None and base is not None:
                check_tightening(base, own, sheet.file, day, self.kinds, self.problems, self.notes)

    def _notes_of(self, files: tuple[File, ...]) -> tuple[Problem, ...]:
        names = {file.name for file in files}
        return tuple(note for note in self.notes.sorted() if note.place.file in names)

    def _base_sheets(self, sheet: Sheet, path: tuple[str, ...]) -> list[tuple[str, Place, list[Sheet]]]:
        node = sheet.file.root.get("extends")
        found: list[tuple[str, Place, list[Sheet]]] = []
        for name, item in zip(sheet.bases, getattr(node, "items", ()), strict=False):
            if name in path or name == scalar_text(sheet.file.root.get("policy")):
                self.problems.add("extends-cycle", item.place, path=" → ".join([*path, name]))
                continue
            found.append((name, item.place, self.sheets(name, sheet.folder, item.place, base=True)))
            self._pinned(name, item.place, sheet, found[-1][2])
        return found

    def _pinned(self, name: str, place: Place, sheet: Sheet, bases: list[Sheet]) -> None:
        """An overlay that names one version of its base is told of a newer one beside it."""
        base = bases[0] if len(bases) == 1 and _is_path(name) else None
        folder = base.folder if base is not None else None
        if base is None or folder is None or (sheet.folder is not None and _is_folder(sheet.folder / name)):
            return
        newer = sorted(date.fromisoformat(p.stem) for p in folder.glob("*.yaml") if _is_day(p.stem) and p.stem > base.start.isoformat())[:_MAX_FILES]
        start = next((day for day in newer if self._is_version(folder / f"{day}.yaml", base)), None)
        if start is not None and (sheet.until is None or start < sheet.until):
            self.notes.add("base-newer", place, name=name, start=start)

    def _is_version(self, path: Path, of: Sheet) -> bool:
        """Whether a file holds another version of a policy."""
        problems = Problems()
        data = read_file(path, problems)
        root = read_yaml(data, str(path), problems) if data is not None else None
        return isinstance(root, Mapping) and scalar_text(root.get("policy")) == scalar_text(of.file.root.get("policy"))

    def _changes(self, sheet: Sheet, path: tuple[str, ...]) -> set[date]:
        """Every day on which a base, or a base of a base, changes or ends."""
        known = self._changing.get(id(sheet))
        if known is not None:  # bases may share bases: each is looked at once
            return known
        days: set[date] = set()
        for name, _, bases in self._base_sheets(sheet, path):
            for base in bases:
                days |= {base.start, *self._changes(base, (*path, name))}
                if base.until is not None:  # a base that ends leaves days without one
                    days.add(base.until)
        self._changing[id(sheet)] = days
        return days

    def _files(self, sheet: Sheet, day: date, path: tuple[str, ...]) -> tuple[File, ...] | None:
        """The files in force on a day, bases first, each once."""
        known = self._in_force.get((id(sheet), day))
        if known is not None:
            return known
        found: list[File] = []
        for name, place, bases in self._base_sheets(sheet, path):
            base = _in_force(bases, day)
            if base is None:
                if bases:
                    self.problems.add("base-without-version", place, name=name, day=day)
                return None
            files = self._files(base, day, (*path, name))
            if files is None:
                return None
            found += [f for f in files if f not in found]
        made = (*found, sheet.file)
        self._in_force[id(sheet), day] = made
        return made


def _in_force(sheets: list[Sheet], day: date) -> Sheet | None:
    return next((b for b in reversed(sheets) if b.start <= day and (b.until is None or day < b.until)), None)


def _is_day(text: str) -> bool:
    try:
        return _DATED.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_path(source: str) -> bool:
    return source.endswith((".yaml", ".yml")) or source.startswith((".", "/"))


def _effective_place(sheet: Sheet) -> Place:
    effective = sheet.file.root.get("effective")
    return effective.key_place("from") if isinstance(effective, Mapping) else sheet.file.root.place
