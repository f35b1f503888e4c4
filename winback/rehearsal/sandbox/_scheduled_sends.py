"""SendGrid's batch ids, and cancelling or pausing the mail that waits under one."""

from __future__ import annotations

from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.rehearsal.sandbox import _departures
from winback.rehearsal.sandbox._batches import MAX_HELD, Hold
from winback.rehearsal.sandbox._sendgrid_responses import BadRequest, authorized, json_body
from winback.rehearsal.sandbox._state import State


def routes() -> list[Route]:
    sends = "/v3/user/scheduled_sends"
    return [
        Route("/v3/mail/batch", authorized(create_batch), methods=["POST"]),
        Route("/v3/mail/batch/{batch_id}", authorized(fetch_batch), methods=["GET"]),
        Route(sends, authorized(hold), methods=["POST"]),
        Route(sends, authorized(list_holds), methods=["GET"]),
        Route(sends + "/{batch_id}", authorized(fetch_hold), methods=["GET"]),
        Route(sends + "/{batch_id}", authorized(change_hold), methods=["PATCH"]),
        Route(sends + "/{batch_id}", authorized(release), methods=["DELETE"]),
    ]


async def create_batch(request: Request) -> Response:
    state: State = request.app.state.sandbox
    batch_id = await run_in_threadpool(state.batches.create)
    return JSONResponse({"batch_id": batch_id}, status_code=201)


async def fetch_batch(request: Request) -> Response:
    """Respond whether the id was handed out; not whether any mail bears it."""
    state: State = request.app.state.sandbox
    batch_id = request.path_params["batch_id"]
    if not await run_in_threadpool(state.batches.exists, batch_id):
        raise BadRequest(("invalid batch id", None))
    return JSONResponse({"batch_id": batch_id})


async def hold(request: Request) -> Response:
    """Cancel or pause a batch; mail less than ten minutes before its send_at leaves anyway."""
    state: State = request.app.state.sandbox
    body = await json_body(request)
    status = _status(body)
    batch_id = body.get("batch_id")
    if not isinstance(batch_id, str):
        raise BadRequest(("batch_id is required", "batch_id"))
    await run_in_threadpool(_hold, state, batch_id, status)
    return JSONResponse({"batch_id": batch_id, "status": status}, status_code=201)


def _status(body: Any) -> Literal["cancel", "pause"]:
    status = body.get("status") if isinstance(body, dict) else None
    if status == "cancel":
        return "cancel"
    if status == "pause":
        return "pause"
    raise BadRequest(("status must be either cancel or pause", "status"))


def _hold(state: State, batch_id: str, status: Literal["cancel", "pause"]) -> None:
    _departures.catch_up(state)
    if not state.batches.exists(batch_id):
        raise BadRequest(("invalid batch id", "batch_id"))
    if state.batches.holds(batch_id):
        exists = "a status for this batch id exists, try PATCH to update the status"
        raise BadRequest((exists, None))
    if not state.batches.hold(batch_id, status, state.clock.now().timestamp()):
        raise BadRequest((f"max limit reached: {MAX_HELD} batches are cancelled or paused", None))
    _departures.look_again(state)


async def list_holds(request: Request) -> Response:
    state: State = request.app.state.sandbox
    return _shown(await run_in_threadpool(state.batches.holds))


async def fetch_hold(request: Request) -> Response:
    """Respond with the batch's status in a list of one; an empty list where nothing holds it."""
    state: State = request.app.state.sandbox
    return _shown(await run_in_threadpool(state.batches.holds, request.path_params["batch_id"]))


def _shown(holds: list[Hold]) -> Response:
    return JSONResponse([{"batch_id": held.batch_id, "status": held.status} for held in holds])


async def change_hold(request: Request) -> Response:
    state: State = request.app.state.sandbox
    status = _status(await json_body(request))
    await run_in_threadpool(_change, state, request.path_params["batch_id"], status)
    return Response(status_code=204)


def _change(state: State, batch_id: str, status: Literal["cancel", "pause"]) -> None:
    _require_hold(state, batch_id)
    state.batches.change(batch_id, status)
    _departures.look_again(state)


async def release(request: Request) -> Response:
    """Delete the status; waiting mail leaves at its send_at, or now if that is past."""
    state: State = request.app.state.sandbox
    await run_in_threadpool(_release, state, request.path_params["batch_id"])
    return Response(status_code=204)


def _release(state: State, batch_id: str) -> None:
    _require_hold(state, batch_id)
    state.batches.release(batch_id)
    state.store.postpone(batch_id, state.clock.now().timestamp())
    _departures.look_again(state)


def _require_hold(state: State, batch_id: str) -> None:
    _departures.catch_up(state)
    if not state.batches.holds(batch_id):
        raise BadRequest(("batch id not found", None), status=404)
