"""Names as shops' files hold them: what is none is not said, and no name costs an SMS part."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_templates import EMAILS, LINK, TEXTS, render, row, settings

from winback.content import Renderer, count_sms_parts
from winback.content._context import template_context

__all__ = ["settings"]  # the fixture

NO_NAMES = [
    # nothing, as programs write it
    "NULL", "null", "Null", "nan", "NaN", "NAN", "None", "none", "N/A", "n/a", "n.a.", "NA", "na",
    "nil", "undefined", "#N/A", "#REF!", "(null)", "<null>", "[blank]", "false", "-", "--", "—",
    ".", "...", "?", "_", "''", " ", "\u00a0", "0", "123", "4711", "not provided", "Not Available",
    "no name", "NoName", "keine Angabe", "sin nombre", "null null", "N.A. N.A.", "NULL\u00a0NULL",
    "\u200bNULL", "\uff2e\uff35\uff2c\uff2c", "N\u0308ULL",
    # somebody
    "Guest", "GUEST", "guest user", "Guest-User", "Guest 17", "guest_4711", "Gast", "invité",
    "INVITÉE", "Ospite", "gość", "unknown", "Unknown Unknown", "unbekannt", "desconocido",
    "customer", "Customer", "valued customer", "Dear Customer", "Kunde", "Kundin", "client",
    "Cliente", "klient", "anonymous", "Anónimo", "anonym", "Walk-in Customer", "user", "User123",
    "member", "Гость", "клиент", "ゲスト", "お客様", "顾客", "고객",
    # a title, a field's name, a company
    "Mr", "Mr.", "MRS", "Ms.", "Herr", "Frau", "Monsieur", "Sra.", "Mr Guest", "First Name",
    "firstname", "Vorname", "prénom", "E-Mail", "admin", "info", "GmbH",
    # a test, a key pressed, a word that stops texts
    "test", "Test", "TEST", "test test", "Tester", "asdf", "ASDF", "asdasd", "qwertz", "x", "X",
    "xxx", "xx xx", "Aaaa", "abc", "foo", "dummy", "hello", "STOP", "Stop", "stop.", "UNSUBSCRIBE",
    "HELP", "cher", "pan",
    # what would be read as something else than a name
    "ann@example.com", "example.com", "Ann.example", "wa.me", "https://evil.example/x", "www.a.bc",
    "{{ offer.code }}", "{% if %}", "<b>Ann</b>", "Ann\u202eevil", "\u2066Ann\u2069", "Ann😀", "😀",
    "Ann & Bob", "Ann, you won", "Ann 2", "x" * 31, "A" * 400, "Ann\u200dBob", "$ANN", "Ann\\n",
    "*|FNAME|*", "%first_name%", "{first_name}", "[Name]",
]  # fmt: skip
NAMES = [
    "Ann", "ALICE", "alice", "Nan", "Na", "Nil", "Noel", "Noël", "Zoë-Marie O\u2019Neil", "Li",
    "Bo", "Jo", "J.R.", "J. R.", "Anna M.", "Dr. Anna", "Mr Smith", "Al", "Ng", "Ida", "Testa",
    "Stopa", "Guesta", "Clienta", "Nulla", "Lola", "Xu", "Max", "Cher", "Łukasz", "Đorđe", "Ömer",
    "Håkon", "Алиса", "Ελένη", "伟", "丽丽", "さくら", "지우", "محمد", "अनिल", "Nguyễn Thị Ánh",
    "Jean-Luc", "van der Berg", "D'Arcy", "Aa-Mina",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_not_said(settings, name):
    assert "first_name" not in template_context(row("sms_email/1", first_name=name), settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_real_name_is_said_as_it_is_written(settings, name):
    known = template_context(row("sms_email/1", first_name=name), settings)
    assert known["first_name"].strip(".") == name.strip(".")


@pytest.mark.parametrize("template", TEXTS + EMAILS)
def test_no_message_is_blocked_or_reads_odd_because_of_a_name(settings, template):
    nameless = render(settings, template)
    for name in NO_NAMES:
        assert render(settings, template, first_name=name) == nameless, name
    for name in [*NAMES, "Александра-Владислава", "\u5f20" * 30, "Ann\n\nBob"]:
        payload = render(settings, template, first_name=name)
        if template in TEXTS:
            assert count_sms_parts(payload["body"]) <= 2, name


# What a shop's text says, and the facts of somebody; what they read, and its SMS parts.
FALLS_BACK = (
    "{{ brand }}: Hi {{ first_name | default('there') }}, "
    "more {{ favorite_category | default('news') }} "
    "like {{ last_product_name | default('yours') }}: {{ shop_url }} Reply STOP to opt out"
)
COSTS = [
    ({"first_name": "Ann"}, "Hi Ann, more news like yours", 1),
    # In GSM-7, or without its accents.
    ({"first_name": "Ömer"}, "Hi Ömer, more", 1),
    ({"first_name": "Łukasz"}, "Hi Lukasz, more", 1),
    ({"first_name": "Đorđe"}, "Hi Dorde, more", 1),
    ({"first_name": "Nguyễn"}, "Hi Nguyen, more", 1),
    ({"first_name": "Алиса"}, "Hi there, more", 1),
    ({"first_name": "さくら"}, "Hi there, more", 1),
    ({"first_name": "محمد"}, "Hi there, more", 1),
    ({"favorite_category": "Чашки"}, "more news like", 1),
    ({"last_product_name": "Кружка"}, "like yours:", 1),
    ({"last_product_name": "Mug 😀"}, "like yours:", 1),
    # The name stays where it isn't what costs.
    ({"first_name": "Ann", "last_product_name": "Кружка"}, "Hi Ann, more news like yours:", 1),
    ({"first_name": "Алиса", "last_product_name": "Mug"}, "Hi there, more news like Mug:", 1),
    ({"first_name": "Алиса", "favorite_category": "杯子"}, "Hi there, more news like", 1),
    ({"first_name": "Ann", "last_product_name": "Mug " * 30}, "Hi Ann, more news like Mug", 2),
    # Over the budget.
    ({"first_name": "Ann", "last_product_name": "Mug " * 90}, "more news like yours:", 1),
    ({"favorite_category": "Cups " * 70, "last_product_name": "Mug"}, "more news like Mug:", 1),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "shown", "sms_parts"), COSTS)
def test_a_fact_that_costs_a_segment_gives_way_to_its_fallback(
    settings, tmp_path, facts, shown, sms_parts
):
    (tmp_path / "text.txt").write_text(FALLS_BACK)
    rendered = Renderer(settings, tmp_path).render(row("text", **facts), unsubscribe_url=LINK)
    assert shown in json.loads(rendered.payload_json)["body"]
    assert rendered.sms_parts == sms_parts


def test_a_fact_that_the_template_needs_stays_and_one_that_costs_nothing_too(settings, tmp_path):
    (tmp_path / "needs.txt").write_text("{{ brand }}: {{ first_name }}! Reply STOP to opt out")
    rendered = Renderer(settings, tmp_path).render(
        row("needs", first_name="Алиса"), unsubscribe_url=LINK
    )
    assert json.loads(rendered.payload_json)["body"] == "Example Shop: Алиса! Reply STOP to opt out"
    assert rendered.sms_parts == 1


@given(name=st.text(max_size=60), product=st.text(max_size=400))
def test_no_name_at_all_blocks_a_text_or_makes_it_dearer(settings, name, product):
    for template in ("sms_email/1", "sms_four_step/4", "feedback_thanks/1"):
        plain = count_sms_parts(render(settings, template)["body"])
        body = render(settings, template, first_name=name, last_product_name=product)["body"]
        longest = render(settings, template, first_name="Ann" * 10)["body"]
        assert count_sms_parts(body) <= max(plain, count_sms_parts(longest))
