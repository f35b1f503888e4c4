"""`winback doctor --repair`: mend what Prefect's server has not noticed."""

from __future__ import annotations

from flows._prefect import open_server
from winback.base.clock import WallClock
from winback.base.console import say
from winback.base.settings import Settings


def repair(settings: Settings) -> None:
    """Crash runs without a sign of life, free slots without runs, and apply the automations."""
    with open_server(settings, fails="runs can't be repaired") as client:
        from flows import _stale
        from flows._automations import apply_automations

        done = _stale.repair(client, now=WallClock().now())
        for it in apply_automations(client, settings):
            say(f"automation applied: {it.wanted.name}: {it.does}")
    for line in _stale.told(done):
        say(line)
    if done.alive:
        say(f"{done.alive} runs gave a sign of life within five minutes, and were left alone")
    if not (done.crashed or done.freed):
        say("No run hangs.")
