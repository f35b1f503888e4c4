"""Twilio's Messages surface, and the callbacks that follow a message."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.sandbox import _twilio_rules
from winback.sandbox._credentials import SERVICE_NUMBER
from winback.sandbox._state import State
from winback.sandbox._store import Filter, Message, Webhook

BASE: Final = "/2010-04-01/Accounts/{sid}/Messages"


def routes() -> list[Route]:
    return [
        Route(f"{BASE}.json", create_message, methods=["POST"]),
        Route(f"{BASE}.json", list_messages, methods=["GET"]),
        Route(BASE + "/{message_sid}.json", fetch_message, methods=["GET"]),
    ]


def refusal(code: int, status: int = 400) -> JSONResponse:
    body = {
        "code": code,
        "message": _twilio_rules.ERRORS[code],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status_code=status)


def _unauthorized(request: Request) -> Response | None:
    state: State = request.app.state.sandbox
    sid = state.credentials.account_sid
    expected = base64.b64encode(f"{sid}:{state.credentials.auth_token}".encode())
    given = request.headers.get("authorization", "").encode()
    if not secrets.compare_digest(given, b"Basic " + expected):
        return refusal(20003, 401)
    return None if request.path_params["sid"] == sid else refusal(20404, 404)


async def create_message(request: Request) -> Response:
    """201 with the resource once it is durable, or Twilio's error for what is wrong."""
    if refused := _unauthorized(request):
        return refused
    state: State = request.app.state.sandbox
    pairs = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    parameters = dict(pairs)
    if code := await run_in_threadpool(_twilio_rules.problem, state, parameters):
        return refusal(code)
    message = await run_in_threadpool(_accept, state, parameters)
    return JSONResponse(_resource(state, message, parameters), status_code=201)


def _accept(state: State, parameters: dict[str, str]) -> Message:
    now = state.clock.now()
    sid = f"SM{secrets.token_hex(16)}"
    callback = parameters.get("StatusCallback", "")
    message = Message(
        provider="twilio",
        provider_id=sid,
        request_id=sid,
        position=0,
        our_id=parse_qs(urlsplit(callback).query).get("m", [None])[0],
        recipient=parameters["To"],
        sender=parameters.get("From") or SERVICE_NUMBER,
        accepted_at=now.isoformat(),
        status="accepted" if parameters.get("MessagingServiceSid") else "queued",
        updated_at=now.isoformat(),
    )
    statuses = ("sent", "delivered") if state.delivers else ("sent",)
    webhooks = [
        status_callback(state, parameters, message, status)
        for status in (statuses if callback else ())
    ]
    on_its_way = replace(message, status=statuses[-1], sent_at=message.accepted_at)
    state.outbox.accept(body=parameters, messages=[on_its_way], webhooks=webhooks)
    return message


def status_callback(
    state: State,
    parameters: Mapping[str, str],
    message: Message,
    status: str,
    error_code: int | None = None,
) -> Webhook:
    """What Twilio posts to the message's own StatusCallback."""
    body = {
        "SmsSid": message.provider_id,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message.recipient,
        "MessageSid": message.provider_id,
        "AccountSid": state.credentials.account_sid,
        "From": message.sender,
        "ApiVersion": "2010-04-01",
    }
    if service := parameters.get("MessagingServiceSid"):
        body["MessagingServiceSid"] = service
    if error_code is not None:
        body["ErrorCode"] = str(error_code)
    return Webhook("twilio_status", body, url=parameters["StatusCallback"])


def inbound(state: State, message: Message, text: str) -> Webhook:
    """The recipient of `message` answers it by text."""
    sid = f"SM{secrets.token_hex(16)}"
    body = {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "AccountSid": state.credentials.account_sid,
        "MessagingServiceSid": state.credentials.messaging_service_sid,
        "From": message.recipient,
        "To": message.sender,
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }
    return Webhook("twilio_inbound", body)


async def fetch_message(request: Request) -> Response:
    if refused := _unauthorized(request):
        return refused
    state: State = request.app.state.sandbox
    message = await run_in_threadpool(state.store.message, request.path_params["message_sid"])
    if message is None or message.provider != "twilio":
        return refusal(20404, 404)
    parameters = await run_in_threadpool(state.store.request_body, message.request_id)
    return JSONResponse(_resource(state, message, parameters))


async def list_messages(request: Request) -> Response:
    """Newest first, in pages, by To, From and DateSent as Twilio filters."""
    if refused := _unauthorized(request):
        return refused
    state: State = request.app.state.sandbox
    query = dict(request.query_params)
    try:
        size = min(max(int(query.get("PageSize", 50)), 1), 1000)
        page = max(int(query.get("Page", 0)), 0)
        since, before = _sent_bounds(query)
    except ValueError:
        return refusal(20001)
    wanted = Filter(
        provider="twilio",
        recipient=query.get("To"),
        sender=query.get("From"),
        sent_since=since,
        sent_before=before,
        newest_first=True,
        limit=size + 1,
        offset=page * size,
    )
    found = await run_in_threadpool(state.store.messages, wanted)
    resources = [
        _resource(state, message, state.store.request_body(message.request_id))
        for message in found[:size]
    ]
    return JSONResponse(
        {
            **_paging(request.url.path, query, page=page, size=size, has_more=len(found) > size),
            "start": page * size,
            "end": page * size + max(len(resources) - 1, 0),
            "messages": resources,
        }
    )


def _sent_bounds(query: Mapping[str, str]) -> tuple[str | None, str | None]:
    """`DateSent` is that whole UTC day; `DateSent>` and `DateSent<` are instants or days."""
    if "DateSent" in query:
        day = _instant(query["DateSent"]).replace(hour=0, minute=0, second=0, microsecond=0)
        return day.isoformat(), (day + timedelta(days=1)).isoformat()
    since, before = query.get("DateSent>"), query.get("DateSent<")
    return (
        _instant(since).isoformat() if since else None,
        _instant(before).isoformat() if before else None,
    )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _paging(
    path: str, query: Mapping[str, str], *, page: int, size: int, has_more: bool
) -> dict[str, Any]:
    def uri(number: int) -> str:
        return f"{path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

    return {
        "page": page,
        "page_size": size,
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if has_more else None,
        "previous_page_uri": uri(page - 1) if page else None,
    }


def _resource(state: State, message: Message, parameters: Mapping[str, str]) -> dict[str, Any]:
    account = state.credentials.account_sid
    uri = f"/2010-04-01/Accounts/{account}/Messages/{message.provider_id}"
    is_queued = message.status in {"accepted", "queued"}
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": parameters["Body"],
        "date_created": _rfc2822(message.accepted_at),
        "date_sent": _rfc2822(message.sent_at) if message.sent_at else None,
        "date_updated": _rfc2822(message.updated_at),
        "direction": "outbound-api",
        "error_code": message.error_code,
        "error_message": None,
        "from": None if is_queued and "From" not in parameters else message.sender,
        "messaging_service_sid": parameters.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": None,  # this sandbox doesn't count them
        "price": None,
        "price_unit": "USD",
        "sid": message.provider_id,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def _rfc2822(at: str) -> str:
    return format_datetime(datetime.fromisoformat(at).astimezone(UTC))
