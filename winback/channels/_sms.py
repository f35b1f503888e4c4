"""Texts by Twilio's client, over a transport of ours that never waits for ever."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from winback.channels._classify import classify
from winback.channels._seam import Outcome, Outgoing, Request
from winback.channels._wire import Answer, Wire
from winback.errors import UsageError
from winback.settings import Settings

# Twilio's own bounds of ValidityPeriod.
SHORTEST_VALIDITY, LONGEST_VALIDITY = 1, 36_000
# Retry our callback on any failure, not only on a failed connect. A fragment isn't sent.
CALLBACK_RETRIES = "rc=5&rp=all&ct=3000&rt=8000"

_log = logging.getLogger(__name__)


class SmsChannel:
    """Twilio's Messages, one call a text."""

    name = "sms"
    provider = "twilio"
    batch_size = 1
    concurrency = 8
    unknowns_in_a_row = 20

    def __init__(self, settings: Settings) -> None:
        self.per_second = settings.sms_per_second
        self._public_base_url = settings.public_base_url.rstrip("/")
        self._transport = Transport(pool_size=self.concurrency)
        try:
            self._client = Client(
                settings.twilio_account_sid,
                settings.twilio_auth_token.get_secret_value(),
                http_client=self._transport,
            )
        except TwilioException:
            raise UsageError(
                "Texts can't be sent: set WINBACK_TWILIO_ACCOUNT_SID and WINBACK_TWILIO_AUTH_TOKEN."
            ) from None
        if settings.twilio_base_url:
            self._client.api.base_url = settings.twilio_base_url.rstrip("/")

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """One request a text."""
        return [self._request(message, now=now) for message in messages]

    def send(self, request: Request) -> Outcome:
        """Post one text; what crossed the wire decides, not how the client reads it."""
        self._transport.forget()
        try:
            self._client.messages.create(**request.body)
        except Exception as error:  # noqa: BLE001 - whatever broke, the classification decides
            if self._transport.last is None:
                return Outcome("not_sent", type(error).__name__)
        return classify("twilio", self._transport.last or Answer(0))

    def close(self) -> None:
        """Close pooled connections."""
        self._transport.close()

    def _request(self, message: Outgoing, *, now: datetime) -> Request:
        attempt_id = secrets.token_hex(16)
        seconds = int((message.leaves_by - now).total_seconds())
        body = {
            "to": message.address,
            "body": message.payload["body"],
            "messaging_service_sid": message.payload["messaging_service_sid"],
            "validity_period": min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY),
        }
        if self._public_base_url:
            query = urlencode({"m": message.message_id, "a": attempt_id})
            body["status_callback"] = (
                f"{self._public_base_url}/webhooks/twilio/status?{query}#{CALLBACK_RETRIES}"
            )
        sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        return Request(attempt_id, (message.message_id,), body, sha256)


class Transport(HttpClient):  # type: ignore[misc]  # untyped library
    """Twilio's HTTP over our own.

    `last` is what this thread's call met on the wire: the client's own exceptions drop
    the headers. None while nothing was tried.
    """

    def __init__(self, *, pool_size: int) -> None:
        super().__init__(_log, is_async=False)
        self._wire = Wire(pool_size=pool_size)
        self._local = threading.local()

    @property
    def last(self) -> Answer | Exception | None:
        result: Answer | Exception | None = getattr(self._local, "last", None)
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
            answer = self._wire.call(
                method, uri, params=params, data=data, headers=headers, auth=auth
            )
        except Exception as error:
            self._local.last = error
            raise
        self._local.last = answer
        text = answer.body.decode("utf-8", "replace")
        return Response(answer.status, text, dict(answer.headers))

    def close(self) -> None:
        self._wire.close()
