"""Only the form's own fields are a mail, and only who is vouched for answers as a customer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from inbound_parts import EMAIL, Provider, add_message, rows
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.conversations import inbox
from winback.inbound import collect
from winback.ledger import Ledger, open_ledger
from winback.providers.sendgrid import mail as _mail

OTHER = "victim@example.com"


@pytest.fixture
def ledger(settings: Settings, ledger_url: str) -> Iterator[Ledger]:
    """In SQLite, or in either database where a test is marked so."""
    with open_ledger(settings.model_copy(update={"ledger_url": ledger_url})) as opened:
        yield opened


@pytest.fixture
def posts(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> Callable[..., None]:
    """Posts a form, or a body as it is, and collects it."""

    def post(body: bytes = b"", content_type: str = "", **fields: Any) -> None:
        if fields:
            body, content_type = encode_multipart_formdata({"from": EMAIL} | fields)
        posted = provider.raw_events(body, path="inbound", **{"Content-Type": content_type})
        assert posted.status_code == 204
        collect(ledger, settings, clock)

    return post


def silent(ledger: Ledger) -> dict[str, str]:
    return {row["address"]: row["reason"] for row in rows(ledger, "suppressions")}


def intents(ledger: Ledger) -> list[str]:
    return [row["intent"] for row in rows(ledger, "provider_events")]


def nested(depth: int, text: str = "STOP") -> str:
    """Multiparts in multiparts, down to a text."""
    opened = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        for level in range(depth)
    )
    return f"{opened}Content-Type: text/plain\r\n\r\n{text}\r\n"


def attached(content: str, content_type: str, name: str = "a.eml") -> tuple[str | None, str, str]:
    return name, content, content_type


FORM_IN_FORM = (
    f'--in\r\nContent-Disposition: form-data; name="from"\r\n\r\n{OTHER}\r\n'
    'Content-Disposition: form-data; name="text"\r\n\r\nSTOP\r\n--in--\r\n'
)
MAIL = f"From: {OTHER}\r\nSubject: STOP\r\nContent-Type: text/plain\r\n\r\nSTOP\r\n"


@pytest.mark.parametrize(
    ("text", "attachment", "intent", "reason"),
    [
        ("Blue?", attached(FORM_IN_FORM, "multipart/form-data; boundary=in"), "question", None),
        ("Blue?", (None, FORM_IN_FORM, "multipart/mixed; boundary=in"), "question", None),
        ("Blue?", attached(MAIL, "message/rfc822"), "question", None),
        ("Blue?", (None, MAIL, "message/rfc822"), "question", None),
        ("Blue?", attached(nested(3), "message/rfc822"), "question", None),
        ("Blue?", attached("STOP", "text/plain", "text"), "question", None),
        ("STOP", attached(nested(5_000), "message/rfc822"), "stop", "stop"),
        ("STOP", (None, nested(5_000), "multipart/mixed; boundary=b"), "stop", "stop"),
        ("STOP", attached("--b\r\n" * 200_000, "multipart/mixed; boundary=b"), "stop", "stop"),
        ("STOP", attached("Content-Type: " * 9_000, "message/rfc822"), "stop", "stop"),
        ("STOP", attached("\r\n" * 500_000, "message/rfc822"), "stop", "stop"),
        ("STOP", (None, MAIL * 1_000, "message/delivery-status"), "stop", "stop"),
    ],
)  # fmt: skip
def test_what_is_attached_speaks_for_nobody_and_costs_nobody_the_text_beside_it(
    posts: Any, ledger: Ledger, text: str, attachment: Any, *, intent: str, reason: str | None
) -> None:
    begun = time.monotonic()
    posts(attachment1=attachment, text=text)
    assert time.monotonic() - begun < 5
    assert intents(ledger) == [intent]
    assert silent(ledger) == ({EMAIL: reason} if reason else {})


PART = 'Content-Disposition: form-data; name="{}"'
SENDER = f"{PART.format('from')}\r\n\r\n{EMAIL}\r\n"
STOP = f"{PART.format('text')}\r\n\r\nSTOP\r\n"
ENCODED = f"{PART.format('text')}\r\nContent-Transfer-Encoding: "
DEEP = f"{PART.format('envelope')}\r\n\r\n{'[' * 90_000}\r\n"
# Over these Python's parser stumbles.
ODD_FILE = f"{PART.format('a')}; filename*=a\0b''x\r\n\r\nhi\r\n"
ODD_NAME = f"{PART.format('a')}; name*0=; name*\r\n\r\nhi\r\n"
FORM_TYPE = "multipart/form-data"
FORM = f"{FORM_TYPE}; boundary=x"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{STOP}", FORM),  # cut off
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n".replace("\r", ""), FORM),
        (f"preamble\r\n--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n--x\r\n{PART.format('text')}\r\n\r\nhi",
         FORM),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x\r\n{STOP.replace('STOP', 'Blue?')}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", "multipart/form-data"),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", "text/plain"),
        (f"--x\r\n{SENDER}--x\r\nno head at all--x\r\n\r\n--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x  \r\n{STOP}--x--\r\n", FORM),
        (f"--a.*b\r\n{SENDER}--a.*b\r\n{STOP}--a.*b--\r\n", 'multipart/form-data; boundary="a.*b"'),
        (f"--x\r\n{SENDER}--x\r\n{ENCODED}base64\r\n\r\nU1RPUA==\r\n--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{ENCODED}quoted-printable\r\n\r\n=53=54OP\r\n--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\nX: {'a' * 20_000}\r\n\r\nhi\r\n--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{DEEP}--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{ODD_FILE}--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{ODD_NAME}--x\r\n{STOP}--x--\r\n", FORM),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", f"{FORM_TYPE}; boundary*0=x; boundary*"),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", f"{FORM_TYPE}; boundary*{'9' * 5000}=x"),
        (f"--x\r\n{SENDER}--x\r\n{STOP}--x--\r\n", f"{FORM_TYPE}; boundary*{'9' * 5000}*=x"),
    ],
)  # fmt: skip
def test_a_form_is_read_however_it_is_written(
    posts: Any, ledger: Ledger, body: str, content_type: str
) -> None:
    posts(body.encode(), content_type)
    assert silent(ledger) == {EMAIL: "stop"}


def whole(body: str, content_type: str = "text/plain") -> str:
    return f"From: {EMAIL}\r\nContent-Type: {content_type}\r\n\r\n{body}"


@pytest.mark.parametrize(
    ("mail", "intent"),
    [
        (whole("STOP"), "stop"),
        (whole("<p>Do you have it in <b>blue</b>?</p>", "text/html"), "question"),
        (whole("<p>abmelden</p>", "text/html; charset=utf-8"), "stop"),
        (whole("--b\r\n\r\nSTOP\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>STOP\r\n--b--",
               "multipart/alternative; boundary=b"), "stop"),
        (whole("--b\r\n\r\nBlue?\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + MAIL + "--b--",
               "multipart/mixed; boundary=b"), "question"),
        (whole("--b\r\n\r\nBlue?\r\n--b\r\nContent-Disposition: attachment\r\n\r\nSTOP\r\n--b--",
               "multipart/mixed; boundary=b"), "question"),
        # What Python can't or should not parse is read as it stands.
        (nested(500, "\r\nSTOP\r\n"), "stop"),
        (whole("STOP\r\n" + nested(5_000, "x")), "stop"),
        (whole("STOP", "text/plain; charset=no-such-charset"), "stop"),
        (whole("--b\r\n\r\nSTOP\r\n" + "--b\r\n" * 30_000, "multipart/mixed; boundary=b"), "stop"),
        (whole("a\r\n" * 60_000 + "STOP", "multipart/mixed; boundary=b"), "stop"),
        (whole("word " * 9_000), "hold"),
        # What would take long is not parsed either.
        (whole("STOP", "Content-Type: " * 14_000), "stop"),
        (whole("STOP", "text/plain" + "\r\n ;a=b" * 20_000), "stop"),
        (whole("--b\r\n\r\nSTOP\r\n" * 15_000, "multipart/mixed; boundary=b"), "stop"),
        (whole("STOP\r\n\xff-" + "a" * 180_000, "text/plain; charset=punycode"), "stop"),
    ],
)  # fmt: skip
def test_a_mail_that_is_posted_whole_is_read_without_what_is_attached(
    posts: Any, ledger: Ledger, mail: str, intent: str
) -> None:
    begun = time.monotonic()
    posts(email=mail)
    assert time.monotonic() - begun < 5
    assert intents(ledger) == [intent]


@pytest.mark.parametrize("charset", ["punycode", "idna", "no-such-charset", "x\0y"])
def test_no_charset_takes_more_than_a_texts_length(
    posts: Any, ledger: Ledger, charset: str
) -> None:
    body = (
        f"--x\r\n{SENDER}--x\r\n{PART.format('charsets')}\r\n\r\n"
        f"{json.dumps({'text': charset})}\r\n--x\r\n"
    ).encode() + STOP.encode().replace(b"STOP", b"STOP\n\xff-" + b"a" * 500_000)
    begun = time.monotonic()
    posts(body, FORM)
    assert time.monotonic() - begun < 5
    assert silent(ledger) == {EMAIL: "stop"}


def test_a_mail_that_can_not_be_read_holds_its_sender(
    monkeypatch: pytest.MonkeyPatch, posts: Any, ledger: Ledger, clock: FixedClock
) -> None:
    def stumble(_: object) -> str:
        raise RecursionError

    monkeypatch.setattr(_mail, "mail_text", stumble)
    posts(text="whatever this is")
    assert silent(ledger) == {EMAIL: "hold"}
    (thread,) = inbox.threads(ledger, clock)
    assert (thread.intent, thread.lines[0].text) == ("hold", "whatever this is")


def vouched(**fields: str) -> dict[str, str]:
    sender = {"envelope": json.dumps({"to": ["a@shop.example"], "from": EMAIL})}
    return sender | {"from": f"Ann <{EMAIL}>"} | fields


GENUINE = [
    {},
    {"SPF": "pass", "dkim": "none"},
    {"SPF": "Pass (sender permitted)", "dkim": ""},
    {"spf": "pass"},
    {"SPF": "fail", "dkim": "{@example.com : pass}"},
    {"SPF": "softfail", "dkim": "{@evil.example : fail, @example.com : pass}"},
    {"SPF": "none", "dkim": "{@EXAMPLE.COM : PASS}"},
    {"envelope": "{}", "SPF": "none", "dkim": "{@example.com : pass}"},
    # A forwarder puts itself into the envelope, and the signature stays.
    {
        "envelope": '{"from": "SRS0=m1@list.example"}',
        "SPF": "pass",
        "dkim": "{@example.com : pass}",
    },
    {
        "envelope": '{"from": "SRS0=m1@list.example"}',
        "SPF": "fail",
        "dkim": "{@example.com : pass}",
    },
    {"from": "Ann <ann@mail.example.com>", "SPF": "pass"},
    {"from": "", "SPF": "pass"},
]
STRANGE = [
    {"SPF": "fail", "dkim": "none"},
    {"SPF": "softfail", "dkim": ""},
    {"SPF": "neutral", "dkim": "{@example.com : fail}"},
    {"SPF": "none", "dkim": "{@evil.example : pass}"},
    {"SPF": "temperror", "dkim": "{@evilexample.com : pass}"},
    {"SPF": "permerror", "dkim": "{@mail.example.com : pass}"},
    {"SPF": "fail", "dkim": "{@com : pass}"},
    {"SPF": "", "dkim": "none"},
    {"SPF": "passed", "dkim": "pass"},
    {"SPF": "unknown"},
    # SPF speaks of the envelope, which names nobody here.
    {"envelope": '{"from": ""}', "SPF": "pass", "dkim": "none"},
    # A server of one's own passes for its own envelope, whatever the From says.
    {"envelope": '{"from": "x@evil.example"}', "SPF": "pass", "dkim": "{@evil.example : pass}"},
    {"envelope": '{"from": "x@evilexample.com"}', "SPF": "pass", "dkim": "none"},
    {"envelope": '{"from": "x@com"}', "SPF": "pass", "dkim": "none"},
    {"envelope": '{"from": "x@evil.example"}', "SPF": "fail", "dkim": "none"},
]


@pytest.mark.parametrize("fields", GENUINE)
def test_who_is_vouched_for_answers_as_the_customer(
    posts: Any, ledger: Ledger, fields: dict[str, str]
) -> None:
    add_message(ledger, "m1", content_tag="feedback")
    posts(**vouched(text="It was too expensive", **fields))
    (event,) = rows(ledger, "provider_events")
    (reply,) = rows(ledger, "replies")
    assert (event["message_id"], event["lapse_reason"]) == ("m1", "price")
    assert reply["customer_id"] == "c-m1"


@pytest.mark.parametrize("fields", STRANGE)
def test_whose_address_does_not_fit_is_listed_for_a_person_and_answers_nothing(
    posts: Any, ledger: Ledger, clock: FixedClock, fields: dict[str, str]
) -> None:
    add_message(ledger, "m1", content_tag="feedback")
    posts(**vouched(text="It was too expensive", **fields))
    (event,) = rows(ledger, "provider_events")
    told = ("message_id", "matched_by", "lapse_reason", "intent")
    assert [event[name] for name in told] == [None, None, None, "unauthenticated"]
    (thread,) = inbox.threads(ledger, clock)
    assert (thread.intent, thread.customer_id, thread.about) == ("unauthenticated", None, "")
    assert [line.text for line in thread.lines] == ["It was too expensive"]
    assert silent(ledger) == {}


@pytest.mark.parametrize(("text", "reason"), [("STOP", "stop"), ("我的订单在哪里", "hold")])
@pytest.mark.parametrize("fields", STRANGE[::4])
def test_whose_address_does_not_fit_may_still_silence_it(
    posts: Any, ledger: Ledger, fields: dict[str, str], text: str, reason: str
) -> None:
    add_message(ledger, "m1", content_tag="feedback")
    posts(**vouched(text=text, **fields))
    assert silent(ledger)[EMAIL] == reason


def test_one_who_signs_for_a_large_domain_speaks_for_no_other_user_of_it(
    posts: Any, ledger: Ledger
) -> None:
    add_message(ledger, "m1", content_tag="feedback")
    signed = {"from": "x@example.com", "SPF": "fail", "dkim": "{@example.com : pass}"}
    posts(**vouched(text="It was too expensive", **signed))
    assert [event["message_id"] for event in rows(ledger, "provider_events")] == [None]


@pytest.mark.parametrize(
    "fields",
    [
        {"envelope": '{"from": "bounce+1@mailer.example"}', "SPF": "pass", "dkim": "none"},
        {"envelope": '{"from": "bounce+1@mailer.example"}'},
        {"from": "Ann <ann.other@example.net>", "SPF": "pass"},
        {"from": "Ann <ann.other@example.com>", "SPF": "pass"},
        {"from": "Ann <ann.other@example.com>", "SPF": "fail", "dkim": "{@example.com : pass}"},
    ],
)
def test_a_stop_silences_the_address_in_the_from_and_the_one_in_the_envelope(
    posts: Any, ledger: Ledger, fields: dict[str, str]
) -> None:
    posts(**vouched(text="STOP", **fields))
    silenced = silent(ledger)
    assert len(silenced) == 2
    assert silenced[EMAIL] == "stop"


@pytest.mark.both_databases
def test_a_conversation_of_the_customer_and_one_of_who_may_be_somebody_else_never_meet(
    posts: Any, ledger: Ledger, clock: FixedClock
) -> None:
    add_message(ledger, "m1")
    forged = {"SPF": "fail", "dkim": "none"}
    posts(**vouched(text="Where is my parcel?", **forged))
    posts(**vouched(text="Do you have it in blue?", SPF="pass"))
    posts(**vouched(text="Send it to another house", **forged))
    posts(**vouched(text="And in green?", SPF="pass"))
    threads = inbox.threads(ledger, clock)
    assert sorted((thread.customer_id or "", len(thread.lines)) for thread in threads) == [
        ("", 1), ("", 1), ("c-m1", 2),
    ]  # fmt: skip
