"""Every template of the shipped playbooks, rendered as people get it."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed_facts import NEEDS, needed_facts

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.content import RenderBlocked, Renderer, _sms_text, count_sms_parts, one_line, to_gsm7
from winback.content._context import template_context
from winback.content._render import TEMPLATES_DIR
from winback.content._sms_text import is_gsm7

LINK = "https://hooks.example.com/u/abc"
TEXTS = sorted(
    str(path.relative_to(TEMPLATES_DIR))[: -len(".txt")]
    for path in TEMPLATES_DIR.glob("*/[!_]*.txt")
    # What carriers fetch is no text, a call is spoken inside its frame, and a card is printed.
    if not path.with_suffix(".html").exists()
    and not path.name.endswith((".subject.txt", ".media.txt", ".voice.txt", ".card.txt"))
)
EMAILS = sorted(
    str(path.relative_to(TEMPLATES_DIR))[: -len(".html")] for path in TEMPLATES_DIR.glob("*/*.html")
)
CALLS = sorted(
    str(path.relative_to(TEMPLATES_DIR))[: -len(".voice.txt")]
    for path in TEMPLATES_DIR.glob("*/*.voice.txt")
)
CARDS = sorted(
    str(path.relative_to(TEMPLATES_DIR))[: -len(".card.txt")]
    for path in TEMPLATES_DIR.glob("*/*.card.txt")
)
SUBJECTS = {str(it.relative_to(TEMPLATES_DIR)) for it in TEMPLATES_DIR.glob("*/*.subject.txt")}


@pytest.fixture(scope="module")
def settings():
    return Settings.load(
        brand_name="Example Shop", postal_address="1 Main St & Co, Springfield",
        from_email="hello@example.com", public_base_url="https://hooks.example.com",
        unsubscribe_mailto="stop@example.com", twilio_messaging_service_sid="MG1",
        shop_url="https://shop.example.com", shop_timezone="UTC",
    )  # fmt: skip


def row(template, **changes):
    return {
        "template": template, "channel": "email" if template in EMAILS else "sms",
        "first_name": None, "last_product_name": None, "last_product_url": None,
        "favorite_category": None, "context_product_name": "Pan",
        "context_product_url": "https://shop.example.com/pan", "context_drop_percent": 12,
        "zones": "America/New_York", "offer_kind": "percent",
        "offer_value": Decimal("20.00"), "offer_code": "WELCOME20",
        "offer_expires_at": datetime(2026, 4, 9, 3, 59, 59, tzinfo=UTC),
        "extra_offer_kind": "free_shipping", "extra_offer_value": Decimal(0),
        "extra_offer_code": "SHIPFREE", "program_name": "7 days of tips",
        "frequency": "1 msg/day for 7 days", "leave_keyword": "LEAVE TIPS",
        **needed_facts(template), **changes,
    }  # fmt: skip


def templates_of(template):
    """The source of a mail."""
    return (TEMPLATES_DIR / f"{template}.html").read_text()


# One a setting, as a run has: what takes long is to read and compile the templates.
RENDERERS = []


def render(settings, template, **changes):
    renderer = next((own for of, own in RENDERERS if of == settings), None)
    if renderer is None:
        renderer = Renderer(settings)
        RENDERERS.append((settings, renderer))
    rendered = renderer.render(row(template, **changes), unsubscribe_url=LINK)
    return json.loads(rendered.payload_json)


def test_every_step_and_variant_has_its_template_and_no_template_is_left_over():
    used = {"series/ask", "series/welcome"}  # the answers to a keyword
    for seed in ("playbook_steps", "step_variants", "step_contents"):
        with (PROJECT_DIR / "dbt_project" / "seeds" / f"{seed}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        used |= {line["template"] for line in rows} - {""}
        for line in rows:
            assert not line.get("subject") or f"{line['subject']}.subject.txt" in SUBJECTS
    assert sorted(used) == sorted(TEXTS + EMAILS + CALLS + CARDS)
    assert {"sms_email/6", "sms_four_step/4", "cart_reminder/3"} <= set(TEXTS)


def test_a_variant_may_differ_by_its_subject_alone(settings):
    own = render(settings, "sms_email/2_offer")
    other = render(settings, "sms_email/2_offer", subject_template="sms_email/2_arrivals")
    assert own["subject"] != other["subject"]
    assert other["subject"] == render(settings, "sms_email/2_arrivals")["subject"]
    assert (own["text"], own["html"]) == (other["text"], other["html"])


@pytest.mark.parametrize("name", [None, "Ann", "Zoë-Marie O\u2019Neil"])
@pytest.mark.parametrize("template", TEXTS)
def test_a_text_names_the_brand_first_offers_the_way_out_and_fits(settings, template, name):
    body = render(settings, template, first_name=name)["body"]
    assert "Example Shop" in body[:40]
    assert body.endswith("Reply STOP to opt out")
    assert count_sms_parts(body) <= 2
    assert body.isascii()
    assert not re.search(r"[\[\]{}]|None", body)


@pytest.mark.rule("one_click_unsubscribe")
@pytest.mark.parametrize("template", EMAILS)
def test_an_email_says_who_sends_it_and_lets_people_leave_in_one_click(settings, template):
    hostile = dict.fromkeys(("last_product_name", "context_product_name"), "<b>Mug</b> & Co")
    payload = render(settings, template, first_name="Ann", **hostile)
    assert "\n" not in payload["subject"]
    assert "1 Main St & Co, Springfield" in payload["text"]
    assert "1 Main St &amp; Co, Springfield" in payload["html"]
    assert LINK in payload["text"]
    assert f'href="{LINK}"' in payload["html"]
    assert "<b>Mug" not in payload["html"]
    if any(name in templates_of(template) for name in hostile):
        assert "&lt;b&gt;Mug&lt;/b&gt; &amp; Co" in payload["html"]
    assert 'lang="en"' in payload["html"]
    assert payload["headers"] == {
        "List-Unsubscribe": f"<{LINK}>, <mailto:stop@example.com?subject=unsubscribe>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert "None" not in payload["text"] + payload["html"] + payload["subject"]


# A text whose shop forgot the name of a category says it in general words.
@pytest.mark.parametrize("template", sorted(set(NEEDS) & set(EMAILS)))
def test_words_that_need_something_are_not_written_without_it(settings, template):
    promised = dict.fromkeys(needed_facts(template))
    if any(name.endswith("_products") or "_rating_" in name for name in promised):
        with pytest.raises(RenderBlocked) as blocked:
            render(settings, template, **promised)
        assert blocked.value.reason == "render_missing"
    else:
        assert render(settings, template)


def test_news_and_reviews_are_claimed_by_words_that_need_them_alone():
    claims = {
        re.compile(r"\bnew (in|since)\b|since your last order|what's new", re.I): {"arrivals"},
        re.compile(r"\breviews?\b|reviewed|customers (say|give|like)", re.I): {
            "reviews", "reviewed",
        },
        re.compile(r"others who bought", re.I): {"related"},
    }  # fmt: skip
    for path in sorted(TEMPLATES_DIR.glob("*/*.*")):
        template = f"{path.parent.name}/{path.name.partition('.')[0]}"
        words = re.sub(r"{[{%].*?[%}]}", "", path.read_text())
        for claim, needs in claims.items():
            assert not claim.search(words) or NEEDS.get(template) in needs, path


def test_no_code_is_shown_before_it_is_earned():
    with (PROJECT_DIR / "dbt_project/seeds/playbook_steps.csv").open(newline="") as file:
        asking = [
            row["template"] for row in csv.DictReader(file) if row["content_tag"] == "feedback"
        ]
    assert "sms_email/3" in asking
    for template in asking:
        for path in TEMPLATES_DIR.glob(f"**/{template}*"):
            assert "extra_offer.code" not in path.read_text(), path


def test_the_first_text_of_the_four_steps_offers_nothing(settings):
    body = render(settings, "sms_four_step/1", offer_kind=None, first_name="Ann")["body"]
    assert "Ann" in body
    assert "%" not in body


def test_a_message_about_a_product_names_it_links_to_it_and_says_why_it_came(settings):
    payload = render(settings, "cart_reminder/1")
    assert payload["subject"] == "You left Pan in your cart"
    for page in (payload["text"], payload["html"]):
        assert "https://shop.example.com/pan" in page
        assert "because you left something in your cart." in page
    assert "costs 12% less" in render(settings, "price_drop_note/1")["text"]
    preset = render(settings, "sms_email/4")
    assert "because you shopped with us." in preset["text"]
    assert "because you shopped with us." in preset["html"]


@pytest.mark.parametrize("template", ["sms_email/3", "sms_four_step/3"])
def test_a_feedback_step_asks_for_any_answer(settings, template):
    assert "good or bad" in render(settings, template)["body"]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "until Apr 8:"),
        ({"zones": ""}, "until Apr 9, 3:59 AM:"),
        ({"zones": "America/New_York,America/Chicago"}, "until Apr 8, 10:59 PM:"),
        ({"offer_expires_at": datetime(2026, 4, 9, 4, tzinfo=UTC)}, "until Apr 8:"),
        ({"offer_expires_at": datetime(2026, 4, 9, 16, 5, 59, tzinfo=UTC)}, "Apr 9, 12:05 PM:"),
    ],
)
def test_the_end_of_an_offer_is_shown_on_the_persons_clock_and_never_too_late(
    settings, changes, shown
):
    assert shown in render(settings, "sms_email/1", **changes)["body"]


@pytest.mark.parametrize(
    ("template", "changes", "rule"),
    [
        ("sms_email/1", {"offer_kind": None}, "render_missing:offer"),
        ("sms_email/1", {"offer_code": " "}, "render_missing:code"),
        ("sms_email/1", {"offer_expires_at": None}, "render_missing:until"),
        ("sms_email/3", {"extra_offer_kind": None}, "render_missing:extra_offer"),
        (
            "price_drop_note/1",
            {"context_drop_percent": None},
            "render_missing:context_drop_percent",
        ),
        (
            "price_drop_note/1",
            {"context_product_name": None},
            "render_missing:context_product_name",
        ),
        ("sms_email/1", {"offer_kind": "mystery"}, "unknown_offer"),
        ("sms_email/1", {"zones": "No/Where"}, "unknown_zone"),
        ("sms_email/9", {}, "no_template"),
    ],
)
def test_what_is_missing_blocks_the_message_and_is_named(settings, template, changes, rule):
    with pytest.raises(RenderBlocked) as blocked:
        render(settings, template, **changes)
    assert blocked.value.rule == rule
    assert blocked.value.reason == rule.partition(":")[0]


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("postal_address", "no_postal_address"),
        ("from_email", "no_from_email"),
        ("public_base_url", "no_public_base_url"),
    ],
)
def test_email_needs_its_settings(settings, setting, reason):
    bare = settings.model_copy(update={setting: ""})
    with pytest.raises(RenderBlocked) as blocked:
        render(bare, "sms_email/4")
    assert (blocked.value.reason, blocked.value.detail) == (
        reason,
        f"set WINBACK_{setting.upper()}",
    )


@pytest.mark.parametrize("lacking", ["note.txt", "note.html"])
@pytest.mark.parametrize("fact", ["postal_address", "unsubscribe_url"])
def test_an_email_without_its_footer_is_not_written(settings, tmp_path, lacking, fact):
    (tmp_path / "note.subject.txt").write_text("Hello")
    for name in ("note.txt", "note.html"):
        facts = {"postal_address", "unsubscribe_url"} - ({fact} if name == lacking else set())
        (tmp_path / name).write_text("".join("{{" + known + "}} " for known in sorted(facts)))
    with pytest.raises(RenderBlocked) as blocked:
        Renderer(settings, tmp_path).render(row("note", channel="email"), unsubscribe_url=LINK)
    assert (blocked.value.reason, blocked.value.detail.split()[0]) == ("no_footer", lacking)


def test_a_text_over_its_budget_is_blocked(settings):
    long = settings.model_copy(update={"shop_url": "https://shop.example.com/" + "a" * 250})
    with pytest.raises(RenderBlocked, match="over_budget"):
        render(long, "sms_email/1")


@given(name=st.text(max_size=60), product=st.text(max_size=200), url=st.text(max_size=60))
def test_no_fact_about_a_person_can_break_out_of_its_place(settings_any, name, product, url):
    facts = {"first_name": name, "last_product_name": product, "last_product_url": url}
    payload = render(settings_any, "sms_email/4", **facts)
    assert "\n" not in payload["subject"]
    assert "\r" not in payload["subject"]
    assert payload["html"].count("<a ") == 2
    assert payload["html"].count("<p>") == 3


@pytest.fixture(scope="module")
def settings_any(settings):
    return settings


@pytest.mark.parametrize("fact", ["last_product", "top_product", "last_viewed_product"])
def test_a_template_without_a_fact_shows_its_fallback_or_is_not_sent(settings, tmp_path, fact):
    sentence = "Example Shop: back for {{ %s }}? Reply STOP to opt out"
    (tmp_path / "blocks.txt").write_text(sentence % f"{fact}_name")
    (tmp_path / "falls_back.txt").write_text(sentence % f"{fact}_name | default('more')")

    def body(template, **changes):
        rendered = Renderer(settings, tmp_path).render(
            row(template, **changes), unsubscribe_url=LINK
        )
        return json.loads(rendered.payload_json)["body"]

    known = {f"{fact}_name": "Mug\n", f"{fact}_url": "javascript:alert(1)"}
    assert "back for Mug?" in body("blocks", **known)
    assert "back for more?" in body("falls_back")
    with pytest.raises(RenderBlocked) as blocked:
        body("blocks", **{f"{fact}_name": " "})
    assert blocked.value.rule == f"render_missing:{fact}_name"
    assert f"{fact}_url" not in template_context(row("blocks", **known), settings)


def test_the_version_of_a_template_changes_with_any_file_it_is_made_of(settings, tmp_path):
    import shutil

    shutil.copytree(TEMPLATES_DIR, tmp_path / "t")

    def version():
        renderer = Renderer(settings, tmp_path / "t")
        return renderer.render(row("sms_email/4"), unsubscribe_url=LINK).template_version

    before = version()
    assert version() == before
    layout = tmp_path / "t" / "_layout.mjml"
    layout.write_text(layout.read_text().replace("32px 0", "36px 0"))
    assert version() != before


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 151 + "€", 3), ("я" * 70, 1), ("я" * 71, 2), ("😀" * 35, 1),
        ("😀" * 36, 2), ("я" * 134, 2), ("я" * 135, 3), ("😀" * 67, 3),
    ],
)  # fmt: skip
def test_sms_parts_are_counted_as_carriers_count_them(text, parts):
    assert count_sms_parts(text) == parts


@given(st.text(alphabet="abc \n€[^éя😀\u2028\x07", max_size=400))
def test_a_text_is_counted_and_cleaned_sign_by_sign(text):
    """The quick ways, which look at a text as a whole, come to the same."""
    assert is_gsm7(text) == all(sign in _sms_text._GSM7 for sign in text)
    if is_gsm7(text):
        widths = (2 if sign in _sms_text._EXTENDED else 1 for sign in text)
        assert count_sms_parts(text) == _sms_text._pack(widths, whole=160, part=153)
    kinds = {"Cc", "Zl", "Zp"}
    signs = (" " if unicodedata.category(sign) in kinds else sign for sign in text)
    assert one_line(text) == " ".join("".join(signs).split())
    assert to_gsm7(text) == "".join(map(_sms_text._plain, text.translate(_sms_text._PLAIN)))


@given(st.text(alphabet="\u201c\u201d\u2018\u2019\u2013\u2014\u2026 \u00a0abcéÅñ€", max_size=300))
def test_typographic_signs_never_cost_a_segment(text):
    plain = to_gsm7(text)
    assert count_sms_parts(plain) == count_sms_parts("a" * (len(plain) + plain.count("€")))
