"""Every exchange between us and the providers, both sides held to the official descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import our_calls
import pytest
import requests
from contract_parts import form_parameters, hold
from sandbox_parts import NOW
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox, _server

pytestmark = pytest.mark.long


class Recorder:
    """Outermost in the sandbox: keeps each request with its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.exchanges: list[tuple[requests.Request, requests.Response]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        taken, answer = bytearray(), requests.Response()
        answer._content = b""

        async def take() -> Message:
            message = await receive()
            taken.extend(message.get("body", b""))
            return message

        async def give(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status_code = message["status"]
                answer.headers.update({k.decode(): v.decode() for k, v in message["headers"]})
            answer._content = (answer.content or b"") + message.get("body", b"")
            await send(message)

        await self._app(scope, take, give)
        query = scope["query_string"].decode()
        url = scope["path"] + (f"?{query}" if query else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = requests.Request(scope["method"], url, headers=headers, data=bytes(taken))
        self.exchanges.append((request, answer))


@pytest.fixture
def recorders(monkeypatch: pytest.MonkeyPatch) -> list[Recorder]:
    made: list[Recorder] = []
    build: Callable[..., ASGIApp] = _server._app

    def recorded(*given: object) -> ASGIApp:
        made.append(Recorder(build(*given)))
        return made[-1]

    monkeypatch.setattr(_server, "_app", recorded)
    return made


@pytest.fixture
def box(
    settings: Settings, clock: FixedClock, recorders: list[Recorder]
) -> Iterator[RunningSandbox]:
    with sandbox.start(settings, clock) as running:
        yield running


def test_all_that_we_ask_and_all_that_we_are_told_holds_the_contracts(
    box: RunningSandbox, settings: Settings, recorders: list[Recorder]
) -> None:
    ours = settings.model_copy(
        update={
            **box.overrides(),
            "channels": "email,sms,mms,rcs,whatsapp,voice",
            "public_base_url": "https://hooks.example.com",
        }
    )
    assert our_calls.make_all(ours, NOW) == our_calls.EXPECTED
    assert len(recorders[0].exchanges) > 25
    for request, answer in recorders[0].exchanges:
        path = request.url
        hold(request, answer)
        if request.method == "POST" and not path.startswith("/v3/"):
            form = parse_qsl(bytes(request.data).decode(), keep_blank_values=True)
            assert {name for name, _ in form} <= form_parameters(path)
