"""The instance fence: a copied or restored ledger must not send what the original has sent.

A ledger remembers the place it was made in: for SQLite the path and the inode of its file
(a copy has another), for PostgreSQL the database's name and oid, the schema and the identity of
the server's data (a restored dump has another; a physical copy of the server has not). Elsewhere it
can be read but not sent from, until WINBACK_ADOPT_LEDGER names its instance id. Adopting gives
it a new id, so that the same setting can't adopt a second copy.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select, text, update

from winback.base.errors import WinbackError
from winback.ledger import _tables as t
from winback.ledger._notes import read_note
from winback.ledger._restored import why_not_adopted

if TYPE_CHECKING:
    from winback.ledger._database import Ledger


_MOVED: Final = "moved_to"
_POSTGRESQL_PLACE: Final = """
    select datname || '.' || current_schema() || '#' || oid || '.' || system_identifier
    from pg_database, pg_control_system()
    where datname = current_database()
"""


class LedgerFenced(WinbackError):
    """This ledger is a copy: another one may already have sent its messages."""


def place(connection: Connection) -> str:
    """Where this ledger really is."""
    if connection.dialect.name == "sqlite":
        file = connection.engine.url.database
        if not file:
            return "memory"
        path = Path(file).resolve()
        return f"{path}#{path.stat().st_ino}"
    return str(connection.scalar(text(_POSTGRESQL_PLACE)))


def adopt(connection: Connection, instance_id: str) -> None:
    """Make this place a copy's own, if it is the copy that is meant."""
    known, here = _known(connection), place(connection)
    if known["place"] != here and known["instance_id"] == instance_id:
        settle_here(connection)


def settle_here(connection: Connection) -> None:
    """Make this place the ledger's own, under a new id: an adopted backup sends from here alone."""
    _set(connection, "place", place(connection))
    _set(connection, "instance_id", secrets.token_hex(8))


def is_settled(connection: Connection) -> bool:
    """Whether this place is the ledger's own: else it is a copy."""
    return _known(connection)["place"] == place(connection)


def is_copy_of(connection: Connection, other: Connection) -> bool:
    """Whether both are one ledger: the same secret was drawn for both, once."""
    return _known(connection)["token_secret"] == _known(other)["token_secret"]


def close_moved(connection: Connection, where: str) -> None:
    """Let nothing be sent from here any more: the ledger is at another place now."""
    connection.execute(t.meta.insert().values(key=_MOVED, value=where))


def moved_to(connection: Connection) -> str | None:
    """Where the ledger has moved; None: it is here."""
    return _known(connection).get(_MOVED)


def why_fenced(connection: Connection) -> str:
    """Why this ledger must not send; empty if it stands where it was made or was adopted."""
    if where := moved_to(connection):
        return (
            f"this ledger has moved to {where}, and nothing is sent from here any more. Next: set "
            "WINBACK_LEDGER_URL to it"
        )
    if unadopted := why_not_adopted(connection):
        return unadopted
    known = _known(connection)
    if known["place"] == place(connection):
        return ""
    return (
        f"This ledger is a copy of the one at {known['place'].rpartition('#')[0]}, which may have "
        "sent its messages already, so nothing is sent from it. If that one will never send "
        f"again, run once with WINBACK_ADOPT_LEDGER={known['instance_id']}."
    )


def dedicate(ledger: Ledger, mode: str, *, is_rehearsal: bool) -> None:
    """Keep rehearsals out of live: a ledger that sent in the sandbox never sends for real.

    Its waiting messages bear made-up senders, and who "got" one there would count as
    contacted. A live run against servers of this machine is a rehearsal too.
    """
    with ledger.write() as connection:
        if used_for(connection) is None:
            use_for(connection, _use(mode, is_rehearsal=is_rehearsal))
        require_use(connection, mode, is_rehearsal=is_rehearsal)


def require_adopted(ledger: Ledger) -> None:
    """Raise LedgerFenced for a ledger that was restored from a backup and not adopted yet."""
    with ledger.read() as connection:
        if why := why_not_adopted(connection):
            raise LedgerFenced(why)


def require_use(connection: Connection, mode: str, *, is_rehearsal: bool) -> None:
    """Raise LedgerFenced where the ledger has been used for the other of sandbox and live."""
    use, first = _use(mode, is_rehearsal=is_rehearsal), used_for(connection)
    if first is not None and first != use:
        raise LedgerFenced(
            f"this ledger has been used for {first} and can't be used for {use}: its messages and "
            "history are not real there. Next: another WINBACK_HOME or WINBACK_LEDGER_URL"
        )


def _use(mode: str, *, is_rehearsal: bool) -> str:
    return "sandbox" if mode == "sandbox" or is_rehearsal else "live"


def use_for(connection: Connection, use: str) -> None:
    """Keep for good what a ledger that nothing was sent from is used for."""
    connection.execute(t.meta.insert().values(key="used_for", value=use))


def used_for(connection: Connection) -> str | None:
    """What the ledger has been used for, `sandbox` or `live`; None: nothing was sent from it."""
    return read_note(connection, "used_for")


def _known(connection: Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(select(t.meta))}


def _set(connection: Connection, key: str, value: str) -> None:
    connection.execute(update(t.meta).where(t.meta.c.key == key).values(value=value))
