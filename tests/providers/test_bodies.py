"""Whatever a batch says once, each person gets the words that were frozen for them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from winback.content.payloads import Email
from winback.providers import Outgoing
from winback.providers._bodies import SUBSTITUTION_BYTES, together

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
STYLE = "<style>" + ".a{color:red}" * 1_500 + "</style>"


def message(number, html, text="Hello"):
    mail = Email("shop@example.com", "Shop", "We miss you", text, html)
    return Outgoing(f"m{number}", f"p{number}@example.com", mail, NOW)


def page(name, *, breaks="", style=STYLE):
    """A page of a shop, larger than what can be substituted; `breaks` between its tags."""
    parts = (style, f"<p>Hi {name},</p>", "<p>we miss you.</p>", f"<a href='/u/{name}'>stop</a>")
    return breaks.join(parts)


def received(batch):
    """What each of a batch gets, once the marks are replaced as SendGrid does."""
    for own in batch.own:
        pages = [batch.text, batch.html]
        for mark, words in own.items():
            pages = [body.replace(mark, words) for body in pages]
        yield tuple(pages)


def frozen(messages):
    return [(m.payload.text, m.payload.html) for m in messages]


@pytest.mark.parametrize("breaks", ["\n", "", "\r\n\u2028"], ids=["lines", "one line", "odd"])
def test_a_large_page_is_said_once_for_all_who_get_the_same(breaks):
    messages = [message(n, page(f"Ann{n}", breaks=breaks), f"Hi Ann{n}") for n in range(250)]
    (batch,) = together(messages, 250)
    assert list(received(batch)) == frozen(messages)
    assert STYLE in batch.html
    assert "Ann" not in batch.html + batch.text
    assert max(len(str(own)) for own in batch.own) < 200


def test_small_bodies_share_a_request_whatever_is_in_them():
    messages = [message(n, f"<p>{n}</p>" * n, f"{n}") for n in range(1, 40)]
    (batch,) = together(messages, 250)
    assert list(received(batch)) == frozen(messages)


def test_pages_of_another_make_go_apart():
    one = [message(n, page(f"A{n}")) for n in range(3)]
    other = [message(n, page(f"A{n}") + "<p>PS</p>") for n in range(3, 6)]
    assert [batch.messages for batch in together(one + other, 250)] == [one, other]


def test_what_is_too_large_and_all_ones_own_goes_alone():
    alike = [message(n, page(f"A{n}", style="")) for n in range(4)]
    own = [message(n, page(f"A{n}") + "x" * SUBSTITUTION_BYTES + str(n)) for n in range(4, 7)]
    batches = list(together(alike + own, 250))
    assert [len(batch.messages) for batch in batches] == [4, 1, 1, 1]
    assert batches[1].own == [{}]
    assert [pair for batch in batches for pair in received(batch)] == frozen(alike + own)


def test_who_writes_like_our_marks_goes_alone():
    odd = message(1, page("-wb_text-"), "-wb_html-")
    messages = [message(0, page("A")), odd, message(2, page("B"))]
    batches = list(together(messages, 250))
    assert [odd] in [batch.messages for batch in batches]
    assert [pair for batch in batches for pair in received(batch)] == frozen(messages)


def test_nobody_gets_a_word_of_anothers_by_chance():
    dice = random.Random(7)  # noqa: S311
    words = ["Ann", "<b>", "</b>", "\n", "&lt;", "-wb", "html0-", "", "é", "x" * 4_000]
    messages = [
        message(n, "".join(dice.choices(words, k=6)), "".join(dice.choices(words, k=3)))
        for n in range(400)
    ]
    batches = list(together(messages, 50))
    assert sum(len(batch.messages) for batch in batches) == 400
    assert len(batches) < 200
    for batch in batches:
        assert list(received(batch)) == frozen(batch.messages)
