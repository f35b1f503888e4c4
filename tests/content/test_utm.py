"""UTM parameters in links: to the shop alone, once, and all else of an address as it was."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_templates import LINK, row, settings

from winback.base.addresses import page_of, with_parameters, without_analytics
from winback.content import Renderer
from winback.content._links import utm_mark
from winback.rehearsal.sandbox._segments import num_segments

__all__ = ["settings"]  # the fixture

TOLD = {"utm_source": "winback", "utm_medium": "email", "utm_campaign": "p", "utm_content": "2-a"}
SIGNS = st.text(alphabet="abZ09-_.~!$'()*+,;=:@/%ü✓ &", max_size=30)
PATHS = st.text(alphabet="abZ09-_.~/ü✓", max_size=20)


@given(PATHS, st.none() | SIGNS, st.none() | SIGNS)
def test_all_else_of_an_address_stays_as_it_is_written(path, query, fragment):
    url = f"https://shop.example/{path}"
    url += "" if query is None else f"?{query}"
    url += "" if fragment is None else f"#{fragment}"
    marked = with_parameters(url, TOLD)
    before, after = urlsplit(url), urlsplit(marked)
    assert (after.scheme, after.netloc, after.path, after.fragment) == (
        before.scheme, before.netloc, before.path, before.fragment,
    )  # fmt: skip
    assert after.query.startswith(before.query)
    own = parse_qsl(before.query, keep_blank_values=True)
    told = parse_qsl(after.query, keep_blank_values=True)
    assert [it for it in told if it not in TOLD.items() and it != ("", "")] == [
        it for it in own if it != ("", "")
    ]
    assert dict(told) | TOLD == dict(told)
    # A second time changes nothing, and the address without them is that of the page.
    assert with_parameters(marked, TOLD) == marked
    assert without_analytics(marked) == without_analytics(url)
    assert page_of(marked) == page_of(url)


@pytest.mark.parametrize(
    ("url", "marked"),
    [
        ("https://shop.example", "https://shop.example?utm_source=x"),
        ("https://shop.example/?", "https://shop.example/?utm_source=x"),
        ("https://shop.example/a?b=1#c", "https://shop.example/a?b=1&utm_source=x#c"),
        ("https://shop.example/a?b=1&", "https://shop.example/a?b=1&utm_source=x"),
        ("https://shop.example/ü?q=✓", "https://shop.example/ü?q=✓&utm_source=x"),
        ("https://shop.example/a?utm_medium=own", "https://shop.example/a?utm_medium=own"),
        ("https://shop.example/a?b=1&UTM_ID=2", "https://shop.example/a?b=1&UTM_ID=2"),
        ("https://shop.example/a?b=utm_x#?", "https://shop.example/a?b=utm_x&utm_source=x#?"),
    ],
)
def test_addresses_with_more_in_their_query(url, marked):
    assert with_parameters(url, {"utm_source": "x"}) == marked


@given(st.text(max_size=20))
def test_no_value_ends_its_parameter(value):
    query = urlsplit(with_parameters("https://shop.example", {"utm_content": value})).query
    assert query.isascii()
    assert "&" not in query
    assert parse_qsl(query, keep_blank_values=True) == [("utm_content", value)]


@pytest.fixture
def marking(settings):
    return settings.model_copy(update={"utm": True})


STEP = {"playbook_id": "sms_email", "step": 4, "variant": "offer"}
UTM = "utm_source=winback&utm_medium={}&utm_campaign=sms_email&utm_content=4-offer"


def test_a_mail_leads_to_marked_addresses_of_the_shop_and_says_nothing_of_the_person(marking):
    one = row("sms_email/4", first_name="Alexandra", **STEP)
    plain = Renderer(marking).render(one, unsubscribe_url=LINK)
    payload = json.loads(plain.payload_json)
    marked = f"https://shop.example.com?{UTM.format('email')}"
    assert marked in payload["text"]
    assert marked.replace("&", "&amp;") in payload["html"]
    assert f"{LINK}?" not in plain.payload_json
    clicked = Renderer(marking).render(
        one, unsubscribe_url=LINK, link_at=lambda at: f"https://hooks.example.com/r/{at}"
    )
    assert clicked.links == (marked,)
    assert "utm_" not in clicked.payload_json
    assert "Alexandra" not in marked


def test_a_text_keeps_its_length_and_never_costs_a_part_more(settings, marking):
    one = row("sms_email/6", **STEP)
    counted = Renderer(marking).render(
        one, unsubscribe_url=LINK, link_at=lambda at: f"https://hooks.example.com/r/{at:012d}"
    )
    assert counted.links == (f"https://shop.example.com?{UTM.format('sms')}",)
    for code in ("X", "X" * 40, "X" * 90):
        of = row("sms_email/6", offer_code=code, **STEP)
        without = Renderer(settings).render(of, unsubscribe_url=LINK)
        marked = Renderer(marking).render(of, unsubscribe_url=LINK)
        body = json.loads(marked.payload_json)["body"]
        assert marked.sms_parts == without.sms_parts == num_segments(body, "+15005550006")


@pytest.mark.parametrize(
    ("url", "is_marked"),
    [
        ("https://shop.example.com/tea", True),
        ("https://www.shop.example.com/tea", True),
        ("https://partner.example.net/tea", False),
        ("https://shop.example.com.evil.net/tea", False),
        ("https://shop.example.com@evil.net/tea", False),
        ("https://hooks.example.com/u/abc", False),
    ],
)
def test_only_the_shops_own_addresses_are_marked(marking, url, is_marked):
    named = marking.model_copy(update={"link_domains": "partner.example.net"})
    mark = utm_mark({"channel": "whatsapp", **STEP}, named)
    assert ("utm_medium=whatsapp" in mark(url)) is is_marked
    assert mark(url).startswith(url)


def test_it_is_off_unless_it_is_set(settings):
    assert utm_mark({"channel": "sms", **STEP}, settings) is None
