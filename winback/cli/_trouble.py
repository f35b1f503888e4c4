"""Trouble of a disk, which is no defect of ours, as one line for the operator."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final

from winback.base.errors import SILENCE

# Read-only, not this user's, or no folder.
_NAMED: Final = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
    }
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
# As DuckDB and Arrow say it, whose errors bear no number; the last where a sort found no room.
_FULL_WORDS: Final = (*map(os.strerror, (*_FULL, errno.EIO)), "max_temp_directory_size")


def disk_trouble(error: BaseException) -> str:
    """The line for an error that a disk caused, at once or by way of others; empty for others."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _NAMED and cause.filename is not None:
            return f"{cause.filename}: {cause.strerror}. Next: see to it, then run it again"
        number = cause.errno if isinstance(cause, OSError) else None
        what = next((words for words in _FULL_WORDS if words in str(cause)), "")
        if number in {*_FULL, errno.EIO} or what:
            reason = what if number is None else os.strerror(number)
            return (
                f"the disk is full or broken ({reason}). Nothing that was kept before is lost. "
                f"Next: make room under WINBACK_HOME, then run it again. {SILENCE}"
            )
    return ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        hides = cause.__suppress_context__
        cause = cause.__cause__ or (None if hides else cause.__context__)
