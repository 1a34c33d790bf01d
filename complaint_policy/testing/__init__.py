"""For authors of plugins: one call that tries what a plugin promises, and says in words all that it does not keep.

::

    from complaint_policy.testing import assert_plugin_conforms

    def test_it_conforms() -> None:
        assert_plugin_conforms(my_plugin, name="insurance", policies=["insurance/claims"])

Needs ``pip install 'complaint-policy[audit]'``: tables are judged too.  ``docs/plugins.md`` says what is tried and what to do.
"""

from complaint_policy.testing.conforming import assert_plugin_conforms, conformance
from complaint_policy.testing.report import Failure, Report, Speed
from complaint_policy.testing.values import cells_of, records_of

__all__ = ["Failure", "Report", "Speed", "assert_plugin_conforms", "cells_of", "conformance", "records_of"]
