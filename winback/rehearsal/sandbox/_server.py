"""The sandbox as a whole: one app, its threads, and how to start it."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from winback.base.clock import Clock
from winback.base.locks import take_lock
from winback.base.serving import LoopbackServer, serve_forever
from winback.base.settings import Settings
from winback.rehearsal.sandbox import (
    _calls,
    _control,
    _departures,
    _fault_requests,
    _logs,
    _scheduled_sends,
    _sendgrid,
    _shoppers,
    _suppression_lists,
    _twilio,
    _twilio_responses,
)
from winback.rehearsal.sandbox._batches import Batches
from winback.rehearsal.sandbox._credentials import Credentials, load_or_create
from winback.rehearsal.sandbox._database import Database
from winback.rehearsal.sandbox._fault_plan import Faults
from winback.rehearsal.sandbox._faults import FaultMiddleware
from winback.rehearsal.sandbox._sendgrid_responses import refuse
from winback.rehearsal.sandbox._state import AdjustableClock, State
from winback.rehearsal.sandbox._store import Store
from winback.rehearsal.sandbox._suppressions import Suppressions
from winback.rehearsal.sandbox._webhooks import Addresses, Outbox

PARTS: Final = (
    _sendgrid, _scheduled_sends, _logs, _suppression_lists, _twilio, _calls, _control,
)  # fmt: skip


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that responds at `base_url` until its context ends, or soon after `end_soon`."""

    base_url: str
    credentials: Credentials
    _state: State
    end_soon: Callable[[], None]

    @property
    def public_key(self) -> str:
        return self.credentials.public_key

    @property
    def account_sid(self) -> str:
        return self.credentials.account_sid

    @property
    def auth_token(self) -> str:
        return self.credentials.auth_token

    @property
    def clock(self) -> Clock:
        """Return the clock that stamps events; the control API moves it."""
        return self._state.clock

    def send_webhooks_to(self, url: str, *, public_url: str = "") -> None:
        """From now on post webhooks to the receiver at `url`, signed for `public_url`."""
        self._state.outbox.send_to(_addresses(url, public_url))

    def settle(self, seconds: float = 60.0) -> bool:
        """Wait until every webhook is delivered or given up; False when time ran out.

        What the clock has not reached yet, as scheduled mail, owes nothing and is not waited for.
        """
        _departures.catch_up(self._state)
        return self._state.outbox.wait_until_idle(seconds)

    def overrides(self) -> dict[str, Any]:
        """Return the settings that make the product speak to this sandbox (for `model_copy`)."""
        return {
            name: SecretStr(value) if name in {"sendgrid_api_key", "twilio_auth_token"} else value
            for name, value in client_settings(self.base_url, self.credentials).items()
        }


def client_settings(base_url: str, credentials: Credentials) -> dict[str, str]:
    """Return setting names and values for a client of the sandbox at `base_url`."""
    return {
        "sendgrid_base_url": base_url,
        "sendgrid_api_key": credentials.api_key,
        "sendgrid_webhook_public_keys": credentials.public_key,
        "twilio_base_url": base_url,
        "twilio_account_sid": credentials.account_sid,
        "twilio_auth_token": credentials.auth_token,
        "twilio_messaging_service_sid": credentials.messaging_service_sid,
    }


@contextlib.contextmanager
def start(
    settings: Settings,
    clock: Clock,
    *,
    webhooks_url: str = "",
    deliver: bool = True,
    patient: bool = False,
) -> Iterator[RunningSandbox]:
    """Run a sandbox in a thread on a free loopback port.

    Webhooks go to `webhooks_url`, else to the settings' public base URL, else nowhere until
    `send_webhooks_to`. With `deliver=False` nothing is delivered unless a shopper act says so.
    A `patient` one waits for its turn where another run has its sandbox open.
    """
    with _running(settings, clock, webhooks_url, patient=patient) as (app, state):
        state.delivers = deliver
        with LoopbackServer(app) as server:
            yield RunningSandbox(server.base_url, state.credentials, state, server.end_soon)


def serve(
    settings: Settings,
    clock: Clock,
    *,
    host: str,
    port: int,
    webhooks_url: str,
    faults: _fault_requests.FaultsBody | None = None,
) -> None:
    """Run the sandbox in the foreground until it is interrupted; `faults` from the start."""
    with _running(settings, clock, webhooks_url) as (app, state):
        if faults is not None:
            _fault_requests.ask_for(state, faults)
        serve_forever(app, host=host, port=port)


def sandbox_dir(settings: Settings) -> Path:
    return settings.home.resolve() / "sandbox"


@contextlib.contextmanager
def _running(
    settings: Settings, clock: Clock, webhooks_url: str, *, patient: bool = False
) -> Iterator[tuple[ASGIApp, State]]:
    folder = sandbox_dir(settings)
    credentials = load_or_create(folder)
    with (
        _only_one(folder, patient=patient),
        contextlib.closing(Database(folder / "sandbox.db")) as database,
    ):
        adjustable = AdjustableClock(clock)
        store = Store(database)
        outbox = Outbox(store, credentials, adjustable)
        state = State(
            credentials,
            store,
            Batches(database),
            Suppressions(database),
            outbox,
            Faults(),
            adjustable,
        )
        outbox.start(_addresses(webhooks_url, settings.public_base_url))
        try:
            with _departures.keep_up(state):
                yield _app(state), state
        finally:
            outbox.stop()


def _addresses(webhooks_url: str, public_url: str) -> Addresses | None:
    deliver_to = (webhooks_url or public_url).rstrip("/")
    public = (public_url or webhooks_url).rstrip("/")
    return Addresses(deliver_to=deliver_to, public=public) if deliver_to else None


@contextlib.contextmanager
def _only_one(folder: Path, *, patient: bool) -> Iterator[None]:
    """Hold the home's lock: two sandboxes on one home would both send the same webhooks."""
    with (folder / "lock").open("w") as lock:
        if patient:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            take_lock(
                lock,
                f"a sandbox is already running on {folder}: stop it, or point"
                " WINBACK_SENDGRID_BASE_URL and WINBACK_TWILIO_BASE_URL at it",
            )
        yield


async def _nowhere(request: Request, error: Exception) -> Response:
    """Respond to a path or method that no provider has, in the provider's own way."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if request.url.path.startswith("/2010-04-01/"):
        return _twilio_responses.refusal(20004 if status == 405 else 20404, status)
    return refuse(status, [("method not allowed" if status == 405 else "not found", None)])


def _app(state: State) -> ASGIApp:
    app = Starlette(
        routes=[route for part in PARTS for route in part.routes()],
        exception_handlers={
            ValidationError: _control.invalid,
            _shoppers.Impossible: _control.invalid,
            HTTPException: _nowhere,
        },
    )
    app.state.sandbox = state
    return FaultMiddleware(app, faults=state.faults, outbox=state.outbox)
