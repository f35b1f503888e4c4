"""Every way a provider may answer, or fail to, over real sockets, and what it proves."""

from __future__ import annotations

import json
import socket
import struct
import threading
from datetime import UTC, datetime, timedelta

import pytest

from winback.base.settings import Settings
from winback.content.payloads import Email, Text
from winback.providers import Outgoing, _wire, open_channel

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


class HostileServer:
    """Answers each connection with raw bytes, or hangs up; counts complete requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.reply = b""
        self.hang = self.reset = False
        self._closing = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            connection, _ = self._socket.accept()
            with connection:
                if self._closing.is_set():
                    return
                self.requests.append(_read_request(connection))
                if self.hang:
                    self._closing.wait(3)
                elif self.reset:
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                else:
                    connection.sendall(self.reply)

    def close(self) -> None:
        self._closing.set()
        socket.create_connection(self._socket.getsockname()).close()
        self._thread.join()
        self._socket.close()


def _read_request(connection):
    data = connection.recv(65536)
    if not data.startswith((b"POST", b"GET")):
        return data
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server():
    hostile = HostileServer()
    yield hostile
    hostile.close()


def settings_for(url):
    return Settings.load(
        sendgrid_api_key="SG.key", sendgrid_base_url=url, twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="token", twilio_base_url=url, public_base_url="https://hooks.example.com",
    )  # fmt: skip


def send(name, url):
    payload = {
        "email": Email("a@example.com", "A", "s", "t", "<p>t</p>"),
        "sms": Text("b", "MG" + "0" * 32),
    }[name]
    channel = open_channel(name, settings_for(url))
    try:
        outgoing = Outgoing("m1", "x@example.com", payload, leaves_by=NOW + timedelta(hours=1))
        (request,) = channel.prepare([outgoing], now=NOW)
        return channel.send(request)
    finally:
        channel.close()


def answer(status, body=b"", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} X", *(f"{k}: {v}" for k, v in names.items())]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def errors(*fields, message="m"):
    return json.dumps({"errors": [{"message": message, "field": f} for f in fields]}).encode()


def twilio_error(code, status=400):
    return json.dumps({"code": code, "message": "m", "status": status}).encode()


DATE = "Tue, 10 Mar 2026 20:00:00 GMT"
EMAIL = [
    (answer(202, X_Message_Id="X1"), "accepted", {"provider_id": "X1"}),
    (answer(202), "accepted", {"provider_id": None}),
    (answer(201), "unknown", {"reason": "http_201"}),
    (answer(200), "unknown", {"reason": "sandbox_mode", "stops": "channel"}),
    (answer(204), "unknown", {}),
    (answer(301, b"<html>moved</html>", Location="/elsewhere"), "unknown", {"status": 301}),
    (answer(302, Location="/elsewhere"), "unknown", {"status": 302}),
    (answer(307, Location="/elsewhere"), "unknown", {"status": 307}),
    (answer(400, errors("personalizations.0.to.0.email")), "rejected", {"positions": (0,)}),
    (answer(400, errors("from.email")), "refused", {"reason": "config", "stops": "sender"}),
    (answer(400, errors("reply_to.email")), "refused", {"reason": "config", "stops": "sender"}),
    (answer(400, errors("asm.group_id")), "refused", {"reason": "config", "stops": "channel"}),
    (answer(400, errors("send_at")), "refused", {"code": "send_at", "stops": "channel"}),
    (answer(400, errors("content.1.value")), "refused", {"reason": "content", "stops": "step"}),
    (answer(400, errors("subject")), "refused", {"reason": "content", "stops": "step"}),
    (answer(400, errors("template_id")), "refused", {"reason": "content", "stops": "step"}),
    # The fault of the whole request is nobody's in it.
    (answer(400, errors("personalizations.0.to", "from.email")), "refused",
     {"reason": "config", "positions": ()}),
    (answer(400, errors("personalizations[0].headers")), "rejected", {"positions": (0,)}),
    # Whom these mean, nobody knows: in halves.
    (answer(400, errors(None)), "refused", {"reason": "unexplained", "stops": "nothing"}),
    (answer(400, errors("personalizations")), "refused", {"reason": "unexplained"}),
    (answer(400, errors("personalizations.7.to.0.email")), "refused", {"reason": "unexplained"}),
    (answer(400, b'{"message": "no"}'), "unknown", {}),
    (answer(400, b'{"errors": []}'), "unknown", {}),
    (answer(400, b"<html>proxy</html>"), "unknown", {}),
    (answer(401, errors(None, message="Maximum credits exceeded")), "refused",
     {"reason": "credits", "stops": "channel"}),
    (answer(403, errors("from")), "refused", {"reason": "config", "stops": "sender"}),
    (answer(401, b"<html>proxy</html>"), "unknown", {}),
    (answer(405, errors(None)), "refused", {"reason": "auth", "stops": "channel"}),
    (answer(415, errors(None)), "refused", {"reason": "auth", "stops": "channel"}),
    (answer(401, errors(None)), "refused", {"reason": "auth", "stops": "channel"}),
    (answer(403, errors(None)), "refused", {"reason": "auth", "stops": "channel"}),
    (answer(404, errors(None)), "refused", {"reason": "auth", "stops": "channel"}),
    (answer(403, b"<html>proxy</html>"), "unknown", {}),
    (answer(408), "unknown", {}),
    (answer(408, errors(None)), "unknown", {}),
    (answer(413, errors(None)), "refused", {"reason": "too_large"}),
    (answer(413, b"<html>nginx</html>"), "refused", {"reason": "too_large"}),
    (answer(429, Retry_After="7"), "deferred", {"retry_after": 7.0}),
    (answer(429, X_RateLimit_Reset="1773172830", Date=DATE), "deferred", {"retry_after": 30.0}),
    (answer(429), "deferred", {"retry_after": None}),
    (answer(429, b"<html>slow down</html>"), "deferred", {"reason": "rate_limit"}),
    (answer(500, errors(None)), "unknown", {}),
    (answer(502, b"<html>proxy</html>"), "unknown", {}),
    (answer(504), "unknown", {}),
    (answer(503), "unknown", {}),
    (b"HTTP/1.1 202 X\r\nContent-Length: 50\r\n\r\nshort", "unknown", {}),
    (b"HTTP/1.1 202 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "unknown", {}),
    (b"nonsense\r\n\r\n", "unknown", {}),
    (b"", "unknown", {}),
]  # fmt: skip
SMS = [
    (answer(201, b'{"sid": "SM1"}', Twilio_Request_Id="RQ1"), "accepted",
     {"provider_id": "SM1", "request_id": "RQ1"}),
    (answer(201, b"{broken"), "unknown", {"reason": "unreadable"}),
    (answer(201, b"[]"), "unknown", {"reason": "unreadable"}),
    (answer(302, Location="/elsewhere"), "unknown", {"status": 302}),
    (answer(400, twilio_error(21211)), "rejected", {"reason": "bad_address", "suppresses": True}),
    (answer(400, twilio_error(21610)), "rejected", {"reason": "opted_out", "suppresses": True}),
    (answer(400, twilio_error(21606)), "rejected", {"reason": "config", "stops": "channel"}),
    (answer(400, twilio_error(21617)), "rejected", {"reason": "content", "stops": "step"}),
    (answer(400, twilio_error(99999)), "rejected", {"reason": "other", "stops": "nothing"}),
    (answer(400, b"<html>proxy</html>"), "unknown", {}),
    (answer(400, b'{"message": "no"}'), "unknown", {}),
    (answer(408, twilio_error(20408, 408)), "unknown", {}),
    (answer(429, b"<html>slow down</html>"), "deferred", {"reason": "rate_limit"}),
    (answer(401, twilio_error(20003, 401)), "refused", {"stops": "channel"}),
    (answer(403, twilio_error(20403, 403)), "refused", {"stops": "channel"}),
    (answer(404, twilio_error(20404, 404)), "refused", {"stops": "channel"}),
    (answer(429, twilio_error(20429, 429), Retry_After="3"), "deferred", {"retry_after": 3.0}),
    (answer(500, twilio_error(20500, 500)), "unknown", {}),
    (answer(503), "unknown", {}),
    (b"HTTP/1.1 201 X\r\nContent-Length: 50\r\n\r\n{", "unknown", {}),
    (b"", "unknown", {}),
]  # fmt: skip
CASES = [("email", *case) for case in EMAIL] + [("sms", *case) for case in SMS]


@pytest.mark.parametrize(("name", "reply", "kind", "details"), CASES)
def test_an_answer_is_read_for_what_it_proves_after_exactly_one_request(
    server, name, reply, kind, details
):
    server.reply = reply
    outcome = send(name, server.url)
    assert outcome.kind == kind
    assert {key: getattr(outcome, key) for key in details} == details
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["email", "sms"])
def test_silence_is_unknown_within_the_time_out(server, name, monkeypatch):
    monkeypatch.setattr(_wire, "READ_SECONDS", 0.2)
    server.hang = True
    assert send(name, server.url).kind == "unknown"
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["email", "sms"])
def test_a_reset_after_the_request_is_unknown(server, name):
    server.reset = True
    assert send(name, server.url).kind == "unknown"
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["email", "sms"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_a_connection_that_never_came_about_sent_nothing(name, url):
    assert send(name, url).kind == "not_sent"


@pytest.mark.parametrize("name", ["email", "sms"])
def test_a_server_without_a_valid_certificate_gets_nothing(server, name):
    server.reply = b"plain text where TLS was due"
    outcome = send(name, server.url.replace("http:", "https:"))
    assert outcome.kind == "not_sent"
    assert b"SG.key" not in b"".join(server.requests)
