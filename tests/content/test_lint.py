"""The lint of messages: each rule by a template that breaks it, and those that break none."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import lint_templates
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.content import Inspector, RenderBlocked, Renderer
from winback.content import preview as room
from winback.content.brand import contrast
from winback.content.lint import rule_rows
from winback.content.lint._contrast import as_hex, inverted
from winback.content.lint._css import rules
from winback.content.lint._features import CLIENTS, TABLE, features
from winback.content.lint._promises import unbacked
from winback.content.preview._playbooks import SEEDS_DIR

CLOCK = FixedClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
WAY_OUT = "https://hooks.example.com/u/abc"
ASSET = Path(__file__).parents[1] / "assets" / "caniemail"
# Rules that `render` itself holds too, before the lint is asked.
BY_RENDERING = {"brand", "opt_out", "parts", "postal_address", "unsubscribe", "one_click"}


@pytest.fixture(scope="module")
def settings():
    return Settings.load(
        brand_name="Example Shop", postal_address="1 Main St & Co, Springfield",
        from_email="hello@example.com", public_base_url="https://hooks.example.com",
        twilio_messaging_service_sid="MG1", twilio_rcs_service_sid="MG2",
        shop_url="https://shop.example.com",
    )  # fmt: skip


def row(channel, **changes):
    return {
        "channel": channel, "template": "own/1" if channel == "email" else "own/2",
        "first_name": "Alexandra", "zones": "", "offer_kind": "percent", "offer_value": Decimal(20),
        "offer_code": "WELCOME20", "offer_expires_at": datetime(2026, 4, 9, tzinfo=UTC), **changes,
    }  # fmt: skip


def found(settings, folder, channel, **changes):
    renderer, one = Renderer(settings, folder), row(channel, **changes)
    rendered = renderer.render(one, unsubscribe_url=WAY_OUT)
    return renderer.findings(one, rendered, unsubscribe_url=WAY_OUT)


def channel_of(change):
    return change.get("channel", "sms" if "sms" in change else "email")


def files(change):
    return {name: it for name, it in change.items() if name != "channel"}


def test_templates_that_break_no_rule_are_left_alone(settings, tmp_path):
    folder = lint_templates.write(tmp_path)
    assert found(settings, folder, "email") == []
    assert found(settings, folder, "sms") == []


@pytest.mark.parametrize("change", lint_templates.KEEPS, ids=range(len(lint_templates.KEEPS)))
def test_what_comes_close_to_a_rule_breaks_none(settings, tmp_path, change):
    assert (
        found(settings, lint_templates.write(tmp_path, **files(change)), channel_of(change)) == []
    )


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        pytest.param(rule, change, id=f"{rule}-{at}")
        for rule, changes in lint_templates.BREAKS.items()
        for at, change in enumerate(changes)
    ],
)
def test_each_rule_is_broken_by_a_template(settings, tmp_path, rule, change):
    folder = lint_templates.write(tmp_path, **files(change))
    broken = found(settings, folder, channel_of(change))
    assert {it.rule for it in broken} == {rule}
    assert all(it.file.startswith("templates/") and it.next for it in broken)
    # What must not leave so is held; what is a matter of taste goes out.
    renderer, one = Renderer(settings, folder), row(channel_of(change))
    rendered = renderer.render(one, unsubscribe_url=WAY_OUT)
    inspector = Inspector(renderer, settings)
    if any(it.stops for it in broken):
        with pytest.raises(RenderBlocked) as held:
            inspector.check(one, rendered, unsubscribe_url=WAY_OUT)
        assert (held.value.reason, held.value.rule) == ("lint", f"lint:{rule}")
    else:
        inspector.check(one, rendered, unsubscribe_url=WAY_OUT)


def test_every_rule_is_tried():
    tried = set(lint_templates.BREAKS) | BY_RENDERING | {"no_words"}
    assert {name for name, _, _ in rule_rows()} == tried


def test_rules_that_rendering_holds_are_found_in_a_message_that_is_there(settings, tmp_path):
    """As in a message that an older version wrote, or a provider's template."""
    renderer = Renderer(settings, lint_templates.write(tmp_path))
    for channel, name, change, rule in [
        ("sms", "body", lambda it: it.replace("Example Shop", "We"), "brand"),
        ("sms", "body", lambda it: it.replace("STOP", "LEAVE"), "opt_out"),
        ("email", "text", lambda it: it.replace("1 Main St", ""), "postal_address"),
        ("email", "html", lambda it: it.replace("1 Main St", ""), "postal_address"),
        ("email", "html", lambda it: it.replace(WAY_OUT, "https://x.example"), "unsubscribe"),
        ("email", "headers", lambda _: {}, "one_click"),
        ("email", "html", lambda _: "<html lang='en'><body></body></html>", "no_words"),
    ]:  # fmt: skip
        one = row(channel)
        rendered = renderer.render(one, unsubscribe_url=WAY_OUT)
        payload = json.loads(rendered.payload_json)
        payload[name] = change(payload[name])
        broken = type(rendered)(**{**vars(rendered), "payload_json": json.dumps(payload)})
        assert rule in {
            it.rule for it in renderer.findings(one, broken, unsubscribe_url=WAY_OUT)
        }, rule
    parts = type(rendered)(
        **{**vars(renderer.render(row("sms"), unsubscribe_url="")), "sms_parts": 3}
    )
    assert "parts" in {it.rule for it in renderer.findings(row("sms"), parts, unsubscribe_url="")}


def test_a_finding_names_file_and_line_rule_and_what_to_do(settings, tmp_path):
    folder = lint_templates.write(tmp_path, html=("<p>Enjoy", "<p>Read our reviews. Enjoy"))
    (it,) = found(settings, folder, "email")
    line = 1 + (folder / "own/1.html").read_text().splitlines().index(
        "<p>Read our reviews. Enjoy {{ offer.text }} with code {{ offer.code }} until "
        "{{ offer.until }}.</p>"
    )
    assert str(it) == (
        f"templates/own/1.html:{line}: promise: 'reviews' promises reviews, and reviews or "
        "reviewed is not known. Next: show what is promised, or say it only where it is known"
    )


def test_a_finding_in_what_a_template_extends_names_that_file(settings, tmp_path):
    lint_templates.write(tmp_path, txt=('{% include "_footer.txt" %}', '{% include "_end.txt" %}'))
    (tmp_path / "_end.txt").write_text("[First Name]\n" + lint_templates.FOOTER)
    (it,) = found(settings, tmp_path, "email")
    assert it.place == "templates/_end.txt:1"


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
@pytest.mark.parametrize("playbook", [line["playbook_id"] for line in csv.DictReader(
    (SEEDS_DIR / "playbooks.csv").read_text().splitlines())])  # fmt: skip
def test_every_shipped_template_passes_whoever_it_is_written_for(settings, playbook, language):
    spoken = settings.model_copy(update={"shop_language": language})
    shown, _ = room.preview(spoken, CLOCK, playbook=playbook)
    assert [str(finding) for it in shown for finding in it.findings] == []


def test_a_persons_own_facts_hold_their_message_alone(settings, tmp_path):
    folder = lint_templates.write(
        tmp_path, sms=("{{ shop_url }}", "{{ last_product_url | default(shop_url) }}")
    )
    renderer = Renderer(settings, folder)
    inspector = Inspector(renderer, settings)
    for url, is_held in [
        (None, False),
        ("https://market.example.net/tea", True),
        ("https://shop.example.com/tea", False),
    ]:
        one = row("sms", last_product_url=url)
        rendered = renderer.render(one, unsubscribe_url="")
        if is_held:
            with pytest.raises(RenderBlocked, match=r"leads to market\.example\.net"):
                inspector.check(one, rendered, unsubscribe_url="")
        else:
            inspector.check(one, rendered, unsubscribe_url="")
    named = settings.model_copy(update={"link_domains": "other.example, market.example.net"})
    Inspector(renderer, named)
    one = row("sms", last_product_url="https://market.example.net/tea")
    allowing = Renderer(named, folder)
    Inspector(allowing, named).check(
        one, allowing.render(one, unsubscribe_url=""), unsubscribe_url=""
    )


@pytest.mark.parametrize("name", ["NEW ORLEANS TEA SET", "Five Star Reviews Mug", "Brand New Day"])
def test_what_a_product_is_called_promises_nothing(settings, tmp_path, name):
    folder = lint_templates.write(tmp_path, sms=("enjoy", "love {{ last_product_name }}? Enjoy"))
    assert found(settings, folder, "sms", last_product_name=name) == []


def test_a_template_that_no_invented_person_can_have_is_judged_by_each_message(settings, tmp_path):
    folder = lint_templates.write(
        tmp_path, html=("<h1>", "<h2>{{ program_name }}</h2>"), txt=("enjoy", "enjoy")
    )
    renderer = Renderer(settings, folder)
    one = row("email", program_name="")
    with pytest.raises(RenderBlocked):
        renderer.render(one, unsubscribe_url=WAY_OUT)
    one = row("email", program_name="Tea tips")
    with pytest.raises(RenderBlocked, match="one_h1"):
        Inspector(renderer, settings).check(
            one, renderer.render(one, unsubscribe_url=WAY_OUT), unsubscribe_url=WAY_OUT
        )


@pytest.mark.parametrize(
    ("value", "color"),
    [("#FFF", "#ffffff"), ("rgb(1, 2 3)", "#010203"), ("red url(x)", "#ff0000"), ("none", ""),
     ("#ABCDEF !important", "#abcdef"), ("inherit", "")],
)  # fmt: skip
def test_colors_are_read_as_css_writes_them(value, color):
    assert as_hex(value) == color


@given(st.integers(0, 0xFFFFFF))
def test_inverting_turns_light_to_dark_and_back(number):
    color = f"#{number:06x}"
    again = inverted(inverted(color))
    assert contrast(color, again) < 1.2
    assert inverted("#ffffff") == "#000000"


@given(st.text(alphabet="a{}@;:/*() \n.#", max_size=60))
def test_no_style_sheet_is_too_odd_to_read(sheet):
    list(rules(sheet))


def test_the_table_of_features_is_that_of_the_data():
    packed = (ASSET / "caniemail.json.gz").read_bytes()
    data = gzip.decompress(packed)
    assert hashlib.sha256(data).hexdigest() in (ASSET / "README.md").read_text()
    known = {it["slug"]: it for it in json.loads(data)["data"]}
    assert len(CLIENTS) == 12

    def without(slug):
        """The programs whose newest tested version lacks a feature."""
        newest = {
            name: list(known[slug]["stats"].get(family, {}).get(platform, {"": "u"}).values())[-1]
            for name, (family, platform) in CLIENTS.items()
        }
        return "; ".join(name for name, says in newest.items() if says.startswith("n"))

    assert {it.name: it.without for it in features()} == {
        it.name: without(it.name) for it in features()
    }
    # What it lacks can't be seen in a page, or is no part of one.
    unseen = {
        "amp", "bimi", "css-comments", "css-important", "css-nesting", "css-selector-chaining",
        "css-selector-type", "css-sytem-ui", "html-anchor-links", "html-body", "html-doctype",
        "image-hdr",
    }  # fmt: skip
    lacking = {slug for slug in known if without(slug)}
    assert {it.name for it in features()} == lacking - unseen
    assert TABLE.read_text().count("\n") == 1 + len(lacking - unseen)


@pytest.mark.parametrize(
    ("language", "words", "promises"),
    [
        ("en", "See what is new", {"new"}),
        ("en", "a new order, the new price, New York", set()),
        ("de", "Neue Kerzen sind da, und Ihre Treuepunkte", {"new", "points"}),
        ("de", "eine neue Bestellung, von neuem", set()),
        ("fr", "Lisez les avis, et nos nouveautés", {"reviews", "new"}),
        ("fr", "de nouveau, une nouvelle commande", set()),
        ("es", "Novedades y reseñas con 20 % de descuento", {"new", "reviews", "offer"}),
        ("es", "de nuevo, un pedido nuevo", set()),
        ("en", "Others who bought a pan also took home a lid", {"bought_together"}),
        ("de", "Andere, die das gekauft haben, statt 12,50 €", {"bought_together", "old_price"}),
        ("en", "You often choose what is organic, was $12.50", {"held_tag", "old_price"}),
        ("en", "It was 12 years ago, instead of waiting you choose", set()),
        ("de", "Sie wählen oft Produkte mit dem Merkmal", {"held_tag"}),
        ("fr", "Vous choisissez souvent, au lieu de 30 €", {"held_tag", "old_price"}),
        ("es", "A menudo elige lo que ha llegado desde mayo", {"held_tag", "new"}),
        ("en", "Join our club, your pan is back in stock", {"community", "scarce"}),
        ("de", "Werden Sie Teil unserer Community: wieder auf Lager", {"community", "scarce"}),
        ("fr", "Rejoignez notre communauté, de retour en stock", {"community", "scarce"}),
        ("es", "Nuestra comunidad, de nuevo en stock", {"community", "scarce"}),
        # A language that the table lacks is held to the words of all that it has.
        ("it", "recensioni, reviews, Bewertungen", {"reviews"}),
    ],
)
def test_promises_are_known_in_each_language(language, words, promises):
    assert {it.name for it in unbacked(words, language, {})} == promises
