"""A STOP reaches the real receiver while calls are under way: nothing that has not left leaves."""

from __future__ import annotations

import threading
import time
from urllib.parse import urlencode

import pytest
import requests
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from winback import pages
from winback.ledger import is_suppressed, tables
from winback.sending import plan, send_due

pytestmark = [pytest.mark.long, pytest.mark.both_databases]

CALLS_AT_ONCE = 8  # of the channel of texts


def text_stop(receiver, settings, number):
    form = {"MessageSid": f"SM{number}", "From": number, "To": "+15005550006", "Body": "Stop!"}
    signed_url = f"{settings.public_base_url}/webhooks/twilio/inbound"
    validator = RequestValidator(settings.twilio_auth_token.get_secret_value())
    answer = requests.post(
        f"{receiver.base_url}/webhooks/twilio/inbound",
        data=urlencode(form),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": validator.compute_signature(signed_url, form),
        },
        timeout=10,
    )
    assert answer.status_code == 200


def test_after_a_stop_no_call_begins_although_the_message_is_already_claimed(
    ledger, settings, clock, provider, make_row
):
    rows = [make_row(number) for number in range(90)]
    may_go_on = threading.Event()

    def in_state(state):
        m = tables.messages.c
        with ledger.read() as connection:
            return connection.scalars(select(m.address).where(m.state == state)).all()

    def eventually(is_so):
        deadline = time.monotonic() + 10
        while not is_so():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.01)

    def is_everybody_suppressed():
        with ledger.read() as connection:
            return all(is_suppressed(connection, group="phone", address=a) for a in stopped)

    # Every call hangs until the stops are in: what is claimed then has not left.
    provider.fault = lambda _ids: may_go_on.wait(30) and None
    plan(ledger, rows, settings, clock)
    sending = threading.Thread(target=send_due, args=(ledger, settings, clock))
    with pages.start(ledger, settings, clock) as receiver:
        sending.start()
        try:
            eventually(lambda: len(in_state("sending")) == CALLS_AT_ONCE)
            stopped = set(in_state("claimed")[:20])
            assert len(stopped) == 20
            for address in sorted(stopped):
                text_stop(receiver, settings, address)
            eventually(is_everybody_suppressed)
        finally:
            may_go_on.set()
            sending.join()
    assert not {body["To"] for body in provider.bodies} & stopped
    assert len(provider.accepted) == 70
    with ledger.read() as connection:
        m = tables.messages.c
        ended = connection.execute(select(m.address, m.state, m.state_reason)).all()
    refused = {row.address for row in ended if row.state_reason == "guard:suppression"}
    assert refused == stopped
    assert {row.state for row in ended if row.address in stopped} == {"suppressed"}
