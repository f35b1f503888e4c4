"""Who gives a command, as the ledger keeps it."""

from __future__ import annotations

import getpass
import platform


def who() -> str:
    """The user and the machine."""
    return f"{getpass.getuser()}@{platform.node()}"
