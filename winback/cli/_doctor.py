"""`winback doctor`: what is missing before going live."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from winback.base.clock import WallClock
from winback.base.console import say
from winback.base.settings import Settings
from winback.cli._app import app
from winback.landing import unusable_phones
from winback.ledger import has_ledger, open_ledger
from winback.readiness.doctor import findings
from winback.sending import Stop, active_stops


@app.command(name="doctor")
def doctor_command() -> None:
    """List what is missing before going live, and what is stopped."""
    settings = Settings.load()
    lines = findings(settings)
    for line in (*_phones(settings), *(f"missing: {line}" for line in lines)):
        say(line)
    # At last, since it ends here where the ledger can't be read.
    for stop in _active_stops(settings):
        say(f"stopped: {stop}: {stop.reason}")
    if lines:
        raise typer.Exit(1)
    say("Ready: nothing is missing.")


def _phones(settings: Settings) -> Iterator[str]:
    """Whose phone gets no texts, which keeps nobody from going live."""
    for why, found in unusable_phones(settings).items():
        rest = found.count - len(found.customer_ids)
        more = f" and {rest:,} more" if rest else ""
        yield f"phones: {found.count:,} {why}: customers {', '.join(found.customer_ids)}{more}"


def _active_stops(settings: Settings) -> list[Stop]:
    """What is stopped now; nothing where there is no ledger yet."""
    if not has_ledger(settings):
        return []
    with open_ledger(settings) as ledger, ledger.read() as connection:
        return active_stops(connection, now=WallClock().now())
