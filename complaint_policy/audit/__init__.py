"""Many records held against a policy: files and tables in, decisions, rejects and a summary out.

docs/audit.md teaches the mapping file and the command.  Needs ``pip install 'complaint-policy[audit]'``.
"""

from complaint_policy.errors import MissingExtra as _MissingExtra

try:
    import polars as _polars  # noqa: F401 (everything below stands on it)
except ImportError:
    raise _MissingExtra("polars", "audit") from None

from complaint_policy.audit.mapping import ColumnMapping, load_mapping, read_mapping
from complaint_policy.audit.mapping_schema import mapping_schema
from complaint_policy.audit.result import Audit
from complaint_policy.audit.run import run_audit
from complaint_policy.audit.sections import Section
from complaint_policy.audit.summary import Summary

__all__ = [
    "Audit",
    "ColumnMapping",
    "Section",
    "Summary",
    "load_mapping",
    "mapping_schema",
    "read_mapping",
    "run_audit",
]
