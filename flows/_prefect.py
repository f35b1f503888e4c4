"""Prefect's own settings, as this project needs them. Import before prefect."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

from winback.base.errors import WinbackError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from winback.base.settings import Settings

_DEFAULTS: Final = {
    # A fresh home takes 13-21 s to start its server; the default time-out is 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The command line prints what a run did; Prefect's log lines stay in its UI.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}

# A server that is ours to start.
SERVER: Final = {
    # In memory, which is the default, a restart forgets who holds a slot, and it stays taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    # A year of all deployments would be some 260,000 runs; by default only events go.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # Of 30 days, in seconds; by default 90. What was sent and decided is in the ledger for good.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}


def quiet_prefect() -> None:
    """Set what the operator has not set: no tracking, patience at the start, a quiet terminal."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def find_server(settings: Settings) -> None:
    """Let Prefect talk to the server of a `winback up` that lives, where no other is named."""
    path = settings.control_room_dir / "up.json"
    if "PREFECT_API_URL" in os.environ or not path.exists():
        return
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # it holds the file while it lives
            url = json.loads(file.read() or "{}").get("api")
            if url:
                os.environ["PREFECT_API_URL"] = url


@contextmanager
def open_server(settings: Settings, *, fails: str) -> Iterator[SyncPrefectClient]:
    """The server that is named, or that of a `winback up` that lives, for one command.

    Raises WinbackError, which begins with what `fails`, where none answers.
    """
    quiet_prefect()
    find_server(settings)
    from prefect.client.orchestration import get_client

    from flows._house import read_house

    house = read_house()
    if not house.answers:
        raise WinbackError(f"{fails}: {house.why}. Next: winback up")
    with get_client(sync_client=True) as client:
        yield client


def is_prefect(url: str) -> bool:
    """Whether a server of Prefect answers at this address of ours, and is well."""
    try:
        with urlopen(f"{url}/api/health", timeout=2) as response:  # noqa: S310  # our own URL
            return bool(json.loads(response.read()) is True)
    except (OSError, ValueError):
        return False
