"""Faults on request: the next answers of the provider's API go wrong in a chosen way."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Any, Final, Literal, get_args

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Kind = Literal["error", "error_accepted", "rate_limited", "drop", "drop_accepted", "slow"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RETRY_AFTER_SECONDS: Final = 1


class Faults:
    """The queue of faults to come; each is used up by one POST to a provider's API."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: deque[tuple[Kind, float]] = deque()

    def schedule(self, kind: Kind, *, count: int, seconds: float) -> None:
        with self._lock:
            self._coming.extend([(kind, seconds)] * count)

    def clear(self) -> None:
        with self._lock:
            self._coming.clear()

    def next(self) -> tuple[Kind, float] | None:
        with self._lock:
            return self._coming.popleft() if self._coming else None

    def __len__(self) -> int:
        with self._lock:
            return len(self._coming)


class FaultMiddleware:
    """Outermost in the app, so that it can take the client's connection away."""

    def __init__(self, app: ASGIApp, *, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["method"] == "POST"
        fault = (
            self._faults.next() if is_call and not scope["path"].startswith("/_sandbox") else None
        )
        if fault is None:
            await self._app(scope, receive, send)
            return
        kind, seconds = fault
        if kind in {"error_accepted", "drop_accepted"}:
            await self._app(scope, receive, _swallow)
        elif kind == "slow":
            await asyncio.sleep(seconds)
            await self._app(scope, receive, send)
            return
        if kind in {"drop", "drop_accepted"}:
            await _drop(send)
            return
        await _answer(kind, scope["path"])(scope, receive, send)


async def _swallow(message: Message) -> None:
    """An answer that nobody gets."""


async def _drop(send: Send) -> None:
    """Close the TCP connection without a byte: ASGI can't say that, uvicorn's cycle can."""
    cycle: Any = getattr(send, "__self__")  # noqa: B009  # a bound method of uvicorn's cycle
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.001)


def _answer(kind: Kind, path: str) -> JSONResponse:
    status = 429 if kind == "rate_limited" else 500
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 429 else None
    message = "too many requests" if status == 429 else "Internal Server Error"
    if path.startswith("/v3/"):
        return JSONResponse({"errors": [{"message": message}]}, status, headers)
    code = 20429 if status == 429 else 20500
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more_info, "status": status}
    return JSONResponse(body, status, headers)
