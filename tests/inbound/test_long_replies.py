"""A stranger's words cost what a long text costs, however they are made."""

from __future__ import annotations

import time

import pytest

from winback.inbound._lanes import SHORT
from winback.replies import classify
from winback.replies._html import text_of
from winback.replies._plain import clean, is_foreign, readings
from winback.replies._quoted import own_words, shortened, without_ours
from winback.replies._reading import read_reply

MB = 1_000_000
SECONDS_OF_ONE = 0.05
# What a pattern that looks ahead, back or over a whole text would be slow on.
WORST = (
    "a", "a ", "s t o p ", "no ", "no more ", "do not ", "do not text ", "i do not text this ",
    "stop texting me ", "dont stop texting me ", "0",
    "5a", "5TOP ", "$", "a$", "111111111111111111111111111111 ", "' ", "\u0364", "e\u0301", "👍",
    "“", "\"", "Liked “", "« ", ">", "> ", ">\n", "&gt;", "\n", "\r", "\n\n\n:", "From: ",
    "From:\n", "From:\nSent:\n", "From: a To: b ", "On ", "On 1\n", "On 1 @ wrote\n",
    "On 1 wrote: ", "wrote:\n", "@:\n", "Le 1 a écrit ", "-", "--\n", "____\n", "http://",
    "http://a ", "<http://", "www.", "Sent from \n", "不要", "やめ", "ｽﾄｯﾌﾟ", "수신", "不要停止",
    "หย\u0e38", "ब\u0902द ", "\u0301", "\u200b", "🇸", "ж", "STOP\n", "stop ", "quality ",
    "too much ", "[…]\n", "…\n", "...\n ", "| ", " ", "\t", "<", "<a", "<a ", "<a>", "</",
    "<blockquote>", "<!--", "<!-- --", "<style", "<style>", "&", "&#", "&#1", "&amp;", "&lt;",
    "İ",
)  # fmt: skip


@pytest.mark.parametrize("piece", WORST)
def test_a_megabyte_of_anything_is_read_in_under_a_second(piece: str) -> None:
    text = (piece * (MB // len(piece) + 1))[:MB]
    for worst in (text, f"a\n\nFrom: x\nSent: y\nSubject: z\n\n{text}"):
        begun = time.perf_counter()
        read_reply(worst, sent=(worst[:20_000],))
        assert time.perf_counter() - begun < 1
    begun = time.perf_counter()
    text_of(text)
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("piece", ["i ", "i do not ", "no ", "do not do ", "From: a To: b "])
def test_a_mail_that_lies_before_a_stop_costs_next_to_nothing(piece: str) -> None:
    """As long as one can be that goes its way, of what takes longest: a hundred in 5 seconds."""
    text = piece * (SHORT // len(piece))
    taken = []
    for _ in range(5):
        begun = time.process_time()
        read_reply(text)
        taken.append(time.process_time() - begun)
    assert min(taken) < SECONDS_OF_ONE


@pytest.mark.parametrize("piece", WORST)
def test_the_time_grows_as_the_text_does(piece: str) -> None:
    """What each text goes through, on one that nothing has cut before."""
    text = (piece * (MB // len(piece) + 1))[: MB // 5]
    for step in (clean, is_foreign, readings):
        begun = time.perf_counter()
        step(text)
        assert time.perf_counter() - begun < 1, step.__name__


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("word " * 10_000, "hold"),
        ("word " * 10_000 + "\nSTOP", "stop"),
        ("STOP\n" + "word " * 10_000, "stop"),
        ("word " * 2_000, "other"),
        ("i " * 3_000, "hold"),
        ("i " * 3_000 + "\nSTOP", "stop"),
        ("STOP\n" + "i, " * 3_000, "stop"),
        ("Blue?\n\nOn 1 Mar 2026 a@b.c wrote:\n" + "> i i i i\n" * 1_000, "question"),
        ("Blue?\n\nFrom: a\nSent: b\nSubject: c\n\n" + "word " * 10_000, "question"),
        ("Blue?\n\nOn 1 Mar 2026 a@b.c wrote:\n" + "> word word word\n" * 10_000, "question"),
        ("On 1 Mar 2026 a@b.c wrote:\n" + "> word word\n" * 10_000 + "\nSTOP", "stop"),
    ],
)
def test_a_text_too_long_to_be_read_is_left_to_a_person(text: str, intent: str) -> None:
    assert classify(text) == intent


def test_a_text_is_cut_once_and_keeps_its_end() -> None:
    text = shortened("a" * MB + "end")
    assert (len(text) < 15_000, text.endswith("end"), shortened(text)) == (True, True, text)
    assert own_words(text).is_cut
    text = shortened("a\n" * 5_000 + "end")
    assert (len(text.splitlines()) < 620, text.endswith("end"), shortened(text)) == (
        True,
        True,
        text,
    )
    assert own_words(text).is_cut
    text = shortened("a " * 5_000 + "end")
    assert (len(text.split()), text.endswith("end"), shortened(text)) == (1_501, True, text)
    assert own_words(text).is_cut
    assert without_ours(["a b c d"], [text]) == ["a b c d"]
