"""SendGrid's suppression lists, filled by the shoppers' acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from winback.rehearsal.sandbox._sendgrid_responses import Handler, authorized, whole_number
from winback.rehearsal.sandbox._state import State
from winback.rehearsal.sandbox._suppressions import Kind, Suppression

# A list has the API's own largest page where that is smaller.
MAX_PAGE: Final = 500
NO_LIMIT: Final = -1

Shown = Callable[[Suppression], Mapping[str, Any]]


def _dated(entry: Suppression) -> dict[str, Any]:
    return {"created": entry.created_at, "email": entry.address}


def _with_reason(entry: Suppression) -> dict[str, Any]:
    return {**_dated(entry), "reason": entry.reason}


def _with_status(entry: Suppression) -> dict[str, Any]:
    return {**_with_reason(entry), "status": entry.status}


LISTS: Final[dict[str, tuple[Kind, Shown]]] = {
    "bounces": ("bounce", _with_status),
    "blocks": ("block", _with_status),
    "spam_reports": ("spamreport", lambda entry: {**_dated(entry), "ip": "192.0.2.1"}),
    "invalid_emails": ("invalid", _with_reason),
    "unsubscribes": ("unsubscribe", _dated),
}


def routes() -> list[Route]:
    lists = [
        Route(f"/v3/suppression/{name}", authorized(_list(kind, shown)), methods=["GET"])
        for name, (kind, shown) in LISTS.items()
    ]
    return [*lists, Route("/v3/asm/suppressions", authorized(list_groups), methods=["GET"])]


def _list(kind: Kind, shown: Shown) -> Handler:
    async def handler(request: Request) -> Response:
        """Return a page by `start_time`, `end_time`, `email`, `limit` and `offset`."""
        state: State = request.app.state.sandbox
        entries = await run_in_threadpool(
            state.suppressions.page,
            kind,
            since=whole_number(request, "start_time"),
            until=whole_number(request, "end_time"),
            email=request.query_params.get("email"),
            limit=whole_number(request, "limit", default=MAX_PAGE, least=1, most=MAX_PAGE) or 1,
            offset=whole_number(request, "offset", default=0) or 0,
        )
        return JSONResponse([shown(entry) for entry in entries])

    return handler


async def list_groups(request: Request) -> Response:
    """Respond with everybody who left an unsubscribe group, with the group."""
    state: State = request.app.state.sandbox
    entries = await run_in_threadpool(
        state.suppressions.page,
        "group_unsubscribe",
        since=None,
        until=None,
        email=None,
        limit=NO_LIMIT,
        offset=0,
    )
    shown = [
        {
            "email": entry.address,
            "group_id": entry.group_id,
            "group_name": f"Group {entry.group_id}",
            "created_at": entry.created_at,
        }
        for entry in entries
    ]
    return JSONResponse(shown)
