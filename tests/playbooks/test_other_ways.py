"""Picture messages, cards, WhatsApp and calls: each playbook is switched on by one edit, and
goes by real builds through the sandbox and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from playbook_runs import ONLY_MODELS, hash_unit, land, project_copy, query, utc
from sqlalchemy import select

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import export_ledger, open_ledger, tables
from winback.reconcile import reconcile
from winback.rehearsal import sandbox
from winback.sending import enroll, plan, send_due
from winback.warehouse import _dbt

pytestmark = pytest.mark.slow
# A Thursday: 16:30 in New York, and 15:30 in Berlin a day and an hour before.
START = utc(2026, 3, 5, 20, 30)
# By channel: the playbook that is for it, whose owner consented to this channel alone.
WAYS = {
    "mms": "picture_text", "rcs": "card_text", "whatsapp": "whatsapp_note", "voice": "voice_call",
}  # fmt: skip
READ = ("+outbox", "+send_decisions", "+entrants")


def person_of(playbook: str) -> str:
    """A name that is dealt into the treatment of this playbook."""
    names = (f"{playbook}-{n}" for n in range(99))
    return next(name for name in names if hash_unit(f"{name}|{playbook}") >= 0.10)


PEOPLE = {channel: person_of(playbook) for channel, playbook in WAYS.items()}


def shop() -> dict[str, list[dict[str, object]]]:
    ordered_at = START - timedelta(days=35)
    # WhatsApp delivers no marketing to numbers of the US.
    places = {
        channel: (f"+4915112345{n}78", "DE", "Europe/Berlin")
        if channel == "whatsapp"
        else (f"+1212555010{n}", "US", "America/New_York")
        for n, channel in enumerate(PEOPLE)
    }
    return {
        "customers": [
            {"customer_id": name, "phone": places[channel][0], "country": places[channel][1],
             "timezone": places[channel][2], "first_name": "Ann"}
            for channel, name in PEOPLE.items()
        ],
        "orders": [
            {"order_id": f"o-{name}", "customer_id": name, "ordered_at": ordered_at,
             "total_amount": 20}
            for name in PEOPLE.values()
        ],
        "consents": [
            {"customer_id": name, "channel": channel, "status": "granted",
             "basis": "express_written", "occurred_at": ordered_at}
            for channel, name in PEOPLE.items()
        ],
    }  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[None]:
    with project_copy(tmp_path) as copy:
        seed = copy / "seeds" / "playbooks.csv"
        lines = seed.read_text().splitlines()
        on = [
            line.replace(",false,", ",true,") if line.startswith(tuple(WAYS.values())) else line
            for line in lines
        ]
        assert sum(a != b for a, b in zip(lines, on, strict=True)) == len(WAYS)
        seed.write_text("\n".join(on) + "\n")
        yield


def post(box: Any, page: str, body: dict[str, Any]) -> None:
    requests.post(f"{box.base_url}/_sandbox/{page}", json=body, timeout=30).raise_for_status()


@pytest.mark.usefixtures("project")
def test_each_way_is_switched_on_by_one_edit_and_goes_there_and_back(tmp_path: Path) -> None:
    clock = FixedClock(START)
    settings = Settings.load(
        home=tmp_path / "home",
        brand_name="Example Shop",
        shop_url="https://shop.example",
        channels=",".join(WAYS),
        twilio_whatsapp_from="+15005550006",
        twilio_voice_from="+15005550006",
        voice_opt_out_number="+18005550100",
        _env_file=None,
    )
    land(settings, shop())
    sent: dict[str, dict[str, Any]] = {}
    with sandbox.start(settings, clock) as box, open_ledger(settings) as ledger:
        found = box.overrides()
        found["twilio_rcs_service_sid"] = found["twilio_messaging_service_sid"]
        settings = settings.model_copy(update=found)
        with pages.start(ledger, settings, clock) as receiver:
            box.send_webhooks_to(receiver.base_url)
            settings = settings.model_copy(update={"public_base_url": receiver.base_url})
            # Berlin's hour comes the next day, New York's at once.
            for day in range(3):
                clock.at = START + timedelta(days=day, hours=-5 if day else 0)
                export_ledger(ledger, settings.ledger_landing_dir)
                variables = _dbt.dbt_vars(settings, clock.at, with_entrants=True)
                _dbt.invoke_dbt(settings, ["build", "--select", *READ, *ONLY_MODELS], variables)
                enroll(ledger, query(settings, "from entrants"))
                planned = plan(ledger, query(settings, "from outbox"), settings, clock)
                assert planned.blocked == {}
                send_due(ledger, settings, clock, sleep=lambda _: None)
            with ledger.read() as connection:
                m = tables.messages
                rows = connection.execute(select(m).where(m.c.state == "accepted")).mappings()
                sent = {row["channel"]: dict(row) for row in rows if row["step"] == 1}
            assert {channel: row["playbook_id"] for channel, row in sent.items()} == WAYS
            assert {channel: row["customer_id"] for channel, row in sent.items()} == PEOPLE
            # Whoever presses a key in a call is out, of texts too.
            called = sent["voice"]["message_id"]
            post(box, "events", {"events": [{"event": "press", "message_id": called}]})
            post(box, "flush", {})
        collect(ledger, settings, clock)
        with ledger.read() as connection:
            silenced = connection.execute(select(tables.suppressions)).mappings().all()
        assert [(row["address"], row["channel_group"]) for row in silenced] == [
            (sent["voice"]["address"], "phone")
        ]
        # The card went to a phone without RCS: Twilio sent its text, and says what that cost.
        post(box, "behavior", {"price": "0.0079"})
        clock.at += timedelta(days=4)
        reconcile(ledger, settings, clock, sleep=lambda _: None)
        with ledger.read() as connection:
            costs = connection.execute(select(tables.prices)).mappings().all()
        actual = {row["message_id"]: row["cost_cents"] for row in costs}
        assert actual[sent["rcs"]["message_id"]] == Decimal("0.7900")
        assert sent["rcs"]["cost_cents"] == Decimal("1.1000") * sent["rcs"]["segments"]


@pytest.mark.usefixtures("project")
def test_a_person_whom_texts_reach_too_enters_one_of_them_and_no_second(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", channels="sms,mms,rcs", _env_file=None)
    tables_of = shop()
    for row in tables_of["consents"]:
        row["channel"] = "sms"
    land(settings, tables_of)
    variables = _dbt.dbt_vars(settings, START, with_entrants=True)
    _dbt.invoke_dbt(settings, ["build", "--select", *READ, *ONLY_MODELS], variables)
    entered = query(settings, "select customer_id, playbook_id from entrants order by all")
    assert len({row["customer_id"] for row in entered}) == len(entered)
    assert {row["playbook_id"] for row in entered} == {"picture_text"}
