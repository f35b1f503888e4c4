"""The inbox: people who wait for a human's answer, and what becomes of them."""

from winback.conversations.inbox._answer import Answered, answer
from winback.conversations.inbox._read import Line, Thread, queue, threads
from winback.conversations.inbox._resolve import Resolved, resolve

__all__ = ["Answered", "Line", "Resolved", "Thread", "answer", "queue", "resolve", "threads"]
