"""Forgetting what is older than the shop wants to keep; nothing is sent twice for it."""

from winback.people.retention._limits import HOLDS, Limit, limits
from winback.people.retention._run import RetentionReport, last_retention, retain

__all__ = ["HOLDS", "Limit", "RetentionReport", "last_retention", "limits", "retain"]
