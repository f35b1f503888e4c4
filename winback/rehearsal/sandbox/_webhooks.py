"""Signed posts to the receiver from background threads, repeated as the providers repeat them."""

from __future__ import annotations

import json
import queue
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import requests
from urllib3.filepost import encode_multipart_formdata

from winback.base.clock import Clock
from winback.rehearsal.sandbox._credentials import Credentials
from winback.rehearsal.sandbox._mishaps import Later, Mishaps
from winback.rehearsal.sandbox._records import Endpoint, Message, Move, Webhook
from winback.rehearsal.sandbox._store import Store

PATHS: Final[dict[Endpoint, str]] = {
    "sendgrid_events": "/webhooks/sendgrid/events",
    "sendgrid_inbound": "/webhooks/sendgrid/inbound",
    "twilio_inbound": "/webhooks/twilio/inbound",
}
TIMEOUT_SECONDS: Final = 15.0
# SendGrid collects events for a while; 500 keeps a post well below its 768 KB.
EVENTS_PER_POST: Final = 500
# Twilio posts each callback by itself: as many at once as keep one receiver busy.
TWILIO_POSTERS: Final = 8
# SendGrid goes on for 24 hours; here it goes on until the sandbox stops.
LONGEST_PAUSE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Addresses:
    """The webhooks' addresses: delivered to `deliver_to`, signed as if they came in at `public`."""

    deliver_to: str
    public: str

    def delivery_url(self, url: str) -> str:
        """Return where a public URL is really reached, as a proxy would know."""
        inside = self.public and url.startswith(self.public)
        return self.deliver_to + url.removeprefix(self.public) if inside else url


@dataclass(frozen=True)
class RetryRule:
    """Twilio's rule of retries: the connection overrides in a URL's fragment."""

    count: int
    on: frozenset[str]

    @classmethod
    def of(cls, url: str) -> RetryRule:
        """Read a URL's rule; by default once more, and only when no connection was made."""
        given = dict(parse_qsl(urlsplit(url).fragment))
        count = given.get("rc", "1")
        return cls(
            count=min(int(count), 5) if count.isdecimal() else 1,
            on=frozenset(given.get("rp", "ct").split(",")),
        )

    def allows(self, failure: str) -> bool:
        return failure in self.on or "all" in self.on


# What is kept although nobody is told.
_LOGGED: Final = frozenset({"sendgrid_events", "twilio_inbound"})


class Outbox:
    """The sender of the store's webhooks; every webhook ends as delivered or lost."""

    def __init__(self, store: Store, credentials: Credentials, clock: Clock) -> None:
        self._store, self._credentials, self._clock = store, credentials, clock
        self._addresses: Addresses | None = None
        self._events: queue.Queue[Webhook | None] = queue.Queue()
        self._posts: queue.Queue[Webhook | None] = queue.Queue()
        # Faults on the way to the receiver; none until somebody orders them.
        self.mishaps = Mishaps()
        self._later = Later()
        self._idle = threading.Condition()
        self._open = 0
        self._stopping = threading.Event()
        jobs: list[Callable[[], None]] = [self._post_events, *[self._post_singly] * TWILIO_POSTERS]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def start(self, addresses: Addresses | None) -> None:
        self._addresses = addresses
        self._later.start()
        for thread in self._threads:
            thread.start()
        self._enqueue(self._store.pending_webhooks())

    def stop(self) -> None:
        """End the threads; the next sandbox on this home sends what is still pending."""
        self._stopping.set()
        self._later.stop()
        self._events.put(None)
        for _ in range(TWILIO_POSTERS):
            self._posts.put(None)
        for thread in self._threads:
            thread.join()

    def send_to(self, addresses: Addresses | None) -> None:
        self._addresses = addresses

    def accept(
        self, *, body: dict[str, Any], messages: Sequence[Message], webhooks: Sequence[Webhook]
    ) -> None:
        told = self._with_place(webhooks)
        self._enqueue(self._store.accept(body=body, messages=messages, webhooks=told))

    def move(self, moves: Sequence[Move], webhooks: Sequence[Webhook]) -> None:
        told = self._with_place(webhooks)
        self._enqueue(self._store.move(moves, told))

    def add(self, webhooks: Sequence[Webhook]) -> None:
        told = self._with_place(webhooks)
        self._enqueue(self._store.move((), told))

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Wait until everything is sent or given up; False when time ran out."""
        with self._idle:
            return self._idle.wait_for(lambda: self._open == 0, timeout_seconds)

    def _with_place(self, webhooks: Sequence[Webhook]) -> list[Webhook]:
        """Drop what an account without a webhook URL is not told; its logs and lists keep it."""
        if self._addresses is not None:
            return list(webhooks)
        return [
            replace(webhook, endpoint="log") if webhook.endpoint in _LOGGED else webhook
            for webhook in webhooks
            if webhook.url is not None or webhook.endpoint in {"log", *_LOGGED}
        ]

    def _enqueue(self, webhooks: Sequence[Webhook]) -> None:
        fates = [self.mishaps.fate(w) for w in webhooks if w.endpoint != "log"]
        lost = [fate.webhook.seq for fate in fates if not fate.delays]
        if lost:
            self._store.settle_webhooks(lost, "lost")
        posts = [post for fate in fates for post in fate.posts()]
        self.owe(len(posts))
        for delay, webhook in posts:
            if delay:
                self._later.do(delay, partial(self._put, webhook))
            else:
                self._put(webhook)

    def _put(self, webhook: Webhook) -> None:
        (self._events if webhook.endpoint == "sendgrid_events" else self._posts).put(webhook)

    def owe(self, more: int) -> None:
        """Change the number of posts that are still to come."""
        with self._idle:
            self._open += more
            self._idle.notify_all()

    def _settle(self, webhooks: Sequence[Webhook], *, is_delivered: bool) -> None:
        self._store.settle_webhooks(
            [webhook.seq for webhook in webhooks], "delivered" if is_delivered else "lost"
        )
        self.owe(-len(webhooks))

    def _post_events(self) -> None:
        with requests.Session() as session:
            while (first := self._events.get()) is not None:
                batch = [first]
                while len(batch) < EVENTS_PER_POST:
                    try:
                        following = self._events.get_nowait()
                    except queue.Empty:
                        break
                    if following is None:
                        self._events.put(None)
                        break
                    batch.append(following)
                body = json.dumps([webhook.body for webhook in batch]).encode() + b"\r\n"
                headers = {"Content-Type": "application/json; charset=utf-8"}
                if self._post_until_taken(session, "sendgrid_events", body, headers):
                    self._settle(batch, is_delivered=True)

    def _post_singly(self) -> None:
        with requests.Session() as session:
            while (webhook := self._posts.get()) is not None:
                if webhook.endpoint != "sendgrid_inbound":
                    self._settle([webhook], is_delivered=self._post_twilio(session, webhook))
                    continue
                boundary = secrets.token_hex(16)
                body, kind = encode_multipart_formdata(webhook.body, boundary)
                if self._post_until_taken(
                    session, "sendgrid_inbound", body, {"Content-Type": kind}
                ):
                    self._settle([webhook], is_delivered=True)

    def _post_until_taken(
        self, session: requests.Session, endpoint: Endpoint, body: bytes, headers: dict[str, str]
    ) -> bool:
        """Post with SendGrid's signature until the receiver says 2xx; False when stopped first."""
        pause = 0.05
        while not self._stopping.is_set():
            timestamp = str(int(self._clock.now().timestamp()))
            signed = {
                **headers,
                "X-Twilio-Email-Event-Webhook-Signature": self._credentials.sign_event_webhook(
                    timestamp, body
                ),
                "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            }
            addresses = self._addresses
            if addresses and not _post(
                session, addresses.deliver_to + PATHS[endpoint], body, signed
            ):
                return True
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return False

    def _post_twilio(self, session: requests.Session, webhook: Webhook) -> bool:
        """Post with Twilio's signature, and try again only as far as the URL's fragment allows."""
        addresses = self._addresses
        url = webhook.url or (addresses.public + PATHS[webhook.endpoint] if addresses else "")
        rule = RetryRule.of(url)
        public_url = urlunsplit(urlsplit(url)._replace(fragment=""))
        headers = {
            "X-Twilio-Signature": self._credentials.sign_twilio_webhook(public_url, webhook.body),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
        target = addresses.delivery_url(public_url) if addresses else public_url
        for attempt in range(rule.count + 1):
            failure = _post(session, target, webhook.body, headers)
            if not failure:
                return True
            if attempt == rule.count or not rule.allows(failure):
                break
            self._stopping.wait(0.1 * 2**attempt)
        return False


def _post(
    session: requests.Session, url: str, body: bytes | dict[str, Any], headers: dict[str, str]
) -> str:
    """Post once; empty when taken, else Twilio's name of the failure: ct, rt, 4xx or 5xx."""
    try:
        response = session.post(
            url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.ConnectionError:
        return "ct"
    except requests.RequestException:
        return "rt"
    if response.ok and response.status_code < 300:
        return ""
    return "5xx" if response.status_code >= 500 else "4xx"
