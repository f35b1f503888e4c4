"""Revisions: of any ledger they make the tables that the code has, and lose no row."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from new_ledgers import NewTables
from sqlalchemy import (
    Engine,
    column,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    table,
    text,
)

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.ledger import (
    AddressKey,
    is_suppressed,
    migrations,
    open_ledger,
    tables,
)
from winback.ledger._evidence import accepted_attempts
from winback.sending import active_stops, ask, decide

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
PHONE = "+15550000001"


pytestmark = [pytest.mark.long, pytest.mark.both_databases]


def test_the_revisions_are_one_line_named_by_their_numbers():
    with create_engine("sqlite://").connect() as connection:
        script = ScriptDirectory.from_config(migrations.config(connection))
    line = [revision.revision for revision in script.walk_revisions()][::-1]
    files = sorted(path.name for path in migrations.VERSIONS.glob("*.py"))
    assert line == [f"{number:04d}" for number in range(1, len(line) + 1)]
    assert [name.partition("_")[0] for name in files] == line
    assert script.get_heads() == [migrations.newest()]


@pytest.fixture(autouse=True)
def _by_the_revisions(monkeypatch):
    monkeypatch.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "head"))


def differences(ledger):
    with ledger.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, tables.metadata)


def test_the_revisions_make_exactly_the_tables_of_the_code(settings):
    with open_ledger(settings) as ledger:
        assert differences(ledger) == []


def test_a_ledger_that_other_tests_make_at_once_has_the_tables_of_the_revisions(
    settings, tmp_path, monkeypatch, request
):
    in_postgresql = bool(settings.ledger_url)
    url = request.getfixturevalue("make_schema")() if in_postgresql else ""
    at_once = Settings.load(home=tmp_path / "at once", ledger_url=url)
    made, new = [], NewTables()
    monkeypatch.setattr(migrations, "upgrade", new.upgrade)
    for of in (settings, at_once):
        with open_ledger(of) as ledger, ledger.read() as connection:
            made.append(described(connection))
            # The second is not made by the revisions again.
            new._run = pytest.fail
    assert made[0] == made[1]
    assert all(made[0])


# All that a database tells of its tables.
CATALOG = {
    "sqlite": ["select type, name, sql from sqlite_master"],
    "postgresql": [
        """
        select table_name, column_name, data_type, is_nullable, column_default
        from information_schema.columns where table_schema = current_schema()
        """,
        """
        select cast(cast(conrelid as regclass) as text), conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = to_regnamespace(current_schema())
        """,
        """
        select indexname, replace(indexdef, current_schema(), '') from pg_indexes
        where schemaname = current_schema()
        """,
    ],
}


def described(connection):
    queries = [*CATALOG[connection.dialect.name], "select version_num from alembic_version"]
    return [sorted(map(str, connection.execute(text(query)))) for query in queries]


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


# How a phone was kept before the twelfth revision, and how it is kept now.
RESPELLED = {
    "+4407700900123": "+447700900123",
    "+5215512345678": "+525512345678",
    "+551187654321": "+5511987654321",
    "+541145678901": "+5491145678901",
    "+54111545678901": "+5491145678901",
    "+789161234567": "+79161234567",
    "+3606201234567": "+36201234567",
    "+44\u00a07700\u2011900124": "+447700900124",
    "+841623456789": "+84323456789",
    "+22997123456": "+2290197123456",
    "+15550000001": "+15550000001",
    "+390612345678": "+390612345678",
}


def kept(number, address):
    """One row about a phone in each table that has one, by hand: what writes them today has
    other spellings."""
    moment = {"occurred_at": NOW, "recorded_at": NOW}
    hashed = {"hidden_address": f"hmac:{number}"}
    return {
        tables.suppressions: {
            "suppression_id": f"s{number}", "channel_group": "phone", "address": address,
            "reason": "stop", "source": "test", **moment,
        },
        tables.preferences: {
            "preference_id": f"p{number}", "kind": "pause", "customer_id": "c",
            "channel_group": "phone", "address": address, **moment,
        },
        tables.messages: {
            "message_id": f"m{number}", "enrollment_id": f"e{number}", "playbook_id": "p",
            "step": 1, "customer_id": "c", "channel": "sms", "variant": "a", "address": address,
            "sender": "MG", "payload_json": "{}", "payload_sha256": "0", "template_version": "0",
            "expires_at": NOW, "zones": "UTC", "local_opens_minute": 0,
            "local_closes_minute": 1440, "state": "planned", "planned_at": NOW, "updated_at": NOW,
        },
        tables.conversations: {
            "conversation_id": f"v{number}", "channel_group": "phone", "address": address,
            "opened_at": NOW, "last_reply_at": NOW, **hashed,
        },
        tables.replies: {
            "reply_id": f"r{number}", "conversation_id": f"v{number}", "channel_group": "phone",
            "address": address, "text": "?", "intent": "question", "received_at": NOW,
        },
        tables.series_joins: {
            "join_id": f"j{number}", "series_id": "tips", "channel_group": "phone",
            "address": address, "asked_at": NOW, "asked_words": "TIPS",
            "asked_reply_id": f"r{number}", "recorded_at": NOW, **hashed,
        },
    }  # fmt: skip


def test_each_phone_is_carried_over_to_its_one_spelling(settings, monkeypatch):
    erased, revoked = "+5215587654321", "+4407700900125"
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0011")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0011"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            key = AddressKey.of(connection)
            for number, address in enumerate([*RESPELLED, "ana@example.com"]):
                for table, row in kept(number, address).items():
                    connection.execute(insert(table), [row])
            for address in ("+525587654321", "+447700900125"):
                row = kept(address, address)[tables.messages]
                connection.execute(insert(tables.messages), [row])
            row = kept("erased", key.hide(erased))[tables.suppressions]
            connection.execute(insert(tables.suppressions), [row])
            row = {
                "customer_id": "c", "channel_group": "phone", "load_id": "1",
                "hidden_address": key.hide(revoked), "occurred_at": NOW,
            }  # fmt: skip
            connection.execute(insert(tables.revocations), [row])
    with open_ledger(settings) as again, again.read() as connection:
        for number, (was, now) in enumerate(RESPELLED.items()):
            for table, row in kept(number, was).items():
                ids = table.primary_key.columns[0]
                found = connection.execute(select(table).where(ids == row[ids.name])).one()
                assert found.address == now, table.name
                assert getattr(found, "version", 0) in ({0} if table is tables.replies else {1, 2})
                if was != now and table is not tables.replies:
                    assert found.version == 2, "what dbt reads is exported anew"
                if was != now and "hidden_address" in row:
                    assert found.hidden_address == key.hide(now)
            for spelled in (was, now):
                assert is_suppressed(connection, group="phone", address=spelled)
        stops = select(func.count()).select_from(tables.suppressions)
        assert connection.scalar(stops) == len(RESPELLED) + 2, "no opt-out was lost"
        assert is_suppressed(connection, group="phone", address="+52 55 8765 4321")
        hidden = connection.scalars(select(tables.revocations.c.hidden_address)).one()
        assert hidden == key.hide("+447700900125")


def test_a_channel_that_was_stopped_stays_so_under_the_new_name(settings, monkeypatch):
    names = ("channel", "sender", "tokens", "kind", "reason", "opened_at", "open_until")
    before = table("channel_gates", *map(column, names))
    until = NOW + timedelta(minutes=15)
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0014")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0014"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            moments = [literal(moment, tables.UtcDateTime) for moment in (NOW, until)]
            stopped = ("sms", "step:summer:2", None, "content", "refused", *moments)
            operator = ("*", "", None, "operator", "by hand", moments[0], None)
            for row in (stopped, operator, ("sms", "MG1", -3, None, None, None, None)):
                connection.execute(insert(before).values(dict(zip(names, row, strict=True))))
    with open_ledger(settings) as again, again.read() as connection:
        assert differences(again) == []
        stops = active_stops(connection, now=NOW)
        assert [(str(stop), stop.since, stop.until) for stop in stops] == [
            ("all channels", NOW, None), ("sms, step 2 of summer", NOW, until),
        ]  # fmt: skip
        assert connection.scalars(select(tables.channel_brakes.c.tokens)).all().count(-3) == 1


def test_evidence_keeps_its_worth_under_the_new_name(settings, monkeypatch):
    row = {"evidence_id": "1", "attempt_id": "a", "message_id": "m", "seen_at": NOW}
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0015")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0015"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            connection.execute(insert(tables.evidence), [row | {"kind": "answer"}])
    with open_ledger(settings) as again, again.read() as connection:
        assert accepted_attempts(connection, "m") == {"a"}


def test_what_waited_before_there_was_an_approval_waits_for_one(settings, monkeypatch):
    asks = settings.model_copy(update={"approval": "always"})
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0016")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0016"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            row = kept(1, PHONE)[tables.messages] | {"not_before": NOW}
            connection.execute(insert(tables.messages), [row])
    with open_ledger(settings) as again:
        (held,) = ask(again, asks)
        assert (held.request.messages, held.request.contents) == (1, {""})
        decide(again, held.request.approval_id, "yes", by="ann")
        assert ask(again, asks) == []


def test_an_erased_number_is_known_by_each_spelling_that_it_may_have_had(settings):
    erased = ("+5215587654321", "+4407700900125", "+551187654321", "+541145678901")
    with open_ledger(settings) as ledger, ledger.write() as connection:
        key = AddressKey.of(connection)
        for address in erased:
            row = kept(address, key.hide(address))[tables.suppressions]
            connection.execute(insert(tables.suppressions), [row])
        for address in ("+52 55 8765 4321", "+447700900125", "+5511987654321", "+5491145678901"):
            assert is_suppressed(connection, group="phone", address=address)
        assert not is_suppressed(connection, group="phone", address="+525587654322")


def test_a_ledger_of_a_newer_winback_is_refused_in_one_line(settings):
    with open_ledger(settings) as ledger, ledger.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9000'"))
    with pytest.raises(UsageError, match=r"newer winback \(revision 9000") as refused:
        open_ledger(settings)
    assert "\n" not in str(refused.value)


def open_and_die(settings, at):
    """In a process of its own, which is killed before the statement of that number; its signal."""
    child = os.fork()
    if child == 0:
        seen = count(1)

        def die(*_):
            if next(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "before_cursor_execute", die)
        event.listen(Engine, "commit", die)
        try:
            open_ledger(settings)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_migration_that_is_killed_at_any_statement_is_ended_by_the_next_command(
    settings, monkeypatch
):
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0001")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0001"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            stop(connection)
    kills, at = 0, 1
    while open_and_die(settings, at) == -signal.SIGKILL:
        kills, at = kills + 1, at * 3 // 2 + 1
        with ledger.engine.connect() as connection:
            found = connection.scalar(text("select version_num from alembic_version"))
        ledger.close()
        # The last kills may come after its commit.
        assert found in {"0001", migrations.newest()}, "half of a migration is none"
    assert kills > 8
    with open_ledger(settings) as again:
        assert differences(again) == []
        assert (again.instance_id, again.fenced) == (ledger.instance_id, "")
        with again.read() as connection:
            assert is_suppressed(connection, group="phone", address=PHONE)


OPEN = """
import sys
from winback.ledger import open_ledger
from winback.base.settings import Settings
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


def test_a_click_of_before_knows_its_link(settings, monkeypatch):
    url = "https://shop.example/mug?u=1#top"
    names = ("dedupe_key", "semantic_key", "raw_ref", "n_seen", "provider", "message_id", "kind",
             "occurred_at", "received_at", "is_machine", "link", "detail_json", "version",
             "exported_version")  # fmt: skip
    before = table("provider_events", *map(column, names))
    with monkeypatch.context() as then:
        then.setattr(migrations, "newest", lambda: "0026")
        then.setattr(migrations, "upgrade", lambda c: upgrade(migrations.config(c), "0026"))
        with open_ledger(settings) as ledger, ledger.write() as connection:
            at = literal(NOW, tables.UtcDateTime)
            for key, kind, detail in (
                ("c", "clicked", json.dumps({"url": url})), ("e", "clicked", "{}"),
                ("d", "delivered", "{}"),
            ):  # fmt: skip
                row = (key, key, "r", 1, "winback", "m", kind, at, at, 0, "hash", detail, 1, 1)
                connection.execute(insert(before).values(dict(zip(names, row, strict=True))))
            row = {"token": "t", "message_id": "m", "pos": 3, "url": url}
            connection.execute(insert(tables.links), [row])
    with open_ledger(settings) as again, again.read() as connection:
        assert differences(again) == []
        e = tables.provider_events.c
        found = select(e.dedupe_key, e.link_pos, e.link_address, e.version).order_by(e.dedupe_key)
        assert connection.execute(found).all() == [
            ("c", 3, "https://shop.example/mug", 2), ("d", None, None, 1), ("e", None, None, 1),
        ]  # fmt: skip
