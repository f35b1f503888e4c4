"""Twilio's Messages surface."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.rehearsal.sandbox import _departures, _texts, _twilio_rules
from winback.rehearsal.sandbox._credentials import SERVICE_NUMBER
from winback.rehearsal.sandbox._records import Filter, Message, Move, Webhook
from winback.rehearsal.sandbox._segments import num_segments
from winback.rehearsal.sandbox._state import State
from winback.rehearsal.sandbox._twilio_responses import (
    ACCOUNT,
    Refused,
    authorized,
    bounds,
    form,
    page,
    request_id,
    rfc2822,
)

BASE: Final = f"{ACCOUNT}/Messages"
WAITING: Final = frozenset(["accepted", "queued", "scheduled", "sending"])


def routes() -> list[Route]:
    one = BASE + "/{message_sid}.json"
    return [
        Route(f"{BASE}.json", authorized(create_message), methods=["POST"]),
        Route(f"{BASE}.json", authorized(list_messages), methods=["GET"]),
        Route(one, authorized(fetch_message), methods=["GET"]),
        Route(one, authorized(update_message), methods=["POST"]),
    ]


async def create_message(request: Request) -> Response:
    """Respond with 201 and the resource once it is durable, or with Twilio's error."""
    state: State = request.app.state.sandbox
    parameters = await form(request)
    if code := await run_in_threadpool(_twilio_rules.problem, state, parameters):
        raise Refused(code)
    message = await run_in_threadpool(_accept, state, parameters)
    return JSONResponse(
        _resource(state, message, parameters), status_code=201, headers=request_id()
    )


def _accept(state: State, parameters: dict[str, Any]) -> Message:
    now = state.clock.now()
    sid = ("MM" if "MediaUrl" in parameters else "SM") + secrets.token_hex(16)
    message = Message(
        provider="twilio",
        kind="text",
        provider_id=sid,
        request_id=sid,
        position=0,
        our_id=_texts.our_id(parameters),
        recipient=parameters["To"],
        sender=parameters.get("From") or SERVICE_NUMBER,
        accepted_at=now.isoformat(),
        status=_first_status(parameters),
        updated_at=now.isoformat(),
    )
    message = replace(message, **_texts.waits(state, parameters, now))
    kept, webhooks = message, list[Webhook]()
    if message.due_at is None:
        move, webhooks = _texts.depart(state, message, parameters, now)
        kept = _texts.moved(message, move)
    state.outbox.accept(body=parameters, messages=[kept], webhooks=webhooks)
    _departures.expect(state, message.due_at)
    return message


def _first_status(parameters: Mapping[str, Any]) -> str:
    if "SendAt" in parameters:
        return "scheduled"
    return "accepted" if parameters.get("MessagingServiceSid") else "queued"


async def fetch_message(request: Request) -> Response:
    state: State = request.app.state.sandbox
    return JSONResponse(await run_in_threadpool(_fetch, state, request.path_params))


def _fetch(state: State, path: Mapping[str, str]) -> dict[str, Any]:
    message = _known(state, path)
    return _resource(state, message, state.store.request_body(message.request_id))


def _known(state: State, path: Mapping[str, str]) -> Message:
    _departures.catch_up(state)
    message = state.store.message(path["message_sid"])
    if message is None or message.kind != "text":
        raise Refused(20404, 404)
    return message


async def update_message(request: Request) -> Response:
    """Cancel a message that is still scheduled, or remove the text of one that is done."""
    state: State = request.app.state.sandbox
    parameters = await form(request)
    await run_in_threadpool(_update, state, request.path_params, parameters)
    return JSONResponse(await run_in_threadpool(_fetch, state, request.path_params))


def _update(state: State, path: Mapping[str, str], parameters: Mapping[str, Any]) -> None:
    message = _known(state, path)
    if not parameters.keys() <= {"Body", "Status"} or not parameters:
        raise Refused(20001)
    body = state.store.request_body(message.request_id)
    if "Status" in parameters:
        _cancel(state, message, body, parameters["Status"])
    if "Body" in parameters:
        if parameters["Body"]:
            raise Refused(20001)
        if message.status in WAITING:
            raise Refused(20009)
        state.store.replace_body(message.request_id, {**body, "Body": ""})


def _cancel(state: State, message: Message, body: Mapping[str, Any], status: str) -> None:
    if status != "canceled":
        raise Refused(20001)
    with state.departing:
        known = state.store.message(message.provider_id)
        if known is None or known.status != "scheduled":
            raise Refused(30409)
        at = state.clock.now().isoformat()
        callback = body.get("StatusCallback")
        told = [_texts.status_callback(state, body, message, "canceled")] if callback else []
        state.outbox.move([Move(message.provider_id, "canceled", at, is_sent=False)], told)
    _departures.look_again(state)


async def list_messages(request: Request) -> Response:
    """List messages by To, From and DateSent as Twilio does, in pages, the newest first."""
    return JSONResponse(await run_in_threadpool(_listed, request))


def _listed(request: Request) -> dict[str, Any]:
    state: State = request.app.state.sandbox
    _departures.catch_up(state)
    query = request.query_params
    since, before = bounds(query, "DateSent")
    wanted = Filter(
        kind="text",
        recipient=query.get("To"),
        sender=query.get("From"),
        sent_since=since,
        sent_before=before,
        accepted_before=state.shown_before(),
    )

    def shown(message: Message) -> dict[str, Any]:
        return _resource(state, message, state.store.request_body(message.request_id))

    found = page(request, wanted, name="messages", shown=shown)
    if not query.keys() - {"PageSize"}:
        # The list has the texts that came in too; here they all stand on its first page.
        found["messages"] += [_received(state, text) for text in state.store.texts_received()]
    return found


def _received(state: State, text: Webhook) -> dict[str, Any]:
    account, sid, sender = state.credentials.account_sid, text.body["MessageSid"], text.body["From"]
    at = datetime.fromtimestamp(state.store.last_reply(sender) or 0, UTC).isoformat()
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text.body["Body"],
        "date_created": rfc2822(at),
        "date_sent": rfc2822(at),
        "date_updated": rfc2822(at),
        "direction": "inbound",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": text.body["MessagingServiceSid"],
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "received",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.body["To"],
        "uri": f"{uri}.json",
    }


def _resource(state: State, message: Message, parameters: Mapping[str, Any]) -> dict[str, Any]:
    account = state.credentials.account_sid
    uri = f"/2010-04-01/Accounts/{account}/Messages/{message.provider_id}"
    has_sender = message.status not in WAITING or "From" in parameters
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": _words(parameters),
        "date_created": rfc2822(message.accepted_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": "outbound-api",
        "error_code": message.error_code,
        "error_message": None,
        "from": message.sender if has_sender else None,
        "messaging_service_sid": parameters.get("MessagingServiceSid"),
        "num_media": str(len(parameters.get("MediaUrl", []))),
        "num_segments": _segments_of(message, parameters) if has_sender else "0",
        "price": f"-{state.price}" if state.price and message.sent_at else None,
        "price_unit": "USD",
        "sid": message.provider_id,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def _segments_of(message: Message, parameters: Mapping[str, Any]) -> str:
    """As Twilio counts them; what is no text is one."""
    is_text = not parameters.get("MediaUrl") and not message.recipient.startswith("whatsapp:")
    return str(num_segments(_words(parameters), message.sender) if is_text else 1)


def _words(parameters: Mapping[str, Any]) -> str:
    """Return a message's words; a template's are Twilio's own and don't stand in the request."""
    content = parameters.get("ContentSid")
    if content is None:
        return str(parameters.get("Body", ""))
    values = json.loads(parameters.get("ContentVariables") or "{}")
    return " ".join([f"({content})", *values.values()])
