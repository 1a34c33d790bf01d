"""Whether a rule is no laxer than the one it replaces: shown, refuted by an example, or not shown."""

from complaint_policy.comparing.comparison import Comparison, Objection, bound

__all__ = ["Comparison", "Objection", "bound"]
