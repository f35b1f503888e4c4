"""SendGrid's own client over our wire, and the calls that hold mail back or take it away."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

import python_http_client
from sendgrid import SendGridAPIClient

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.providers._classify import classify
from winback.providers._seam import NotPreparedError, Outcome
from winback.providers._wire import HttpResponse, Wire

DEFAULT_BASE_URL = "https://api.sendgrid.com"

# By this type, and not by that without a charset, the client knows a body that is JSON already.
_WRITTEN: Final = {"Content-Type": "application/json; charset=utf-8"}

# The client logs whole payloads, addresses included, at DEBUG.
logging.getLogger("python_http_client").setLevel(logging.INFO)


def base_url(settings: Settings) -> str:
    return settings.sendgrid_base_url.rstrip("/") or DEFAULT_BASE_URL


def is_the_real_one(settings: Settings) -> bool:
    """Whether mail goes to SendGrid itself, in the EU too, and to no stand-in."""
    host = urlsplit(base_url(settings)).hostname or ""
    return host == "sendgrid.com" or host.endswith(".sendgrid.com")


class SendGrid:
    """One account. Every call is made once; what it came to is an Outcome, never an exception."""

    def __init__(self, settings: Settings, *, pool_size: int) -> None:
        host = base_url(settings)
        key = settings.sendgrid_api_key.get_secret_value()
        if not key or not host.startswith(("http://", "https://")):
            raise UsageError(
                "Email can't be sent: set WINBACK_SENDGRID_API_KEY, and "
                "WINBACK_SENDGRID_BASE_URL, if it is set, to an http(s) address."
            )
        self._wire = Wire(pool_size=pool_size, response_megabytes=settings.response_megabytes)
        headers = SendGridAPIClient(key, host=host).client.request_headers
        self.client = _Client(self._wire, host=host, request_headers=headers, version=3)

    def post_mail(self, body: str) -> Outcome:
        """Post one request, in JSON, to mail/send. 202 takes all of it, anything else none."""
        post, written = self.client.mail.send.post, _Written(body)
        return self.ask(lambda: post(request_body=written, request_headers=_WRITTEN))[0]

    def new_batch(self) -> str:
        """A batch id, by which mail with a `send_at` can be cancelled until 10 minutes before.

        Raises NotPreparedError: without one nothing is sent.
        """
        outcome, response = self.ask(self.client.mail.batch.post, taken=201)
        batch_id = response.json().get("batch_id")
        if outcome.kind == "accepted" and isinstance(batch_id, str) and batch_id:
            return batch_id
        if outcome.kind in {"accepted", "unknown", "rejected"}:
            reason = "no_batch_id" if outcome.kind == "accepted" else outcome.reason
            outcome = Outcome("not_sent", reason, outcome.status)
        elif outcome.kind == "refused" and outcome.status != 401:
            # The key may well send mail: the rest of what it may do is granted apart.
            outcome = Outcome("refused", "no_batches", outcome.status, stops="channel")
        raise NotPreparedError(outcome)

    def cancel_batch(self, batch_id: str) -> Outcome:
        """Ask that a batch be discarded; `accepted` once SendGrid says so.

        At most ten may be cancelled at once, a second time is refused, and any response but
        `accepted` leaves open whether it is: `batch_status` tells.
        """
        body = {"batch_id": batch_id, "status": "cancel"}
        sends = self.client.user.scheduled_sends
        outcome, response = self.ask(lambda: sends.post(request_body=body), taken=201)
        if outcome.kind == "accepted" and response.json().get("status") != "cancel":
            return Outcome("unknown", "unreadable", outcome.status)
        return outcome

    def batch_status(self, batch_id: str) -> tuple[Outcome, str | None]:
        """What is to become of a batch: `cancel`, `pause`, or None: it goes at its time.

        The status means something only beside an `accepted` outcome.
        """
        one = self.client.user.scheduled_sends._(batch_id)
        outcome, response = self.ask(one.get, taken=200)
        if outcome.kind != "accepted":
            return outcome, None
        found = response.value()
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            return Outcome("unknown", "unreadable", outcome.status), None
        mine = [str(row.get("status")) for row in found if row.get("batch_id") == batch_id]
        return outcome, mine[0] if mine else None

    def forget_cancellation(self, batch_id: str) -> Outcome:
        """Free a cancellation's place. Before the batch's `send_at` this would release its mail."""
        one = self.client.user.scheduled_sends._(batch_id)
        return self.ask(one.delete, taken=204)[0]

    def ask(self, call: Callable[[], Any], *, taken: int = 202) -> tuple[Outcome, HttpResponse]:
        """What a call of `client` came to, and its response: of status 0 if there was none."""
        try:
            returned = call()
        except Exception as error:  # noqa: BLE001 - whatever broke, the classification decides
            return classify("sendgrid", error), HttpResponse(0)
        response = HttpResponse(returned.status_code, returned.headers, returned.body)
        return classify("sendgrid", response, taken=taken), response

    def close(self) -> None:
        """Close pooled connections."""
        self._wire.close()


class _Written(str):
    """A body in JSON, which the client encodes as it is."""

    def encode(self, *args: Any, **options: Any) -> bytes:
        return _RedactedBody(super().encode(*args, **options))


class _RedactedBody(bytes):
    """A body of which the client's log lines, made up for each call, tell nothing."""

    def __format__(self, spec: str) -> str:
        return f"{len(self)} bytes"


class _Client(python_http_client.Client):  # type: ignore[misc]  # untyped library
    """The client that SendGrid's library uses; every status is a response, none an exception."""

    def __init__(self, wire: Wire, **options: Any) -> None:
        super().__init__(**options)
        self._wire = wire

    def _build_client(self, name: str | None = None) -> _Client:
        return _Client(
            self._wire,
            host=self.host,
            version=self._version,
            # Its own copy: what one call sets would stick to the others.
            request_headers=dict(self.request_headers),
            url_path=[*self._url_path, name] if name else self._url_path,
        )

    def _make_request(
        self, opener: object, request: urllib.request.Request, timeout: float | None = None
    ) -> _Response:
        body = cast("bytes | None", request.data)
        response = self._wire.call(
            request.get_method(), request.full_url, data=body, headers=dict(request.headers)
        )
        return _Response(response)


class _Response:
    """A response, as the client reads what urllib returns."""

    def __init__(self, response: HttpResponse) -> None:
        self._response = response

    def getcode(self) -> int:
        return self._response.status

    def read(self) -> bytes:
        return self._response.body

    def info(self) -> dict[str, str]:
        return dict(self._response.headers)
