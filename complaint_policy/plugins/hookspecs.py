"""What a plugin can add.  Every hook has the prefix ``complaint_policy_``, takes nothing and gives contributions.

A plugin is a module or an object with functions marked by :data:`hookimpl`::

    from complaint_policy.plugins import DerivedFact, Text, hookimpl

    class Insurance:
        version = "1.0"

        @hookimpl
        def complaint_policy_facts(self):
            return [DerivedFact(name="excess_met", kind="boolean", title=Text("Excess met", "超过免赔额"), reads=("loss",), function=excess_met)]

All hooks are called once, when a manager is made, in the order they stand here.  A plugin whose hook raises, gives anything but what
it is to give, or never ends contributes nothing at all.  What two plugins claim is an error that names both.  The functions inside the
contributions are called later: when a policy that names the plugin judges a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from complaint_policy.contributed import (
        Calendar,
        Classifier,
        DerivedFact,
        Finder,
        Normaliser,
        Operator,
        ReportSection,
        Settings,
        Similarity,
    )
    from complaint_policy.fields import EntryKind, Field
    from complaint_policy.kinds import RuleKind
    from complaint_policy.texts import Text

__all__ = ["PROJECT", "HookSpecs", "hookimpl", "hookspec"]

PROJECT = "complaint_policy"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """The hooks: signatures and words, never called themselves."""

    @hookspec
    def complaint_policy_policy_folders(self) -> Iterable[Path]:
        """Folders of policies that come with the plugin: ``<folder>/<group>/<name>/<date>.yaml`` is the policy ``group/name``.

        Such a policy is loaded by its name like a shipped one.  A name that the library or another plugin has is a conflict.
        """
        raise NotImplementedError

    @hookspec
    def complaint_policy_record_fields(self) -> Iterable[Field | EntryKind]:
        """Fields of a record that every policy naming the plugin knows, beside the core fields.

        A policy may narrow such a field as it may a core one; it cannot change its type.  An ``EntryKind`` is a kind of entry of the event
        log, with its attributes; a policy may add attributes to it.
        """
        raise NotImplementedError

    @hookspec
    def complaint_policy_settings(self) -> Iterable[Settings]:
        """Pieces of the policy file's schema: sections of the plugin's own, checked and typed when a policy is loaded."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_facts(self) -> Iterable[DerivedFact]:
        """Facts computed in Python, with an optional column version for audits."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_operators(self) -> Iterable[Operator]:
        """Words for conditions: ``{description: {sounds_like: ...}}``."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_calendars(self) -> Iterable[Calendar]:
        """Calendars that a policy naming the plugin can count by."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_rule_kinds(self) -> Iterable[RuleKind]:
        """Rule kinds: whole rooms, with their own section of a policy file.

        They come after the built-in ones, in the order of the plugins.
        """
        raise NotImplementedError

    @hookspec
    def complaint_policy_normalisers(self) -> Iterable[Normaliser]:
        """Changes to the cells of a record before it is read.  Two plugins that write one field are a conflict."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_finders(self) -> Iterable[Finder]:
        """Findings added after a record is judged.  They are appended, in the order of the plugins, and change no outcome."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_classifiers(self) -> Iterable[Classifier]:
        """Evidence with confidence; the policy's threshold decides whether it counts."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_similarities(self) -> Iterable[Similarity]:
        """Ways to tell how alike two texts are, for `history` and merging."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_report_sections(self) -> Iterable[ReportSection]:
        """Sections for the report of an audit, after the library's own, in the order of the plugins."""
        raise NotImplementedError

    @hookspec
    def complaint_policy_messages(self) -> Mapping[str, Text]:
        """The words of the plugin's findings by code, in English and Chinese, with ``{names}`` that a finding's values fill."""
        raise NotImplementedError
