"""Whoever writes what, and whoever answers: nothing but the facts ever comes out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from responder_parts import CLOSES, FACTS, NOW, OPENS, Obedient, Says, outputs, replies, wrong_with

from winback.conversations.responder import Draft, HandOver, Responder, Thread, ask
from winback.conversations.responder._output import framed
from winback.conversations.responder._rules import RuleResponder
from winback.conversations.responder._words import phrases
from winback.replies import classify

REPLIES = list(replies())


def answer(responder: Responder, text: str) -> Draft | HandOver:
    """What comes of one reply, of the intent that it is understood as on arrival."""
    thread = Thread([(text, classify(text))], received_at=NOW)
    return ask(responder, thread, FACTS, now=NOW, replies_per_day=3)


def test_the_data_holds_enough_of_every_kind() -> None:
    kinds = Counter(kind for kind, _, _ in REPLIES)
    assert len(REPLIES) >= 100
    assert len(kinds) >= 15
    assert len(outputs()) >= 75


@pytest.mark.parametrize(("must", "text"), [(must, text) for _, must, text in REPLIES])
def test_the_shipped_responder_answers_what_it_knows_and_nothing_else(must: str, text: str) -> None:
    given = answer(RuleResponder(), text)
    if must == "hand_over":
        assert isinstance(given, HandOver)
        assert given.reason
    else:
        assert isinstance(given, Draft), given
        assert must in given.text
        assert wrong_with(given.text) == []


def test_a_model_that_says_what_it_is_told_to_gets_nothing_past_the_fences() -> None:
    told = [answer(Obedient(), text) for _, _, text in REPLIES]
    # And the second fence alone, as if the first had let everything in.
    told += [Draft(text) for _, _, said in REPLIES if isinstance(text := framed(said, FACTS), str)]
    sent = [given.text for given in told if isinstance(given, Draft)]
    assert sent
    assert [(text, wrong) for text in sent if (wrong := wrong_with(text))] == []


@pytest.mark.parametrize("output", outputs())
def test_no_fabrication_is_sent_however_it_is_put(output: str) -> None:
    for text in (output, f"Sure! {output}", f"Your code WELCOME20 is here. {output}"):
        given = answer(Says(text), "What is my code?")
        assert isinstance(given, HandOver), given
        assert given.reason.startswith("fence_")


def test_what_a_model_may_say_in_its_own_words() -> None:
    for text in (
        "Hi, thanks for asking! Your code WELCOME20 is still valid until Mar 20.",
        "The Blue Mug costs 24.50 USD, and here is its page: https://shop.example.com/p/1.",
        "With WELCOME20 you get 20% off: enter it at the checkout of https://shop.example.com",
    ):
        given = answer(Says(text), "What is my code?")
        assert given == Draft(f"{OPENS}{text}{CLOSES}")


_PIECES = [
    *(FACTS.brand, FACTS.shop_url, "20% off", "WELCOME20", "Mar 20", "STOP", "evil.example"),
    *(fact for p in FACTS.products for fact in (p.name, p.price, p.url)),
    *("9", "24.50", "0", "%", "$", "USD", "/", ".", "@", "-", "VIP25", "not", "free", "half off"),
    *("\u200b", "\u202e", "\uff15", "\u00bd", "\0", "\n", "\t", "<b>", "https://", "www."),
    *sorted(phrases("fences.toml")["plain_words"])[::12],
]
_MIXED = st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(["", " ", " ", ", "]))).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(_MIXED, st.text(max_size=200), st.none(), st.integers(), st.binary(max_size=9)))
@example("24.50 USD")
@example("Blue Mug 24.50 USD9 USD")
@example("https://shop.example.com\u200b/p/9")
def test_any_output_passes_every_fence_or_is_handed_over(output: object) -> None:
    given = framed(output, FACTS)
    if isinstance(given, HandOver):
        assert given.reason.startswith("fence_")
    else:
        assert wrong_with(given) == []
