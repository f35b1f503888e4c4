"""The common part of Twilio's endpoints: the token, forms, errors and pages."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import wraps
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from winback.rehearsal.sandbox._records import Filter, Message
from winback.rehearsal.sandbox._state import State
from winback.rehearsal.sandbox._twilio_errors import ERRORS

Handler = Callable[[Request], Awaitable[Response]]
ACCOUNT: Final = "/2010-04-01/Accounts/{sid}"

# Parameters that a form may repeat; any other bears its last value.
REPEATED: Final = frozenset(["MediaUrl", "PersistentAction", "StatusCallbackEvent"])


class Refused(Exception):
    """A refusal with one of Twilio's errors."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__()
        self.code, self.status = code, status


def refusal(code: int, status: int = 400) -> JSONResponse:
    body = {
        "code": code,
        "message": ERRORS[code],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return JSONResponse(body, status_code=status, headers=request_id())


def request_id() -> dict[str, str]:
    return {"Twilio-Request-Id": f"RQ{secrets.token_hex(16)}"}


def authorized(handler: Handler) -> Handler:
    """Wrap a handler: check account and token, and turn what it raises into Twilio's response."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        state: State = request.app.state.sandbox
        sid = state.credentials.account_sid
        expected = base64.b64encode(f"{sid}:{state.credentials.auth_token}".encode())
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, b"Basic " + expected):
            return refusal(20003, 401)
        if request.path_params["sid"] != sid:
            return refusal(20404, 404)
        try:
            return await handler(request)
        except Refused as error:
            return refusal(error.code, error.status)

    return guarded


async def form(request: Request) -> dict[str, Any]:
    """Read the form's parameters; those that may be repeated are lists."""
    raw = (await request.body()).decode(errors="replace")
    parameters: dict[str, Any] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name in REPEATED:
            parameters.setdefault(name, []).append(value)
        else:
            parameters[name] = value
    return parameters


def rfc2822(at: str | None) -> str | None:
    return format_datetime(datetime.fromisoformat(at).astimezone(UTC)) if at else None


def instant(text: str) -> datetime:
    """Read ISO 8601, in UTC unless it says otherwise. Raises Refused."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(20001) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def bounds(query: Mapping[str, str], name: str) -> tuple[str | None, str | None]:
    """Read a date filter: `DateSent` is a whole UTC day, the others may be instants."""
    if name in query:
        day = instant(query[name]).replace(hour=0, minute=0, second=0, microsecond=0)
        return day.isoformat(), (day + timedelta(days=1)).isoformat()
    since, before = query.get(f"{name}>"), query.get(f"{name}<")
    return (
        None if since is None else instant(since).isoformat(),
        None if before is None else instant(before).isoformat(),
    )


def page(
    request: Request,
    wanted: Filter,
    *,
    name: str,
    shown: Callable[[Message], dict[str, Any]],
) -> dict[str, Any]:
    """Return a page of a list, the newest first; its token leads on from the last one shown."""
    state: State = request.app.state.sandbox
    query = dict(request.query_params)
    size, number = _whole(query, "PageSize", 50, least=1, most=1000), _whole(query, "Page", 0)
    wanted.newest_first, wanted.limit = True, size + 1
    if "PageToken" in query:
        last = state.store.message(query["PageToken"].removeprefix("PA"))
        if last is None:
            raise Refused(20001)
        wanted.before = last.seq
    else:
        wanted.offset = number * size
    wanted.__post_init__()
    found = state.store.messages(wanted)
    items = [shown(message) for message in found[:size]]
    token = f"PA{found[size - 1].provider_id}" if len(found) > size else None

    def uri(number: int, **more: str) -> str:
        kept = {k: v for k, v in query.items() if k not in {"Page", "PageToken", "PageSize"}}
        parameters = {**kept, "PageSize": size, "Page": number, **more}
        return f"{request.url.path}?{urlencode(parameters)}"

    return {
        "page": number,
        "page_size": size,
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, PageToken=token) if token else None,
        "previous_page_uri": uri(number - 1) if number else None,
        "start": number * size,
        "end": number * size + max(len(items) - 1, 0),
        name: items,
    }


def _whole(
    query: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int = 2**53
) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise Refused(20001)
    return int(text)
