"""The inbox: people who wait for a human's reply, and what becomes of them."""

from winback.conversations.inbox._read import Line, Thread, queue, threads
from winback.conversations.inbox._reply import Replied, reply
from winback.conversations.inbox._resolve import Resolved, resolve

__all__ = ["Line", "Replied", "Resolved", "Thread", "queue", "reply", "resolve", "threads"]
