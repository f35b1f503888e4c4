"""A running sandbox, the providers' own clients, and a receiver that only listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import sendgrid
from contract_parts import Caller
from sandbox_parts import NOW, Listener
from twilio.rest import Client

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.rehearsal import sandbox
from winback.rehearsal.sandbox import RunningSandbox


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home", public_base_url="")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def box(settings: Settings, clock: FixedClock, listener: Listener) -> Iterator[RunningSandbox]:
    with sandbox.start(settings, clock, webhooks_url=listener.url) as running:
        yield running


@pytest.fixture(scope="session")
def strict_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for all tests of what is refused: nothing is ever accepted here."""
    settings = Settings.load(home=tmp_path_factory.mktemp("strict"), public_base_url="")
    with sandbox.start(settings, FixedClock(NOW)) as running:
        yield running


@pytest.fixture(scope="session")
def strict_text_client(strict_box: RunningSandbox) -> Iterator[Client]:
    client = Client(strict_box.account_sid, strict_box.auth_token)
    client.api.base_url = strict_box.base_url
    yield client
    client.http_client.session.close()


@pytest.fixture
def call(box: RunningSandbox) -> Iterator[Caller]:
    caller = Caller(box)
    yield caller
    caller.close()


@pytest.fixture
def mail_client(box: RunningSandbox) -> Any:
    return sendgrid.SendGridAPIClient(box.credentials.api_key, host=box.base_url).client


@pytest.fixture
def text_client(box: RunningSandbox) -> Iterator[Client]:
    client = Client(box.account_sid, box.auth_token)
    client.api.base_url = box.base_url
    yield client
    client.http_client.session.close()


@pytest.fixture
def control(box: RunningSandbox) -> Any:
    """POST to /_sandbox/<name>."""

    def post(name: str, **body: object) -> dict[str, Any]:
        answer = requests.post(f"{box.base_url}/_sandbox/{name}", json=body, timeout=30)
        return {"status": answer.status_code, **answer.json()}

    return post
