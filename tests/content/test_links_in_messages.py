"""Click links: which addresses of a message give way, to what, and that they cost nothing."""

from __future__ import annotations

import json
import re
import time

import pytest
from test_templates import EMAILS, LINK, TEXTS, row, settings

from winback.content import Renderer, count_sms_parts
from winback.content._links import ClickLinks

__all__ = ["settings"]  # the fixture


def link_at(pos):
    return f"https://hooks.example.com/r/{pos:012d}"


def render(settings, template, **changes):
    return Renderer(settings).render(
        row(template, **changes), unsubscribe_url=LINK, link_at=link_at
    )


@pytest.mark.parametrize("template", EMAILS)
def test_every_link_of_an_email_but_the_way_out_is_counted(settings, template):
    rendered = render(settings, template)
    payload = json.loads(rendered.payload_json)
    assert rendered.links
    # A picture is fetched, not followed.
    followed = re.sub(r' src="[^"]*"', "", payload["text"] + payload["html"])
    assert "https://shop.example.com" not in followed
    for page in (payload["text"], payload["html"]):
        assert link_at(0) in page
        assert LINK in page
    assert payload["own_click_links"] is True
    assert LINK in payload["headers"]["List-Unsubscribe"]


@pytest.mark.parametrize("template", TEXTS)
def test_a_click_link_never_costs_a_segment(settings, template):
    rendered = render(settings, template, first_name="Maximilian")
    body = json.loads(rendered.payload_json)["body"]
    plain = Renderer(settings).render(row(template, first_name="Maximilian"), unsubscribe_url=LINK)
    assert count_sms_parts(body) == rendered.sms_parts == plain.sms_parts
    assert (link_at(0) in body) is bool(rendered.links)
    assert body.isascii()


@pytest.mark.parametrize(("length", "is_counted"), [(160, True), (161, False)])
def test_a_text_keeps_its_address_where_a_click_link_would_cost_a_segment(
    settings, length, is_counted
):
    shortest = json.loads(render(settings, "sms_email/6", offer_code="X").payload_json)["body"]
    code = "X" * (1 + length - len(shortest))
    rendered = render(settings, "sms_email/6", offer_code=code)
    assert rendered.sms_parts == 1
    assert rendered.links == (("https://shop.example.com",) if is_counted else ())


def test_without_click_links_nothing_changes(settings):
    rendered = Renderer(settings).render(row("sms_email/4"), unsubscribe_url=LINK)
    assert rendered.links == ()
    assert "own_click_links" not in json.loads(rendered.payload_json)


@pytest.mark.parametrize(
    ("text", "counted", "targets"),
    [
        ("see https://a.example/x.", "see L0.", ["https://a.example/x"]),
        ("(https://a.example/x)", "(L0)", ["https://a.example/x"]),
        ("https://a.example/x_(y)", "L0", ["https://a.example/x_(y)"]),
        ("HTTPS://A.example", "HTTPS://A.example", []),
        ("http://a.example, https://b.example!", "L0, L1!", ["http://a.example", "https://b.example"]),
        ("https://a.example https://a.example", "L0 L0", ["https://a.example"]),
        ("https://a.example/?q=1&r=2", "L0", ["https://a.example/?q=1&r=2"]),
        ("https://way.out/u/1", "https://way.out/u/1", []),
    ],
)  # fmt: skip
def test_addresses_in_plain_text(text, counted, targets):
    clicks = ClickLinks(lambda pos: f"L{pos}", spared=("https://way.out/u/1",))
    assert clicks.in_text(text) == counted
    assert clicks.targets == targets


@pytest.mark.parametrize(
    ("page", "counted", "targets"),
    [
        ('<a href="https://a.example/?q=1&amp;r=2">x</a>', '<a href="L0">x</a>',
         ["https://a.example/?q=1&r=2"]),
        ("<A class='b' HREF='https://a.example'>x</A>", "<A class='b' HREF='L0'>x</A>",
         ["https://a.example"]),
        ('<a href="mailto:a@b.example">x</a>', '<a href="mailto:a@b.example">x</a>', []),
        ('<img src="https://a.example/x.png">', '<img src="https://a.example/x.png">', []),
        ("read https://a.example", "read https://a.example", []),
        ('<a href="https://way.out/u/1">x</a>', '<a href="https://way.out/u/1">x</a>', []),
    ],
)  # fmt: skip
def test_addresses_in_html(page, counted, targets):
    clicks = ClickLinks(lambda pos: f"L{pos}", spared=("https://way.out/u/1",))
    assert clicks.in_html(page) == counted
    assert clicks.targets == targets


@pytest.mark.parametrize(
    "pump", ["<a ", '<a href="', "<a href='\"", "<a href=", "href=", "http://"]
)
def test_links_are_found_in_a_megabyte_of_their_worst_within_a_second(pump):
    worst = (pump * 1_000_000)[:1_000_000]
    links = ClickLinks(link_at)
    began = time.process_time()
    links.in_html(worst)
    links.in_text(worst)
    assert time.process_time() - began < 1


def test_a_link_beside_other_attributes_and_over_two_lines_is_counted():
    links = ClickLinks(link_at)
    page = "<p><a\n class='b' HREF='https://shop.example.com/?a=1&amp;q=\">\n'>x</a> <a id=\"y\">"
    assert links.in_html(page) == f"<p><a\n class='b' HREF='{link_at(0)}'>x</a> <a id=\"y\">"
    assert links.targets == ['https://shop.example.com/?a=1&q=">']
