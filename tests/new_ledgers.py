"""The tables of a new ledger as all the revisions make them, without running these each time."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, event, inspect

from winback.ledger import migrations


class NewTables:
    """Runs the revisions on the first empty database of a kind; to others it repeats the outcome.

    A thousand tests make a ledger. What alembic needs to find its way through the revisions is
    nine tenths of that; `tests/ledger/test_migrations.py` goes it each time.
    """

    def __init__(self) -> None:
        self._run: Callable[[Connection], None] = migrations.upgrade
        self._made: dict[str, list[str]] = {}

    def upgrade(self, connection: Connection) -> None:
        """As `migrations.upgrade`."""
        kind = connection.dialect.name
        if inspect(connection).get_table_names():
            self._run(connection)
        elif kind not in self._made:
            ran = _ran_by(connection, self._run)
            self._made[kind] = ran if kind == "postgresql" else _schema(connection)
        elif kind == "postgresql":
            # All in one go.
            connection.connection.cursor().execute(";\n".join(self._made[kind]))
        else:
            # Past SQLAlchemy, which takes half of the time.
            cursor = connection.connection.cursor()
            for statement in self._made[kind]:
                cursor.execute(statement)


def _ran_by(connection: Connection, upgrade: Callable[[Connection], None]) -> list[str]:
    """The statements that an upgrade runs, but for its questions."""
    ran: list[str] = []

    def hear(*call: object) -> None:
        statement, parameters = str(call[2]).strip(), call[3]
        if not statement.lower().startswith("select"):
            assert not parameters, statement
            ran.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    try:
        upgrade(connection)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    return ran


def _schema(connection: Connection) -> list[str]:
    """An SQLite database as it is: what makes its tables and indexes, and its revision."""
    made = connection.exec_driver_sql(
        "select sql from sqlite_master where sql is not null order by rowid"
    )
    revision = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
    return [*made.scalars(), f"insert into alembic_version values ('{revision}')"]
