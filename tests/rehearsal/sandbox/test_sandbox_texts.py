"""The sandbox as Twilio, through Twilio's own client."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from winback.base.clock import FixedClock
from winback.rehearsal.sandbox import RunningSandbox

TO = "+14155550100"


def send(client: Client, box: RunningSandbox, to: str = TO, **changes: object) -> Any:
    arguments = {
        "to": to,
        "body": "Shop: hello",
        "messaging_service_sid": box.credentials.messaging_service_sid,
    }
    return client.messages.create(**(arguments | changes))


def test_a_text_is_accepted_and_can_be_fetched_as_it_moves_on(
    text_client: Client, box: RunningSandbox
) -> None:
    created = send(text_client, box)
    fetched = text_client.messages(created.sid).fetch()
    assert (created.status, created.date_sent) == ("accepted", None)
    assert (fetched.status, fetched.body, fetched.to) == ("delivered", "Shop: hello", TO)
    assert fetched.date_sent is not None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "4155550100"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"body": " "}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"messaging_service_sid": "MG" + "0" * 32}, 21701),
        ({"status_callback": "ftp://example.com/x"}, 21609),
        ({"validity_period": 40_000}, 21624),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(
    strict_text_client: Client, strict_box: RunningSandbox, changes: dict[str, object], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        send(strict_text_client, strict_box, **changes)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert strict_text_client.messages.list() == []


def test_a_wrong_token_is_refused_and_an_unknown_message_is_not_found(
    text_client: Client, box: RunningSandbox
) -> None:
    url = f"{box.base_url}/2010-04-01/Accounts/{box.account_sid}/Messages.json"
    refused = requests.get(url, auth=(box.account_sid, "wrong"), timeout=5)
    assert (refused.status_code, refused.json()["code"]) == (401, 20003)
    with pytest.raises(TwilioRestException) as missing:
        text_client.messages("SM" + "0" * 32).fetch()
    assert missing.value.code == 20404


def test_the_list_is_newest_first_filtered_and_in_pages(
    text_client: Client, box: RunningSandbox, clock: FixedClock
) -> None:
    sids = []
    for hour in range(5):
        sids.append(send(text_client, box).sid)
        send(text_client, box, to="+14155550199")
        clock.advance(timedelta(hours=1 + hour))

    listed = text_client.messages.list(to=TO, page_size=2)
    assert [message.sid for message in listed] == sids[::-1]
    since = clock.at - timedelta(hours=5)
    assert [m.sid for m in text_client.messages.list(to=TO, date_sent_after=since)] == sids[4:]


def test_a_number_that_stopped_gets_21610_until_it_starts_again(
    text_client: Client, box: RunningSandbox, control: Any
) -> None:
    sid = send(text_client, box).sid
    control("events", events=[{"event": "reply", "provider_id": sid, "body": " stop "}])
    with pytest.raises(TwilioRestException) as refusal:
        send(text_client, box)
    assert refusal.value.code == 21610

    control("events", events=[{"event": "reply", "provider_id": sid, "body": "START"}])
    assert send(text_client, box).status == "accepted"
