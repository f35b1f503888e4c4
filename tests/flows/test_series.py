"""A content series from the keyword to the STOP, through the sandbox and back."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flow_shop import OPENS, Shop
from project_copies import copy_project
from sqlalchemy import select

from flows import stages
from flows._context import open_stage
from flows.run import winback_run
from winback.base import content_series
from winback.ledger import open_ledger, tables
from winback.measure.why import tell, why
from winback.warehouse import _dbt

pytestmark = pytest.mark.usefixtures("prefect_server")
DAY = timedelta(days=1)
WHO = "c00"


@pytest.fixture
def tips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped series, switched on as its page says."""
    project = copy_project(tmp_path / "dbt_project")
    path = project / "seeds" / "playbooks.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(
            row | ({"is_enabled": "true"} if row["playbook_id"] == "daily_tips" else {})
            for row in rows
        )
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    monkeypatch.setattr(content_series, "SEEDS_DIR", project / "seeds")


def of_series(shop: Shop) -> list[Any]:
    return [m for m in messages(shop) if m.playbook_id == "daily_tips"]


def messages(shop: Shop) -> list[Any]:
    m = tables.messages.c
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        query = select(tables.messages).where(m.customer_id == WHO, m.channel == "sms")
        return list(connection.execute(query.order_by(m.planned_at, m.step)))


def text(shop: Shop, body: str, *, at: datetime) -> None:
    """Have the person answer the last text they got."""
    last = [m for m in messages(shop) if m.state == "accepted"][-1]
    with open_stage("sandbox", at) as stage:
        url = f"{stage._sandbox.base_url}/_sandbox"  # type: ignore[union-attr]
        act = {"event": "reply", "message_id": last.message_id, "body": body}
        requests.post(f"{url}/events", json={"events": [act]}, timeout=30).raise_for_status()
        stages.collect("sandbox", at)


@pytest.fixture
def written_to(shop: Shop) -> None:
    """A text of ours went to the person some days ago."""
    at = OPENS - 3 * DAY
    with open_stage("sandbox", at) as stage:
        sender = stage.settings.twilio_messaging_service_sid
        payload = json.dumps({"body": "Shop: hello", "messaging_service_sid": sender})
        row = {
            "message_id": "m1", "enrollment_id": "e1", "playbook_id": "an_earlier_one", "step": 1,
            "customer_id": WHO, "channel": "sms", "variant": "a", "address": "+447700900000",
            "sender": sender, "payload_json": payload, "template_version": "1",
            "payload_sha256": hashlib.sha256(payload.encode()).hexdigest(),
            "not_before": at, "window_closes_at": at + DAY / 24, "expires_at": at + DAY,
            "zones": "Europe/London", "local_opens_minute": 900, "local_closes_minute": 1080,
            "state": "planned", "planned_at": at, "updated_at": at,
        }  # fmt: skip
        with stage.ledger.write() as connection:
            connection.execute(tables.messages.insert(), row)
        stages.send_due("sandbox", at)


def plan(at: datetime) -> None:
    """What a whole run does before it sends."""
    stages.collect("sandbox", at)
    stages.audience("sandbox", at)
    stages.enroll("sandbox", at)


@pytest.mark.slow
@pytest.mark.timeout(600)  # three builds of the audience, one of the outcomes
def test_a_keyword_a_yes_a_tip_a_day_beside_the_win_back_and_a_stop(
    shop: Shop, tips: None, written_to: None
) -> None:
    text(shop, "Tips!", at=OPENS)
    stages.reply("sandbox", OPENS)
    text(shop, "yes", at=OPENS)
    stages.reply("sandbox", OPENS)
    ask, welcome = (m for m in messages(shop) if m.playbook_id == "answers")
    assert "Reply YES to get 7 days of tips" in json.loads(ask.payload_json)["body"]
    assert "You are in" in json.loads(welcome.payload_json)["body"]

    # The same day: enrolled, and nothing is due. The next: a tip, and the win-back's text.
    plan(OPENS + timedelta(minutes=1))
    assert [m.playbook_id for m in messages(shop)] == ["an_earlier_one", "answers", "answers"]
    winback_run("sandbox", OPENS + DAY)
    (tip,) = of_series(shop)
    assert (tip.step, tip.state, tip.accepted_at) == (1, "accepted", OPENS + DAY)
    (win_back,) = (m for m in messages(shop) if m.playbook_id == "sms_email")
    assert (win_back.step, win_back.state, win_back.accepted_at) == (1, "accepted", OPENS + DAY)
    # The third morning: the next tip waits for the hour at which texts may go out.
    morning = OPENS + 2 * DAY - timedelta(hours=4)
    plan(morning)
    _, waits = of_series(shop)
    assert (waits.step, waits.state) == (2, "planned")
    assert waits.not_before == OPENS.replace(hour=15, minute=0) + 2 * DAY
    (join,) = shop.published("series_joins")
    assert (join["status"], join["message_count"]) == ("active", 1)
    story = " ".join(" ".join(tell(why(shop.settings, WHO), shop_timezone="UTC")).split())
    assert "sms of daily_tips: yes, they joined it" in story
    assert "texted the keyword of the series daily_tips" in story
    assert "entered daily_tips by the series daily_tips" in story
    assert "text of step 2 (daily_tips): waits until" in story

    text(shop, "STOP", at=morning)
    sent = stages.send_due("sandbox", OPENS + 2 * DAY)
    assert "daily_tips" not in {playbook for playbook, _, _ in sent}
    assert [m.state for m in of_series(shop)] == ["accepted", "suppressed"]
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        (ended,) = connection.execute(select(tables.series_joins)).all()
    assert (ended.ended_by, ended.granted_words) == ("stop", "yes")
