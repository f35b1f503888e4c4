"""The sandbox's telephone, through Twilio's own client."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

TO, FROM = "+14155550100", "+15005550006"
SAY = "<Response><Say>Your offer ends soon.</Say></Response>"
EVERY = ["initiated", "ringing", "answered", "completed"]


def create(client: Client, **changes: object) -> Any:
    arguments = {"to": TO, "from_": FROM, "twiml": SAY, "status_callback_event": EVERY}
    given = {**arguments, **changes}
    return client.calls.create(**{k: v for k, v in given.items() if v is not None})


@pytest.fixture
def dial(text_client: Client, listener: Any) -> Any:
    return partial(create, text_client, status_callback=f"{listener.url}/call?m=m1")


def told(control: Any, listener: Any) -> list[str]:
    assert control("flush")["status"] == 200
    posts = [dict(parse_qsl(body.decode())) for _, _, body in listener.posts]
    ordered = sorted(posts, key=lambda post: int(post["SequenceNumber"]))
    return [post["CallStatus"] for post in ordered]


def test_an_answered_call_tells_of_each_step_and_ends_completed(
    text_client: Client, dial: Any, control: Any, listener: Any
) -> None:
    made = dial()
    assert told(control, listener) == ["initiated", "ringing", "in-progress", "completed"]
    fetched = text_client.calls(made.sid).fetch()
    assert (made.status, fetched.status, fetched.duration) == ("queued", "completed", "15")


def test_without_a_wish_only_the_end_is_told(dial: Any, control: Any, listener: Any) -> None:
    dial(status_callback_event=None)
    assert told(control, listener) == ["completed"]


@pytest.mark.parametrize("end", ["busy", "no-answer", "failed"])
def test_a_call_that_nobody_takes_was_never_started(
    text_client: Client, dial: Any, control: Any, listener: Any, end: str
) -> None:
    control("behavior", deliver=False)
    sid = dial().sid
    acts = [{"event": "ringing", "message_id": "m1"}, {"event": end, "message_id": "m1"}]
    assert control("events", events=acts)["webhooks"] == 2
    assert told(control, listener) == ["ringing", end]
    fetched = text_client.calls(sid).fetch()
    assert (fetched.status, fetched.start_time, fetched.duration) == (end, None, "0")


def test_a_machine_that_answers_is_named_where_its_detection_was_asked_for(
    text_client: Client, dial: Any, control: Any, listener: Any
) -> None:
    control("behavior", deliver=False)
    sid = dial(machine_detection="Enable").sid
    act = {"event": "completed", "message_id": "m1", "answered_by": "machine_start"}
    control("events", events=[act])
    assert text_client.calls(sid).fetch().answered_by == "machine_start"


def test_a_key_is_told_where_the_call_listens(dial: Any, control: Any, listener: Any) -> None:
    action = f"{listener.url}/voice?m=m1&amp;a=a1"
    dial(
        twiml=f'<Response><Gather input="dtmf" action="{action}"><Say>Hi</Say></Gather></Response>'
    )
    acts = [{"event": "press", "message_id": "m1", "body": "9"}]
    assert control("events", events=acts)["webhooks"] == 1
    control("flush")
    path, _, body = next(post for post in listener.posts if post[0].startswith("/voice"))
    assert path == "/voice?m=m1&a=a1"
    assert dict(parse_qsl(body.decode()))["Digits"] == "9"


def test_a_call_that_listens_to_no_keys_tells_of_none(dial: Any, control: Any) -> None:
    dial()
    assert control("events", events=[{"event": "press", "message_id": "m1"}])["status"] == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "555"}, 21217),
        ({"from_": "shop"}, 21212),
        ({"twiml": None}, 21205),
        ({"twiml": "x" * 4001}, 20001),
        ({"url": "ftp://x.test"}, 21205),
        ({"status_callback": "http://a_b.test/"}, 21609),
    ],
)
def test_a_call_that_can_not_be_made_is_refused_with_its_code(
    strict_text_client: Client, changes: dict[str, object], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        create(strict_text_client, **changes)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert strict_text_client.calls.list() == []


def test_calls_are_listed_by_whom_they_rang_and_never_among_texts(
    text_client: Client, dial: Any
) -> None:
    sid = dial().sid
    dial(to="+14155550199")
    assert [call.sid for call in text_client.calls.list(to=TO)] == [sid]
    assert text_client.messages.list() == []
