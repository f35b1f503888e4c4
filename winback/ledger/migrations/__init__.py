"""How the ledger's tables came to be what they are: one revision a file in `versions/`.

CONTRIBUTING.md says how to add one. Opening a ledger at the newest revision reads nothing of this
but the names of the files: importing alembic takes longer than everything else about opening.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from winback.base.errors import UsageError

if TYPE_CHECKING:
    from alembic.config import Config

_HERE: Final = Path(__file__).parent
VERSIONS: Final = _HERE / "versions"
_TABLE: Final = "alembic_version"


def newest() -> str:
    """The newest revision that this winback knows; a file's name begins with its number."""
    return max(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def is_at_newest(connection: Connection) -> bool:
    """Whether the tables are what this winback's code expects.

    Raises UsageError where a newer winback has been there.
    """
    if not inspect(connection).has_table(_TABLE):
        return False
    there: str | None = connection.scalar(text(f"select version_num from {_TABLE}"))
    newest_known = newest()
    if there is not None and there > newest_known:
        raise UsageError(
            f"the ledger's tables are of a newer winback (revision {there}, this one knows "
            f"{newest_known}). Next: run that winback, or name another ledger"
        )
    return there == newest_known


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest revision within the caller's write transaction."""
    from alembic import command

    command.upgrade(config(connection), "head")


def config(connection: Connection) -> Config:
    """Alembic's configuration for a ledger; there is no alembic.ini."""
    from alembic.config import Config

    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return settings
