"""Replies as they come in, through the receiver, to messages that really went out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from inbound_parts import EMAIL, PHONE, Provider, add_message, rows
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.ledger import SERIES_ASK, Ledger

TEXT = (
    "Hey Ann,\n\nwe miss you! Come back: https://shop.example.com/c/1\n\n--\n"
    "Björn & Co, 1 Main St, Denver CO 80202\n"
    "You get this advertising email because you shopped with us.\n"
    "Unsubscribe, or get fewer: https://shop.example.com/u/abc\n"
)
PAGE = (
    "<html><head><style>p{color:red}</style></head><body><p>Björn &amp; Co</p><h1>We miss you</h1>"
    "<p>Hey Ann, we miss you!</p><p>Björn &amp; Co, 1 Main St, Denver CO 80202<br>You get this "
    'advertising email because you shopped with us. <a href="https://shop.example.com/u/abc">'
    "Unsubscribe, or get fewer</a></p></body></html>"
)
BODY = "Björn & Co: Hey Ann, we miss you! Come back: https://x.example.com Reply STOP to opt out"
HEAD = "From: Björn & Co\nSent: Monday, March 2, 2026 4:00 PM\nTo: Ann\nSubject: Last stop: 20% off"


@pytest.fixture
def replied(provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    """The intent of a mail or a text that answers ours, and why the address is silent now."""

    def collected() -> tuple[str, str | None]:
        collect(ledger, settings, clock)
        reasons = [row["reason"] for row in rows(ledger, "suppressions")]
        (event,) = rows(ledger, "provider_events")
        return event["intent"], reasons[0] if reasons else None

    def mail(*, content_tag: str | None = None, **fields: Any) -> tuple[str, str | None]:
        payload = {"subject": "Last stop: 20% off", "text": TEXT, "html": PAGE}
        add_message(ledger, "m1", payload_json=json.dumps(payload), content_tag=content_tag)
        form = {"from": EMAIL, "subject": "Re: Last stop: 20% off"} | fields
        body, content_type = encode_multipart_formdata(form)
        assert provider.raw_events(body, path="inbound", **{"Content-Type": content_type}).ok
        return collected()

    def text(body: str, *, about: str | None = None) -> tuple[str, str | None]:
        what = {"purpose": SERIES_ASK} if about == SERIES_ASK else {"content_tag": about}
        add_message(
            ledger, "m1", channel="sms", address=PHONE, cap_scope="daily_tips",
            payload_json=json.dumps({"body": BODY}), **what,
        )  # fmt: skip
        provider.text(body)
        return collected()

    mail.text = text  # type: ignore[attr-defined]
    return mail


@pytest.mark.parametrize(
    ("fields", "intent", "silent"),
    [
        ({"text": f"Do you have it in blue?\n\n{HEAD}\n\n{TEXT}"}, "question", None),
        ({"text": f"It was too expensive.\n\n{HEAD}\n\n{TEXT}"}, "feedback", None),
        ({"text": f"Thank you!\n\n{HEAD}\n\n{TEXT}"}, "positive", None),
        ({"text": f"Please stop\n\n{HEAD}\n\n{TEXT}"}, "stop", "stop"),
        ({"text": f"{HEAD}\n\n{TEXT}\n\nunsubscribe"}, "hold", "hold"),
        ({"text": f"{HEAD}\n\n{TEXT}\n\nSTOP"}, "stop", "stop"),
        ({"text": f"{HEAD}\n\n{TEXT}"}, "other", None),
        # Wrapped on the way, or copied without any mark.
        ({"text": f"Blue?\n\n{HEAD}\n\n" + TEXT.replace(" ", "\n")}, "question", None),
        ({"text": f"Blue?\n\n{TEXT}"}, "question", None),
        # A subject that says stop, whatever stands before it or is quoted.
        ({"subject": "unsubscribe", "text": f"{HEAD}\n\n{TEXT}"}, "stop", "stop"),
        ({"subject": "Re: STOP", "text": "Hello"}, "stop", "stop"),
        ({"subject": "STOP", "text": "Sent from my iPhone"}, "stop", "stop"),
        # HTML alone: what Outlook and phones send.
        ({"html": "<p>Please take me off your list</p>"}, "stop", "stop"),
        (
            {"html": f"<div>Do you have it in blue?</div><hr><p><b>From:</b> Björn &amp; Co<br><b>"
             f"Sent:</b> Monday<br><b>To:</b> Ann<br><b>Subject:</b> Last stop</p>{PAGE}"},
            "question", None,
        ),
        ({"text": "\n", "html": f"<p>abmelden</p><blockquote>{PAGE}</blockquote>"}, "stop", "stop"),
        ({"html": f"<p>zu teuer</p><blockquote type='cite'>{PAGE}</blockquote>"}, "feedback", None),
        ({"html": "<style>STOP"}, "stop", "stop"),
    ],
)  # fmt: skip
def test_a_mail_is_read_without_what_it_quotes(
    replied: Any, fields: dict[str, str], intent: str, silent: str | None
) -> None:
    assert replied(**fields) == (intent, silent)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Bitte hören Sie auf", "iso-8859-1"), ("退订", "gb2312"), ("退訂", "big5"),
        ("配信停止", "iso-2022-jp"), ("配信停止", "shift_jis"), ("수신거부", "euc-kr"),
        ("отписаться", "koi8-r"), ("отписаться", "windows-1251"), ("توقف", "windows-1256"),
        ("wypisz mnie, dość", "iso-8859-2"), ("ยกเลิก", "tis-620"), ("stop", "no-such-charset"),
    ],
)  # fmt: skip
def test_a_mail_is_read_in_the_characters_that_it_was_written_in(
    replied: Any, text: str, charset: str
) -> None:
    raw = text.encode(charset if charset != "no-such-charset" else "ascii")
    charsets = json.dumps({"text": charset, "subject": "UTF-8"})
    assert replied(text=raw, charsets=charsets) == ("stop", "stop")


def test_a_mail_that_is_attached_speaks_for_nobody(replied: Any) -> None:
    inner = 'Content-Disposition: form-data; name="text"\r\n\r\nSTOP\r\n'
    nested = (None, f"--in\r\n{inner}--in--\r\n", 'multipart/mixed; boundary="in"')
    assert replied(text="Blue?", attachment1=nested)[0] == "question"


@pytest.mark.parametrize(
    ("text", "about", "intent", "silent"),
    [
        (f"Loved “{BODY}”", None, "positive", None),
        (f"Loved “{BODY}”", "feedback", "positive", None),
        (f"Laughed at “{BODY}”", "feedback", "positive", None),
        (f"Disliked “{BODY}”", "feedback", "hold", "hold"),
        (f"Removed a heart from “{BODY}”", "feedback", "other", None),
        (f"Questioned “{BODY}”", None, "question", None),
        (f"\u200b👍\u200b to “ {BODY} ”", "series_ask", "positive", None),
        ("Liked “Reply YES to get our tips”", "series_ask", "positive", None),
        ("Liked “Reply YES to get our tips” yes", "series_ask", "confirm", None),
        (f"Loved “{BODY}” STOP", None, "stop", "stop"),
        (f"Loved “{BODY[:60]}…", None, "positive", None),
        (f"Liked “{BODY}” too expensive for me", "feedback", "feedback", None),
        ("This is no longer her number", "feedback", "hold", "hold"),
        ("退订", None, "stop", "stop"),
        ("我的订单在哪里", "feedback", "hold", "hold"),
        ("👍", "feedback", "feedback", None),
    ],
)
def test_a_text_is_read_without_what_the_phone_quotes(
    replied: Any, text: str, about: str | None, intent: str, silent: str | None
) -> None:
    assert replied.text(text, about=about) == (intent, silent)


def test_a_person_sees_the_whole_text_and_the_event_keeps_their_words(
    replied: Any, ledger: Ledger
) -> None:
    whole = f"Do you have it in blue?\n\n{HEAD}\n\n{TEXT}".strip()
    replied(text=whole)
    (reply,) = rows(ledger, "replies")
    (event,) = rows(ledger, "provider_events")
    assert reply["text"] == whole
    assert json.loads(event["detail_json"])["text"] == "Do you have it in blue?"
