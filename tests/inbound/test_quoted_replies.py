"""What we sent ourselves and comes back in a reply is never taken for the person's own words."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import pytest

from winback.replies import classify, their_words
from winback.replies._html import text_of
from winback.replies._reading import read_reply

SMS = "Björn & Co: Hey Ann, we miss you! Come back: https://shop.example.com Reply STOP to opt out"
MAIL = """\
Hey Ann,

we miss you! Come back and see what's new: https://shop.example.com/c/1

--
Björn & Co, 1 Main St, Denver CO 80202
You get this advertising email because you shopped with us.
Unsubscribe, or get fewer: https://shop.example.com/u/abc
"""

DATA = tomllib.loads((Path(__file__).parent / "quoted_replies.toml").read_text(encoding="utf-8"))
HEADS, INTROS, SIGNATURES = DATA["heads"], DATA["intros"], DATA["signatures"]
OWN = {
    "question": "Do you have it in blue?",
    "feedback": "Sorry, it was too expensive for me.",
    "stop": "Please stop",
    "hold": "This is no longer her number",
    "other": "See you soon",
}


def quoted(text: str, mark: str = "> ") -> str:
    return "\n".join(mark + line for line in text.splitlines())


@pytest.mark.parametrize(("head", "intent", "body"), list(product(HEADS, OWN, (MAIL, SMS))))
def test_what_stands_below_a_quoted_head_is_ours(head: str, intent: str, body: str) -> None:
    text = f"{OWN[intent]}\n\n{HEADS[head]}\n\n{body}"
    for sent in ((), (MAIL, SMS)):
        reading = read_reply(text, sent=sent)
        assert (reading.intent, reading.words) == (intent, OWN[intent])


@pytest.mark.parametrize(("intro", "intent"), list(product(INTROS, OWN)))
def test_what_stands_below_on_such_a_day_they_wrote_is_ours(intro: str, intent: str) -> None:
    for mark in ("> ", ">", "&gt; ", "| "):
        text = f"{OWN[intent]}\n\n{intro}\n\n{quoted(MAIL, mark)}"
        assert (classify(text), their_words(text)) == (intent, OWN[intent])


@pytest.mark.parametrize("intro", [it for it in INTROS if "wr" in it or "schr" in it])
def test_a_quote_without_marks_is_ours_too(intro: str) -> None:
    text = f"Do you have it in blue?\n\n{intro}\n\n{MAIL}"
    for sent in ((), (MAIL,)):
        assert read_reply(text, sent=sent).intent == "question"


@pytest.mark.parametrize("signature", SIGNATURES)
def test_what_a_phone_signs_with_is_nobodys_word(signature: str) -> None:
    assert their_words(f"too expensive\n\n{signature}\n") == "too expensive"
    assert classify(f"Thanks!\n\n{signature}") == "other"
    assert read_reply(f"Thanks!\n\n{signature}").is_praise


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        # Marked: what stands between and below is theirs.
        (f"{INTROS[0]}\n{quoted(MAIL)}\n\nSTOP", "stop"),
        (f"{INTROS[0]}\n{quoted(MAIL)}\n\nplease take me off your list", "stop"),
        (f"{INTROS[0]}\n> we miss you!\nWho is this?\n> Reply STOP to opt out", "question"),
        (f"{quoted(SMS)}\n\nunsubscribe me", "stop"),
        (f"{INTROS[4]}\n{quoted(MAIL)}\nbitte abmelden", "stop"),
        # Not marked: a word alone acts, and the link of the quoted mail does not.
        (f"{HEADS['en']}\n\n{MAIL}\n\nSTOP", "stop"),
        (f"{HEADS['de']}\n\n{MAIL}\n\nStopp", "stop"),
        (f"Hi!\n\n{HEADS['en']}\n\n{SMS}\n\nstop please", "stop"),
        (f"Hi!\n\n{HEADS['en']}\n\nUnsubscribe\n\nBjörn & Co, 1 Main St", "other"),
        (f"Hi!\n\n{HEADS['en']}\n\nBjörn & Co, 1 Main St\n\nUnsubscribe", "hold"),
        # Nothing but a quote: nothing was said.
        (f"{HEADS['en']}\n\n{MAIL}", "other"),
        (f"{INTROS[0]}\n{quoted(MAIL)}", "other"),
        # No quote at all.
        ("On Monday you wrote: we miss you. Please stop", "hold"),
        ("> STOP", "stop"),
        ("ok\n> STOP", "stop"),
        (">>> STOP <<<", "stop"),
        ("On 5 December I bought boots\nplease stop\n" + INTROS[0] + "\n> hi", "stop"),
        ("From: Denver\nTo: the shop\nplease stop texting me", "stop"),
        ("From the start it was too expensive", "feedback"),
        ("Sent from the wrong shop, stop", "hold"),
        ("I have three wishes:\nstop\n1. no mails:", "stop"),
    ],
)  # fmt: skip
def test_an_answer_below_a_quote_or_within_is_theirs(text: str, intent: str) -> None:
    assert classify(text) == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        # Below an unmarked quote of a mail that we know, whatever is left is read by a person.
        (f"{HEADS['en']}\n\n{MAIL}\n\nplease take me off your list", "hold"),
        (f"Hello\n\n{HEADS['en']}\n\n{MAIL}\n\nunsubscribe", "hold"),
        (f"{HEADS['en']}\n\n{MAIL}\n\nSTOP", "stop"),
        # Wrapped and stripped as no sender would have it.
        (f"Blue?\n{HEADS['en']}\n" + SMS.replace("Reply STOP to", "Reply\nSTOP\nto"), "question"),
        (f"Blue?\n{HEADS['en']}\n" + MAIL.replace(" ", "\n"), "question"),
        # Copied without any mark.
        (f"Do you have it in blue?\n{MAIL}", "question"),
        ("Reply STOP to opt out", "stop"),
        ("Reply STOP to opt out\nwhy?", "hold"),
    ],
)
def test_of_a_mail_that_we_know_every_word_is_told_from_theirs(text: str, intent: str) -> None:
    sent = (SMS, MAIL, "Reply STOP to opt out")
    assert read_reply(text, sent=sent).intent == intent


def test_a_reaction_to_a_question_of_ours_is_no_answer_to_it() -> None:
    reading = read_reply("Loved “Why did you stay away? Too expensive? Reply STOP to opt out”")
    assert (reading.words, reading.is_praise, reading.is_reaction) == ("", True, True)
    reading = read_reply("Questioned “Why did you stay away?”")
    assert (reading.intent, reading.words, reading.is_reaction) == ("question", "", True)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>Blue?</p><blockquote><p>Reply STOP</p></blockquote>", "Blue?\n> Reply STOP"),
        ("<div>STOP<br>Ann</div>", "STOP\nAnn"),
        ("<style>p{}</style><title>x</title><p>a&nbsp;b &amp; c</p>", "a b & c"),
        ("STOP<!-- never closed", "STOP<!-- never closed"),
        ("<style>STOP", "STOP"),
        ("<p>1 < 2 &#99999999999999999999; STOP</p>", "1 < 2 STOP"),
        ("<table><tr><td>one</td></tr><tr><td>two</td></tr></table>", "one\ntwo"),
        ("", ""),
    ],
)
def test_the_text_of_a_page(page: str, text: str) -> None:
    assert text_of(page) == text
