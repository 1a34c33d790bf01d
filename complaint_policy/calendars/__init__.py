"""Working days and working time, with every convention as an argument.

Usable on its own: nothing here knows of policies.  ``docs/calendars.md`` explains the conventions.
"""

from complaint_policy.calendars.calendar import Calendar

__all__ = ["Calendar"]
