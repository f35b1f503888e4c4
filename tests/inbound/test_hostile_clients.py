"""Clients that dawdle, lie about lengths, or ask for what is not there cost nobody else a thing."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
import requests
from inbound_parts import Provider, rows, sg_event

from winback.base import serving
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import _receiver, collect
from winback.ledger import Ledger, sign_token
from winback.pages import RunningReceiver

WEBHOOKS = ("sendgrid/events", "sendgrid/inbound", "twilio/status", "twilio/inbound")
EVENTS = "/webhooks/sendgrid/events"
NOWHERE = (
    "/", "/webhooks", "/webhooks/sendgrid/events/", "/webhooks/sendgrid/../../ledger.db",
    "/../ledger.db", "/%2e%2e/%2e%2e/etc/passwd", "//healthz", "/healthz/x",
    "/u/", "/u/..%2f..%2fledger.db", "/u/%00", "/u/%ff%fe", "/u/" + "A" * 4000,
    "/u/" + "%F0%9F%92%A9" * 3, "/u/a/b",
)  # fmt: skip


def connect(receiver: RunningReceiver) -> socket.socket:
    parts = urlsplit(receiver.base_url)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def post_head(path: str, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def answer(client: socket.socket, method: str = "POST") -> tuple[int, bytes]:
    """Status and body of the next answer on the connection."""
    response = HTTPResponse(client, method=method)
    response.begin()
    return response.status, response.read()


def test_what_its_head_condemns_is_refused_without_its_body(receiver: RunningReceiver) -> None:
    for headers, expected in (
        ({"Content_Length": "2097153"}, 413),
        ({"Content_Length": "9" * 15}, 413),
        ({"Content_Length": "100"}, 403),
        ({"Transfer_Encoding": "chunked"}, 403),
        ({"Content_Length": "-1"}, 400),
        ({"Content_Length": "1", "Transfer_Encoding": "nonsense"}, 400),
    ):
        with connect(receiver) as client:
            client.sendall(post_head(EVENTS, **headers))
            assert answer(client)[0] == expected, headers


@pytest.mark.parametrize("waits_for", ["nothing sent", "head", "body"])
def test_who_dawdles_is_cut_off_and_nobody_else_waits(
    monkeypatch: pytest.MonkeyPatch, receiver: RunningReceiver, provider: Provider, waits_for: str
) -> None:
    monkeypatch.setattr(serving.PunctualProtocol, "head_seconds", 0.2)
    monkeypatch.setattr(serving.PunctualProtocol, "body_seconds", 0.2)
    start = {
        "nothing sent": b"",
        "head": b"POST /webhooks",
        "body": post_head(EVENTS, X_Twilio_Email_Event_Webhook_Signature="x", Content_Length="900"),
    }[waits_for]
    with connect(receiver) as client:
        client.sendall(start)
        assert provider.events(sg_event("m1", "open")).status_code == 204
        assert trickled_until_closed(client, b"" if not start else b"x") < 3


def trickled_until_closed(client: socket.socket, drop: bytes) -> float:
    """Send a byte now and then; the seconds until the server has had enough."""
    started = time.monotonic()
    client.settimeout(0.05)
    while time.monotonic() - started < 4:
        try:
            client.sendall(drop)
            if client.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - started


def test_one_connection_serves_one_post_after_another(
    monkeypatch: pytest.MonkeyPatch, receiver: RunningReceiver
) -> None:
    monkeypatch.setattr(serving.PunctualProtocol, "head_seconds", 0.2)
    with connect(receiver) as client:
        for _ in range(3):
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(client)[0] == 200
            time.sleep(0.15)  # idle between requests, for longer than a head may take in all


@pytest.mark.parametrize(
    ("method", "path", "signed", "length", "expected"),
    [
        ("POST", EVENTS, False, "7", 403),
        ("POST", EVENTS, True, "7", 403),
        ("POST", EVENTS, True, "0", 403),
        ("POST", EVENTS, True, "2", 403),
        ("POST", EVENTS, True, "9" * 12, 413),
        ("POST", "/webhooks/twilio/inbound", True, "7", 403),
        ("POST", "/u/x", False, "7", 404),
        ("GET", "/u/x", False, "7", 404),
        ("GET", "/healthz", False, "7", 200),
        ("GET", "/nowhere", False, "0", 404),
        ("PUT", EVENTS, False, "7", 405),
    ],
)
def test_a_request_of_two_lengths_is_the_last_of_its_connection(
    receiver: RunningReceiver, *, method: str, path: str, signed: bool, length: str, expected: int
) -> None:
    """Of what follows it a proxy in front may think otherwise than we do."""
    head = [
        f"{method} {path} HTTP/1.1", "Host: x", "Connection: keep-alive",
        f"Content-Length: {length}", "Transfer-Encoding: chunked",
    ]  # fmt: skip
    if signed:
        head += ["X-Twilio-Email-Event-Webhook-Signature: x", "X-Twilio-Signature: x"]
    following = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(receiver) as client:
        client.sendall("\r\n".join([*head, "", "2", "[]", "0", "", ""]).encode() + following)
        response = HTTPResponse(client, method=method)
        response.begin()
        response.read()
        assert (response.status, response.headers["connection"]) == (expected, "close")
        assert is_closed(client)


def is_closed(client: socket.socket) -> bool:
    """Whether nothing more comes. An end may be a reset, where something was left unread."""
    try:
        return client.recv(100) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (EVENTS, b""),
        (EVENTS, b"[{"),
        ("/webhooks/sendgrid/inbound", b"--x\r\n" * 20_000),
        ("/webhooks/twilio/status", b"MessageSid=SM1"),
        ("/webhooks/twilio/inbound", b"MessageSid=SM1&Body=STOP"),
        ("/webhooks/twilio/voice", b"CallSid"),
        ("/u/{token}", b"choice=ch"),
    ],
)
@pytest.mark.parametrize("ends", ["closed", "reset"])
def test_a_client_that_goes_away_costs_one_line(
    *,
    receiver: RunningReceiver,
    ledger: Ledger,
    settings: Settings,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    eventually: Callable[..., float],
    path: str,
    sent: bytes,
    ends: str,
) -> None:
    path = path.format(token=sign_token(ledger, "m1"))
    signed = {"X_Twilio_Email_Event_Webhook_Signature": "x", "X_Twilio_Signature": "x"}
    client = connect(receiver)
    client.sendall(post_head(path, Content_Length=str(len(sent) + 9), **signed) + sent)
    time.sleep(0.1)  # the receiver waits for the rest
    if ends == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    eventually(lambda: bool(caplog.records))
    (record,) = caplog.records
    assert record.getMessage().startswith("a client went away before its request was complete")
    assert (record.exc_info, path in record.getMessage()) == (None, False)
    assert not list(settings.events_dir.glob("*.jsonl"))
    assert provider.text("STOP") == 200


@pytest.mark.parametrize("path", [EVENTS, "/nowhere", "/healthz"])
def test_a_body_that_is_none_gets_one_response_and_no_traceback(
    receiver: RunningReceiver, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    for _ in range(30):
        with connect(receiver) as client:
            client.sendall(post_head(path, Transfer_Encoding="chunked") + b"no length\r\n\r\n")
            assert answer(client)[0] == 400
            assert client.recv(1) == b""
    assert {record.getMessage() for record in caplog.records} <= {"Invalid HTTP request received."}


def test_a_webhook_takes_posts_only(receiver: RunningReceiver) -> None:
    for path in WEBHOOKS:
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            told = requests.request(method, f"{receiver.base_url}/webhooks/{path}", timeout=5)
            assert (told.status_code, told.headers["allow"]) == (405, "POST")


def test_what_is_not_there_is_not_found_and_nobody_is_sent_elsewhere(
    receiver: RunningReceiver, settings: Settings
) -> None:
    with connect(receiver) as client:  # a library would tidy the paths up
        for path in NOWHERE:
            for method in ("GET", "POST"):
                head = f"{method} {path} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0"
                client.sendall(head.encode() + b"\r\n\r\n")
                status, page = answer(client)
                assert status in {404, 405}, path
                assert b"evil.example" not in page
    assert not list(settings.events_dir.glob("*.jsonl"))


def test_a_full_disk_is_no_acknowledgment(
    provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    assert provider.events(sg_event("m1", "open", sg_event_id="1")).status_code == 204
    (first,) = settings.events_dir.glob("*.jsonl")
    following = settings.events_dir / "open" / first.name.replace("000001.", "000002.")
    following.symlink_to("/dev/full")
    for _ in range(2):
        assert provider.events(sg_event("m1", "open", sg_event_id="2")).status_code == 503
    following.unlink()
    assert provider.events(sg_event("m1", "open", sg_event_id="2")).status_code == 204
    collect(ledger, settings, clock)
    events = rows(ledger, "provider_events")
    assert [(event["dedupe_key"], event["n_seen"]) for event in events] == [
        ("sg:1", 1),
        ("sg:2", 1),
    ]


def test_a_disk_that_hangs_is_no_acknowledgment(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, eventually: Callable[..., float]
) -> None:
    sync, is_hanging = os.fsync, [True]

    def hang(descriptor: int) -> None:
        while is_hanging[0]:
            time.sleep(0.01)
        sync(descriptor)

    monkeypatch.setattr(_receiver, "STORE_SECONDS", 0.1)
    monkeypatch.setattr(os, "fsync", hang)
    assert provider.events(sg_event("m1", "open")).status_code == 503
    is_hanging[0] = False
    monkeypatch.setattr(_receiver, "STORE_SECONDS", 5)
    assert provider.events(sg_event("m1", "open")).status_code == 204


def test_what_goes_beyond_the_memory_for_bodies_comes_again_later(
    monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setattr(_receiver, "MAX_BYTES_IN_FLIGHT", 2000)
    for _ in range(2):
        assert provider.events(*[sg_event("m1", "open")] * 30).status_code == 503
    for _ in range(10):  # what was refused, and what was taken, holds nothing any more
        assert provider.events(*[sg_event("m1", "open")] * 5).status_code == 204
