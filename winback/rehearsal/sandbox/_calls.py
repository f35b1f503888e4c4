"""Twilio's Calls surface: a call speaks its TwiML to whoever answers."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.rehearsal.sandbox import _call_rules, _texts
from winback.rehearsal.sandbox._records import Filter, Message, Move, Webhook
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

BASE: Final = f"{ACCOUNT}/Calls"
# What a call passes through, and the subscription (StatusCallbackEvent) that tells of it.
EVENTS: Final = {
    "initiated": "initiated",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "completed",
    "busy": "completed",
    "no-answer": "completed",
    "failed": "completed",
    "canceled": "completed",
}
FINAL: Final = frozenset(["completed", "busy", "no-answer", "failed", "canceled"])
ANSWERED: Final = ("initiated", "ringing", "in-progress", "completed")
_GATHER: Final = re.compile(r"""<Gather\b[^>]*\baction="([^"]+)\"""")
# Every answered call lasts as long here.
DURATION_SECONDS: Final = 15


def routes() -> list[Route]:
    one = BASE + "/{call_sid}.json"
    return [
        Route(f"{BASE}.json", authorized(create_call), methods=["POST"]),
        Route(f"{BASE}.json", authorized(list_calls), methods=["GET"]),
        Route(one, authorized(fetch_call), methods=["GET"]),
        Route(one, authorized(update_call), methods=["POST"]),
    ]


async def create_call(request: Request) -> Response:
    """Respond with 201 and the queued call once it is durable, or with Twilio's error."""
    state: State = request.app.state.sandbox
    parameters = await form(request)
    if code := await run_in_threadpool(_call_rules.problem, parameters):
        raise Refused(code)
    call = await run_in_threadpool(_accept, state, parameters)
    return JSONResponse(_resource(state, call, parameters), status_code=201, headers=request_id())


def _accept(state: State, parameters: dict[str, Any]) -> Message:
    now = state.clock.now()
    sid = f"CA{secrets.token_hex(16)}"
    call = Message(
        provider="twilio",
        kind="call",
        provider_id=sid,
        request_id=sid,
        position=0,
        our_id=_texts.our_id(parameters),
        recipient=parameters["To"],
        sender=parameters["From"],
        accepted_at=now.isoformat(),
        status="queued",
        updated_at=now.isoformat(),
    )
    kept, webhooks = call, list[Webhook]()
    if state.delivers:
        told = [progress(state, parameters, call, status, now) for status in ANSWERED]
        webhooks = [webhook for some in told for webhook in some]
        by = "human" if parameters.get("MachineDetection") else None
        kept = replace(call, status="completed", sent_at=call.accepted_at, answered_by=by)
    state.outbox.accept(body=parameters, messages=[kept], webhooks=webhooks)
    return call


def progress(  # noqa: PLR0917 - what a callback says
    state: State,
    parameters: Mapping[str, Any],
    call: Message,
    status: str,
    at: datetime,
    answered_by: str | None = None,
) -> list[Webhook]:
    """Return what Twilio posts when a call moves on, if the caller asked for that."""
    wanted = parameters.get("StatusCallbackEvent", ["completed"])
    names = {name for text in wanted for name in text.split()}
    if not parameters.get("StatusCallback") or EVENTS[status] not in names:
        return []
    body = {
        "CallSid": call.provider_id,
        "AccountSid": state.credentials.account_sid,
        "From": call.sender,
        "To": call.recipient,
        "CallStatus": status,
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(list(EVENTS).index(status)),
        "Timestamp": rfc2822(at.isoformat()),
    }
    if status == "completed":
        body |= {"CallDuration": str(DURATION_SECONDS), "Duration": "1"}
    by = answered_by or ("human" if parameters.get("MachineDetection") else None)
    if by and status in {"in-progress", "completed"}:
        body["AnsweredBy"] = by
    return [Webhook("twilio_status", body, url=parameters["StatusCallback"])]


def listens_at(parameters: Mapping[str, Any]) -> str:
    """Return the URL that is told the pressed keys; empty for a call that listens to none."""
    found = _GATHER.search(parameters.get("Twiml", ""))
    return html.unescape(found[1]) if found else ""


def pressed(state: State, parameters: Mapping[str, Any], call: Message, keys: str) -> Webhook:
    """Ask the shop what to do now that the person on the phone pressed keys."""
    body = {
        "CallSid": call.provider_id,
        "AccountSid": state.credentials.account_sid,
        "From": call.sender,
        "To": call.recipient,
        "CallStatus": "in-progress",
        "ApiVersion": "2010-04-01",
        "Direction": "outbound-api",
        "Digits": keys,
        "FinishedOnKey": "",
        "msg": "Gather End",
    }
    return Webhook("twilio_status", body, url=listens_at(parameters))


async def fetch_call(request: Request) -> Response:
    state: State = request.app.state.sandbox
    return JSONResponse(await run_in_threadpool(_fetch, state, request.path_params["call_sid"]))


def _fetch(state: State, sid: str) -> dict[str, Any]:
    call = _known(state, sid)
    return _resource(state, call, state.store.request_body(call.request_id))


def _known(state: State, sid: str) -> Message:
    call = state.store.message(sid)
    if call is None or call.kind != "call":
        raise Refused(20404, 404)
    return call


async def update_call(request: Request) -> Response:
    """Hang up: `canceled` before anybody answers, `completed` at any time before the end."""
    state: State = request.app.state.sandbox
    parameters = await form(request)
    sid = request.path_params["call_sid"]
    await run_in_threadpool(_hang_up, state, sid, parameters.get("Status"))
    return JSONResponse(await run_in_threadpool(_fetch, state, sid))


def _hang_up(state: State, sid: str, status: str | None) -> None:
    call = _known(state, sid)
    if status not in {"canceled", "completed"}:
        raise Refused(20001)
    if call.status in FINAL or (status == "canceled" and call.status == "in-progress"):
        raise Refused(21220)
    now = state.clock.now()
    body = state.store.request_body(call.request_id)
    move = Move(sid, status, now.isoformat(), is_sent=call.status == "in-progress")
    state.outbox.move([move], progress(state, body, call, status, now))


async def list_calls(request: Request) -> Response:
    """List calls by To, From, Status and StartTime, in pages, the newest first."""
    return JSONResponse(await run_in_threadpool(_listed, request))


def _listed(request: Request) -> dict[str, Any]:
    state: State = request.app.state.sandbox
    query = request.query_params
    if query.get("Status", "queued") not in {"queued", "ringing", "in-progress", *FINAL}:
        raise Refused(20001)
    since, before = bounds(query, "StartTime")
    wanted = Filter(
        kind="call",
        recipient=query.get("To"),
        sender=query.get("From"),
        status=query.get("Status"),
        sent_since=since,
        sent_before=before,
        accepted_before=state.shown_before(),
    )

    def shown(call: Message) -> dict[str, Any]:
        return _resource(state, call, state.store.request_body(call.request_id))

    return page(request, wanted, name="calls", shown=shown)


def _resource(state: State, call: Message, parameters: Mapping[str, Any]) -> dict[str, Any]:
    account = state.credentials.account_sid
    uri = f"/2010-04-01/Accounts/{account}/Calls/{call.provider_id}"
    is_over = call.status in FINAL
    return {
        "account_sid": account,
        "annotation": None,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": rfc2822(call.accepted_at),
        "date_updated": rfc2822(call.updated_at),
        "direction": "outbound-api",
        "duration": str(DURATION_SECONDS if call.status == "completed" else 0) if is_over else None,
        "end_time": rfc2822(call.updated_at) if is_over else None,
        "forwarded_from": None,
        "from": parameters["From"],
        "from_formatted": parameters["From"],
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": f"-{state.price}" if state.price and call.sent_at else None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.provider_id,
        "start_time": rfc2822(call.sent_at),
        # A call's resource knows no `initiated`: its callbacks do.
        "status": "queued" if call.status == "initiated" else call.status,
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": call.recipient,
        "to_formatted": call.recipient,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }
