"""Content series: the question and the welcome for a person who joins one by its keyword."""

from winback.conversations.series._acknowledge import JoinReport, acknowledge_joins

__all__ = ["JoinReport", "acknowledge_joins"]
