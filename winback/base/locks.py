"""A lock of an open file that is taken at once or refused; the system frees it at any end."""

from __future__ import annotations

import fcntl
from typing import IO, Any

from winback.base.errors import WinbackError


def take_lock(file: IO[Any], refusal: str, *, is_shared: bool = False) -> None:
    """Lock a file until it is closed. Raises WinbackError with `refusal` where others hold it."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WinbackError(refusal) from None
