"""Errors that nobody foresaw: Prefect hears what and where, and never their words.

The words of an error may hold an address or a name, and every user of the UI sees a run's log. They
stay in the process: a command shows them, a worker's own log keeps them.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from prefect.runtime import deployment

from winback.base.errors import WinbackError
from winback.base.places import CODE_DIR, IS_CHECKOUT

P = ParamSpec("P")
T = TypeVar("T")
_PACKAGES: Final = ("winback", "flows", "quality")


class UnforeseenError(Exception):
    """Stands for an error whose words may not be told; `original` is that error."""

    def __init__(self, original: Exception) -> None:
        super().__init__(
            f"it ended by {type(original).__name__}{_place(original)}; the worker's own log says "
            "more. Run it again: it goes on from where it ended"
        )
        self.original = original


def without_words(work: Callable[P, T]) -> Callable[P, T]:
    """Let an error that nobody foresaw leave `work` without its words; refusals are made to be
    read."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except (WinbackError, UnforeseenError):
            raise
        except Exception as error:  # noqa: BLE001  # raised again, without its words
            if deployment.id is not None:  # elsewhere the caller gets it, and shows it
                sys.stderr.write("".join(traceback.format_exception(error)))
            raise UnforeseenError(error) from None

    return run


def _place(error: Exception) -> str:
    """The last line of ours that it passed."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(CODE_DIR) and _is_ours(path.relative_to(CODE_DIR)):
            return f" in {path.relative_to(CODE_DIR)}, line {frame.lineno}"
    return ""


def _is_ours(path: Path) -> bool:
    """Where a wheel is, all libraries stand beside it; in a checkout they are under .venv."""
    return ".venv" not in path.parts if IS_CHECKOUT else path.parts[0] in _PACKAGES
