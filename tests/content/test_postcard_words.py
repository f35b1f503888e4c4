"""A postcard says who it is from, what it gives and how to get no more, and fits its card."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from test_any_person import LANGUAGES, OFFERS, PEOPLE
from test_templates import CARDS, LINK, row, settings

from winback.base.clock import FixedClock
from winback.base.languages import languages
from winback.content import Renderer
from winback.content._blocked import RenderBlocked
from winback.content._codes import example_codes
from winback.content.payloads import from_json
from winback.content.preview import preview, write_page

__all__ = ["settings"]  # the fixture


def render(renderer, template, **changes):
    told = row(template, channel="direct_mail", **changes)
    return renderer.render(
        told,
        unsubscribe_url=LINK,
        link_at="https://hooks.example.com/r/{}".format,
        codes=example_codes,
    )


@given(PEOPLE, OFFERS, LANGUAGES)
def test_whoever_it_is_for_it_is_whole_and_fits(settings, person, offer, locale):
    renderer = Renderer(settings)
    told = dict(zip(("offer_kind", "offer_value", "offer_detail"), offer, strict=True))
    told |= person | {"locale": locale}
    for template in CARDS:
        rendered = render(renderer, template, **told)
        card = from_json("direct_mail", rendered.payload_json)
        assert len(card.headline) <= 60
        assert len(card.body) <= 500
        assert card.headline
        assert "Example Shop" in card.body
        assert "WELCOME20" in card.body
        assert (card.code, card.language) == ("WELCOME20", locale)
        assert card.until in card.body
        assert LINK in card.opt_out
        assert card.sender == "Example Shop, 1 Main St & Co, Springfield"
        assert card.link == "https://hooks.example.com/r/0"
        assert rendered.links == ("https://shop.example.com",)
        assert not re.search(r"[\n{}]|None|nan|NULL", f"{card.headline} {card.body}")
        written = row(template, channel="direct_mail", **told)
        assert renderer.findings(written, rendered, unsubscribe_url=LINK) == []


def test_a_code_of_ones_own_is_beside_the_words_that_show_it(settings):
    told = {"offer_id": "o", "offer_code_source": "own", "offer_code": None}
    card = json.loads(render(Renderer(settings), CARDS[0], **told).payload_json)
    assert card["code"]
    assert card["code"] in card["words"]
    assert card["until"] in card["words"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [("A" * 61 + "\nExample Shop", "over_budget"), ("Hi\n" + "a " * 300, "over_budget"),
     ("Hi\n{{ secret }}", "render_missing"), (None, "no_template")],
)  # fmt: skip
def test_what_fits_no_card_or_is_not_known_is_not_written(settings, tmp_path, words, reason):
    if words is not None:
        (tmp_path / "1.card.txt").write_text(words)
    with pytest.raises(RenderBlocked) as blocked:
        render(Renderer(settings, tmp_path), "1")
    assert blocked.value.reason.startswith(reason)


@pytest.mark.parametrize("name", ["postal_address", "public_base_url"])
def test_without_a_sender_or_a_way_out_no_card_is_written(settings, name):
    lacking = settings.model_copy(update={name: ""})
    with pytest.raises(RenderBlocked, match=f"WINBACK_{name.upper()}"):
        render(Renderer(lacking), CARDS[0])


def test_the_lint_asks_for_the_shops_name_and_for_what_is_promised(settings, tmp_path):
    (tmp_path / "1.card.txt").write_text("Hello\nRead the reviews of our customers.\n")
    renderer = Renderer(settings, tmp_path)
    rendered = render(renderer, "1")
    told = row("1", channel="direct_mail")
    found = {it.rule for it in renderer.findings(told, rendered, unsubscribe_url=LINK) if it.stops}
    assert found == {"brand", "promise"}


def test_the_preview_shows_it_as_a_card(settings, tmp_path):
    clock = FixedClock(row("x")["offer_expires_at"])
    messages, lacking = preview(
        settings.model_copy(update={"postal_address": ""}), clock, playbook="postcard",
        locales=tuple(languages()),
    )  # fmt: skip
    assert lacking == ["WINBACK_POSTAL_ADDRESS"]
    assert all(not it.unwritten and not it.findings for it in messages)
    page = write_page(messages, tmp_path / "page.html", title="t", intro="i").read_text()
    assert page.count('class="postcard"') == len(messages)
    assert "postcard, step 1: postcard" in page
