"""What goes wrong with a database, told to its user: one line, and no value of any row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import DBAPIError, OperationalError

from winback.base.errors import SILENCE, WinbackError

# SQLite's code for a query that is wrong, which is a defect of ours; the others are about files.
_DEFECT: Final = "SQLITE_ERROR"
# PostgreSQL: no right to it, a standby that only reads, a transaction that idled, and what it
# calls an error of its own.
_UNAVAILABLE: Final = frozenset({"42501", "25006", "25P03", "XX000"})
# A file that is no database, or is broken inside; PostgreSQL's broken tables and indexes, and
# files of theirs that are gone or stand where none should.
_DAMAGED: Final = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "XX001", "XX002", "58P01", "58P02")


class LedgerUnavailable(WinbackError):
    """The ledger's database is away, full, locked, damaged, or not for this user to write."""


@contextmanager
def tell_trouble() -> Iterator[None]:
    """Tell what is the database's trouble as LedgerUnavailable, anything else without values."""
    try:
        yield
    except DBAPIError as error:
        name = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
        if _is_damaged(error):
            raise LedgerUnavailable(
                f"the ledger's database is damaged ({name}). It is left as it is, and nothing is "
                "sent without it. Next: stop what uses it, put your newest backup in its place "
                f"(WINBACK_LEDGER_URL), then run the command again. {SILENCE}"
            ) from None
        if _is_unavailable(error):
            raise LedgerUnavailable(
                f"the ledger's database does not answer or refuses ({name}). Nothing is lost. "
                "Next: look at it, its disk and WINBACK_LEDGER_URL, then run the command again. "
                f"{SILENCE}"
            ) from None
        _forget_values(error)
        raise


def _is_damaged(error: DBAPIError) -> bool:
    codes = (getattr(error.orig, name, None) for name in ("sqlite_errorname", "sqlstate"))
    return any(code is not None and code.startswith(_DAMAGED) for code in codes)


def _is_unavailable(error: DBAPIError) -> bool:
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _UNAVAILABLE:
        return True
    is_defect = getattr(error.orig, "sqlite_errorname", None) == _DEFECT
    return isinstance(error, OperationalError) and not is_defect


def _forget_values(error: DBAPIError) -> None:
    """PostgreSQL shows the row that breaks a rule, with the address in it."""
    diagnosis: Any = getattr(error.orig, "diag", None)
    if error.orig is not None and diagnosis is not None and diagnosis.message_primary:
        error.orig.args = (diagnosis.message_primary,)
        error.args = (f"({type(error.orig).__name__}) {diagnosis.message_primary}",)
