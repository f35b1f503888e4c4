"""When a responder is asked at all, what it gets to see, and that it can't break a run."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from responder_parts import FACTS, NOW, Says

from winback.conversations import responder
from winback.conversations.responder import Draft, Facts, HandOver, Offer, Product, Thread, ask
from winback.conversations.responder._output import framed

ASKED = Thread([("What is my code?", "question")], received_at=NOW)


def asked(thread: Thread, says: Says) -> Draft | HandOver:
    return ask(says, thread, FACTS, now=NOW, replies_per_day=2)


@pytest.mark.parametrize("intent", ["stop", "start", "help", "hold", "feedback", "other"])
def test_only_a_question_reaches_a_responder(intent: str) -> None:
    says = Says("Thanks.")
    thread = replace(ASKED, unanswered=[*ASKED.unanswered, ("What now?", intent)])  # type: ignore[list-item]
    assert asked(thread, says) == HandOver("not_a_question")
    assert says.seen == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_suppressed": True}, "suppressed"),
        ({"has_human": True}, "a_human_has_it"),
        ({"received_at": NOW - timedelta(hours=24, seconds=1)}, "too_old"),
        ({"answered_at": [NOW - timedelta(hours=23), NOW]}, "replies_per_day"),
        ({"earlier": ["what is MY code"]}, "asked_again"),
        ({"unanswered": []}, "nothing_to_reply_to"),
        ({"unanswered": [("What? " * 60, "question")]}, "too_long"),
        ({"unanswered": [("Who is this? " * 15, "question")] * 2}, "too_long"),
    ],
)
def test_a_thread_that_is_not_for_a_program_goes_to_a_human(
    change: dict[str, object], reason: str
) -> None:
    says = Says("Thanks.")
    assert asked(replace(ASKED, **change), says) == HandOver(reason)  # type: ignore[arg-type]
    assert says.seen == []


def test_the_bounds_themselves_still_pass() -> None:
    thread = replace(
        ASKED,
        received_at=NOW - timedelta(hours=24),
        answered_at=[NOW - timedelta(hours=24), NOW - timedelta(hours=1)],
        earlier=["Who is this?"],
    )
    assert isinstance(asked(thread, Says("Thanks.")), Draft)


def test_a_responder_sees_no_contact_data_and_little_of_the_past() -> None:
    says = Says("Thanks.")
    thread = replace(
        ASKED,
        unanswered=[("What is my code? I am jo@example.com, +1 (415) 555-0100", "question")],
        earlier=["a?", "b?", "c?", "d?", "Is 4155550100 right for 3 mugs?"],
    )
    asked(thread, says)
    (seen,) = says.seen
    assert seen.messages == ("What is my code? I am [email] [number]",)
    assert seen.earlier == ("b?", "c?", "d?", "Is [number] right for 3 mugs?")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (RuntimeError("key sk-123"), "responder_failed"),
        (SystemExit(3), "responder_failed"),
        (None, "fence_empty"),
        (b"bytes", "fence_empty"),
        (Draft(7), "fence_empty"),  # type: ignore[arg-type]
        ("", "fence_empty"),
        (" \n\u200b ", "fence_empty"),
        ("well " * 300, "fence_length"),
        ("well " * 60, "fence_length"),
        (HandOver("x" * 999), "x" * 60),
    ],
)
def test_whatever_a_plugged_responder_does_a_human_gets_the_question(
    what: object, reason: str
) -> None:
    assert asked(ASKED, Says(what)) == HandOver(reason)


def test_a_responder_of_before_the_name_changed_is_understood() -> None:
    given = asked(ASKED, Says(responder.Answer("Thanks.")))
    assert given == Draft(framed("Thanks.", FACTS))


def test_one_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    class Hangs(Says):
        def respond(self, *_: object) -> Draft:  # type: ignore[override]
            release.wait(5)
            return Draft("Thanks.")

    given = ask(Hangs(""), ASKED, FACTS, now=NOW, replies_per_day=2, patience=0.05)
    release.set()
    assert given == HandOver("responder_too_slow")


def test_the_alphabet_of_the_facts_is_kept_and_nothing_else_of_another() -> None:
    facts = Facts("Žaba Čaj", "https://caj.example", (Product("Зелёный чай", "9 EUR"),))
    sent = framed("Зелёный чай costs 9 EUR.", facts)
    assert isinstance(sent, str)
    assert sent.startswith("Zaba Caj, automated reply: Зелёный чай costs 9 EUR.")
    assert framed("чай costs 9 EUR.", facts) == HandOver("fence_figure")


def test_facts_that_are_empty_open_no_gap() -> None:
    facts = Facts("Shop", "", (Product("", ""), Product("Mug", "")), Offer("", "", ""))
    assert framed("Mug costs 5.", facts) == HandOver("fence_figure")
    assert isinstance(framed("Mug: see here.", facts), str)
