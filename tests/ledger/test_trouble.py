"""The database's trouble is one line for its user, and no error shows a row's values."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from winback.base.settings import Settings
from winback.ledger import LedgerUnavailable, look_alone, open_ledger, tables

pytestmark = pytest.mark.both_databases

ADDRESS = "ann@example.com"


def is_one_line(error):
    return "\n" not in str(error) and "WINBACK_LEDGER_URL" in str(error)


def test_a_broken_rule_of_a_table_does_not_show_the_row(ledger, add_message):
    with pytest.raises(IntegrityError) as caught:
        add_message(1, state="lost", address="+15559999")
    assert "+15559999" not in str(caught.value)
    assert "known_state" in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://nobody:secret@127.0.0.1:1/db",
        "postgresql://nobody:secret@no-such-host.invalid/db",
    ],
)
def test_a_server_that_is_not_there_is_one_line_without_the_password(tmp_path, wrong):
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger(Settings.load(home=tmp_path, ledger_url=wrong))
    assert is_one_line(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_one_line(make_schema, tmp_path):
    wrong = make_schema().replace("/postgres?", "/nothing?")
    with pytest.raises(LedgerUnavailable) as caught:
        open_ledger(Settings.load(home=tmp_path, ledger_url=wrong))
    assert is_one_line(caught.value)


def break_the_connection(ledger):
    with ledger.write() as connection:
        mine = connection.scalar(text("select pg_backend_pid()"))
        with ledger.read() as other:
            other.execute(text(f"select pg_terminate_backend({mine})"))
        connection.execute(select(tables.meta))


def test_a_connection_that_breaks_is_one_line_and_the_next_transaction_has_another(
    make_schema, tmp_path
):
    with open_ledger(Settings.load(home=tmp_path, ledger_url=make_schema())) as ledger:
        with pytest.raises(LedgerUnavailable) as caught:
            break_the_connection(ledger)
        assert is_one_line(caught.value)
        with ledger.write() as connection:
            assert connection.execute(select(tables.meta)).all()


def fill_the_disk(ledger):
    with ledger.write() as connection:
        connection.execute(text("pragma max_page_count = 1"))
        connection.execute(tables.meta.insert(), [{"key": "k", "value": "v" * 1_000_000}])


def test_a_ledger_on_a_full_disk_is_one_line(tmp_path):
    settings = Settings.load(home=tmp_path)
    with open_ledger(settings) as ledger:
        with pytest.raises(LedgerUnavailable) as caught:
            fill_the_disk(ledger)
        assert is_one_line(caught.value)
        with ledger.read() as connection:
            assert (
                connection.scalar(select(tables.meta.c.key).where(tables.meta.c.key == "k")) is None
            )


def test_a_durable_commit_and_a_writer_that_vanishes_are_seen_to(make_schema, tmp_path):
    url = make_schema() + "%20-csynchronous_commit%3Doff"
    with open_ledger(Settings.load(home=tmp_path, ledger_url=url)) as ledger, ledger.read() as c:
        shown = {
            name: c.scalar(text(f"show {name}"))
            for name in ("synchronous_commit", "idle_in_transaction_session_timeout")
        }
    assert shown == {
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "1min",
    }


def test_a_read_is_one_snapshot(ledger):
    with ledger.read() as reader:
        before = reader.execute(select(tables.meta)).all()
        with ledger.write() as connection:
            connection.execute(tables.meta.insert(), {"key": "k", "value": "v"})
        assert reader.execute(select(tables.meta)).all() == before


def test_own_writes_go_side_by_side_in_postgresql_and_never_beside_the_one_writer(
    make_schema, tmp_path
):
    with open_ledger(Settings.load(home=tmp_path, ledger_url=make_schema())) as ledger:
        with ledger.write_own(), ledger.write_own():
            pass
        for first, second in ((ledger.write_own, ledger.write), (ledger.write, ledger.write_own)):
            with first(), ledger.read() as other:
                wait = text("select pg_try_advisory_xact_lock_shared(7461204118322001)")
                alone = text("select pg_try_advisory_xact_lock(7461204118322001)")
                free = other.scalar(wait if second == ledger.write_own else alone)
                assert not free


def test_looks_follow_each_other_in_postgresql_beside_own_writes(make_schema, tmp_path):
    alone = text("select pg_try_advisory_xact_lock(7461204118322002)")
    with open_ledger(Settings.load(home=tmp_path, ledger_url=make_schema())) as ledger:
        with ledger.write_own() as connection:
            look_alone(connection)
            with ledger.write_own() as beside:
                assert not beside.scalar(alone)
        with ledger.write_own() as connection:
            assert connection.scalar(alone), "a look ends with its transaction"


def test_a_session_that_the_server_ended_meanwhile_is_replaced(make_schema, tmp_path):
    settings = Settings.load(home=tmp_path, ledger_url=make_schema())
    with open_ledger(settings) as ledger, open_ledger(settings) as other:
        for transaction in (ledger.read, ledger.write_own, ledger.write):
            with ledger.read() as connection:
                ended = connection.scalar(text("select pg_backend_pid()"))
            with other.read() as connection:
                connection.execute(text(f"select pg_terminate_backend({ended}, 10000)"))
            with transaction() as connection:
                assert connection.scalar(text("select pg_backend_pid()")) != ended


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("XX001", "is damaged (DataCorrupted)"),
        ("XX002", "is damaged (IndexCorrupted)"),
        ("58P01", "is damaged (UndefinedFile)"),
        ("58P02", "is damaged (DuplicateFile)"),
        ("XX000", "does not answer or refuses (InternalError_)"),
        ("58030", "does not answer or refuses (IoError)"),
        ("53100", "does not answer or refuses (DiskFull)"),
        ("57P01", "does not answer or refuses (AdminShutdown)"),
        ("57P03", "does not answer or refuses (CannotConnectNow)"),
        ("22012", ""),
    ],
)
def test_what_postgresql_says_of_itself_is_told_by_its_code(make_schema, tmp_path, code, says):
    raising = f"do $$ begin raise exception '{ADDRESS}' using errcode = '{code}'; end $$"
    expected = LedgerUnavailable if says else DBAPIError
    with open_ledger(Settings.load(home=tmp_path, ledger_url=make_schema())) as ledger:
        with pytest.raises(expected) as caught, ledger.write() as connection:
            connection.execute(text(raising))
        if says:
            assert is_one_line(caught.value)
            assert says in str(caught.value)
            assert ADDRESS not in str(caught.value)
        with ledger.write() as connection:
            assert connection.execute(select(tables.meta)).all()
