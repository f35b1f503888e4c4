"""The human queue: who waits, in which order, what shows, and what closing one does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from inbound_parts import PHONE, Provider, add_message, rows
from typer.testing import CliRunner, Result

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli._app import app
from winback.cli._inbox import inbox as _registered  # noqa: F401
from winback.conversations import inbox
from winback.conversations.inbox._read import masked, printable
from winback.inbound import collect
from winback.ledger import Ledger

OTHER = "+14155550177"


@pytest.fixture
def says(provider: Provider, ledger: Ledger, settings: Settings, clock: FixedClock) -> Any:
    sids = iter(range(1000))

    def text(body: str, *, sender: str = PHONE) -> None:
        clock.advance(timedelta(hours=1))
        provider.text(body, sid=f"SM{next(sids)}", sender=sender)
        collect(ledger, settings, clock)

    return text


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    return lambda *words: CliRunner().invoke(app, ["inbox", *words])


def references(ledger: Ledger, clock: FixedClock) -> list[str]:
    return [thread.reference for thread in inbox.threads(ledger, clock)]


def test_the_longest_waiting_comes_first_with_what_was_said(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    add_message(ledger, "m1", channel="sms", address=PHONE)
    says("Do you ship to Canada?")
    says("Nice day today in Denver", sender=OTHER)
    says("Thanks!", sender="+14155550188")
    says("hello??")
    first, second = inbox.threads(ledger, clock)
    assert (first.customer_id, first.intent, first.about) == ("c-m1", "question", "sms_email 1")
    assert (second.customer_id, second.intent, second.about) == (None, "other", "")
    assert (first.waits, second.waits) == (timedelta(hours=3), timedelta(hours=2))
    assert [line.text for line in first.lines] == ["Do you ship to Canada?", "hello??"]
    assert first.reference.endswith(".2")


def test_what_may_be_an_opt_out_is_named_before_what_came_after_it(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    says("can you cancel my order")
    says("and do you ship to Canada?")
    (thread,) = inbox.threads(ledger, clock)
    assert thread.intent == "hold"


def test_resolving_closes_the_conversation_and_releases_its_hold(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    says("can you cancel my order")
    (reference,) = references(ledger, clock)
    done = inbox.resolve(ledger, clock, reference)
    assert (done.released_holds, done.is_suppressed) == (1, False)
    assert references(ledger, clock) == []
    with pytest.raises(UsageError, match="winback inbox"):
        inbox.resolve(ledger, clock, reference)


def test_resolving_never_undoes_a_stop(ledger: Ledger, clock: FixedClock, says: Any) -> None:
    says("can you cancel my order")
    says("STOP")
    done = inbox.resolve(ledger, clock, references(ledger, clock)[0])
    assert (done.released_holds, done.is_suppressed) == (1, True)
    in_force = [row["reason"] for row in rows(ledger, "suppressions") if not row["lifted_at"]]
    assert in_force == ["stop"]


def test_nobody_closes_what_they_have_not_read(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    says("Do you ship to Canada?")
    (seen,) = references(ledger, clock)
    says("can you cancel all of it")
    with pytest.raises(WinbackError, match="1 more replies"):
        inbox.resolve(ledger, clock, seen)
    assert len(references(ledger, clock)) == 1
    assert [row["lifted_at"] for row in rows(ledger, "suppressions")] == [None]


@pytest.mark.parametrize("reference", ["", ".", ".1", "zz.1", "1", "a.b", "%.1"])
def test_a_wrong_reference_is_one_line(
    ledger: Ledger, clock: FixedClock, says: Any, reference: str
) -> None:
    says("Do you ship to Canada?")
    with pytest.raises(UsageError):
        inbox.resolve(ledger, clock, reference)


def test_the_queue_is_counts_alone(ledger: Ledger, clock: FixedClock, says: Any) -> None:
    says("Do you ship to Canada?")
    says("Do you ship to Mexico?", sender=OTHER)
    says("can you cancel my order", sender="+14155550188")
    assert inbox.queue(ledger, clock) == [
        {"intent": "hold", "people": 1, "hours": 0},
        {"intent": "question", "people": 2, "hours": 2},
    ]


def test_the_command_lists_without_addresses_and_resolves(
    ledger: Ledger, says: Any, command: Callable[..., Result]
) -> None:
    for word in ("one", "two", "three", "four"):
        says(f"what is {word}\x1b[2J\n?")
    told = command().output
    assert PHONE not in told
    assert "+1…00" in told
    assert "\x1b" not in told
    assert "(1 earlier lines: --whole)" in told
    assert "what is one" not in told
    assert "what is one [2J ?" in command("--whole").output
    assert told.splitlines()[-1] == "1 wait for a reply"
    reference = told.split()[0]
    assert command("resolve", reference).output == f"{reference} is resolved\n"
    assert command().output == "0 wait for a reply\n"


@pytest.mark.parametrize(
    ("address", "shown"),
    [("+14155550100", "+1…00"), ("ann@shop.example.com", "a…@s….com"), ("@x", "…@x…x"), ("", "…")],
)
def test_an_address_is_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_foreign_words_can_steer_no_terminal() -> None:
    assert printable("a\u202eb\x07c\r\nd\x9b31me \u200bf") == "a b c d 31me f"


def test_a_dry_run_answers_nobody(
    ledger: Ledger, clock: FixedClock, says: Any, command: Callable[..., Result]
) -> None:
    says("Do you ship to Canada?")
    (reference,) = references(ledger, clock)
    refused = command("answer", reference, "--text", "Yes")
    assert "--mode sandbox" in str(refused.exception)
    assert rows(ledger, "messages") == []


def test_what_was_closed_lately_is_found_again(
    ledger: Ledger, clock: FixedClock, says: Any
) -> None:
    says("Do you ship to Canada?")
    (reference,) = references(ledger, clock)
    assert inbox.threads(ledger, clock, closed=True) == []
    inbox.resolve(ledger, clock, reference)
    (thread,) = inbox.threads(ledger, clock, closed=True)
    assert (thread.reference, thread.waits, thread.intent) == (reference, None, "question")
    clock.advance(timedelta(days=7))
    assert inbox.threads(ledger, clock, closed=True) == []
