"""SendGrid's Email Logs and Email Activity: the outcome of each message that left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.rehearsal.sandbox import _departures, _log_query, _sendgrid
from winback.rehearsal.sandbox._records import Filter, Message
from winback.rehearsal.sandbox._sendgrid_responses import (
    BadRequest,
    authorized,
    json_body,
    whole_number,
)
from winback.rehearsal.sandbox._state import State

MAX_EVENTS: Final = 100
# What an event has of its own; all else beside custom args is common to all events.
_COMMON: Final = frozenset([
    "event", "email", "timestamp", "smtp-id", "sg_event_id", "sg_message_id", "category",
    "reason", "status", "type", "bounce_classification", "response", "attempt", "url",
    "useragent", "ip", "asm_group_id",
])  # fmt: skip
# The two APIs call the same things differently.
_ACTIVITY_STATUS: Final = {"processed": "processed", "delivered": "delivered"}


def routes() -> list[Route]:
    return [
        Route("/v3/logs", authorized(search_logs), methods=["POST"]),
        Route("/v3/logs/{sg_message_id}", authorized(fetch_log), methods=["GET"]),
        Route("/v3/messages", authorized(search_activity), methods=["GET"]),
    ]


async def search_logs(request: Request) -> Response:
    """Respond with the newest messages that match `query`, at most `limit` (10 by default)."""
    state: State = request.app.state.sandbox
    body = await json_body(request)
    if not isinstance(body, dict) or not isinstance(body.get("query", ""), str):
        raise BadRequest(("query must be a string", "query"))
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 1000:
        raise BadRequest(("limit must be a number from 1 to 1000", "limit"))
    conditions = _log_query.parse(body.get("query", ""), _log_query.LOGS)
    found = await run_in_threadpool(_found, state, conditions, limit)
    return JSONResponse({"messages": [_logged(entry) for entry in found]})


async def search_activity(request: Request) -> Response:
    """Respond with the same by the older API, whose `query` is required."""
    state: State = request.app.state.sandbox
    query = request.query_params.get("query")
    if not query:
        raise BadRequest(("query is required", "query"))
    limit = whole_number(request, "limit", default=10, least=1, most=1000) or 10
    conditions = _log_query.parse(query, _log_query.ACTIVITY)
    found = await run_in_threadpool(_found, state, conditions, limit)
    return JSONResponse({"messages": [_active(entry) for entry in found]})


def _found(
    state: State, conditions: list[_log_query.Condition], limit: int
) -> list[Mapping[str, Any]]:
    _departures.catch_up(state)
    found = []
    for entry in _entries(state, conditions):
        if all(condition.holds(entry) for condition in conditions):
            found.append(entry)
        if len(found) == limit:
            break
    return found


def _entries(state: State, conditions: list[_log_query.Condition]) -> Iterator[Mapping[str, Any]]:
    """List messages that left or were discarded, the newest first; waiting ones don't show."""
    asked = {c.field: str(c.values[0]) for c in conditions if c.operator == "="}
    bodies: dict[str, dict[str, Any]] = {}
    wanted = Filter(
        provider="sendgrid",
        recipient=asked.get("to_email"),
        accepted_before=state.shown_before(),
        newest_first=True,
        limit=-1,
    )
    for message in state.store.messages(wanted):
        if message.due_at is not None:
            continue
        if message.request_id not in bodies:
            bodies[message.request_id] = state.store.request_body(message.request_id)
        yield _entry(state, message, bodies[message.request_id])


def _entry(state: State, message: Message, mail: dict[str, Any]) -> dict[str, Any]:
    """Collect everything that either API may ask of a message."""
    seen = _sendgrid.rendered(mail, message)
    events = [told.body for told in state.store.webhooks_about(message.provider_id)]
    names = [event["event"] for event in events]
    return {
        "sg_message_id": message.provider_id,
        "msg_id": message.provider_id,
        "from_email": message.sender,
        "to_email": message.recipient,
        "subject": seen["subject"],
        "categories": mail.get("categories", []),
        "custom_args": seen["custom_args"],
        "unique_args": seen["custom_args"],
        "template_id": mail.get("template_id"),
        "asm_group_id": mail.get("asm", {}).get("group_id"),
        "status": _status(events),
        "reason": next((event["reason"] for event in events[::-1] if "reason" in event), ""),
        "sg_message_id_created_at": datetime.fromisoformat(message.accepted_at),
        "last_event_time": max(
            (datetime.fromtimestamp(event["timestamp"], UTC) for event in events),
            default=datetime.fromisoformat(message.updated_at),
        ),
        "opens_count": names.count("open"),
        "clicks_count": names.count("click"),
        "events": events,
    }


def _status(events: list[dict[str, Any]]) -> str:
    """Return the contract's summary of which events have occurred; the last of them counts."""
    meaning = {
        "dropped": "dropped",
        "cancel_drop": "dropped",
        "deferred": "deferred",
        "delivered": "delivered",
        "click": "delivered",
        "open": "delivered",
    }
    status = "processed"
    for event in events:
        if event["event"] == "bounce":
            status = "blocked" if event.get("type") == "blocked" else "bounced"
        status = meaning.get(event["event"], status)
    return status


def _logged(entry: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        name: entry[name]
        for name in ("from_email", "sg_message_id", "subject", "to_email", "reason", "status")
    }
    return {**shown, "sg_message_id_created_at": entry["sg_message_id_created_at"].isoformat()}


def _active(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = ("from_email", "msg_id", "subject", "to_email", "opens_count", "clicks_count")
    return {
        **{name: entry[name] for name in names},
        "status": _ACTIVITY_STATUS.get(entry["status"], "not_delivered"),
        "last_event_time": entry["last_event_time"].isoformat(),
    }


async def fetch_log(request: Request) -> Response:
    """Respond with one message, its events and custom arguments."""
    state: State = request.app.state.sandbox
    return JSONResponse(
        await run_in_threadpool(_fetch, state, request.path_params["sg_message_id"])
    )


def _fetch(state: State, sg_message_id: str) -> dict[str, Any]:
    _departures.catch_up(state)
    message = state.store.message(sg_message_id)
    hidden_since = state.shown_before()
    if (
        message is None
        or message.kind != "mail"
        or message.due_at is not None
        or (hidden_since is not None and message.accepted_at >= hidden_since)
    ):
        raise BadRequest(("message not found", None), status=404)
    entry = _entry(state, message, state.store.request_body(message.request_id))
    names = ("from_email", "sg_message_id", "subject", "to_email", "status", "custom_args")
    optional = {"template_id": entry["template_id"], "asm_group_id": entry["asm_group_id"]}
    return {
        **{name: entry[name] for name in names},
        **{name: value for name, value in optional.items() if value is not None},
        "category": entry["categories"],
        "api_key_id": "sandbox",
        "client_ip": "127.0.0.1",
        "events": [_event(event, entry) for event in entry["events"][-MAX_EVENTS:]],
    }


def _event(event: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as the logs show it: custom args nested, a machine's open marked."""
    shown = {name: value for name, value in event.items() if name in _COMMON}
    if event.get("sg_machine_open"):
        shown["sg_machine_open"] = True
    if event["event"] == "delivered":
        shown["ip"] = "192.0.2.1"
    if event["event"] == "unsubscribe":
        shown["date"] = datetime.fromtimestamp(event["timestamp"], UTC).date().isoformat()
    if entry["custom_args"]:
        shown["custom_args"] = entry["custom_args"]
    return shown
