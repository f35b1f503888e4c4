"""What comes to a phone from the plan to the sandbox and back, and channels that are off."""

from __future__ import annotations

import json
from functools import partial

import pytest
import requests
from sqlalchemy import select

from winback import pages
from winback.base.settings import Settings
from winback.content import Renderer
from winback.content._render import TEMPLATES_DIR
from winback.inbound import collect
from winback.ledger import open_ledger, tables
from winback.rehearsal import sandbox
from winback.sending import plan, send_due
from winback.sending.plan import _plan

pytestmark = pytest.mark.long

CHANNELS = ("mms", "rcs", "whatsapp", "voice")
# WhatsApp delivers no marketing to numbers of the US.
ADDRESSES = {
    "mms": "+15550000001",
    "rcs": "+15550000002",
    "whatsapp": "+4915550000003",
    "voice": "+15550000004",
}


@pytest.fixture
def templates(tmp_path, monkeypatch):
    words = "{{ brand }}: Hi {{ first_name }}, {{ offer.text }}! Reply STOP to opt out"
    (tmp_path / "1.txt").write_text(words)
    (tmp_path / "1.media.txt").write_text("https://cdn.example.com/mug.jpg\n")
    (tmp_path / "1.voice.txt").write_text("Hi {{ first_name }}, {{ offer.text }}!")
    (tmp_path / "_call.txt").write_text((TEMPLATES_DIR / "_call.txt").read_text())
    content = {"content_sid": "HX" + "0" * 32, "variables": {"1": "{{ first_name }}"}}
    (tmp_path / "1.whatsapp.json").write_text(json.dumps(content))
    monkeypatch.setattr(_plan, "Renderer", partial(Renderer, templates_dir=tmp_path))


@pytest.fixture
def box_settings(tmp_path, clock):
    settings = Settings.load(
        home=tmp_path / "home",
        brand_name="Example Shop",
        channels=",".join(CHANNELS),
        twilio_whatsapp_from="+15005550006",
        twilio_voice_from="+15005550006",
        voice_opt_out_number="+18005550100",
    )
    with sandbox.start(settings, clock) as box:
        found = box.overrides()
        found["twilio_rcs_service_sid"] = found["twilio_messaging_service_sid"]
        yield box, settings.model_copy(update=found)


def rows(make_row):
    return [
        make_row(number, channel=channel, address=address, template="1",
                 local_opens_minute=0, local_closes_minute=1440)
        for number, (channel, address) in enumerate(ADDRESSES.items())
    ]  # fmt: skip


def ledger_rows(ledger, table):
    with ledger.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def test_a_message_of_every_kind_is_delivered_and_a_stop_on_one_stops_them_all(
    box_settings, templates, make_row, clock
):
    box, settings = box_settings
    with open_ledger(settings) as ledger, pages.start(ledger, settings, clock) as receiver:
        box.send_webhooks_to(receiver.base_url)
        settings = settings.model_copy(update={"public_base_url": receiver.base_url})
        plan(ledger, rows(make_row), settings, clock)
        report = send_due(ledger, settings, clock, sleep=lambda _: None)
        assert report.counts == {"accepted": 4}
        found = requests.get(f"{box.base_url}/_sandbox/messages", timeout=10).json()["messages"]
        assert sorted(message["recipient"] for message in found) == sorted(
            f"whatsapp:{to}" if name == "whatsapp" else to for name, to in ADDRESSES.items()
        )
        of_whatsapp = make_row(2, channel="whatsapp")["message_id"]
        stop = {"events": [{"event": "reply", "message_id": of_whatsapp, "body": "stop"}]}
        for name, body in (("events", stop), ("flush", {})):
            url = f"{box.base_url}/_sandbox/{name}"
            requests.post(url, json=body, timeout=30).raise_for_status()
    with open_ledger(settings) as ledger:
        collect(ledger, settings, clock)
        events = ledger_rows(ledger, tables.provider_events)
        delivered = [event["message_id"] for event in events if event["kind"] == "delivered"]
        assert sorted(delivered) == sorted(row["message_id"] for row in rows(make_row))
        (reply,) = (event for event in events if event["intent"] == "stop")
        assert (reply["message_id"], reply["matched_by"]) == (of_whatsapp, "address")
        (suppression,) = ledger_rows(ledger, tables.suppressions)
        assert suppression["channel_group"] == "phone"
        assert suppression["address"] == ADDRESSES["whatsapp"]


def test_what_was_planned_does_not_leave_by_a_channel_that_was_switched_off(
    make_row, provider, settings, ledger, clock
):
    plan(ledger, [make_row(1), make_row(2, channel="email")], settings, clock)
    off = settings.model_copy(update={"channels": "email"})
    report = send_due(ledger, off, clock, sleep=lambda _: None)
    assert report.stopped == {
        "sms": "sms is not switched on. Next: name it in WINBACK_CHANNELS, then winback doctor"
    }
    assert report.counts == {"accepted": 1}
    assert report.left_waiting == 1
    assert set(provider.accepted) == {make_row(2, channel="email")["message_id"]}
