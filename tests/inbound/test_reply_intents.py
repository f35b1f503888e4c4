"""What replies ask for: no opt-out is missed, and friends' texts are not taken for one."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.replies import classify
from winback.replies._classify import lapse_reason, lapse_words
from winback.replies._lists import listed
from winback.replies._plain import clean

CORPUS = [
    line.split("\t", 1)
    for line in (Path(__file__).parent / "replies.tsv").read_text(encoding="utf-8").splitlines()
]
SHARED = Path(os.environ.get("WINBACK_TEST_SHARED", Path(__file__).parents[3] / "shared"))
INTENTS = {"stop", "start", "help", "hold", "feedback", "question", "other"}

# Texts between friends in which somebody does ask, in so many words, not to be written to.
REAL_OPT_OUTS_AMONG_FRIENDS = (
    "Please don't text me anymore. I have nothing else to say.",
    "Any chance you might have had with me evaporated",
)


@pytest.mark.rule("stop_words")
@pytest.mark.parametrize(("intent", "text"), CORPUS)
def test_a_reply_of_the_corpus_is_understood(intent: str, text: str) -> None:
    assert classify(text) == intent


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Too expensive for me", "price"),
        ("The shipping costs were crazy", "price"),
        ("Shipping was too expensive", "price"),
        ("shipping was slow", "service"),
        ("It broke after a week and customer service was no help", "product"),
        ("customer service was no help when it broke", "service"),
        ("I still have plenty, thanks", "finished"),
        ("sorry, I forgot about you", "forgot"),
        ("moved away last year", "other"),
        ("Loved it, great customer service", "other"),
        ("see you soon", None),
        ("", None),
    ],
)
def test_feedback_is_coded_by_what_it_names_first(text: str, reason: str | None) -> None:
    assert lapse_reason(text) == reason
    assert classify(text) == ("feedback" if reason else "other")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi, Ann Smith here (555 0100): the boots were TOO   expensive!", "too expensive"),
        ("Customer service was no help when it broke", "customer service"),
        ("ann@example.com moved away", "moved away"),
        ("see you soon, Ann", None),
    ],
)
def test_the_words_of_a_reason_are_a_listed_phrase_and_nothing_else(
    text: str, words: str | None
) -> None:
    assert lapse_words(text) == words


@given(st.text())
def test_no_word_of_a_reply_is_told_that_is_not_on_the_list(written: str) -> None:
    for reply in (written, f"{written} too expensive {written}"):
        told, reason = lapse_words(reply), lapse_reason(reply)
        assert (told is None) == (reason is None)
        assert told is None or told in listed(f"feedback_{reason}")


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(CORPUS) >= 300
    assert len({text for _, text in CORPUS}) == len(CORPUS)
    assert sum(intent == "stop" for intent, _ in CORPUS) >= 220


POLITE = (
    "{}", "{}!!!", "please {}", "{} please 🙏", "Ok {}, thanks.", "{} texting me", "Hi, {} now!",
    "{} {}", "{}. Merci", "Bitte {}", "{}, por favor", "{}\n\nSent from my phone\nAnn Smith",
)  # fmt: skip


@pytest.mark.rule("stop_words")
def test_every_keyword_stops_alone_and_with_politeness_around_it() -> None:
    said = [form.format(word, word) for word in sorted(listed("stop")) for form in POLITE]
    assert len(said) > 1000
    assert [text for text in said if classify(text) != "stop"] == []


def test_real_texts_between_friends_stop_nothing() -> None:
    file = SHARED / "data" / "SMSSpamCollection"
    if not file.is_file():
        pytest.skip(f"the SMS Spam Collection is not at {file}")
    lines = [line.split("\t", 1) for line in file.read_text(encoding="utf-8").splitlines()]
    ham = [text for kind, text in lines if kind == "ham"]
    stops = [text for text in ham if classify(text) == "stop"]
    assert len(ham) == 4827
    assert [text for text in stops if not text.startswith(REAL_OPT_OUTS_AMONG_FRIENDS)] == []


@pytest.mark.parametrize("word", ["YES", "yes!", "Sí", "oui", "Ja"])
def test_a_yes_starts_again_only_who_is_opted_out(word: str) -> None:
    assert classify(word) == "other"
    assert classify(word, is_opted_out=True) == "start"


@given(
    word=st.sampled_from(["stop", "unsubscribe", "cancel", "end", "quit", "arrêt", "opt out"]),
    before=st.text("".join((string.punctuation, " \t\u200d\ufe0f🛑🙏")), max_size=8),
    after=st.text("".join((string.punctuation, " \t\u200d\ufe0f🛑🙏")), max_size=8),
    change=st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
)
def test_a_keyword_stops_in_any_case_and_dress(
    word: str, before: str, after: str, change: object
) -> None:
    assert callable(change)
    assert classify(before + change(word) + after) == "stop"


@given(st.text(st.characters(codec="ascii"), max_size=60))
def test_words_are_the_same_with_and_without_a_letter_of_another_script(text: str) -> None:
    assert clean(f"{text} é").split() == [*clean(text).split(), "e"]


@given(st.text(max_size=300))
def test_any_text_has_an_intent(text: str) -> None:
    assert classify(text) in INTENTS


def classified(text: str, *options: str) -> list[str]:
    """What the command prints of its input."""
    start = "from winback.cli._app import main; import winback.cli._classify; main()"
    answer = subprocess.run(
        [sys.executable, "-c", start, "classify", *options],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return answer.stdout.splitlines()


def test_the_command_reads_lines_and_prints_one_intent_each() -> None:
    said = "STOP\n\nDo you ship to Canada?\nArrêt\n"
    assert classified(said) == ["stop", "other", "question", "stop"]


def test_the_command_reads_a_whole_mail_as_one_reply() -> None:
    mail = "Blue?\n\nFrom: Shop\nSent: Monday\nSubject: Hi\n\nReply STOP to opt out\n"
    assert classified(mail, "--whole") == ["question"]


@pytest.mark.parametrize(
    ("quote", "intent"),
    [
        ("On Mon, Mar 2, 2026 at 10:00 AM Shop <a@b.c> wrote:\n> Reply STOP to opt out\n", "stop"),
        ("From: Shop\nSent: Monday\nTo: Ann\nSubject: Hi\n\nHow are you?\n", "hold"),
    ],
)
def test_a_refusal_below_a_quote_is_seen(quote: str, intent: str) -> None:
    assert classified(f"{quote}\nDo not write to me again.\n", "--whole") == [intent]
