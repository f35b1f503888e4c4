"""Twilio's client over our own wire, for all its channels."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.providers._classify import classify
from winback.providers._seam import Outcome, Request
from winback.providers._wire import HttpResponse, Wire

# Retry our callback on any failure, not only on a failed connect. A fragment isn't sent.
CALLBACK_RETRIES: Final = "rc=5&rp=all&ct=3000&rt=8000"

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Unreadable(Exception):
    """Twilio's records could not be read; the message is a word or two."""


class TwilioAccount:
    """The shop's account: one client, whose calls are each made once and classified."""

    def __init__(self, settings: Settings, *, pool_size: int, what: str) -> None:
        self._public_base_url = settings.public_base_url.rstrip("/")
        self._transport = Transport(
            pool_size=pool_size, response_megabytes=settings.response_megabytes
        )
        try:
            self.client = Client(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                http_client=self._transport,
            )
        except TwilioException:
            raise UsageError(
                f"{what} can't be sent: set WINBACK_TWILIO_ACCOUNT_SID and "
                "WINBACK_TWILIO_AUTH_TOKEN."
            ) from None
        if settings.twilio_base_url:
            self.client.api.base_url = settings.twilio_base_url.rstrip("/")

    def call(self, create: Callable[..., object], body: dict[str, Any]) -> Outcome:
        """Make one call; what crossed the wire decides, not how the client reads it."""
        self._transport.forget()
        try:
            create(**body)
        except Exception as error:  # noqa: BLE001 - whatever broke, the classification decides
            if self._transport.last is None:
                return Outcome("not_sent", type(error).__name__)
        return classify("twilio", self._transport.last or HttpResponse(0))

    def read(self, call: Callable[[], T]) -> T:
        """Read from Twilio's records. Raises Unreadable, which never says what they hold."""
        self._transport.forget()
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the library meets foreign responses with any
            last = self._transport.last
            reason = (
                f"http_{last.status}" if isinstance(last, HttpResponse) else type(error).__name__
            )
            raise Unreadable(reason) from None

    def callback(self, page: str, message_id: str, attempt_id: str) -> str | None:
        """Where Twilio reports on an attempt; None while nothing could reach us."""
        if not self._public_base_url:
            return None
        query = urlencode({"m": message_id, "a": attempt_id})
        return f"{self._public_base_url}/webhooks/twilio/{page}?{query}#{CALLBACK_RETRIES}"

    def close(self) -> None:
        """Close pooled connections."""
        self._transport.close()


def new_attempt_id() -> str:
    return secrets.token_hex(16)


def request_of(attempt_id: str, message_id: str, body: dict[str, Any]) -> Request:
    """One call for one message."""
    sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return Request(attempt_id, (message_id,), body, sha256)


class Transport(HttpClient):  # type: ignore[misc]  # untyped library
    """Twilio's HTTP over our own.

    `last` is what this thread's call met on the wire: the client's own exceptions drop
    the headers. None while nothing was tried.
    """

    def __init__(self, *, pool_size: int, response_megabytes: int) -> None:
        super().__init__(_log, is_async=False)
        self._wire = Wire(pool_size=pool_size, response_megabytes=response_megabytes)
        self._local = threading.local()

    @property
    def last(self) -> HttpResponse | Exception | None:
        result: HttpResponse | Exception | None = getattr(self._local, "last", None)
        return result

    def forget(self) -> None:
        self._local.last = None

    def request(  # noqa: PLR0917 - the library's signature
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request with our time-outs, whatever the client asks for."""
        try:
            response = self._wire.call(
                method, uri, params=params, data=data, headers=headers, auth=auth
            )
        except Exception as error:
            self._local.last = error
            raise
        self._local.last = response
        if response.value() is None and response.body:
            raise ValueError("no JSON, or too deep")  # the client would walk into it
        text = response.body.decode("utf-8", "replace")
        return Response(response.status, text, dict(response.headers))

    def close(self) -> None:
        self._wire.close()
