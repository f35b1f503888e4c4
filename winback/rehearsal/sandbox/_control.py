"""The sandbox's own controls under /_sandbox: accepted messages, shoppers' acts, and faults."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from winback.rehearsal.sandbox import _departures, _fault_requests, _sendgrid, _shoppers
from winback.rehearsal.sandbox._mishaps import Mishaps
from winback.rehearsal.sandbox._records import Filter, Message, Provider
from winback.rehearsal.sandbox._state import State


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockBody(_Body):
    """A moment at which the sandbox's clock stands still; null lets it run again."""

    now: AwareDatetime | None


class BehaviorBody(_Body):
    """The switch for delivery without being asked (true at the start), and its slowness."""

    deliver: bool | None = None
    # How long Twilio keeps messages in its queue: longer than their validity, and they expire.
    queue_seconds: float | None = Field(None, ge=0)
    # How long what was accepted does not show in lists and logs.
    lag_seconds: float | None = Field(None, ge=0)
    # What Twilio says that a text or a call costs, in dollars; empty: nothing yet.
    price: str | None = Field(None, pattern=r"^(\d+(\.\d+)?)?$")


class EventsBody(_Body):
    events: list[_shoppers.Act]


class FlushBody(_Body):
    timeout_seconds: float = Field(30.0, gt=0, le=600)


def routes() -> list[Route]:
    return [
        Route("/_sandbox/healthz", healthz, methods=["GET"]),
        Route("/_sandbox/messages", messages, methods=["GET"]),
        Route("/_sandbox/clock", clock, methods=["POST"]),
        Route("/_sandbox/behavior", behavior, methods=["POST"]),
        Route("/_sandbox/events", events, methods=["POST"]),
        Route("/_sandbox/faults", faults, methods=["POST"]),
        Route("/_sandbox/faults", met_faults, methods=["GET"]),
        Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
        Route("/_sandbox/flush", flush, methods=["POST"]),
    ]


async def invalid(_: Request, error: Exception) -> JSONResponse:
    """Respond to a control body that makes no sense: 400 with what is wrong and where."""
    if isinstance(error, ValidationError):
        details = [
            {"field": ".".join(map(str, item["loc"])), "message": item["msg"]}
            for item in error.errors(include_input=False, include_url=False)
        ]
    else:
        details = [{"field": "events", "message": str(error)}]
    return JSONResponse({"errors": details}, status_code=400)


async def healthz(request: Request) -> JSONResponse:
    state: State = request.app.state.sandbox
    webhooks = await run_in_threadpool(state.store.webhook_counts)
    return JSONResponse({"status": "ok", "webhooks": webhooks, "faults": len(state.faults)})


async def messages(request: Request) -> JSONResponse:
    """List accepted messages, oldest first; `after` (a `seq`) and `limit` page through them."""
    state: State = request.app.state.sandbox
    query = request.query_params
    after, limit = query.get("after", "0"), query.get("limit", "1000")
    if not (after.isdecimal() and limit.isdecimal()):
        raise _shoppers.Impossible("after and limit must be whole numbers")
    wanted = Filter(
        provider=_provider(query.get("provider")),
        recipient=query.get("to"),
        our_id=query.get("message_id"),
        after=int(after),
        limit=min(int(limit), 10_000),
    )
    found = await run_in_threadpool(_shown, state, wanted)
    return JSONResponse({"messages": found, "next": found[-1]["seq"] if found else None})


def _provider(name: str | None) -> Provider | None:
    match name:
        case None | "sendgrid" | "twilio":
            return name
        case _:
            raise _shoppers.Impossible("provider must be sendgrid or twilio")


def _shown(state: State, wanted: Filter) -> list[dict[str, Any]]:
    _departures.catch_up(state)
    bodies: dict[str, dict[str, Any]] = {}
    shown = []
    for message in state.store.messages(wanted):
        if message.request_id not in bodies:
            bodies[message.request_id] = state.store.request_body(message.request_id)
        shown.append(_show(message, bodies[message.request_id]))
    return shown


def _show(message: Message, body: dict[str, Any]) -> dict[str, Any]:
    entry = asdict(message)
    entry["message_id"] = entry.pop("our_id")
    if message.provider == "sendgrid":
        return {**entry, **_sendgrid.rendered(body, message)}
    words = body.get("Twiml", "") if message.kind == "call" else body.get("Body", "")
    return {**entry, "body": words, "parameters": body}


async def clock(request: Request) -> JSONResponse:
    state: State = request.app.state.sandbox
    wanted = ClockBody.model_validate_json(await request.body()).now
    state.clock.standing_at = wanted.astimezone(UTC) if wanted else None
    await run_in_threadpool(_departures.catch_up, state)
    return JSONResponse({"now": state.clock.now().isoformat()})


async def behavior(request: Request) -> JSONResponse:
    state: State = request.app.state.sandbox
    wanted = BehaviorBody.model_validate_json(await request.body())
    if wanted.deliver is not None:
        state.delivers = wanted.deliver
    if wanted.queue_seconds is not None:
        state.queue_seconds = wanted.queue_seconds
    if wanted.lag_seconds is not None:
        state.lag_seconds = wanted.lag_seconds
    if wanted.price is not None:
        state.price = wanted.price
    return JSONResponse(
        {
            "deliver": state.delivers,
            "queue_seconds": state.queue_seconds,
            "lag_seconds": state.lag_seconds,
            "price": state.price,
        }
    )


async def events(request: Request) -> JSONResponse:
    """Let shoppers act: all of the acts or, when one is impossible, none of them."""
    state: State = request.app.state.sandbox
    acts = EventsBody.model_validate_json(await request.body()).events
    count = await run_in_threadpool(_shoppers.perform, state, acts)
    return JSONResponse({"accepted": len(acts), "webhooks": count})


async def faults(request: Request) -> JSONResponse:
    state: State = request.app.state.sandbox
    wanted = _fault_requests.FaultsBody.model_validate_json(await request.body())
    _fault_requests.ask_for(state, wanted)
    return JSONResponse({"faults": len(state.faults)})


async def met_faults(request: Request) -> JSONResponse:
    """Respond with the number of faults still to come, and how often each kind was met."""
    state: State = request.app.state.sandbox
    return JSONResponse({"faults": len(state.faults), "met": state.faults.met()})


async def clear_faults(request: Request) -> JSONResponse:
    state: State = request.app.state.sandbox
    state.faults.clear()
    state.outbox.mishaps = Mishaps()
    return JSONResponse({"faults": 0})


async def flush(request: Request) -> JSONResponse:
    """Wait until every webhook is delivered or given up: 200, or 504 when time runs out.

    Scheduled mail that the clock has not reached owes nothing yet, and is not waited for.
    """
    state: State = request.app.state.sandbox
    raw = await request.body()
    timeout = FlushBody.model_validate(json.loads(raw) if raw else {}).timeout_seconds
    await run_in_threadpool(_departures.catch_up, state)
    is_idle = await run_in_threadpool(state.outbox.wait_until_idle, timeout)
    counts = await run_in_threadpool(state.store.webhook_counts)
    return JSONResponse(counts, status_code=200 if is_idle else 504)
