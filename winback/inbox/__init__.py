"""The inbox: people who wait for a human's answer, and what becomes of them."""

from winback.inbox._answer import Answered, answer
from winback.inbox._read import Line, Thread, queue, threads
from winback.inbox._resolve import Resolved, resolve

__all__ = ["Answered", "Line", "Resolved", "Thread", "answer", "queue", "resolve", "threads"]
