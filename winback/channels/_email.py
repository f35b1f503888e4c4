"""Email by SendGrid's client: batches whose every person has an own subject and body."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.error import HTTPError as UrllibHTTPError

import python_http_client
from python_http_client.exceptions import HTTPError, handle_error
from sendgrid import SendGridAPIClient

from winback.channels._classify import Answer, classify
from winback.channels._seam import Outcome, Outgoing, Request
from winback.errors import UsageError
from winback.settings import Settings

DEFAULT_BASE_URL = "https://api.sendgrid.com"
TIMEOUT_SECONDS = 30.0
# An answer that gets lost leaves at most this many people unknown. SendGrid allows 1,000.
BATCH_SIZE = 250
# SendGrid's limit on one personalization's substitutions.
SUBSTITUTION_BYTES = 10_000
_TEXT, _HTML = "-wb_text-", "-wb_html-"
# A link that we count already would lead by SendGrid's servers too, and be counted twice.
_NO_CLICK_TRACKING = {"click_tracking": {"enable": False, "enable_text": False}}

# The client logs whole payloads, addresses included, at DEBUG.
logging.getLogger("python_http_client").setLevel(logging.INFO)


class EmailChannel:
    """SendGrid's mail/send, in `immediate` mode."""

    name = "email"
    provider = "sendgrid"
    batch_size = BATCH_SIZE
    concurrency = 4
    unknowns_in_a_row = 5

    def __init__(self, settings: Settings) -> None:
        host = settings.sendgrid_base_url.rstrip("/") or DEFAULT_BASE_URL
        key = settings.sendgrid_api_key.get_secret_value()
        if not key or not host.startswith(("http://", "https://")):
            raise UsageError(
                "Email can't be sent: set WINBACK_SENDGRID_API_KEY, and "
                "WINBACK_SENDGRID_BASE_URL, if it is set, to an http(s) address."
            )
        headers = SendGridAPIClient(key, host=host).client.request_headers
        self.per_second = settings.email_per_second
        self._client = _Client(
            host=host, request_headers=headers, version=3, timeout=TIMEOUT_SECONDS
        )

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """Pack by sender into batches; a body too large to substitute goes alone."""
        small = [message for message in messages if _fits(message)]
        large = [message for message in messages if not _fits(message)]
        batches = [_request(batch, inline=False) for batch in _batches(small, self.batch_size)]
        return batches + [_request([message], inline=True) for message in large]

    def send(self, request: Request) -> Outcome:
        """Post one batch. 202 takes all of it, anything else none of it."""
        try:
            response = self._client.mail.send.post(request_body=request.body)
        except HTTPError as error:
            return classify("sendgrid", _answer(error.status_code, error.headers, error.body))
        except Exception as error:  # noqa: BLE001 - whatever broke, the classification decides
            return classify("sendgrid", error)
        return classify("sendgrid", _answer(response.status_code, response.headers, response.body))

    def close(self) -> None:
        """Nothing to let go of: the client opens a connection for each call."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would follow a redirect with a GET that carries our key."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Client(python_http_client.Client):  # type: ignore[misc]  # untyped library
    """The client that SendGrid's library uses, without redirects."""

    def _build_client(self, name: str | None = None) -> _Client:
        return _Client(
            host=self.host,
            version=self._version,
            request_headers=dict(self.request_headers),
            url_path=[*self._url_path, name] if name else self._url_path,
            append_slash=self.append_slash,
            timeout=self.timeout,
        )

    def _make_request(self, opener: object, request: Any, timeout: float | None = None) -> Any:
        strict = urllib.request.build_opener(_NoRedirects)
        try:
            return strict.open(request, timeout=timeout or self.timeout)
        except UrllibHTTPError as error:
            with error:
                raise handle_error(error) from None


def _batches(messages: Sequence[Outgoing], size: int) -> Iterator[list[Outgoing]]:
    """Messages that share what a request says once, at most `size`, in their own order."""
    alike: dict[str, list[Outgoing]] = {}
    for message in messages:
        shared = [message.payload.get(name) for name in ("from", "reply_to", "own_click_links")]
        alike.setdefault(json.dumps(shared), []).append(message)
    for group in alike.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _request(batch: Sequence[Outgoing], *, inline: bool) -> Request:
    """One request. Its JSON is ours, so that an error's index means our index."""
    attempt_id = secrets.token_hex(16)
    first = batch[0].payload
    body: dict[str, Any] = {
        "personalizations": [_personalization(m, attempt_id, inline=inline) for m in batch],
        "from": first["from"],
        "content": [
            {"type": "text/plain", "value": first["text"] if inline else _TEXT},
            {"type": "text/html", "value": first["html"] if inline else _HTML},
        ],
    }
    if first.get("reply_to"):
        body["reply_to"] = first["reply_to"]
    if first.get("own_click_links"):
        body["tracking_settings"] = _NO_CLICK_TRACKING
    sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return Request(attempt_id, tuple(message.message_id for message in batch), body, sha256)


def _personalization(message: Outgoing, attempt_id: str, *, inline: bool) -> dict[str, Any]:
    """One person: one recipient, so that nobody sees another's address."""
    payload = message.payload
    person = {
        "to": [{"email": message.address}],
        "subject": payload["subject"],
        "headers": dict(payload["headers"]),
        "custom_args": {"wb_message": message.message_id, "wb_attempt": attempt_id},
    }
    if not inline:
        person["substitutions"] = _substitutions(payload)
    return person


def _substitutions(payload: Mapping[str, Any]) -> dict[str, str]:
    return {_TEXT: payload["text"], _HTML: payload["html"]}


def _fits(message: Outgoing) -> bool:
    return len(json.dumps(_substitutions(message.payload)).encode()) <= SUBSTITUTION_BYTES


def _answer(status: int, headers: Any, body: Any) -> Answer:
    names = {str(key).lower(): str(value) for key, value in headers.items()} if headers else {}
    return Answer(status, names, body if isinstance(body, bytes) else str(body or "").encode())
