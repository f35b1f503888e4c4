"""Starting the processes that are to be killed."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier

import code_planner
import crash_worker

from winback.base.settings import Settings

# The client imports it at the first text, for seconds where no bytecode is cached.
TWILIO_API = "twilio.rest.api.v2010.account"
# Forks from a clean process that has imported everything: fast, and no locks inherited.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "winback.sending",
        "winback.providers.sendgrid.channel",
        "winback.providers.twilio.messages",
        TWILIO_API,
    ]
)


def start_run(
    settings: Settings, at: datetime, point: str, *, together: Barrier | None = None
) -> ForkServerProcess:
    """A run in a process of its own, by a clock that stands, killed at a point."""
    arguments = (settings, at.isoformat(), point, together)
    process = _CONTEXT.Process(target=crash_worker.run, args=arguments)
    process.start()
    return process


def starting_line(runs: int) -> Barrier:
    """Where so many runs wait for each other."""
    return _CONTEXT.Barrier(runs)


def start_planner(
    settings: Settings, at: datetime, rows: object, *, dies_after: int, together: Barrier
) -> ForkServerProcess:
    """A planner of messages with codes of one's own, killed after so many codes, 0: never."""
    arguments = (settings, at.isoformat(), rows, dies_after, together)
    process = _CONTEXT.Process(target=code_planner.run, args=arguments)
    process.start()
    return process
