"""The ledger of each earlier release goes on under this one: what left stays gone, what waits
leaves once, and who opted out stays out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kept_homes import HOMES, NAMES, KeptHome, accepted, providers, unpack
from sqlalchemy import inspect, select

from winback import __version__
from winback.backup import back_up
from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.places import HOUSE_DIR
from winback.base.releases import read_releases
from winback.ledger import is_suppressed, migrations, open_ledger, read_standing, tables
from winback.sending import send_due

pytestmark = pytest.mark.long

# Before the hours of texts, on the day of the last run; and within them.
KEPT_AT = datetime(2026, 3, 5, 5, 30, tzinfo=UTC)
OPEN = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
_OPTED_OUT = "select channel_group, address from suppressions where lifted_at is null"


@pytest.fixture(params=NAMES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> KeptHome:
    return unpack(request.param, tmp_path)


def test_each_release_but_this_one_has_its_home_and_each_home_its_release() -> None:
    releases = {it.version for it in read_releases(HOUSE_DIR)}
    assert releases - {__version__} <= set(NAMES) <= releases
    readme = (HOMES / "README.md").read_text()
    assert all(f"| {name} |" in readme for name in NAMES)


def test_a_home_of_before_tells_its_release_and_stays_as_it_is(kept: KeptHome) -> None:
    standing = read_standing(kept.settings())
    assert standing is not None
    assert standing.written_by == standing.accepted == kept.about["release"]
    assert standing.has_sent
    again = read_standing(kept.settings())
    assert again == standing


def test_what_left_stays_gone_and_what_waits_leaves_once(kept: KeptHome) -> None:
    waiting = {row[0] for row in kept.rows("select message_id from messages where state='planned'")}
    out = kept.rows(_OPTED_OUT)
    arms = kept.rows("select enrollment_id, customer_id, arm from enrollments order by 1")
    sent = kept.rows("select message_id from messages where state = 'accepted'")
    assert waiting
    assert out
    with (
        providers(kept, OPEN) as (settings, address),
        open_ledger(settings) as ledger,
    ):
        assert ledger.fenced == ""
        for _ in range(2):
            send_due(ledger, settings, FixedClock(OPEN))
        gone = [it["message_id"] for it in accepted(address)]
        with ledger.read() as connection:
            assert all(is_suppressed(connection, group=g, address=a) for g, a in out)
    assert len(gone) == len(set(gone))
    assert set(gone) == waiting, "what is planned leaves, and nothing else"
    assert not set(gone) & kept.left
    assert kept.rows("select enrollment_id, customer_id, arm from enrollments order by 1") == arms
    still = dict(kept.rows("select message_id, state from messages"))
    assert {still[message_id] for (message_id,) in sent} == {"accepted"}
    held = {customer for _, customer, arm in arms if arm == "holdout"}
    people = dict(kept.rows("select message_id, customer_id from messages"))
    assert not {people[it] for it in gone} & held


def test_in_postgresql_too(tmp_path: Path, make_schema) -> None:
    """The ledger of the last release that has a home, at its revision, moved as it is."""
    kept = unpack(NAMES[-1], tmp_path)
    waiting = {row[0] for row in kept.rows("select message_id from messages where state='planned'")}
    url = make_schema()
    move(kept, url)
    there = kept.settings(ledger_url=url)
    assert read_standing(there) == read_standing(kept.settings())
    with pytest.raises(WinbackError, match="with pg_dump"):
        back_up(there, FixedClock(OPEN), str(tmp_path / "kept"))
    assert read_standing(there) == read_standing(kept.settings()), "a look changes nothing"
    with providers(kept, OPEN, ledger_url=url, adopt_ledger="") as (settings, address):
        with open_ledger(settings) as ledger:
            instance = ledger.instance_id
        adopting = settings.model_copy(update={"adopt_ledger": instance})
        with open_ledger(adopting) as ledger:
            assert ledger.fenced == ""
            for _ in range(2):
                send_due(ledger, adopting, FixedClock(OPEN))
            with ledger.read() as connection:
                out = kept.rows(_OPTED_OUT)
                assert all(is_suppressed(connection, group=g, address=a) for g, a in out)
                query = select(tables.messages.c.message_id, tables.messages.c.state)
                states = {row.message_id: row.state for row in connection.execute(query)}
        gone = [it["message_id"] for it in accepted(address)]
    assert sorted(gone) == sorted(waiting)
    assert {states[it] for it in waiting} == {"accepted"}


def move(kept: KeptHome, url: str) -> None:
    """Make the tables of the home's revision there and copy every row."""
    from alembic.command import upgrade
    from sqlalchemy import create_engine, text

    standing = read_standing(kept.settings())
    assert standing is not None
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        upgrade(migrations.config(connection), standing.revision)
        connection.execute(text("delete from alembic_version"))
        for name in inspect(connection).get_table_names():
            with closing(sqlite3.connect(kept.home / "ledger.db")) as source:
                rows = source.execute(f"select * from {name}")
                columns = [it[0] for it in rows.description]
                marks = ", ".join("%s" for _ in columns)
                found = [tuple(row) for row in rows]
            if found:
                into = f"insert into {name} ({', '.join(columns)}) values ({marks})"
                connection.exec_driver_sql(into, found)
    engine.dispose()
