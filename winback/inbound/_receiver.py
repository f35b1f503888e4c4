"""The receiver: verify, append durably, acknowledge; the ledger follows in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, get_args

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._health import LastFailure, Probe, cause_of, ledger_probe, problems
from winback.inbound._lanes import Lane, Name, lane_of
from winback.inbound._second_copy import Copier
from winback.inbound._shopify import (
    SHOPIFY_SIGNATURE,
    SHOPIFY_TOPIC,
    is_signed_by_shopify,
    keep_asked,
)
from winback.ledger import Ledger
from winback.providers import Record, answer_call
from winback.providers.sendgrid.verify import (
    SENDGRID_SIGNATURE,
    is_signed_by_sendgrid,
    load_public_keys,
)
from winback.providers.twilio.verify import TWILIO_SIGNATURE, is_signed_by_twilio

log = logging.getLogger(__name__)

# A disk that hangs for longer counts as full: the provider is to try again.
# The header without which nothing else of a callback is looked at.
SIGNATURES: Final = {"sendgrid": SENDGRID_SIGNATURE, "twilio": TWILIO_SIGNATURE}
STORE_SECONDS: Final = 10.0
# The bytes of all bodies that are being received at one time; a request beyond it is refused for
# now.
MAX_BYTES_IN_FLIGHT: Final = 256 * 1024 * 1024
# Less than that for others is no room for a post of events.
LEAST_ROOM: Final = 2 * 1024 * 1024
SHOPIFY_BYTES: Final = 256 * 1024
KEPT_HEADERS: Final = (
    "content-type",
    "i-twilio-idempotency-token",
    "x-twilio-email-event-webhook-timestamp",
)


@dataclass(frozen=True)
class Endpoint:
    """One webhook: who may post how much, and what they hear when it is kept."""

    path: str
    provider: str
    name: str
    max_bytes: int
    answer: Callable[[Settings, bytes], Response]


def _no_content(*_: object) -> Response:
    return Response(status_code=204)


def _empty_twiml(*_: object) -> Response:
    """Twilio sends any text in the response to the sender as a reply: say nothing."""
    return Response("<Response/>", media_type="text/xml")


ENDPOINTS: Final = (
    Endpoint("/webhooks/sendgrid/events", "sendgrid", "events", 2 * 1024 * 1024, _no_content),
    # A parsed mail carries its attachments: SendGrid stops at 30 MB before the form's overhead.
    Endpoint("/webhooks/sendgrid/inbound", "sendgrid", "inbound", 35 * 1024 * 1024, _no_content),
    Endpoint("/webhooks/twilio/status", "twilio", "status", 64 * 1024, _no_content),
    Endpoint("/webhooks/twilio/inbound", "twilio", "inbound", 64 * 1024, _empty_twiml),
    Endpoint("/webhooks/twilio/voice", "twilio", "voice", 64 * 1024, answer_call),
)


class Receiver:
    """One receiver process: its keys, its log writers and its background collector."""

    def __init__(self, ledger: Ledger, settings: Settings, clock: Clock) -> None:
        self.ledger, self.settings, self.clock = ledger, settings, clock
        self.public_base_url = settings.public_base_url.rstrip("/")
        self.counts: Counter[str] = Counter()
        self.bytes_in_flight = 0
        self._keys = load_public_keys(settings.sendgrid_webhook_public_keys)
        self._copier = Copier(settings, clock)
        self._lanes = {
            name: Lane(name, ledger, settings, clock, self._copier) for name in get_args(Name)
        }
        self._storing, self._ledger = Probe(self._lanes[""].log.try_out), ledger_probe(ledger)
        self._last_failure: LastFailure | None = None

    def start(self) -> None:
        self._copier.start()
        for lane in self._lanes.values():
            lane.start()

    def stop(self) -> None:
        """Write what was acknowledged to the ledger too, then end."""
        for lane in self._lanes.values():
            lane.stop()
        self._copier.stop()

    def is_signed(self, endpoint: Endpoint, request: Request, body: bytes) -> bool:
        if endpoint.provider == "sendgrid":
            return is_signed_by_sendgrid(body, request.headers, self._keys)
        return is_signed_by_twilio(
            body,
            request.headers,
            url=self.public_base_url + _path_and_query(request),
            auth_token=self.settings.twilio_auth_token.get_secret_value(),
        )

    def refuse(self, status: int = 403) -> Response:
        self.counts["refused"] += 1
        return Response(status_code=status)

    def keep_asked(self, topic: str, body: bytes) -> bool:
        """Keep a request of Shopify's on behalf of a person; False where it is none."""
        return keep_asked(self.ledger, self.settings, topic, body, at=self.clock.now())

    def count_not_stored(self, why: str) -> None:
        """Count a callback whose provider hears 503, and tell of it until one is stored."""
        self.counts["not_stored"] += 1
        self._last_failure = LastFailure(self.clock.now(), why)

    async def keep(self, record: Record) -> bool:
        """Append the record; False when it could not be made durable."""
        lane = self._lanes[lane_of(record)]
        try:
            stored = asyncio.wrap_future(lane.log.append(record))
            await asyncio.wait_for(stored, STORE_SECONDS)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not on disk
            log.error("a callback could not be stored: %s", type(error).__name__)
            self.count_not_stored(cause_of(error))
            return False
        self.counts["stored"] += 1
        self._last_failure = None
        lane.enqueue(record)
        return True

    async def health(self) -> tuple[int, dict[str, object]]:
        """The status of `GET /healthz` and what it says."""
        storing, ledger = await asyncio.gather(self._storing.trouble(), self._ledger.trouble())
        looks = [lane.backlog.look() for lane in self._lanes.values()]
        waiting, age = sum(count for count, _ in looks), max(age for _, age in looks)
        has_room = self.bytes_in_flight <= MAX_BYTES_IN_FLIGHT - LEAST_ROOM
        found = problems(
            storing=storing,
            bytes_in_flight=0 if has_room else self.bytes_in_flight,
            last=self._last_failure,
            ledger=ledger,
            waiting=waiting,
            age=age,
        )
        is_failing = bool(storing) or not has_room
        return (503 if is_failing else 200), {
            "status": "failing" if is_failing else "degraded" if found else "ok",
            **{name: self.counts[name] for name in ("stored", "refused", "not_stored")},
            "can_store": not storing,
            "has_room": has_room,
            "ledger": ledger or "ok",
            "uncollected": waiting,
            "uncollected_seconds": int(age.total_seconds()),
            "problems": found,
        }


def create_app(receiver: Receiver, pages: Iterable[Route] = ()) -> Starlette:
    """The HTTP surface over one receiver, which lives as long as the app, and pages beside it."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        receiver.start()
        try:
            yield
        finally:
            await asyncio.to_thread(receiver.stop)

    app = Starlette(
        routes=[
            *(Route(e.path, _webhook(e), methods=["POST"]) for e in ENDPOINTS),
            Route("/webhooks/shopify", _shopify, methods=["POST"]),
            *pages,
            Route("/healthz", healthz, methods=["GET"]),
        ],
        exception_handlers={ClientDisconnect: _gone},
        lifespan=lifespan,
    )
    # A redirect would name whatever host the client did, and no provider follows one.
    app.router.redirect_slashes = False
    app.state.receiver = receiver
    return app


async def _gone(_request: Request, _error: Exception) -> Response:
    """A client that goes away in the middle of a request gets no response, and costs one line."""
    log.warning("a client went away before its request was complete: nothing of it is stored")
    return Response(status_code=400)


def _webhook(endpoint: Endpoint) -> Callable[[Request], object]:
    async def receive(request: Request) -> Response:
        receiver: Receiver = request.app.state.receiver
        if _declared_bytes(request) > endpoint.max_bytes:
            return Response(status_code=413)
        if SIGNATURES[endpoint.provider] not in request.headers:
            return receiver.refuse()
        body = bytearray()
        try:
            status = await _read(request, body, endpoint.max_bytes, receiver)
            if status:
                return Response(status_code=status)
            return await _take(receiver, endpoint, request, bytes(body))
        finally:
            receiver.bytes_in_flight -= len(body)

    return receive


async def _read(request: Request, body: bytearray, max_bytes: int, receiver: Receiver) -> int:
    """Fill the raw body; the status to refuse it with as soon as it is too much, else 0."""
    async for chunk in request.stream():
        body += chunk
        receiver.bytes_in_flight += len(chunk)
        if len(body) > max_bytes:
            return 413
        if receiver.bytes_in_flight > MAX_BYTES_IN_FLIGHT:
            receiver.count_not_stored("the memory for bodies is full")
            return 503
    return 0


async def _take(receiver: Receiver, endpoint: Endpoint, request: Request, body: bytes) -> Response:
    """Check the signature, keep the callback, and only then say so."""
    if not receiver.is_signed(endpoint, request, body):
        return receiver.refuse()
    record = Record(
        provider=endpoint.provider,
        endpoint=endpoint.name,
        received_at=receiver.clock.now(),
        query=request.url.query,
        headers=_kept(request.headers),
        body=body,
    )
    if not await receiver.keep(record):
        return Response(status_code=503)
    return endpoint.answer(receiver.settings, body)


async def _shopify(request: Request) -> Response:
    """401 where Shopify did not sign it, as Shopify wants it; 200 once it is on disk."""
    receiver: Receiver = request.app.state.receiver
    if SHOPIFY_SIGNATURE not in request.headers:
        return receiver.refuse(status=401)
    body = bytearray()
    try:
        status = await _read(request, body, SHOPIFY_BYTES, receiver)
        if status:
            return Response(status_code=status)
        secret = receiver.settings.shopify_webhook_secret.get_secret_value()
        if not is_signed_by_shopify(bytes(body), request.headers, secret):
            return receiver.refuse(status=401)
        topic = request.headers.get(SHOPIFY_TOPIC, "")
        try:
            is_asked = await asyncio.to_thread(receiver.keep_asked, topic, bytes(body))
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not on disk
            log.error("a request of Shopify could not be stored: %s", type(error).__name__)
            receiver.count_not_stored("a request of Shopify could not be stored")
            return Response(status_code=503)
        return Response(status_code=200 if is_asked else 400)
    finally:
        receiver.bytes_in_flight -= len(body)


def _declared_bytes(request: Request) -> int:
    """How long the body says it is; 0 when it comes in chunks."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() else 0


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in KEPT_HEADERS if name in headers}


def _path_and_query(request: Request) -> str:
    """As the client wrote it: a signature covers the escaped form."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


async def healthz(request: Request) -> JSONResponse:
    """Its counts and its troubles: 503 where a callback could not be stored."""
    receiver: Receiver = request.app.state.receiver
    status, health = await receiver.health()
    return JSONResponse(health, status_code=status, headers={"Cache-Control": "no-store"})
