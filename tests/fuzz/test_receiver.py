"""Whatever is posted to a receiver: no 5xx, an answer in time, no growth, and it is collected."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from fuzz_engine import EMAIL, MINUTES, NUMBER, SEED, Found, Home, tell
from fuzz_receiver import (
    OPERATIONS,
    SECONDS,
    Server,
    odd,
    post,
    posts,
    say,
    serve,
    signed,
    stop_by_text,
)
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from winback.ledger import is_suppressed, open_ledger
from winback.rehearsal.sandbox import Credentials

pytestmark = pytest.mark.long

# Of `make test-fuzz` a third, half of it with each database.
WHOLE = MINUTES * 60 / 6 if MINUTES else 4.0
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
# What a process may hold more at the end than after its first quarter.
MOST_GROWTH = 64 << 20
# A stop is in force within this time of its acknowledgement, whatever else lies in the log.
STOPPED_WITHIN = 5.0
DATABASES = pytest.mark.both_databases if MINUTES else pytest.mark.only_sqlite

kinds = st.sampled_from(["described", "described", "posted", "posted", "posted", "odd"])


@pytest.fixture
def home(home: Home, ledger_url: str, tmp_path: Path) -> Iterator[Home]:
    # Each database has a home of its own: in another's, an empty ledger is a lost one.
    changes = {"home": tmp_path / "home", "ledger_url": ledger_url}
    settings = home.settings.model_copy(update=changes)
    with open_ledger(settings) as ledger:
        yield Home(home.folder, settings, ledger)


@pytest.fixture
def server(home: Home, keys: Credentials) -> Iterator[Server]:
    running = serve(home, keys)
    yield running
    running.process.kill()
    running.process.wait()


def described(server: Server, data: st.DataObject, *, sign: bool) -> int:
    """A request that the description allows; its answer is as described."""
    case = data.draw(data.draw(st.sampled_from(OPERATIONS)).as_strategy())
    request = requests.Request(**case.as_transport_kwargs(base_url=server.base_url)).prepare()
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    if sign and "/webhooks/" in str(request.url):
        request.headers.update(signed(server.keys, str(request.url), body))
    with requests.Session() as session:
        answer = session.send(request, timeout=SECONDS, allow_redirects=False)
    case.validate_response(schemathesis.Response.from_requests(answer, verify=True), checks=CHECKS)
    return answer.status_code


def is_utf8(body: bytes) -> bool:
    return body.decode(errors="replace").encode() == body


def throw(server: Server, seconds: float, found: Found, batch: int) -> None:
    """Requests for so long; none is answered late or with a 5xx."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        batch += 1

        @seed(SEED + batch)
        @examples(
            max_examples=50,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data())
        def request_some(data: st.DataObject) -> None:
            kind, sign = data.draw(kinds), data.draw(st.sampled_from([True, True, True, False]))
            began = time.monotonic()
            if kind == "described":
                status = described(server, data, sign=sign)
            elif kind == "posted":
                what = data.draw(posts)
                began = time.monotonic()
                status = post(server, what, sign=sign)
                # A form that is no UTF-8 is nothing that Twilio signs.
                is_signed = sign and ("twilio" not in what[0] or is_utf8(what[2]))
                assert status in ({200, 204} if is_signed else {403})
            else:
                status = say(server, data.draw(odd))
            assert status < 500
            found.count += 1
            found.refused += status >= 400
            found.slowest = max(found.slowest, time.monotonic() - began)

        try:
            request_some()
        except BaseException as error:
            error.add_note(f"again: FUZZ_SEED={SEED + batch} .venv/bin/pytest -n 0 {__file__}")
            raise


@DATABASES
@pytest.mark.timeout(900)
def test_whatever_is_posted_the_receiver_answers_and_collects_it(
    home: Home, server: Server
) -> None:
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    found = Found(f"the receiver, with {home.ledger.engine.dialect.name}")
    throw(server, WHOLE / 4, found, 0)
    before = server.memory()
    throw(server, WHOLE * 3 / 4, found, 10_000)

    number = "+14155550199"
    assert stop_by_text(server, number) == 200
    acknowledged = time.monotonic()
    while not _is_stopped(home, number):
        assert time.monotonic() - acknowledged < STOPPED_WITHIN
        time.sleep(0.02)
    told = server.health()
    while told["uncollected"]:
        assert time.monotonic() - acknowledged < 60
        time.sleep(0.2)
        told = server.health()
    assert told["status"] == "ok"
    assert told["stored"] > 10
    found.grown = server.memory() - before
    tell(found)
    assert found.grown < MOST_GROWTH
    log = server.log.read_text(errors="replace")
    # Nothing that a parser or the ledger has no name for, and nobody's words or address.
    assert re.findall(r"(?s)Traceback.{,3000}|can't be [^\n]*|failed[^\n]*", log) == []
    assert EMAIL not in log
    assert NUMBER not in log


def _is_stopped(home: Home, number: str) -> bool:
    with home.ledger.read() as connection:
        return is_suppressed(connection, group="phone", address=number)
