"""Industries join in here: what a sector adds that YAML alone cannot say, through pluggy hooks.

``hookspecs`` says what can be added, ``host`` gathers it for one host, without global state::

    from complaint_policy import load_policy
    from complaint_policy.plugins import make_manager

    manager = make_manager({"insurance": Insurance()})
    policy = load_policy("./policy.yaml", plugins=manager)  # a policy that says `plugins: [insurance]`
"""

from complaint_policy.contributed import (
    Calendar,
    Classifier,
    DerivedFact,
    Evidence,
    Finder,
    Normaliser,
    Note,
    Operator,
    Plugin,
    ReportSection,
    ReportTable,
    Settings,
    Similarity,
)
from complaint_policy.fields import EntryKind, Field
from complaint_policy.guarded import Fault
from complaint_policy.kinds import RuleKind
from complaint_policy.plugins.hookspecs import hookimpl, hookspec
from complaint_policy.plugins.host import Manager, make_manager
from complaint_policy.texts import Text

__all__ = [
    "Calendar",
    "Classifier",
    "DerivedFact",
    "EntryKind",
    "Evidence",
    "Fault",
    "Field",
    "Finder",
    "Manager",
    "Normaliser",
    "Note",
    "Operator",
    "Plugin",
    "ReportSection",
    "ReportTable",
    "RuleKind",
    "Settings",
    "Similarity",
    "Text",
    "hookimpl",
    "hookspec",
    "make_manager",
]
