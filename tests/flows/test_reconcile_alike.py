"""`winback reconcile` and the deployment `reconcile` leave the same ledger and the same export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from flows import stages
from winback import conversations
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import insert_new, keep_reply, open_ledger, tables
from winback.readiness.modes import sandbox_settings

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=2)


def by_command() -> None:
    done = CliRunner().invoke(app, ["reconcile", "--mode", "sandbox", "--as-of", NOW.isoformat()])
    assert done.exit_code == 0, done.output


def by_deployment() -> None:
    stages.reconcile("sandbox", NOW)


def a_replied_question_and_an_interrupted_text(settings: Settings) -> None:
    """Somebody asked, and a provider took our reply; a run died while it sent another text."""
    interrupted = {
        "message_id": "m1", "enrollment_id": "e1", "playbook_id": "p", "step": 1,
        "customer_id": "c1", "channel": "sms", "variant": "a", "address": "+447700900001",
        "sender": "MG", "payload_json": "{}", "payload_sha256": "0", "template_version": "0",
        "expires_at": NOW + timedelta(days=1), "zones": "UTC", "local_opens_minute": 0,
        "local_closes_minute": 1440, "state": "sending", "lease_until": BEFORE,
        "planned_at": BEFORE, "updated_at": BEFORE,
    }  # fmt: skip
    with open_ledger(settings) as ledger, ledger.write() as connection:
        insert_new(connection, tables.messages, [interrupted])
        keep_reply(
            connection, reply_id="r1", group="phone", address="+447700900002", customer_id="c2",
            message_id=None, text="Do you ship?", intent="question", received_at=BEFORE,
            gap=timedelta(days=7),
        )  # fmt: skip
        planned = conversations.plan_reply(
            connection, sandbox_settings(settings),
            to=connection.execute(select(tables.replies)).one(), message=None, text="Yes, we do.",
            written_by="human", now=NOW, leaves_by=NOW + timedelta(hours=1),
        )  # fmt: skip
        assert isinstance(planned, conversations.Planned)
        ours = tables.messages.c.message_id == planned.message_id
        connection.execute(update(tables.messages).where(ours).values(state="accepted"))


def left_behind(settings: Settings) -> dict[str, Any]:
    m, c = tables.messages.c, tables.conversations.c
    with open_ledger(settings) as ledger, ledger.read() as connection:
        messages = connection.execute(select(m.message_id, m.state, m.state_reason))
        found: dict[str, Any] = {
            "messages": sorted(map(tuple, messages)),
            "waiting_since": connection.scalar(select(c.waiting_since)),
        }
    messages_exported = f"read_parquet('{settings.ledger_landing_dir}/messages/*.parquet')"
    latest = f"select message_id, arg_max(state, version) from {messages_exported} group by all"
    found["exported states"] = sorted(duckdb.sql(latest).fetchall())
    for folder in sorted(settings.ledger_landing_dir.iterdir()):
        count = f"select count(*) from read_parquet('{folder}/*.parquet', union_by_name = true)"
        found[f"exported {folder.name}"] = duckdb.sql(count).fetchone()
    return found


@pytest.mark.usefixtures("prefect_server")
def test_the_command_and_the_deployment_leave_the_same_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    for way in (by_command, by_deployment):
        monkeypatch.setenv("WINBACK_HOME", str(tmp_path / way.__name__))
        settings = Settings.load()
        a_replied_question_and_an_interrupted_text(settings)
        way()
        left.append(left_behind(settings))
    assert left[0] == left[1]
    # The question has its reply, so nobody waits; the export knows what the ledger knows.
    assert left[0]["waiting_since"] is None
    assert [state for _, state, _ in left[0]["messages"]].count("unknown") == 1
    assert left[0]["exported states"] == [row[:2] for row in left[0]["messages"]]
