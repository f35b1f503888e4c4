"""Mail that SendGrid holds back: which is, until when, and the calls that take it away."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from winback.base.settings import Settings
from winback.content.payloads import Email
from winback.providers import NotPreparedError, Outgoing, open_channel
from winback.providers.sendgrid.channel import EMAIL_DELAY, LEAVING

NOW = datetime(2026, 3, 10, 20, 0, 0, 999, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Fake:
    """SendGrid's calls around held mail, and nothing else of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = []
        self.stopped = {}
        # What is answered in place of the next call, once.
        self.instead = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                with fake.lock:
                    fake.calls.append((self.command, self.path))
                    status, value = fake.instead or fake.answer(self.command, self.path, body)
                    fake.instead = None
                raw = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, method, path, body):
        if (method, path) == ("POST", "/v3/mail/batch"):
            return 201, {"batch_id": f"B{len(self.calls)}"}
        key = path.rpartition("/")[2]
        if (method, path) == ("POST", "/v3/user/scheduled_sends"):
            if body["batch_id"] in self.stopped:
                return 400, {"errors": [{"message": "already", "field": None}]}
            self.stopped[body["batch_id"]] = body["status"]
            return 201, body
        if method == "GET":
            return 200, [{"batch_id": k, "status": v} for k, v in self.stopped.items()]
        return (204, None) if self.stopped.pop(key, None) else (404, {"errors": [{"message": "?"}]})


@pytest.fixture
def fake():
    started = Fake()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def channel(fake):
    opened = open_channel("email", settings(sendgrid_base_url=fake.url, email_mode="abortable"))
    yield opened
    opened.close()


def settings(**changes):
    return Settings.load(sendgrid_api_key="SG.key", **changes)


def outgoing(number, *, leaves_in=timedelta(hours=2), may_wait=True, html="h"):
    mail = Email("a@example.com", "A", "s", "t", html)
    return Outgoing(f"m{number}", f"p{number}@example.com", mail, NOW + leaves_in, may_wait)


@pytest.mark.rule("held_at_the_provider")
def test_each_request_has_a_batch_of_its_own_and_one_moment_of_leaving(channel, fake):
    requests = channel.prepare([outgoing(n) for n in range(300)], now=NOW)
    assert [len(request.message_ids) for request in requests] == [250, 50]
    assert {request.batch_id for request in requests} == {"B1", "B2"}
    leaving = (NOW + EMAIL_DELAY).replace(microsecond=0)
    for request in requests:
        assert request.send_at == leaving
        assert request.body["send_at"] == int(leaving.timestamp())
        assert request.body["batch_id"] == request.batch_id
    assert fake.calls == [("POST", "/v3/mail/batch")] * 2


@pytest.mark.rule("held_at_the_provider")
def test_what_would_leave_after_its_window_is_not_held_back(channel):
    late = outgoing(1, leaves_in=EMAIL_DELAY + LEAVING - SECOND)
    (at_once, held) = channel.prepare(
        [outgoing(0, leaves_in=EMAIL_DELAY + LEAVING), late, outgoing(2, leaves_in=SECOND)], now=NOW
    )
    assert held.message_ids == ("m0",)
    assert at_once.message_ids == ("m1", "m2")
    assert (at_once.batch_id, at_once.send_at) == (None, None)
    assert not {"batch_id", "send_at"} & set(at_once.body)


def test_each_body_too_large_for_a_batch_has_a_batch_id_and_one_refusal_costs_no_other(
    channel, fake
):
    large = [outgoing(n, html=str(n) * 12_000) for n in range(6)]
    fake.instead = (429, None)
    first = channel.prepare(large, now=NOW)
    assert [request.message_ids for request in first] == [("m0",), ("m1",), ("m2",)]
    others = [message for message in large if message.message_id > "m2"]
    rest = channel.prepare(others, now=NOW)
    assert len({request.batch_id for request in first + rest}) == 6
    # One refused, none asked for in vain.
    assert len(fake.calls) == 7


def test_what_need_not_wait_is_not_kept_by_a_batch_id_that_is_refused(channel, fake):
    fake.instead = (429, None)
    (request,) = channel.prepare([outgoing(0), outgoing(1, may_wait=False)], now=NOW)
    assert request.message_ids == ("m1",)


def test_what_may_not_wait_goes_at_once(channel, fake):
    (request,) = channel.prepare([outgoing(0, may_wait=False)], now=NOW)
    assert request.send_at is None
    assert not fake.calls


@pytest.mark.parametrize(
    ("mode", "url", "holds"),
    [
        ("auto", "", True),
        ("auto", "https://api.eu.sendgrid.com", True),
        ("auto", "https://api.sendgrid.com.example.com", False),
        ("auto", "http://127.0.0.1:8025", False),
        ("immediate", "", False),
        ("abortable", "http://127.0.0.1:8025", True),
    ],
)
def test_only_sendgrid_itself_holds_mail_back_unless_told_otherwise(mode, url, holds, monkeypatch):
    monkeypatch.setattr("winback.providers.sendgrid.client.SendGrid.new_batch", lambda _: "B1")
    channel = open_channel("email", settings(email_mode=mode, sendgrid_base_url=url))
    (request,) = channel.prepare([outgoing(0)], now=NOW)
    assert (request.batch_id is not None) is holds


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((500, None), "not_sent", "http_500"),
        ((201, {}), "not_sent", "no_batch_id"),
        ((201, ["B1"]), "not_sent", "no_batch_id"),
        ((429, None), "deferred", "rate_limit"),
        ((401, {"errors": [{"message": "no"}]}), "refused", "auth"),
        ((403, {"errors": [{"message": "no"}]}), "refused", "no_batches"),
        ((400, {"errors": [{"message": "no"}]}), "refused", "no_batches"),
    ],
)
def test_without_a_batch_nothing_is_sent_and_nothing_is_unknown(
    channel, fake, answer, kind, reason
):
    fake.instead = answer
    with pytest.raises(NotPreparedError) as failed:
        channel.prepare([outgoing(0)], now=NOW)
    assert (failed.value.outcome.kind, failed.value.outcome.reason) == (kind, reason)
    assert fake.calls == [("POST", "/v3/mail/batch")]


def test_a_batch_is_cancelled_looked_up_and_its_place_freed(channel, fake):
    sendgrid = channel.sendgrid
    assert sendgrid.batch_status("B1")[1] is None
    assert sendgrid.cancel_batch("B1").kind == "accepted"
    assert sendgrid.batch_status("B1")[1] == "cancel"
    assert sendgrid.batch_status("B2")[1] is None
    assert sendgrid.cancel_batch("B1").kind != "accepted"
    assert sendgrid.forget_cancellation("B1").kind == "accepted"
    assert sendgrid.batch_status("B1")[1] is None
    assert ("DELETE", "/v3/user/scheduled_sends/B1") in fake.calls


@pytest.mark.parametrize(
    "answer",
    [(500, None), (201, {"batch_id": "B1", "status": "pause"}), (202, None), (400, None)],
)
def test_only_a_clear_yes_is_a_cancellation(channel, fake, answer):
    fake.instead = answer
    assert channel.sendgrid.cancel_batch("B1").kind != "accepted"


@pytest.mark.parametrize("answer", [(500, None), (200, {"status": "cancel"}), (200, ["cancel"])])
def test_a_status_that_cannot_be_read_says_nothing(channel, fake, answer):
    fake.instead = answer
    outcome, status = channel.sendgrid.batch_status("B1")
    assert (outcome.kind, status) == ("unknown", None)
