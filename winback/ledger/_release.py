"""Which release wrote a ledger last, and whose way of sending its operator has agreed to.

Both are rows of the ledger's `meta`. A ledger of before 0.6.0 has neither: its revision tells
between which releases it stands, and the older of these counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, select, text

from winback import __version__
from winback.base.places import HOUSE_DIR
from winback.base.releases import order, read_releases, release_of
from winback.ledger import _tables as t
from winback.ledger import migrations
from winback.ledger._notes import keep_note, read_note
from winback.ledger._trouble import tell_trouble

_WRITTEN_BY: Final = "release"
_ACCEPTED: Final = "accepted_release"
# Of a ledger that is older than the first revision.
BEFORE: Final = "0000"


@dataclass(frozen=True)
class Standing:
    """Where a ledger stands: its tables' revision, and the two releases."""

    revision: str
    written_by: str
    accepted: str
    # Whether anything was ever sent from it.
    has_sent: bool

    @property
    def is_behind(self) -> bool:
        """Whether opening it would bring its tables up to date."""
        return self.revision < migrations.newest()


def look(connection: Connection) -> Standing | None:
    """Where a ledger of this release or an earlier one stands, without a change to it; None where
    there is none yet."""
    if not inspect(connection).has_table(t.meta.name):
        return None
    kept = {row.key: row.value for row in connection.execute(select(t.meta))}
    revision = BEFORE
    if inspect(connection).has_table("alembic_version"):
        revision = connection.scalar(text("select version_num from alembic_version")) or BEFORE
    by = kept.get(_WRITTEN_BY) or release_of(read_releases(HOUSE_DIR), revision)
    return Standing(revision, by, kept.get(_ACCEPTED, by), has_sent="used_for" in kept)


def look_at_file(engine: Engine) -> Standing | None:
    """As `look`, of a database that nobody has opened as a ledger.

    Raises LedgerUnavailable, and UsageError for a ledger of a newer winback.
    """
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and Path(file).exists()):
        return None
    with tell_trouble(), engine.connect() as connection:
        migrations.is_at_newest(connection)
        return look(connection)


def is_noted(connection: Connection) -> bool:
    """Whether a ledger knows this release, or a newer one, as the last that wrote it."""
    kept = read_note(connection, _WRITTEN_BY)
    return kept is not None and order(kept) >= order(__version__)


def note_release(connection: Connection, before: Standing | None) -> None:
    """Keep that this release writes it now, and which release's way of sending stands.

    `before` is how it stood; None for a new one.
    """
    accepted = before.accepted if before and before.has_sent else __version__
    keep_note(connection, _ACCEPTED, accepted)
    keep_note(connection, _WRITTEN_BY, __version__)


def accept_release(connection: Connection) -> None:
    """Keep that the operator agrees to how this release sends."""
    keep_note(connection, _ACCEPTED, __version__)
