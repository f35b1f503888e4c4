"""A shop in mid-season, by commands as at a terminal.

The demo's generator writes the shop: three years with both clock changes, refunds, lines without
a name, several consents, merged and duplicate customers. Two sandbox runs write, click and reply.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from winback.rehearsal.demo import generate_shop

ENDS_AT = datetime(2026, 4, 17, 15, 30, tzinfo=UTC)
RUNS_AT = ("2026-04-15T15:30:00Z", "2026-04-16T15:30:00Z")
# The first day that no run was for.
NEXT_AT = "2026-04-17T15:30:00Z"


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with this home, and nothing of the user's."""
    return subprocess.run(
        [sys.executable, "-m", "winback.cli", *arguments],
        env=os.environ
        | {
            "WINBACK_HOME": str(home),
            "XDG_CACHE_HOME": str(home.parent / "cache"),
            "PREFECT_HOME": str(home.parent / "prefect"),
            "DO_NOT_TRACK": "1",
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def winback(home: Path, *arguments: str, **environment: str) -> float:
    """Run a command that must end well; the seconds that it took."""
    began = time.monotonic()
    done = run(home, *arguments, **environment)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return time.monotonic() - began


def season(folder: Path, customers: int) -> Path:
    """A home with a shop, and a ledger with messages, clicks and replies."""
    generate_shop(folder / "shop", customers=customers, ends_at=ENDS_AT)
    winback(folder / "home", "load", str(folder / "shop"))
    for at in RUNS_AT:
        winback(folder / "home", "run", "--mode", "sandbox", "--as-of", at)
    return folder / "home"
