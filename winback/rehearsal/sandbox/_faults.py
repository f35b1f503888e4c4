"""The outermost layer of the sandbox, where a request meets its fault or loses its connection."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from winback.base.clock import WallClock
from winback.rehearsal.sandbox._fault_plan import Fault, Faults
from winback.rehearsal.sandbox._sendgrid_responses import refuse
from winback.rehearsal.sandbox._twilio_errors import ERRORS
from winback.rehearsal.sandbox._webhooks import Outbox


class FaultMiddleware:
    """A middleware that makes the planned faults happen and passes all other requests on."""

    def __init__(self, app: ASGIApp, *, faults: Faults, outbox: Outbox) -> None:
        self._app, self._faults, self._outbox = app, faults, outbox
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/_sandbox"):
            fault = self._faults.next(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            return  # the client left in the middle of its request
        await self._meet(fault, scope, body, receive, send)

    async def _meet(
        self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
                await self._app(scope, _replay(body), send)
            case "late_accepted":
                self._accept_later(fault.seconds, scope, body)
                await _drop(send)
            case "drop" | "silent":
                await _stay_silent(fault, receive)
                await _drop(send)
            case "drop_accepted" | "silent_accepted":
                await self._process(scope, body)
                await _stay_silent(fault, receive)
                await _drop(send)
            case "truncated_accepted":
                await _break_off(await self._process(scope, body), send)
            case "broken_json_accepted":
                status, _ = await self._process(scope, body)
                broken = Response(b'{"sid": "SM', status, media_type="application/json")
                await broken(scope, receive, send)
            case "error_accepted":
                await self._process(scope, body)
                await _error(scope["path"], 500)(scope, receive, send)
            case _:
                await _unprocessed(fault, scope["path"])(scope, receive, send)

    async def _process(self, scope: Scope, body: bytes) -> tuple[int, bytes]:
        """Let the app do its work and keep its response back."""
        status, parts = 500, []

        async def keep(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        await self._app(scope, _replay(body), keep)
        return status, b"".join(parts)

    def _accept_later(self, seconds: float, scope: Scope, body: bytes) -> None:
        """Accept the request in the background, or when the sandbox ends, so that it isn't lost."""

        async def accept() -> None:
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(seconds)
                await self._process(scope, body)
            finally:
                self._outbox.owe(-1)

        self._outbox.owe(1)
        task = asyncio.get_running_loop().create_task(accept())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


# The code by which Twilio says what an HTTP status says.
CODES: Final = {401: 20003, 403: 20403, 404: 20404, 429: 20429, 500: 20500, 503: 20503}


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the request's body; None when the client left before its end."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Callable[[], Awaitable[Message]]:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pending.pop() if pending else {"type": "http.disconnect"}

    return receive


async def _stay_silent(fault: Fault, receive: Receive) -> None:
    """Stay silent for the fault's time, or until the client gives up."""
    if fault.kind.startswith("silent"):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(receive(), fault.seconds)


async def _drop(send: Send) -> None:
    """Close the TCP connection without a byte; uvicorn's cycle can do it, ASGI can't."""
    cycle: Any = getattr(send, "__self__")  # noqa: B009  # a bound method of uvicorn's cycle
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.001)


async def _break_off(response: tuple[int, bytes], send: Send) -> None:
    """Send the true response's head, then only half of the body that it promises."""
    status, body = response
    headers = [(b"content-length", str(len(body) + 64).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    half = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await _drop(send)


def _unprocessed(fault: Fault, path: str) -> Response:
    """Return the response that comes instead of any work."""
    match fault.kind:
        case "rate_limited":
            response = _error(path, 429)
            response.headers.update(_hint(fault))
            return response
        case "refused":
            return _error(path, fault.status, code=fault.code, field=fault.field)
        case "proxy_html":
            return _page(fault.status)
        case "too_large":
            return _page(413)
        case "redirect":
            return RedirectResponse("/elsewhere", 307)
        case _:
            return _error(path, 500)


def _hint(fault: Fault) -> dict[str, str]:
    seconds = math.ceil(fault.wait_seconds())
    if fault.hint == "retry_after":
        return {"Retry-After": str(seconds)}
    if fault.hint == "reset":
        # By the machine's clock, as the response's own Date.
        reset = WallClock().now() + timedelta(seconds=seconds)
        return {
            "X-RateLimit-Limit": "600",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(reset.timestamp())),
        }
    return {}


def _page(status: int) -> Response:
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>nginx</body></html>"
    return HTMLResponse(page, status)


def _error(
    path: str, status: int, *, code: int | None = None, field: str | None = None
) -> Response:
    """Return the provider's own error, in its shape."""
    message = HTTPStatus(status).phrase
    if path.startswith("/v3/"):
        return refuse(status, [(message, field)])
    code = code or CODES.get(status, 20001)
    message = ERRORS.get(code, message)
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more_info, "status": status}
    return JSONResponse(body, status)
