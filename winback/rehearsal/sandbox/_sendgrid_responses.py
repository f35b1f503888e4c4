"""The common part of SendGrid's endpoints: the key, and refusals."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from winback.rehearsal.sandbox._state import State

Problem = tuple[str, str | None]
Handler = Callable[[Request], Awaitable[Response]]

UNAUTHORIZED = "The provided authorization grant is invalid, expired, or revoked"


class BadRequest(Exception):
    """A refusal with 400, or another status, and these problems."""

    def __init__(self, *problems: Problem, status: int = 400) -> None:
        super().__init__()
        self.problems, self.status = problems, status


def refuse(status: int, problems: Iterable[Problem]) -> JSONResponse:
    errors = [
        {"message": message, "field": field} if field else {"message": message}
        for message, field in problems
    ]
    return JSONResponse({"errors": errors}, status_code=status)


def authorized(handler: Handler) -> Handler:
    """Wrap a handler: check the API key, and turn what it raises into SendGrid's response."""

    @wraps(handler)
    async def guarded(request: Request) -> Response:
        state: State = request.app.state.sandbox
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {state.credentials.api_key}".encode()):
            return refuse(401, [(UNAUTHORIZED, None)])
        try:
            return await handler(request)
        except BadRequest as error:
            return refuse(error.status, error.problems)

    return guarded


async def json_body(request: Request, *, max_bytes: int = 1_000_000) -> Any:
    """Read the JSON of a request. Raises BadRequest as 400, 413 or 415."""
    raw = await request.body()
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise BadRequest(("Content-Type should be application/json.", None), status=415)
    if len(raw) > max_bytes:
        raise BadRequest(("The JSON payload is too large.", None), status=413)
    try:
        return json.loads(raw)
    except ValueError:
        raise BadRequest(("Bad Request", None)) from None


def whole_number(
    request: Request, name: str, *, default: int | None = None, least: int = 0, most: int = 2**53
) -> int | None:
    """Read a query parameter. Raises BadRequest when it is not a number in its bounds."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadRequest((f"{name} must be a number from {least} to {most}", name))
    return int(text)
