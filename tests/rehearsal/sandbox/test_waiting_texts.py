"""Texts that wait at Twilio, by schedule or in its queue, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sandbox_parts import NOW
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from winback.base.clock import FixedClock
from winback.rehearsal.sandbox import RunningSandbox

TO = "+14155550100"


def create(client: Client, box: RunningSandbox, **changes: object) -> Any:
    arguments = {
        "to": TO,
        "body": "Shop: hello",
        "messaging_service_sid": box.credentials.messaging_service_sid,
    }
    given = {**arguments, **changes}
    return client.messages.create(**{k: v for k, v in given.items() if v is not None})


@pytest.fixture
def send(text_client: Client, box: RunningSandbox, listener: Any) -> Any:
    return partial(create, text_client, box, status_callback=f"{listener.url}/status?m=m1")


def told(control: Any, listener: Any) -> list[dict[str, str]]:
    assert control("flush")["status"] == 200
    return [dict(parse_qsl(body.decode())) for _, _, body in listener.posts]


@pytest.fixture
def refused(strict_text_client: Client, strict_box: RunningSandbox) -> Any:
    def refuse(**changes: object) -> int:
        with pytest.raises(TwilioRestException) as refusal:
            create(strict_text_client, strict_box, **changes)
        code: int = refusal.value.code
        return code

    return refuse


def test_a_text_in_the_queue_has_no_date_sent_until_it_leaves(
    text_client: Client, send: Any, control: Any, clock: FixedClock
) -> None:
    control("behavior", queue_seconds=60)
    sid = send().sid
    assert text_client.messages(sid).fetch().date_sent is None
    assert text_client.messages.list(to=TO, date_sent_after=NOW - timedelta(days=1)) == []
    assert [message.sid for message in text_client.messages.list(to=TO)] == [sid]
    clock.advance(timedelta(seconds=60))
    fetched = text_client.messages(sid).fetch()
    assert (fetched.status, fetched.date_sent) == ("delivered", NOW + timedelta(seconds=60))


def test_a_text_that_outlives_its_validity_in_the_queue_fails_with_30036(
    text_client: Client, send: Any, control: Any, clock: FixedClock, listener: Any
) -> None:
    control("behavior", queue_seconds=3600)
    sid = send(validity_period=600).sid
    clock.advance(timedelta(hours=2))
    (callback,) = told(control, listener)
    assert (callback["MessageStatus"], callback["ErrorCode"]) == ("failed", "30036")
    fetched = text_client.messages(sid).fetch()
    assert (fetched.status, fetched.error_code, fetched.date_sent) == ("failed", 30036, None)


def test_a_scheduled_text_leaves_at_its_time_unless_it_is_canceled(
    text_client: Client, send: Any, control: Any, clock: FixedClock, listener: Any
) -> None:
    at = NOW + timedelta(hours=1)
    stays, goes = (send(schedule_type="fixed", send_at=at) for _ in range(2))
    assert (stays.status, goes.date_sent) == ("scheduled", None)
    canceled = text_client.messages(stays.sid).update(status="canceled")
    assert canceled.status == "canceled"
    clock.advance(timedelta(hours=2))
    assert text_client.messages(goes.sid).fetch().date_sent == at
    assert text_client.messages(stays.sid).fetch().status == "canceled"
    assert {
        c["MessageStatus"] for c in told(control, listener) if c["MessageSid"] == stays.sid
    } == {"canceled"}
    with pytest.raises(TwilioRestException) as refusal:
        text_client.messages(goes.sid).update(status="canceled")
    assert refusal.value.code == 30409


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"send_at": NOW + timedelta(seconds=300)}, 35114),
        ({"send_at": NOW + timedelta(days=35, seconds=1)}, 35114),
        ({"send_at": "soon"}, 35114),
        ({}, 35114),
        (
            {"send_at": NOW + timedelta(hours=1), "messaging_service_sid": None,
             "from_": "+15005550006"},
            35118,
        ),
    ],
)  # fmt: skip
def test_a_schedule_that_twilio_can_not_keep_is_refused(
    refused: Any, changes: dict[str, object], code: int
) -> None:
    assert refused(schedule_type="fixed", **changes) == code


def test_whatsapp_takes_free_words_only_within_a_day_of_the_customers_own(
    send: Any, text_client: Client, control: Any, clock: FixedClock
) -> None:
    address = f"whatsapp:{TO}"
    free, template = (
        send(to=address),
        send(to=address, body=None, content_sid="HX" + "0" * 32, content_variables='{"1": "Ada"}'),
    )
    statuses = [text_client.messages(m.sid).fetch() for m in (free, template)]
    assert [(m.status, m.error_code) for m in statuses] == [("failed", 63016), ("delivered", None)]
    control("events", events=[{"event": "reply", "provider_id": template.sid, "body": "hi"}])
    clock.advance(timedelta(hours=24))
    assert text_client.messages(send(to=address).sid).fetch().status == "delivered"
    clock.advance(timedelta(seconds=1))
    assert text_client.messages(send(to=address).sid).fetch().error_code == 63016


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": None}, 21602),
        ({"media_url": ["ftp://x.test/a.png"]}, 21620),
        ({"media_url": [f"https://x.test/{n}.png" for n in range(11)]}, 21623),
        ({"content_sid": "template"}, 21655),
        ({"content_variables": "no json"}, 21656),
        ({"content_variables": '{"1": 2}'}, 21656),
        ({"to": f"whatsapp:{TO}", "from_": "+15005550006"}, 21910),
        ({"from_": "a name that is far too long"}, 21606),
    ],
)
def test_content_and_channels_that_do_not_fit_are_refused(
    refused: Any, changes: dict[str, object], code: int
) -> None:
    assert refused(**changes) == code


def test_an_mms_counts_its_media_and_needs_no_words(text_client: Client, send: Any) -> None:
    made = send(body=None, media_url=["https://x.test/a.png", "https://x.test/b.png"])
    fetched = text_client.messages(made.sid).fetch()
    assert (made.sid[:2], fetched.num_media, fetched.body) == ("MM", "2", "")


def test_words_are_taken_away_once_a_text_is_done(
    text_client: Client, send: Any, control: Any
) -> None:
    done = send().sid
    assert text_client.messages(done).update(body="").body == ""
    control("behavior", queue_seconds=60)
    with pytest.raises(TwilioRestException) as refusal:
        text_client.messages(send().sid).update(body="")
    assert refusal.value.code == 20009


def test_what_was_just_accepted_may_not_show_in_lists_yet(
    text_client: Client, send: Any, control: Any, clock: FixedClock
) -> None:
    control("behavior", lag_seconds=60)
    sid = send().sid
    assert text_client.messages.list(to=TO) == []
    clock.advance(timedelta(seconds=61))
    assert [message.sid for message in text_client.messages.list(to=TO)] == [sid]
