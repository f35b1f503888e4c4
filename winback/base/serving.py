"""Serving an ASGI app: in a thread on a free loopback port, or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any, Final, Self

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from winback.base.errors import UsageError, WinbackError

START_SECONDS: Final = 10.0
# Idle keep-alive connections close at once; a request in flight gets this long.
DRAIN_SECONDS: Final = 5
# A client that dawdles must not hold a connection that a provider needs: the head of its
# request, and then the body (35 MB of a mail at 5 Mbit/s), have this long to arrive.
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
# Above, callers hear 503 and come again; below the 1,024 files that a process may usually open.
MAX_CONNECTIONS: Final = 500


class PunctualProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with deadlines for what it waits for without any: heads and bodies."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS
    _deadline: asyncio.TimerHandle | None = None
    _awaited = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await("head", self.head_seconds)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that turns out to be none, whatever the app is about to respond to it:
        one request has one response, and half of one can't be taken back."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            if self.cycle.response_started:
                self.transport.close()
                return
        super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("", 0)
        super().connection_lost(exc)

    def _look(self) -> None:
        """What is the client still to send? An idle connection is uvicorn's own matter."""
        if self.conn.their_state is h11.SEND_BODY:
            self._await("body", self.body_seconds)
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._await("head", self.head_seconds)
        else:
            self._await("", 0)

    def _await(self, what: str, seconds: float) -> None:
        if what == self._awaited:
            return  # each byte that trickles in changes nothing
        self._awaited = what
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.transport.abort) if what else None


def _closing(app: Any) -> Any:
    """The app, with its connection closed after a response to a request that tells its length in
    two ways: a proxy in front may have read the other one, and take the rest for a request."""

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        names = {name for name, _ in scope.get("headers", ())}
        if {b"content-length", b"transfer-encoding"} <= names:
            # uvicorn closes for a client that asks it to.
            scope["headers"] = [*scope["headers"], (b"connection", b"close")]
        await app(scope, receive, send)

    return respond


def _config(app: Any, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        _closing(app),
        access_log=False,  # a URL may hold a token, and an address has no place in a log
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=MAX_CONNECTIONS,
        http=PunctualProtocol,
        ws="none",
        **options,
    )


def serve_forever(app: Any, *, host: str, port: int) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, which then reaches the caller's handler.

    Raises UsageError where the address can't be listened on.
    """
    _try_address(host, port)
    heard: list[signal.Signals] = []
    server = uvicorn.Server(_config(app, host=host, port=port, log_level="warning"))

    def keep(number: int, _frame: FrameType | None) -> None:
        """uvicorn sends itself the signal again once it has shut down; before it has begun to
        listen for signals, this alone hears of one."""
        heard.append(signal.Signals(number))
        server.should_exit = True

    earlier = {number: signal.signal(number, keep) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run()
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    for number in heard[:1]:
        # The default of SIGTERM would end the process before its callers have cleaned up.
        if callable(earlier[number]):
            signal.raise_signal(number)


def _try_address(host: str, port: int) -> None:
    """uvicorn ends the process where it can't bind; tell it in our words before."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        raise UsageError(
            f"{host}:{port} can't be listened on ({why}). Next: another --port"
        ) from None


class LoopbackServer:
    """An app under uvicorn in a daemon thread, on a free port of 127.0.0.1."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(_config(app, log_config=None))
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name=f"winback-server-{self.base_url}",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        waited = 0.0
        while not self._server.started:
            if waited >= START_SECONDS or not self._thread.is_alive():
                self.__exit__(None, None, None)
                raise WinbackError(f"the server on {self.base_url} did not start")
            self._thread.join(0.01)
            waited += 0.01
        return self

    def end_soon(self) -> None:
        """Begin to end, which takes uvicorn a fifth of a second: two servers need no longer."""
        self._server.should_exit = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end_soon()
        self._thread.join()
        self._socket.close()
