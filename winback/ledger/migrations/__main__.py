"""Write the next revision: what `_tables.py` has and the revisions so far don't make.

`python -m winback.ledger.migrations "messages know their color"`; read the file before you keep it.
"""

from __future__ import annotations

import sys

from alembic import command
from sqlalchemy import create_engine

from winback.ledger import migrations


def write_next(message: str) -> None:
    """Compare an empty ledger at the newest revision with the tables, in memory."""
    number = f"{int(migrations.newest()) + 1:04d}"
    with create_engine("sqlite://").connect() as connection:
        migrations.upgrade(connection)
        config = migrations.config(connection)
        command.revision(config, message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    write_next(" ".join(sys.argv[1:]) or sys.exit("say in a few words what the revision does"))
