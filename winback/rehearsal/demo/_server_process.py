"""The program of the demo's child process: see `_servers`."""

from __future__ import annotations

import json
import sys
from datetime import datetime

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.rehearsal import sandbox


def serve(starts_at: datetime) -> None:
    settings = Settings.load()
    with (
        open_ledger(settings) as ledger,
        sandbox.start(settings, FixedClock(starts_at), deliver=False) as providers,
    ):
        listening = settings.model_copy(update=providers.overrides())
        with pages.start(ledger, listening, providers.clock) as receiver:
            providers.send_webhooks_to(receiver.base_url, public_url=settings.public_base_url)
            found = sandbox.client_settings(providers.base_url, providers.credentials)
            print(json.dumps(found), flush=True)  # noqa: T201 - what the parent waits for
            sys.stdin.read()


if __name__ == "__main__":
    serve(datetime.fromisoformat(sys.argv[1]))
