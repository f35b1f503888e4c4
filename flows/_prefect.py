"""Prefect's own settings, as this project needs them. Import before prefect."""

from __future__ import annotations

import os
from typing import Final

_DEFAULTS: Final = {
    # A fresh home takes 13-21 s to start its server; the default time-out is 20 s.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The command line prints what a run did; Prefect's log lines stay in its UI.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}


def quiet_prefect() -> None:
    """Set what the operator has not set: no tracking, patience at the start, a quiet terminal."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
