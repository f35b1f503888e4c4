"""Lists of products and prices: what is told of each is whole, safe and in its currency."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed_facts import needed_facts
from test_templates import render, settings

from winback.base.languages import language
from winback.content._products import price, read_products, shown

__all__ = ["settings"]
CENTS = st.none() | st.integers(1, 10**9)
PRODUCT = st.fixed_dictionaries(
    {
        "name": st.text(max_size=80) | st.none(),
        "url": st.sampled_from(["https://shop.example.com/p", "javascript:alert(1)", "", None]),
        "image_url": st.sampled_from(
            ["https://shop.example.com/p.png", "http://shop.example.com/p.png", "x", None]
        ),
        "price_cents": CENTS,
        "old_price_cents": CENTS,
        "currency": st.sampled_from(["EUR", "USD", "CHF", None]),
        "rating_tenths": st.none() | st.integers(40, 50),
        "review_count": st.none() | st.integers(5, 10**6),
    }
)


@pytest.mark.parametrize(
    ("cents", "currency", "tag", "printed"),
    [
        (2450, "USD", "en", "$24.50"), (2450, "EUR", "de", "24,50\u00a0€"),
        (2000, "chf", "en", "20\u00a0CHF"), (None, "USD", "en", ""), (2450, "", "en", ""),
    ],
)  # fmt: skip
def test_a_price_is_printed_with_its_currency_or_not_at_all(cents, currency, tag, printed):
    assert price(cents, currency, language(tag)) == printed


@pytest.mark.parametrize("value", [None, "", "no json", "{}", "7", "[]", '[{"url": "u"}]'])
def test_what_is_no_list_of_products_has_none(value):
    assert read_products(value) == ()


@given(st.lists(PRODUCT, max_size=4))
def test_a_product_is_shown_by_what_is_known_of_it(products):
    for it in shown(
        read_products(json.dumps(products)), "https://shop.example.com", language("en"), ""
    ):
        assert all(isinstance(value, str) for value in it.values())
        assert it["name"]
        assert it["url"].startswith("https://")
        assert it["image_url"] == "" or it["image_url"].startswith("https://")
        assert it["price"] or not it["old_price"]


@given(st.lists(PRODUCT, min_size=1, max_size=4).filter(lambda it: (it[0]["name"] or "").strip()))
def test_a_mail_of_any_products_has_no_gap_no_tag_and_no_other_link(settings, products):
    listed = [it for it in products if read_products(json.dumps([it]))]
    if not listed:
        return
    facts = needed_facts("sms_email/2_reviewed") | {"reviewed_products": json.dumps(listed)}
    mail = render(settings, "sms_email/2_reviewed", **facts)
    for page in (mail["text"], mail["html"]):
        assert not re.search(r"\bNone\b|\bnan\b|javascript:|{{|}}", page) or any(
            re.search(r"None|nan|javascript|{{|}}", it["name"]) for it in listed
        )
        assert "http://shop" not in page
    links = set(re.findall(r"href=\"([^\"]*)\"", mail["html"]))
    assert links <= {
        "https://shop.example.com", "https://shop.example.com/p", "https://hooks.example.com/u/abc",
    }  # fmt: skip
    assert all(link in mail["text"] for link in links)


def test_the_words_of_a_list_are_the_same_in_text_and_page(settings):
    products = [
        {"name": "<b>Pot</b>", "price_cents": 2000, "old_price_cents": 2500, "currency": "EUR",
         "image_url": "https://s.example.com/i.png", "url": "https://shop.example.com/pot"},
        {"name": "Cup"},
    ]  # fmt: skip
    facts = needed_facts("sms_email/2_new") | {"arrivals_products": json.dumps(products)}
    mail = render(settings, "sms_email/2_new", **facts)
    assert "- <b>Pot</b>, €20 (was €25): https://shop.example.com/pot\n" in mail["text"]
    assert "- Cup: https://shop.example.com\n" in mail["text"]
    html = re.sub(r"\s+", " ", mail["html"])
    assert "<strong>&lt;b&gt;Pot&lt;/b&gt;</strong></a> <br>€20 <s>€25</s>" in html
    assert 'alt="&lt;b&gt;Pot&lt;/b&gt;"' in html
    assert html.count("<img") == 1
