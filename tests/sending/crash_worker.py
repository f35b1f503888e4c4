"""Runs one send in a process of its own, and kills it where it is told to.

The point is `none`, `commit:N:before`, `commit:N:after`, `call:N:before` or `call:N:after`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

from winback.channels import Outcome, Request
from winback.channels._email import EmailChannel
from winback.channels._phone import PhoneChannel
from winback.clock import FixedClock
from winback.ledger import Ledger, open_ledger
from winback.sending import send_due
from winback.settings import Settings


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_commit(number: int, when: str) -> None:
    original, commits = Ledger._writing, count(1)

    @contextmanager
    def write(self: Ledger, lock: str, **options: bool) -> Iterator[Connection]:
        mine = next(commits) == number
        with original(self, lock, **options) as connection:
            yield connection
            if mine and when == "before":
                die()
        if mine:
            die()

    Ledger._writing = write


def kill_at_call(number: int, when: str) -> None:
    calls, lock = count(1), threading.Lock()
    for channel in (EmailChannel, PhoneChannel):

        def send(self: object, request: Request, original=channel.send) -> Outcome:
            with lock:
                mine = next(calls) == number
            if mine and when == "before":
                die()
            outcome = original(self, request)
            if mine:
                die()
            return outcome

        channel.send = send


def run(home: str, ledger_url: str, url: str, now: str, point: str) -> None:
    settings = Settings.load(
        home=Path(home),
        ledger_url=ledger_url,
        sendgrid_api_key="SG.key",
        sendgrid_base_url=url,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="token",
        twilio_base_url=url,
        public_base_url="https://hooks.example.com",
    )
    with open_ledger(settings) as ledger:
        if point != "none":
            what, number, when = point.split(":")
            {"commit": kill_at_commit, "call": kill_at_call}[what](int(number), when)
        send_due(ledger, settings, FixedClock(datetime.fromisoformat(now)))
