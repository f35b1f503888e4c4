"""A look before sending: what a page of messages shows, and what it never does."""

from __future__ import annotations

import csv
import re
import shutil
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import browser
import duckdb
import pytest

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.content import preview as room
from winback.content.facts import FACTS
from winback.content.preview._playbooks import SEEDS_DIR

pytestmark = pytest.mark.long

CLOCK = FixedClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
SENDER = {
    "postal_address": "1 Main St", "from_email": "hello@example.com",
    "public_base_url": "https://hooks.example.com", "twilio_messaging_service_sid": "MG1",
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home", brand_name="Tea & <Copper>", **SENDER)


def look(settings, playbook="", **options):
    return room.preview(settings, CLOCK, playbook=playbook, **options)


def page(settings, messages, lacking=()):
    path = settings.preview_dir / "page.html"
    return room.write_page(messages, path, title="Look", intro="Nothing was sent.", lacking=lacking)


def seed(name):
    with (SEEDS_DIR / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_step_of_the_enabled_playbooks_is_shown_and_can_be_written(settings):
    shown, lacking = look(settings)
    enabled = {row["playbook_id"] for row in seed("playbooks") if row["is_enabled"] == "true"}
    steps = {
        (row["playbook_id"], int(row["step"]))
        for row in seed("playbook_steps")
        if row["playbook_id"] in enabled
    }
    assert {(it.playbook_id, it.step) for it in shown} == steps
    assert lacking == []
    assert [it for it in shown if it.unwritten] == []


@pytest.mark.parametrize("playbook", sorted(row["playbook_id"] for row in seed("playbooks")))
def test_every_shipped_playbook_can_be_looked_at_by_its_name(settings, playbook):
    shown, _ = look(settings, playbook)
    assert {it.playbook_id for it in shown} == {playbook}
    # A message that says why it came says nothing where that isn't known.
    assert all(it.about == "No fact known" for it in shown if it.unwritten)


def test_each_variant_and_offer_is_shown_and_what_is_said_without_facts(settings):
    shown, _ = look(settings, "sms_email", step=2)
    assert {(it.variant, it.needs, it.offer_id, it.about) for it in shown} == {
        (variant, needs, offer, about)
        for variant, needs in (
            ("offer", ""),
            ("arrivals", ""),
            ("arrivals", "arrivals"),
            ("arrivals", "related"),
            ("arrivals", "reviewed"),
            ("arrivals", "tagged"),
        )
        for offer, about in (
            ("vip_25", "All facts known"),
            ("vip_25", "No fact known"),
            ("welcome_back_20", "All facts known"),
        )
    }
    told = {it.about: it.words for it in shown if it.variant == "offer"}
    assert "Alexandra" in told["All facts known"]
    assert "Alexandra" not in told["No fact known"]


def test_a_text_is_counted_as_it_will_cost(settings):
    here = settings.model_copy(update={"shop_country": "gb"})
    cost = {row["country"]: row for row in seed("channel_costs") if row["channel"] == "sms"}
    (first, *_), _ = look(here, "sms_four_step", step=1)
    assert first.sms_parts in {1, 2}
    assert float(first.cost_cents) == float(cost["GB"]["cost_cents_per_part"]) * first.sms_parts
    assert f"{len(first.words):,} characters, {first.sms_parts} SMS part" in first.size


def test_the_offer_of_an_arm_is_shown_in_the_place_of_the_segments(settings, tmp_path):
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS_DIR, seeds)
    with (seeds / "bandit_steps.csv").open("a") as file:
        file.write(
            "sms_email,2,offer,true,,,,,,,,,season_15,\nsms_email,2,arrivals,true,,,,,,,,,none,\n"
        )
    shown, _ = look(settings, "sms_email", step=2, seeds_dir=seeds)
    assert {it.offer_id for it in shown if it.variant == "offer"} == {"season_15"}
    assert "SEASON15" in next(it.words for it in shown if it.variant == "offer")
    # Words that need an offer are not written without one.
    none = [it for it in shown if it.variant == "arrivals"]
    assert {it.offer_id for it in none} == {""}
    assert all(it.unwritten for it in none)


def test_a_setting_that_is_missing_is_named_and_hides_no_message(settings):
    bare = settings.model_copy(update={"postal_address": "", "twilio_messaging_service_sid": ""})
    shown, lacking = look(bare, "sms_email")
    assert sorted(lacking) == ["WINBACK_POSTAL_ADDRESS", "WINBACK_TWILIO_MESSAGING_SERVICE_SID"]
    assert [it for it in shown if it.unwritten] == []
    told = page(bare, shown, lacking).read_text()
    assert f"Before anything is sent for real, set {', '.join(lacking)}. Here" in told
    texts, lacking = look(bare, "sms_four_step")
    assert texts
    assert lacking == ["WINBACK_TWILIO_MESSAGING_SERVICE_SID"]


def test_an_edit_of_a_seed_or_template_shows_without_a_build(settings, tmp_path):
    seeds, templates = tmp_path / "seeds", tmp_path / "templates"
    shutil.copytree(SEEDS_DIR, seeds)
    shutil.copytree(SEEDS_DIR.parents[1] / "templates", templates)
    with (seeds / "playbook_steps.csv").open("a") as file:
        file.write(
            "sms_four_step,5,4,1,2,sms,sms_four_step/5,false,,offer_presentation,extra,More\n"
        )
    edited = {"playbook": "sms_four_step", "step": 5, "seeds_dir": seeds}
    (missing,), _ = look(settings, **edited, templates_dir=templates)
    assert missing.unwritten == "no_template: templates/sms_four_step/5.txt is missing"
    (templates / "sms_four_step" / "5.txt").write_text("{{ brand }}: more? Reply STOP to opt out")
    (written,), _ = look(settings, **edited, templates_dir=templates)
    assert written.words == "Tea & <Copper>: more? Reply STOP to opt out"


def test_a_code_of_ones_own_is_plainly_an_example(settings, tmp_path):
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS_DIR, seeds)
    offers = seeds / "offers.csv"
    for shared in ("shared,WELCOME20", "shared,SHIPFREE"):
        assert shared in offers.read_text()
        offers.write_text(offers.read_text().replace(shared, "own,"))
    shown, _ = look(settings, "sms_four_step", seeds_dir=seeds)
    assert [it for it in shown if it.unwritten] == []
    words = " ".join(it.words for it in shown if it.offer_id == "welcome_back_20")
    assert "EXAMPLE-CODE" in words
    assert "WELCOME20" not in words
    thanks, _ = look(settings, "feedback_thanks", seeds_dir=seeds)
    assert "EXAMPLE-CODE" in thanks[0].words


def test_the_step_that_asks_for_feedback_promises_and_shows_no_code_before_the_answer(settings):
    shown, _ = look(settings, "sms_email", step=3)
    codes = {row["code"] for row in seed("offers")}
    assert shown
    for message in shown:
        assert "free shipping is yours: we text you the code" in message.words
        assert [code for code in codes if code in message.words] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"playbook": "nope"}, "there is no playbook 'nope'"),
        ({"playbook": "it's"}, "there is no playbook"),
        ({"playbook": "sms_email", "step": 5}, "there is no step 5 in sms_email"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(settings, options, told):
    with pytest.raises(UsageError, match=told):
        look(settings, **options)


@pytest.fixture
def built(settings):
    """A warehouse with one customer, who looked at a pan that costs less now."""
    columns = [
        it.name for it in FACTS if it.of == "template_facts" and not it.name.startswith("context_")
    ]
    settings.warehouse_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        texts = ", ".join(f"null::varchar as {name}" for name in columns if name != "first_name")
        warehouse.execute(
            "create table int_customers__template_facts as "
            f"select 'o''1' as customer_id, 'Ann' as first_name, {texts}"
        )
        warehouse.execute(
            "create table int_customers__contexts as select 'o''1' as customer_id, "
            "'price_drop' as context, '<i>Pan</i>' as product_name, null as product_url, "
            "7 as drop_percent, null as image_url, null as price_cents, null as old_price_cents, "
            "null as currency"
        )
        own = [it.name for it in FACTS if it.of == "content_facts"]
        names = ", ".join(f"null as {name}" for name in own if not name.endswith("_products"))
        warehouse.execute(
            f"create table int_customers__content_facts as select 'o''1' as customer_id, {names}"
        )
        warehouse.execute(
            "create table int_content__picks as select 'o''1' as customer_id, 'related' as kind, "
            "'lid' as product_id, 1 as pick, null::bigint as seen_price_cents"
        )
        warehouse.execute(
            "create table int_products__offered as select 'lid' as product_id, "
            "'<i>Pan</i> lid' as product_name, null as product_url, null as image_url, "
            "1250 as price_cents, null::bigint as old_price_cents, 'EUR' as currency, "
            "null::bigint as rating_tenths, null::bigint as review_count"
        )
        warehouse.execute(
            "create table int_customers__locales as select 'o''1' as customer_id, 'en' as locale"
        )
        warehouse.execute(
            "create table playbooks as select 'price_drop_note' as playbook_id, "
            "'price_drop' as context"
        )
    return settings


def test_a_customer_s_own_facts_are_read_from_the_last_build(built):
    (shown,), _ = look(built, "price_drop_note", customer_id="o'1")
    assert shown.about == "customer o'1"
    assert "<i>Pan</i>" in shown.words
    assert "7%" in shown.words
    with pytest.raises(UsageError, match="no customer 2"):
        look(built, "price_drop_note", customer_id="2")


def test_a_customer_is_shown_the_contents_that_they_have_something_for(built):
    shown, _ = look(built, "sms_email", step=2, customer_id="o'1")
    assert {it.needs for it in shown if it.variant == "arrivals"} == {"related", ""}
    [first, *_] = [it for it in shown if it.needs == "related"]
    assert "- <i>Pan</i> lid, €12.50: " in first.words
    assert "&lt;i&gt;Pan&lt;/i&gt; lid" in first.page


def test_without_a_build_a_customer_is_told_to_be_unknown_yet(settings):
    with pytest.raises(WinbackError, match="Next: winback build"):
        look(settings, customer_id="1")
    settings.warehouse_path.parent.mkdir(parents=True)
    settings.warehouse_path.write_bytes(b"no database")
    with pytest.raises(WinbackError, match="Next: winback build"):
        look(settings, customer_id="1")


def test_a_page_loads_nothing_runs_nothing_and_is_its_owner_s_alone(built):
    shown, _ = look(built, customer_id="o'1")
    path = page(built, shown)
    text = path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert re.findall(r"<iframe (?!sandbox )", text) == []
    assert not re.search(r"<(script|link|img)\b|\bsrc=", text)
    # Words of others are words here too.
    assert "<i>Pan" not in text
    mails = [unescape(it) for it in re.findall(r'srcdoc="([^"]*)"', text)]
    assert mails
    assert not any("<i>Pan" in mail for mail in mails)


RENDERS = """
    copy (
        select * from (values
            ('m1', 'sms_email', 1::bigint, 'c2', 'sms', 'offer', '{"body": "Hi two"}', 2::bigint,
                2.2::decimal(12, 4), null),
            ('m2', 'sms_email', 1, 'c1', 'sms', 'offer', '{"body": "Hi one"}', 1, 1.1, null),
            ('m3', 'sms_email', 1, 'c3', 'sms', 'offer', null, null, null, 'no_brand'),
            ('m4', 'sms_email', 1, 'c4', 'sms', 'offer', null, null, null, 'no_brand')
        ) as it(message_id, playbook_id, step, customer_id, channel, variant, payload_json,
            segments, cost_cents, unwritten)
    ) to '{path}' (format parquet)
"""


def test_a_dry_run_is_shown_by_an_example_of_each_message_with_its_number(settings, tmp_path):
    renders = tmp_path / "renders.parquet"
    duckdb.execute(RENDERS.replace("{path}", str(renders)))
    written, blocked = room.read_renders(renders)
    assert (written.words, written.count, str(written.cost_cents)) == ("Hi one", 2, "3.3000")
    assert written.sms_parts == 1
    assert (blocked.unwritten, blocked.count) == ("no_brand", 2)
    text = page(settings, [written, blocked]).read_text()
    assert "One of 2 messages, 0.0330 together." in text
    assert "Not written: no_brand. 2 customers get no message at this step." in text


@pytest.mark.skipif(browser.CHROMIUM is None, reason="needs Chromium (apt install chromium)")
def test_the_page_reads_well_on_a_phone_and_on_a_desk_light_and_dark(settings, tmp_path):
    shown, lacking = look(settings.model_copy(update={"postal_address": ""}), "sms_email")
    path = page(settings, shown, lacking)
    with browser.start(tmp_path / "profile") as tab:
        tab.size(1200, 900)
        tab.open(path.as_uri())
        browser.looked_at(tab, "preview")
        dark = "getComputedStyle(document.querySelector('iframe.dark')).colorScheme"
        assert "dark" in tab.evaluate(dark)


def test_a_playbook_is_shown_in_every_language_that_is_switched_on_or_asked_for(settings):
    alone, _ = look(settings, "vip_offer")
    assert {it.locale for it in alone} == {"en"}
    both, _ = look(settings.model_copy(update={"languages": "de"}), "vip_offer")
    assert [it.locale for it in both][:: len(alone)] == ["en", "de"]
    french, _ = look(settings, "vip_offer", locales=("fr",))
    assert {it.locale for it in french} == {"fr"}
    assert all("Pour nos meilleurs clients" in it.subject for it in french)
    text = page(settings, french).read_text()
    assert "All facts known, French" in text


def test_a_customer_is_shown_in_their_own_language(built):
    warehouse = built.warehouse_path
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update winback.int_customers__locales set locale = 'es'")
    shown, _ = look(built, "price_drop_note", customer_id="o'1")
    assert {it.locale for it in shown} == {"es"}
    forced, _ = look(built, "price_drop_note", customer_id="o'1", locales=("de",))
    assert {it.locale for it in forced} == {"de"}


def test_a_half_translated_message_is_told_as_not_written(settings, tmp_path):
    templates = tmp_path / "templates"
    shutil.copytree(SEEDS_DIR.parents[1] / "templates", templates)
    (templates / "de" / "vip_offer" / "1.html").unlink()
    shown, _ = look(settings, "vip_offer", locales=("de", "en"), templates_dir=templates)
    german = [it for it in shown if it.locale == "de"]
    assert german
    assert all("templates/de/vip_offer/1.html is missing" in it.unwritten for it in german)
    assert not any(it.unwritten for it in shown if it.locale == "en")
