"""Files for the owner's eyes: they hold contact data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def open_private(path: Path, mode: str = "w") -> IO[str]:
    """Open a file that only its owner can read, whatever it was before."""
    how = os.O_APPEND
    if mode == "w":
        path.unlink(missing_ok=True)
        how = os.O_CREAT | os.O_EXCL
    descriptor = os.open(path, os.O_WRONLY | how, 0o600)
    return os.fdopen(descriptor, mode, newline="", encoding="utf-8")
