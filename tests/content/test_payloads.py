"""Frozen payloads keep the shape in which the ledger has them: rows of any age are read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.content.payloads import (
    Call,
    Email,
    Text,
    WhatsApp,
    from_json,
    subject_of,
    texts_of,
    to_json,
    words_of,
)

# Rows as they stood in ledgers before the payloads had types.
ROWS = {
    "email": (
        Email,
        (
            '{"from": {"email": "shop@example.com", "name": "Shop"}, "headers": '
            '{"List-Unsubscribe": "<https://shop.example.com/u/1>", '
            '"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},'
            ' "html": "<p>Héllo</p>", "own_click_links": true, "reply_to": {"email":'
            ' "help@example.com"}, "subject": "We miss you", "text": "Héllo"}'
        ),
    ),
    "reply": (
        Email,
        (
            '{"from": {"email": "shop@example.com", "name": "Shop"}, "headers": {}, "html":'
            ' "<p>Yes</p>", "subject": "Re: We miss you", "text": "Yes"}'
        ),
    ),
    "sms": (Text, '{"body": "Shop: hi", "messaging_service_sid": "MG1"}'),
    "mms": (
        Text,
        (
            '{"body": "Shop: hi", "media_url": ["https://shop.example.com/a.png"],'
            ' "messaging_service_sid": "MG1"}'
        ),
    ),
    "whatsapp": (
        WhatsApp,
        (
            '{"content_sid": "HX1", "content_variables": "{\\"1\\": \\"Ann\\"}", "from_":'
            ' "whatsapp:+15550001", "words": "Shop: hi Ann"}'
        ),
    ),
    "voice": (Call, '{"from_": "+15550001", "language": "en-US", "words": "Shop here."}'),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_before_is_read_and_would_be_written_the_same(name: str) -> None:
    kind, row = ROWS[name]
    assert to_json(kind.of(json.loads(row))) == row


def test_the_words_of_a_row_are_found_whatever_it_is() -> None:
    assert {name: words_of(row) for name, (_, row) in ROWS.items()} == {
        "email": "Héllo", "reply": "Yes", "sms": "Shop: hi", "mms": "Shop: hi",
        "whatsapp": "Shop: hi Ann", "voice": "Shop here.",
    }  # fmt: skip
    assert subject_of(ROWS["reply"][1]) == "Re: We miss you"
    assert texts_of(ROWS["email"][1]) == (["We miss you", "Héllo"], "<p>Héllo</p>")


@pytest.mark.parametrize("erased", ["{}", "", None, "[]"])
def test_a_message_that_was_erased_has_no_words(erased: str | None) -> None:
    assert (words_of(erased), subject_of(erased), texts_of(erased)) == ("", "", ([], ""))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_read_by_its_channel_as_what_it_is(name: str) -> None:
    kind, row = ROWS[name]
    assert from_json("email" if name == "reply" else name, row) == kind.of(json.loads(row))


text = st.text(max_size=20)
payloads = st.one_of(
    st.builds(
        Email, from_email=text, from_name=st.none() | text, subject=text, text=text, html=text,
        headers=st.dictionaries(text, text, max_size=3), reply_to=text,
        own_click_links=st.booleans(),
    ),
    st.builds(Text, text, text, st.lists(text, max_size=3).map(tuple)),
    st.builds(WhatsApp, text, text, st.just('{"1": "a"}'), text),
    st.builds(Call, text, text, text),
)  # fmt: skip


@given(payloads)
def test_a_payload_is_read_as_it_was_frozen_and_shows_nobody(payload) -> None:
    assert type(payload).of(json.loads(to_json(payload))) == payload
    assert "(" not in repr(payload)
