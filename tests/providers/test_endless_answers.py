"""Answers without end, bombs, and JSON that nobody's client survives, over real sockets."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.base.settings import Settings
from winback.content.payloads import Call, Email, Text
from winback.providers import Outgoing, Progress, Search, SuppressionLists, _wire, classify
from winback.providers import open_channel as open_one
from winback.providers._bounds import MOST_LEVELS
from winback.providers._wire import HttpResponse, Wire
from winback.providers.twilio import records as records_module

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
TOO_LARGE = "response over 1 MB; WINBACK_RESPONSE_MEGABYTES raises it"
PAYLOADS = {
    "email": Email("a@example.com", "A", "s", "t", "<p>t</p>"),
    "sms": Text("b", "MG" + "0" * 32),
    "voice": Call("+15550001", "w", "en-US"),
}


class Server:
    """Reads each request whole, then does with the connection what a test wants."""

    def __init__(self, behave) -> None:
        self.requests = 0
        self._behave = behave
        self.closing = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection) -> None:
        with connection, contextlib.suppress(OSError, ValueError):
            while True:
                file = connection.makefile("rb")
                length = 0
                while (line := file.readline()) != b"\r\n":
                    if not line:
                        return
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                file.read(length)
                self.requests += 1
                self._behave(connection, self.closing)

    def close(self) -> None:
        self.closing.set()
        self._socket.close()


@pytest.fixture
def serve():
    started = []

    def start(behave):
        started.append(Server(behave))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(_wire, "READ_SECONDS", 0.6)


def settings_for(url):
    return Settings.load(
        sendgrid_api_key="SG.key", sendgrid_base_url=url, twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="token", twilio_base_url=url, response_megabytes=1,
        public_base_url="https://hooks.example.com", twilio_voice_from="+15550001",
        channels="email,sms,voice",
    )  # fmt: skip


def outgoing(name="sms"):
    return Outgoing("m1", "+15550100", PAYLOADS[name], leaves_by=NOW + timedelta(hours=1))


@contextlib.contextmanager
def opened(name, url):
    channel = open_one(name, settings_for(url))
    try:
        yield channel
    finally:
        channel.close()


def send(name, url):
    with opened(name, url) as channel:
        (request,) = channel.prepare([outgoing(name)], now=NOW)
        return channel.send(request)


def ask(name, url, question):
    with opened(name, url) as channel:
        return channel.look_up(question)


# What a server does, by name: nothing of it ends, or it ends far too late or too large.

HEAD = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: X1\r\n"


def drips(start, drop, every=0.05):
    def behave(connection, closing):
        connection.sendall(start)
        while not closing.wait(every):
            connection.sendall(drop)

    return behave


def floods(start, wave):
    def behave(connection, closing):
        connection.sendall(start)
        while not closing.is_set():
            connection.sendall(wave)

    return behave


def says(start, *bodies):
    """One body after the other, then the last one."""
    coming = list(bodies)

    def behave(connection, _closing):
        body = coming.pop(0) if len(coming) > 1 else coming[0]
        head = start + f"Content-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body)

    return behave


def packed(bits, megabytes):
    """So many megabytes of zeros, which take a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    zeros = bytes(1 << 20)
    parts = [packer.compress(zeros), packer.flush(zlib.Z_FULL_FLUSH)]
    again = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"".join([*parts, *[again] * (megabytes - 1)])


GZIP, ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
EMPTY_MEMBER = zlib.compress(b"", wbits=GZIP)
PACKED = HEAD + b"Content-Encoding: gzip\r\n"
ENDLESS = {
    "headers that drip": (drips(HEAD, b"X"), "ReadTimeoutError"),
    "a first line that drips": (drips(b"", b"H"), "ReadTimeoutError"),
    "a line of headers now and then": (drips(HEAD, b"X-A: 1\r\n", 0.2), "ReadTimeoutError"),
    "interim answers that drip": (drips(b"", b"HTTP/1.1 100 X\r\n\r\n"), "ReadTimeoutError"),
    "interim answers that flood": (floods(b"", b"HTTP/1.1 100 X\r\n\r\n" * 999), TOO_LARGE),
    "headers of interim answers": (
        floods(b"", b"HTTP/1.1 100 X\r\n" + b"X-A: %s\r\n" % (b"a" * 9999) * 50 + b"\r\n"),
        TOO_LARGE,
    ),
    "a body that drips": (drips(HEAD + b"Content-Length: 999\r\n\r\n", b"x"), "ReadTimeoutError"),
    "a body that drips without a length": (drips(HEAD + b"\r\n", b" "), "ReadTimeoutError"),
    "chunks that drip": (
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"), "ReadTimeoutError",
    ),
    "a chunk's own line that drips": (
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"), "ReadTimeoutError",
    ),
    "trailers that drip": (
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: 1\r\n"), "ReadTimeoutError",
    ),
    "trailers that flood": (
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: 1\r\n" * 9999), TOO_LARGE,
    ),
    "chunks that flood": (
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n%s\r\n" % bytes(4096)),
        TOO_LARGE,
    ),
    "a chunk of an exabyte": (
        floods(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", bytes(65536)),
        TOO_LARGE,
    ),
    "a gigabyte": (floods(HEAD + b"Content-Length: 1073741824\r\n\r\n", bytes(65536)), TOO_LARGE),
    "a flood without a length": (floods(HEAD + b"\r\n", bytes(65536)), TOO_LARGE),
    "half a gigabyte as gzip": (says(PACKED, packed(GZIP, 512)), TOO_LARGE),
    "half a gigabyte as deflate": (
        says(HEAD + b"Content-Encoding: deflate\r\n", packed(ZLIB, 512)), TOO_LARGE,
    ),
    "half a gigabyte as bare deflate": (
        says(HEAD + b"Content-Encoding: DEFLATE\r\n", packed(-ZLIB, 512)), TOO_LARGE,
    ),
    "gzip that breaks off": (says(PACKED, zlib.compress(b"{}", wbits=GZIP)[:-4]), "BrokenResponse"),
    "gzip that is none": (says(PACKED, b"<html>"), "BrokenResponse"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["email", "sms"])
@pytest.mark.parametrize("what", ENDLESS)
def test_an_answer_without_end_or_measure_is_unknown_in_time_and_in_memory(serve, name, what):
    behave, reason = ENDLESS[what]
    server = serve(behave)
    before, began = _memory(), time.monotonic()
    outcome = send(name, server.url)
    assert time.monotonic() - began < 4
    assert outcome.kind == "unknown"
    assert outcome.reason.startswith(reason) or (name == "sms" and outcome.status in {0, 202})
    assert _memory() - before < 100 << 20
    assert server.requests == 1


def _memory() -> int:
    """The most that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_many_empty_streams_behind_each_other_cost_no_time(serve):
    began = time.monotonic()
    assert send("email", serve(says(PACKED, EMPTY_MEMBER * 50_000)).url).kind == "accepted"
    assert time.monotonic() - began < 2


def test_what_is_left_of_too_large_an_answer_is_not_taken_for_the_next_one(serve):
    server = serve(says(HEAD, bytes(3 << 20), b"second"))
    wire = Wire(pool_size=1, response_megabytes=1)
    with contextlib.closing(wire):
        with pytest.raises(Exception, match="over 1 MB"):
            wire.call("POST", server.url, data=b"{}")
        assert wire.call("POST", server.url, data=b"{}").body == b"second"


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "bare"])
def test_an_answer_up_to_the_limit_is_read_whole_on_one_connection(serve, size, encoding):
    body = b"x" * size
    bits = {"gzip": GZIP, "deflate": ZLIB, "bare": -ZLIB}.get(encoding)
    told = {"bare": "deflate"}.get(encoding, encoding)
    sent = zlib.compress(body, wbits=bits) if bits else body
    server = serve(says(HEAD + f"Content-Encoding: {told}\r\n".encode(), sent))
    with contextlib.closing(Wire(pool_size=1, response_megabytes=2)) as wire:
        for _ in range(2):
            assert wire.call("POST", server.url, data=b"{}").body == body
        server_side = wire._server(server.url).pool
        assert server_side.num_connections == 1


# JSON that is read, and means nothing.

DEEP = b"[" * 100_000
NESTED = b'{"a":' * 900 + b"1" + b"}" * 900
ODD_BODIES = {
    "brackets alone": DEEP,
    "a list in lists": b"[" * 900 + b"]" * 900,
    "an object in objects": NESTED,
    "as deep as a code": b'{"code": ' + NESTED + b"}",
    "as deep as a sid": b'{"sid": ' + NESTED + b"}",
    "as deep as a field": b'{"errors": [{"field": ' + NESTED + b"}]}",
    "as deep as a message": b'{"errors": [{"field": "from", "message": ' + NESTED + b"}]}",
    "as deep as the errors": b'{"errors": [' * 20_000,
    "a number of 9,000 digits": b'{"code": ' + b"9" * 9_000 + b"}",
    "a sid with a null in it": b'{"sid": "SM\\u0000"}',
    "a sid with half a letter": b'{"sid": "SM\\ud800"}',
    "a sid of a page": b'{"sid": "' + b"S" * 4_000 + b'"}',
    "no UTF-8": b'{"sid": "\xff\xfe"}',
    "UTF-16 without an end": b"\xff\xfe{\x00",
    "nothing": b"",
    "zeros": bytes(100),
}  # fmt: skip


@pytest.mark.parametrize("status", [200, 201, 400, 500])
@pytest.mark.parametrize("what", ODD_BODIES)
def test_a_text_whose_answer_means_nothing_is_never_sent_again(serve, what, status):
    server = serve(says(f"HTTP/1.1 {status} X\r\n".encode(), ODD_BODIES[what]))
    assert send("sms", server.url).kind == "unknown"
    assert server.requests == 1


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("what", ODD_BODIES)
def test_a_mail_whose_answer_means_nothing_is_never_sent_again(serve, what, status):
    server = serve(says(f"HTTP/1.1 {status} X\r\n".encode(), ODD_BODIES[what]))
    assert send("email", server.url).kind == "unknown"
    assert server.requests == 1


def test_the_place_of_a_refused_person_is_a_place():
    far = json.dumps({"errors": [{"field": f"personalizations.{'9' * 6000}.to"}]}).encode()
    assert classify("sendgrid", HttpResponse(400, {}, far)).kind == "refused"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["sid", "code", "errors", "field", "message", "status", "a"]), inner
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "date", "x-ratelimit-reset", "x-message-id", "twilio-request-id"]
    ),
    st.text(st.characters(max_codepoint=255), max_size=30)
    | st.sampled_from(["9" * 400, "²", "Tue, 10 Mar 99999999999 20:00:00 GMT", "a\x00b"]),
)


@given(st.sampled_from(["sendgrid", "twilio"]), st.integers(0, 999), HEADERS, JSON)
def test_whatever_an_answer_says_it_is_classified_and_fits_into_a_ledger(
    provider, status, headers, value
):
    outcome = classify(provider, HttpResponse(status, headers, json.dumps(value).encode()))
    for text in (outcome.reason, outcome.code, outcome.provider_id, outcome.request_id):
        assert text is None or (text.isprintable() and text.isascii() and len(text) < 256)
    assert int(outcome.retry_after or 0) < 1 << 31


# Look-ups and lists.


@pytest.mark.parametrize("what", ENDLESS)
def test_a_look_up_without_end_proves_nothing(serve, what):
    server = serve(ENDLESS[what][0])
    question = Search(outgoing(), since=NOW)
    began = time.monotonic()
    for name in ("email", "sms"):
        finding = ask(name, server.url, question)
        assert (finding.kind, finding.stops_asking) == ("unreadable", True)
    assert time.monotonic() - began < 6


def record(**changes):
    return {
        "sid": "SM1", "to": "+15550100", "body": "other words", "direction": "outbound-api",
        "date_created": "Tue, 10 Mar 2026 20:00:30 +0000", "status": "sent", **changes,
    }  # fmt: skip


@pytest.mark.parametrize("changes", [
    {"body": 5}, {"body": ["a"]}, {"body": {"a": 1}}, {"body": "x" * 900_000}, {"to": 15550001},
    {"to": ["+15550100"]}, {"sid": None}, {"sid": 7}, {"sid": "SM\0"}, {"sid": "S" * 9_000},
    {"direction": ["outbound-api"]}, {"date_created": 7}, {"date_created": "soon"},
    {"date_created": "Tue, 10 Mar 99999999999 20:00:30 +0000"}, {"from": 5}, {"status": []},
    {"uri": json.loads("[" * 200 + "]" * 200)},
], ids=lambda it: " ".join(f"{key} {str(value)[:20]!r}" for key, value in it.items()))  # fmt: skip
def test_a_record_of_another_shape_proves_nothing(serve, changes):
    listed = json.dumps({"messages": [record(**changes)], "next_page_uri": None}).encode()
    began = time.monotonic()
    server = serve(says(b"HTTP/1.1 200 X\r\n", listed))
    finding = ask("sms", server.url, Search(outgoing(), since=NOW))
    assert finding.kind == "unreadable"
    assert time.monotonic() - began < 2


def test_a_record_of_other_words_is_another_message(serve):
    listed = json.dumps({"messages": [record()], "next_page_uri": None}).encode()
    server = serve(says(b"HTTP/1.1 200 X\r\n", listed))
    assert ask("sms", server.url, Search(outgoing(), since=NOW)).kind == "absent"


@pytest.mark.parametrize("body", [*ODD_BODIES.values(), b"{}", b"[]", b"5", b'{"messages": 5}'])
def test_a_list_or_record_that_is_none_proves_nothing(serve, body):
    server = serve(says(b"HTTP/1.1 200 X\r\n", body))
    for name, question in (
        ("sms", Search(outgoing(), since=NOW)),
        ("sms", Progress("SM1")),
        ("voice", Search(outgoing("voice"), since=NOW)),
        ("voice", Progress("CA1")),
        ("email", Search(outgoing(), since=NOW)),
    ):
        assert ask(name, server.url, question).kind == "unreadable"


@pytest.mark.parametrize("detail", [
    {"custom_args": {"wb_message": "m1"}, "events": 5},
    {"custom_args": {"wb_message": "m1"}, "events": {"event": "delivered"}},
    [], 5, {"custom_args": ["m1"]},
])  # fmt: skip
def test_a_mail_log_of_another_shape_finds_nothing(serve, detail):
    log = {"messages": [{"sg_message_id": "a.b"}]}
    bodies = (json.dumps(value).encode() for value in (log, detail))
    server = serve(says(b"HTTP/1.1 200 X\r\n", *bodies))
    finding = ask("email", server.url, Search(outgoing(), since=NOW))
    assert finding.kind in {"unreadable", "absent"}


def test_pages_that_each_come_in_time_end_in_time_too(serve, monkeypatch):
    monkeypatch.setattr(records_module, "LOOK_UP_SECONDS", 0.3)
    page = json.dumps({"messages": [record()], "next_page_uri": "/again"}).encode()

    def slowly(connection, closing):
        closing.wait(0.2)
        says(b"HTTP/1.1 200 X\r\n", page)(connection, closing)

    server = serve(slowly)
    finding = ask("sms", server.url, Search(outgoing(), since=NOW))
    assert (finding.kind, finding.reason) == ("unreadable", "took too long")
    assert server.requests <= 3


@pytest.mark.parametrize("what", ENDLESS)
def test_a_suppression_list_without_end_is_told_and_changes_nothing(serve, what):
    behave, reason = ENDLESS[what]
    page = _page(serve(behave).url, "groups")
    assert not page.entries
    assert page.problem.startswith(reason)


@pytest.mark.parametrize("row", [
    None, 5, "x@example.com", [], {}, {"email": 5, "created": 1}, {"email": "x@y.z"},
    {"email": "x@y.z", "created": "9" * 6000}, {"email": "x@y.z", "created": 1e400},
    {"email": "x@y.z", "created": -(10**30)}, {"email": "x\0@y.z", "created": 1},
    {"email": "\ud800@y.z", "created": 1}, {"email": " ", "created": 1},
    {"email": "a\n@y.z", "created": 1},
])  # fmt: skip
def test_a_row_of_a_list_that_makes_no_sense_keeps_the_others(serve, row):
    good = {"email": "A@example.com", "created": 1_772_000_000}
    server = serve(says(b"HTTP/1.1 200 X\r\n", json.dumps([row, good]).encode()))
    page = _page(server.url, "bounces")
    assert [entry.address for entry in page.entries] == ["a@example.com"]


def _page(url, name):
    with contextlib.closing(SuppressionLists(settings_for(url))) as lists:
        return lists.page(name, since=NOW - timedelta(days=1), until=NOW, offset=0)


def test_json_as_deep_as_it_may_be_is_read_and_deeper_is_none():
    for levels, is_read in ((MOST_LEVELS - 1, True), (MOST_LEVELS + 1, False)):
        body = b"[" * levels + b"1" + b"]" * levels
        assert (HttpResponse(200, {}, body).value() is not None) is is_read
