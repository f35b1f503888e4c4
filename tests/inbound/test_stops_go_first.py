"""A stop waits for no long mail, and for nothing that can't be applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from inbound_parts import EMAIL, NOW, PHONE, Provider, rows
from urllib3.filepost import encode_multipart_formdata

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import _apply
from winback.inbound._lanes import lane_of
from winback.inbound._log import log_part_path, writers
from winback.ledger import Ledger, open_ledger
from winback.providers import Record
from winback.rehearsal.sandbox import Credentials

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

# What took longest of all that a mail can hold, by text and by page.
PIECES = (
    "수신",
    "no ",
    "ｽﾄｯﾌﾟ",
    "From: a To: b ",
    "👍",
    "s t o p ",
    "<a",
    "@:\n",
    "not a stop ",
    "> ",
)


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        yield opened


def mail(sender: str, text: str, field: str = "text") -> tuple[bytes, str]:
    return encode_multipart_formdata({"from": sender, field: text})


def worst(number: int, megabytes: float) -> tuple[bytes, str]:
    piece, field = PIECES[number % len(PIECES)], ("text", "html")[number % 2]
    return mail(f"worst{number}@example.com", piece * int(megabytes * 1e6 / len(piece)), field)


def post(provider: Provider, body: bytes, content_type: str) -> None:
    assert provider.raw_events(body, path="inbound", **{"Content-Type": content_type}).ok


def test_what_can_not_be_applied_is_told_and_the_stops_behind_it_go_on(
    *,
    monkeypatch: pytest.MonkeyPatch,
    ledger: Ledger,
    settings: Settings,
    clock: FixedClock,
    keys: Credentials,
    caplog: pytest.LogCaptureFixture,
) -> None:
    effects_of = _apply.effects_of

    def stumble(connection: Any, event: Any, *others: Any) -> Any:
        if event.address == PHONE:
            raise ZeroDivisionError
        return effects_of(connection, event, *others)

    monkeypatch.setattr(_apply, "effects_of", stumble)
    senders = [f"+1415556{number:04d}" for number in range(100)]
    with pages.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        for number, sender in enumerate([PHONE, *senders]):
            assert provider.text("STOP", sid=f"SM{number}", sender=sender) == 200
        provider.session.close()
    silent = {row["address"]: row["reason"] for row in rows(ledger, "suppressions")}
    assert silent == dict.fromkeys(senders, "stop") | {PHONE: "hold"}
    assert any("can't be applied: ZeroDivisionError" in message for message in caplog.messages)
    assert PHONE not in caplog.text


def test_what_lies_in_the_log_is_collected_with_the_long_mails_last(
    settings: Settings, ledger: Ledger, clock: FixedClock, keys: Credentials
) -> None:
    with pages.start(ledger, settings, clock) as receiver:
        provider = Provider(receiver.base_url, keys)
        post(provider, *worst(0, 1))
        post(provider, *worst(1, 0.1))
        post(provider, *mail(EMAIL, "STOP"))
        provider.text("STOP")
        provider.session.close()
    found = writers(settings.events_dir)
    assert [name.rpartition("-")[2] for name in found[1:]] == ["short", "mails", "large"]
    for name in found:
        assert log_part_path(settings.events_dir, name, 1).exists()
    assert {row["address"] for row in rows(ledger, "suppressions")} >= {EMAIL, PHONE}


@pytest.mark.parametrize(
    ("provider", "endpoint", "size", "lane"),
    [
        ("twilio", "inbound", 60_000, ""),
        ("twilio", "voice", 100, ""),
        ("sendgrid", "events", 2_000_000, ""),
        ("winback", "unsubscribe", 100, ""),
        ("sendgrid", "inbound", 100, "short"),
        ("sendgrid", "inbound", 16_384, "short"),
        ("sendgrid", "inbound", 16_385, "mails"),
        ("sendgrid", "inbound", 262_144, "mails"),
        ("sendgrid", "inbound", 262_145, "large"),
    ],
)
def test_each_callback_has_its_lane(provider: str, endpoint: str, size: int, lane: str) -> None:
    assert lane_of(Record(provider, endpoint, NOW, "", {}, b"x" * size)) == lane
