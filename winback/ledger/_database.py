"""Opening the ledger: its engine, its tables, and transactions that see each other's writes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from winback.base.errors import UsageError
from winback.base.private import keep_private
from winback.base.settings import Settings
from winback.ledger import _fence, migrations
from winback.ledger import _tables as t
from winback.ledger._address_keys import ensure_key
from winback.ledger._insert import insert_new
from winback.ledger._lost import refuse_if_lost
from winback.ledger._release import Standing, is_noted, look, look_at_file, note_release
from winback.ledger._trouble import tell_trouble
from winback.ledger._turns import turn

BUSY_SECONDS = 30
# The one lock of all writers of a PostgreSQL ledger, and that of those that look whom they may
# write to; any constants will do.
_WRITER_LOCK = 7_461_204_118_322_001
_LOOK_LOCK = _WRITER_LOCK + 1
# A check and its write are one by the writers' lock, which is the first statement: each statement
# after it must see all that was committed before.
_BEGIN: Final = "begin isolation level read committed"


@dataclass(frozen=True)
class Ledger:
    """An open ledger. Writers take turns, so a check and the write after it can't be split.

    Raises LedgerUnavailable where the database is away, full, locked or not to be written.
    """

    engine: Engine
    instance_id: str
    token_secret: str
    # Why this process may not send from it; empty: it may.
    fenced: str

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: one consistent snapshot."""
        begin = "begin" if self._is_sqlite else "begin isolation level repeatable read"
        with tell_trouble(), self._begun(begin) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: the only writer until it commits, durable when it has."""
        with self._writing("pg_advisory_xact_lock", beside_others=False) as connection:
            yield connection

    @contextmanager
    def write_own(self) -> Iterator[Connection]:
        """A write transaction on rows that nobody else changes, because the caller has claimed
        them, or claims them now by locking them.

        PostgreSQL runs any number of these at once, and none beside a `write`, which so sees
        them done or not begun; in SQLite it is a `write`.
        """
        with self._writing("pg_advisory_xact_lock_shared", beside_others=True) as connection:
            yield connection

    @contextmanager
    def _writing(self, lock: str, *, beside_others: bool) -> Iterator[Connection]:
        # A plain BEGIN would let two writers of SQLite read before either writes.
        begin = "begin immediate" if self._is_sqlite else f"{_BEGIN}; select {lock}({_WRITER_LOCK})"
        with tell_trouble(), self._turn(), self._begun(begin) as connection:
            connection.execution_options(winback_beside_others=beside_others)
            yield connection

    @contextmanager
    def _begun(self, begin: str) -> Iterator[Connection]:
        """A transaction, committed at the end of the block; an exception rolls it back."""
        with self._connection_in(begin) as connection:
            yield connection
            connection.commit()

    def _connection_in(self, begin: str) -> Connection:
        """A connection on which `begin` was executed.

        The server may have ended a pooled one since it was last used. Nothing has happened in its
        transaction then, so another takes its place. To ask each one first, as pools can, would
        cost every transaction a question.
        """
        try:
            return _execute_first(self.engine.connect(), begin)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return _execute_first(self.engine.connect(), begin)

    @property
    def _is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def compact(self) -> None:
        """Write the database anew, so that nothing that was deleted lingers in its files.

        Waits for its turn; others wait for it meanwhile.
        """
        with self._turn(), self.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            if self._is_sqlite:
                raw.execute("vacuum")
                raw.execute("pragma wal_checkpoint(truncate)")
            else:
                raw.execute(f"vacuum full {', '.join(t.metadata.tables)}")

    def _turn(self) -> AbstractContextManager[None]:
        """PostgreSQL's lock has a queue of its own."""
        url = self.engine.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return nullcontext()
        return turn(url.database)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger that the settings name; make it or bring its tables up to date first.

    A copied ledger opens for reading, but `Ledger.fenced` says why it must not send.
    Raises UsageError where there is no database, or one of a newer winback, LedgerUnavailable
    where it is gone.
    """
    engine = _engine_of(settings)
    unfenced = Ledger(engine, "", "", "")
    try:
        if settings.adopt_ledger or not _is_ready(unfenced):
            refuse_if_lost(settings, engine)
            _make_ready(unfenced, adopt=settings.adopt_ledger)
        with unfenced.read() as connection:
            known = {row.key: row.value for row in connection.execute(select(t.meta))}
            fenced = _fence.why_fenced(connection)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, known["instance_id"], known["token_secret"], fenced)


def read_standing(settings: Settings) -> Standing | None:
    """Which release wrote the ledger, and how far its tables are, without bringing them up to
    date; None where there is none yet. Raises as `open_ledger`."""
    engine = _engine_of(settings)
    try:
        return look_at_file(engine)
    finally:
        engine.dispose()


def _engine_of(settings: Settings) -> Engine:
    try:
        keep_private(settings.home)
        return _engine(settings.effective_ledger_url)
    except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
        raise UsageError(
            "the ledger can't be opened: WINBACK_LEDGER_URL (or WINBACK_HOME) names no place "
            f"that is there in SQLite or PostgreSQL ({type(error).__name__})"
        ) from None


def _is_ready(ledger: Ledger) -> bool:
    """Whether there is nothing to write; a look that waits for no writer."""
    file = ledger.engine.url.database
    if ledger.engine.dialect.name == "sqlite" and not (file and Path(file).exists()):
        return False
    with ledger.read() as connection:
        return migrations.is_at_newest(connection) and is_noted(connection)


def _make_ready(ledger: Ledger, *, adopt: str) -> None:
    """Tables and what a ledger draws once, in one transaction: whoever else opens it waits."""
    with ledger.write() as connection:
        before = look(connection)
        if not migrations.is_at_newest(connection):
            _upgrade(connection)
        if before is None or not is_noted(connection):
            note_release(connection, before)
        _insert_meta(connection, "instance_id", secrets.token_hex(8))
        _insert_meta(connection, "token_secret", secrets.token_hex(32))
        ensure_key(connection)
        _insert_meta(connection, "place", _fence.place(connection))
        _fence.adopt(connection, adopt)


def _upgrade(connection: Connection) -> None:
    try:
        migrations.upgrade(connection)
    except DBAPIError as error:
        if connection.dialect.name == "sqlite":
            raise  # SQLite has no rights to grant: the trouble is the file or its disk
        raise UsageError(
            f"the ledger's tables can't be brought to revision {migrations.newest()} "
            f"({type(error.orig).__name__}); they are as they were. Next: let the database user "
            "create and alter its tables, then run the command again"
        ) from None


def _execute_first(connection: Connection, begin: str) -> Connection:
    try:
        connection.exec_driver_sql(begin)
    except BaseException:
        connection.close()
        raise
    return connection


def look_alone(connection: Connection) -> None:
    """Wait until no other transaction looks whom it may write to; none does until this one ends.

    The transaction is one of `Ledger.write_own` or `Ledger.write`. What it looks at changes by a
    `write` alone, of which there is none beside it, and by those who look and then write.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOOK_LOCK})")


def is_beside_others(connection: Connection) -> bool:
    """Whether this is a transaction of `Ledger.write_own`."""
    return bool(connection.get_execution_options().get("winback_beside_others", False))


def _insert_meta(connection: Connection, key: str, value: str) -> None:
    insert_new(connection, t.meta, [{"key": key, "value": value}])


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    if parsed.get_backend_name() != "sqlite":
        raise ArgumentError("a ledger is in SQLite or PostgreSQL")
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # Parameters hold addresses, which must not show in an error.
    engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(dbapi_connection: Any, _record: object) -> None:
    # Transactions begin as `Ledger` says, not as the driver thinks. (Nor by an event of the engine:
    # with one, SQLAlchemy looks for others at every statement, which costs a quarter of it.)
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    # A run writes the same pages again and again: a log of 16 MB saves most of the copying.
    cursor.execute("pragma wal_autocheckpoint = 4000")
    cursor.close()


# How the driver notices that its server is gone; what the URL says goes before it.
_NOTICE: Final = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
# How the server notices that a writer is gone, whose lock holds up all others; and that a
# commit is durable, whatever the server's default: a lost one would be sent again.
_SESSION: Final = f"""
    select set_config(name, value, false) from (values
        ('lock_timeout', '{BUSY_SECONDS}s'),
        ('idle_in_transaction_session_timeout', '60s'),
        ('TimeZone', 'UTC'),
        ('tcp_keepalives_idle', '10'),
        ('tcp_keepalives_interval', '5'),
        ('tcp_keepalives_count', '3'),
        ('synchronous_commit', case current_setting('synchronous_commit')
            when 'off' then 'on' else current_setting('synchronous_commit') end)
    ) as wanted (name, value)
"""


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":  # the driver that comes with winback
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(
        url,
        hide_parameters=True,
        # Transactions begin as `Ledger` says, in one message with their first question: the driver
        # would ask for each BEGIN alone.
        isolation_level="AUTOCOMMIT",
        connect_args={name: value for name, value in _NOTICE.items() if name not in url.query},
    )
    event.listen(engine, "connect", _configure_postgresql)
    return engine


def _configure_postgresql(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.execute(_SESSION)
