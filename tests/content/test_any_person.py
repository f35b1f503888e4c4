"""Whoever a message is for: nothing in it but their own facts, whole and in one language."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from needed_facts import needed_facts
from test_templates import EMAILS, LINK, TEXTS, render, row, settings

from winback.base.languages import languages
from winback.content import RenderBlocked, count_sms_parts, one_line
from winback.content.facts import FACTS

pytestmark = pytest.mark.long

__all__ = ["settings"]  # the fixture

SHOP = "https://shop.example.com"
# Other alphabets, marks that mean something in HTML, Jinja and TOML, and what can't be seen.
ODD = st.text(alphabet="aZ é ñ ß 漢 я <>&\"'{}%#\\\n\t\u202e\u200b🙂", max_size=80)
URLS = st.sampled_from([f"{SHOP}/p/1", f"{SHOP}/p/2?a=1&b=2", "javascript:alert(1)", "", None])
CENTS = st.none() | st.integers(1, 10**9)


def lists(currency="GBP"):
    """A list of products as SQL hands it over, or none; of each its name is sure."""
    product = st.fixed_dictionaries(
        {
            "name": ODD.filter(one_line),
            "url": URLS,
            "image_url": st.sampled_from([f"{SHOP}/p.png", "http://shop.example.com/p.png", None]),
            "price_cents": CENTS,
            "old_price_cents": CENTS,
            "currency": st.sampled_from([currency, None]),
            "rating_tenths": st.none() | st.integers(40, 50),
            "review_count": st.integers(5, 10**6),
        }
    )
    return st.none() | st.lists(product, min_size=1, max_size=3).map(json.dumps)


LISTS = [fact.name for fact in FACTS if fact.name.endswith("_products")]
# What a message may be about, beside what it is sent for.
ABOUT = {
    "context_image_url": st.sampled_from([f"{SHOP}/p.png", "http://shop.example.com/p.png", None]),
    "context_price_cents": CENTS,
    "context_old_price_cents": CENTS,
    "context_currency": st.sampled_from(["GBP", None]),
    "category_rating_tenths": st.none() | st.integers(40, 50),
    "category_review_count": st.none() | st.integers(5, 10**6),
    "category_quote": st.none() | ODD,
    "category_quote_product_name": st.none() | ODD,
    "held_tag": st.sampled_from([None, "eco", "fair trade"]),
    "loyalty_points": st.none() | st.integers(1, 10**7),
    "loyalty_tier": st.none() | ODD,
    "loyalty_expires_on": st.sampled_from([None, "2026-12-31", "2028-02-29"]),
    "invitation": st.none() | ODD,
    **dict.fromkeys(LISTS, lists()),
}
PEOPLE = st.fixed_dictionaries(
    {
        **ABOUT,
        "first_name": st.one_of(st.none(), ODD, st.sampled_from(["Ann", "José", "NULL", "nan"])),
        "last_product_name": st.one_of(st.none(), ODD),
        "last_product_url": URLS,
        "top_product_name": st.one_of(st.none(), ODD),
        "last_viewed_product_name": st.one_of(st.none(), ODD),
        "favorite_category": st.one_of(st.none(), ODD.map(lambda text: text[:30])),
        "context_product_name": st.one_of(st.none(), ODD),
        "context_product_url": URLS,
        "context_drop_percent": st.one_of(st.none(), st.integers(1, 99)),
    }
)
OFFERS = st.sampled_from(
    [("percent", 20, None), ("amount", 1050, "EUR"), ("free_shipping", 0, None),
     ("points", 500, None), ("gift", 0, "Mug")]
)  # fmt: skip
EXAMPLE = "https://shop.example.com/products/example"
LANGUAGES = st.sampled_from(sorted(languages()))
# What is written of a person in words of anybody's.
WORDS = {
    "first_name", "last_product_name", "top_product_name", "last_viewed_product_name",
    "favorite_category", "context_product_name", "category_quote", "category_quote_product_name",
    "loyalty_tier", "invitation",
}  # fmt: skip
TAG = re.compile(r"</?[a-zA-Z!][^\s>]*")
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
CURRENCIES = re.compile(r"[€$£¥]|\b(?:EUR|USD|GBP|CHF)\b")


def written(settings, template, person, offer, locale):
    """The message, and None where a fact lacks that it is about."""
    kind, value, detail = offer
    told = {"offer_kind": kind, "offer_value": value, "offer_detail": detail, "locale": locale}
    promised = {
        name: it for name, it in needed_facts(template).items() if not one_line(person.get(name))
    }
    try:
        return render(settings, template, **person | promised | told)
    except RenderBlocked as why:
        # Only a price drop has no words without what dropped, and by how much.
        if why.reason == "render_missing" and template.startswith("price_drop_note"):
            return None
        raise


def words_of(payload):
    """All that is read of a message."""
    parts = (payload.get(name, "") for name in ("subject", "text", "html", "body"))
    return "\n".join(html.unescape(part) for part in parts)


def in_plain_words(person):
    """The same facts are known, and nothing in their words means anything in HTML."""
    plain = {name: "Pan" if name in WORDS and one_line(it) else it for name, it in person.items()}
    for name in LISTS:
        products = [
            it | {"name": f"Pan {i}"} for i, it in enumerate(json.loads(person[name] or "[]"))
        ]
        plain[name] = json.dumps(products) if products else None
    return plain


# A mail has one paragraph more for who has something quoted.
QUOTE = dict.fromkeys([*LISTS, "context_product_url", "last_product_url"]) | {
    "category_quote": "<a>"
}


@given(st.sampled_from(TEXTS + EMAILS), PEOPLE, OFFERS, LANGUAGES)
@example("sms_email/4_reviews", QUOTE, ("percent", 20, None), "de")
def test_a_message_has_no_tag_no_empty_value_and_no_dead_link(
    settings, template, person, offer, locale
):
    payload = written(settings, template, person, offer, locale)
    if payload is None:
        return
    plain = payload.get("body") or payload["text"]
    for told in (plain, payload.get("subject", "")):
        assert not re.search(r"\b(None|nan|NaN|NULL|undefined|Undefined)\b", told)
        assert "\u200b" not in payload.get("body", "")
    own = {person["context_product_url"], person["last_product_url"], SHOP, LINK, EXAMPLE}
    own |= {it["url"] for name in LISTS for it in json.loads(person[name] or "[]")}
    if template.startswith("care_video"):
        own.add(f"{SHOP}/winback-video")  # the page of the shop's that the playbook is about
    links = {url.rstrip(".,:;!?'") for url in ADDRESS.findall(plain)}
    assert links <= own
    if page := payload.get("html"):
        hrefs = {html.unescape(url) for url in re.findall(r'href="([^"]*)"', page)}
        assert hrefs <= own
        # The page and its twin lead to the same places.
        assert hrefs | {SHOP} == links | {SHOP}
        assert f'lang="{locale}"' in page
        assert payload["subject"].strip()
        assert "javascript" not in page
        # Nothing of a person becomes a tag.
        bare = written(settings, template, in_plain_words(person), offer, locale)["html"]
        assert TAG.findall(page) == TAG.findall(bare)
    else:
        assert count_sms_parts(plain) <= 2
        assert "Example Shop" in plain[:40]


@given(st.sampled_from(TEXTS + EMAILS), OFFERS, LANGUAGES)
def test_an_amount_is_in_the_currency_of_the_offer_and_in_no_other(
    settings, template, offer, locale
):
    payload = written(settings, template, {}, offer, locale)
    found = set(CURRENCIES.findall(words_of(payload)))
    # Prices of an invented person are in dollars.
    own = {"$"} if needed_facts(template) else set()
    assert found <= ({"€"} if offer[0] == "amount" else set()) | own


@given(
    st.sampled_from([it for it in EMAILS + TEXTS if needed_facts(it)]),
    st.fixed_dictionaries(ABOUT),
    LANGUAGES,
)
def test_a_price_of_what_is_shown_is_in_its_own_currency(settings, template, about, locale):
    about |= {"context_currency": "GBP", "context_product_name": "Pan", "context_drop_percent": 5}
    payload = written(settings, template, about, ("percent", 20, None), locale)
    if payload is None:
        return
    found = set(CURRENCIES.findall(words_of(payload)))
    # What is not known of this person comes from an invented one, whose prices are in dollars.
    is_whole = all(one_line(about.get(name)) for name in needed_facts(template))
    assert found <= ({"£"} if is_whole else {"£", "$"})


@given(st.sampled_from(EMAILS + TEXTS), st.permutations(["Xavier", "Yolanda", "Zacharias"]))
def test_nobody_reads_of_somebody_else(settings, template, names):
    for name in names:
        person = {
            "first_name": name, "last_product_name": f"Mug of {name}",
            "context_product_name": f"Pan of {name}", "favorite_category": f"Tea of {name}",
        }  # fmt: skip
        whole = json.dumps(written(settings, template, person, ("percent", 20, None), "en"))
        assert not [other for other in names if other != name and other in whole]


@given(st.sampled_from(EMAILS), LANGUAGES)
def test_a_shop_without_products_or_prices_still_writes_whole_sentences(settings, template, locale):
    if template.startswith("price_drop_note"):
        return
    nothing = dict.fromkeys(row(template), None)
    facts = {name: None for name in nothing if "product" in name or "name" in name}
    facts.pop("program_name")
    facts |= {"favorite_category": None} | needed_facts(template)
    payload = render(settings, template, locale=locale, **facts)
    text = payload["text"].partition("\n--\n")[0]
    assert len(text.split()) >= 10
    # No gap where a fact would stand.
    assert not re.search(r"  |\s,|\(\)|\"\"|^\s*[.,:]", text, re.MULTILINE)
