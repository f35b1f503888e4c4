"""Content series: what who joins one by its keyword is told, and asked."""

from winback.conversations.series._acknowledge import JoinReport, acknowledge_joins

__all__ = ["JoinReport", "acknowledge_joins"]
