"""Revisions: of any ledger they make the tables that the code has, and lose no row."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, select, text

from winback.errors import UsageError
from winback.ledger import is_suppressed, migrations, open_ledger, tables
from winback.settings import Settings

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
PHONE = "+15550000001"


pytestmark = pytest.mark.both_databases


def test_the_revisions_are_one_line_named_by_their_numbers():
    with create_engine("sqlite://").connect() as connection:
        script = ScriptDirectory.from_config(migrations.config(connection))
    line = [revision.revision for revision in script.walk_revisions()][::-1]
    files = sorted(path.name for path in migrations.VERSIONS.glob("*.py"))
    assert line == [f"{number:04d}" for number in range(1, len(line) + 1)]
    assert [name.partition("_")[0] for name in files] == line
    assert script.get_heads() == [migrations.newest()]


def differences(ledger):
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, tables.metadata)


def test_the_revisions_make_exactly_the_tables_of_the_code(settings):
    with open_ledger(settings) as ledger:
        assert differences(ledger) == []


def stop(connection):
    """By hand: what writes opt-outs today knows tables that came later."""
    row = {
        "suppression_id": "1", "channel_group": "phone", "address": PHONE, "reason": "stop",
        "source": "test", "occurred_at": NOW, "recorded_at": NOW,
    }  # fmt: skip
    connection.execute(insert(tables.suppressions), [row])


# What ledgers of before the first revision may lack.
LACKS = (
    "drop table alembic_version",
    "drop table answers",
    "drop index messages_by_customer",
    "alter table provider_events drop column lapse_reason",
)


def test_a_ledger_of_before_the_revisions_is_mended_and_keeps_its_rows(settings, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0001")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0001"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            stop(connection)
            for statement in LACKS:
                connection.execute(text(statement))
    for _ in range(2):
        with open_ledger(settings) as again:
            assert differences(again) == []
            assert again.instance_id == ledger.instance_id
            assert again.fenced == ""
            with again.read() as connection:
                assert is_suppressed(connection, group="phone", address=PHONE)


def test_a_ledger_of_a_newer_winback_is_refused_in_one_line(settings):
    with open_ledger(settings) as ledger, ledger.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9000'"))
    with pytest.raises(UsageError, match=r"newer winback \(revision 9000") as refused:
        open_ledger(settings)
    assert "\n" not in str(refused.value)


OPEN = """
import sys
from winback.ledger import open_ledger
from winback.settings import Settings
print(open_ledger(Settings.load(home=sys.argv[1], ledger_url=sys.argv[2])).instance_id)
print([name for name in sys.modules if name.partition(".")[0] == "alembic"])
"""


def start_opening(settings):
    command = [sys.executable, "-c", OPEN, str(settings.home), settings.ledger_url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_open_a_new_ledger_at_once_open_the_same(settings):
    opening = [start_opening(settings) for _ in range(3)]
    answers = [process.communicate(timeout=60) for process in opening]
    assert [errors for _, errors in answers] == [""] * 3
    assert len({told.splitlines()[0] for told, _ in answers}) == 1
    told, _ = start_opening(settings).communicate(timeout=60)
    assert told.splitlines()[1] == "[]", "a ledger that is up to date needs no alembic"


def test_a_ledger_that_may_not_be_altered_is_one_clear_line(make_schema, tmp_path):
    url = make_schema()
    owners = Settings.load(home=tmp_path, ledger_url=url)
    with open_ledger(owners) as ledger, ledger.write() as connection:
        connection.execute(text("drop table alembic_version"))
        connection.execute(text("create role reader login"))
        connection.execute(text("grant select on all tables in schema public to reader"))
    poor = url.replace("postgres:@", "reader:@")
    with pytest.raises(UsageError, match="can't be brought to revision") as refused:
        open_ledger(Settings.load(home=tmp_path, ledger_url=poor))
    assert "\n" not in str(refused.value)


def test_an_open_ledger_that_is_up_to_date_waits_for_no_writer(settings):
    with open_ledger(settings) as ledger, ledger.write() as connection:
        connection.execute(insert(tables.meta).values(key="k", value="v"))
        with open_ledger(settings) as beside, beside.read() as reader:
            assert (
                reader.scalar(select(tables.meta.c.value).where(tables.meta.c.key == "k")) is None
            )
