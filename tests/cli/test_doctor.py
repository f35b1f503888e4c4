"""What `winback doctor` asks for hangs on the channels that are switched on."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.readiness.cards import SEEDS_DIR, TEMPLATES_DIR, placeholders
from winback.readiness.doctor import findings

TWILIO = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"}
EMAIL = {"FROM_EMAIL", "POSTAL_ADDRESS", "SENDGRID_API_KEY", "SENDGRID_WEBHOOK_PUBLIC_KEYS"}
ALWAYS = {"PUBLIC_BASE_URL", "BRAND_NAME", "SHOP_URL"}
CAMPAIGN = {"SMS_CAMPAIGN_STATUS"}


@pytest.mark.rule("us_campaign")
@pytest.mark.parametrize(
    ("channels", "named"),
    [
        ("email,sms", EMAIL | TWILIO | CAMPAIGN | {"TWILIO_MESSAGING_SERVICE_SID"}),
        (" SMS ,mms", TWILIO | CAMPAIGN | {"TWILIO_MESSAGING_SERVICE_SID"}),
        ("email", EMAIL),
        ("rcs", TWILIO | CAMPAIGN | {"TWILIO_RCS_SERVICE_SID"}),
        ("whatsapp", TWILIO | {"TWILIO_WHATSAPP_FROM"}),
        ("voice", TWILIO | {"TWILIO_VOICE_FROM", "VOICE_OPT_OUT_NUMBER"}),
        ("", {"CHANNELS"}),
    ],
)
def test_doctor_names_what_each_channel_that_is_switched_on_still_lacks(channels, named, tmp_path):
    settings = Settings.load(home=tmp_path, channels=channels)
    lines = [line.removeprefix("WINBACK_").split()[0] for line in findings(settings)]
    assert sorted(lines) == sorted(named | ALWAYS)


@pytest.mark.parametrize(("minutes", "is_named"), [(4, True), (5, False)])
def test_doctor_names_a_wait_in_which_a_text_may_still_turn_up(minutes, is_named, tmp_path):
    settings = Settings.load(home=tmp_path, unknown_settle_minutes=minutes)
    said = any("WINBACK_UNKNOWN_SETTLE_MINUTES is below 5" in line for line in findings(settings))
    assert said is is_named


def test_a_channel_that_does_not_exist_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"WINBACK_CHANNELS: .*no channel 'pigeon'"):
        Settings.load(home=tmp_path, channels="email,pigeon")


@pytest.mark.parametrize("name", ["from_email", "reply_to", "unsubscribe_mailto"])
@pytest.mark.parametrize("value", ["Shop <a@example.com>", "a@example", "nobody", "a@b.c,d@e.f"])
def test_an_address_that_no_provider_takes_is_refused_before_it_is_in_any_message(name, value):
    with pytest.raises(UsageError, match=f"WINBACK_{name.upper()}: .*an address alone") as refused:
        Settings.load(**{name: value})
    assert value not in str(refused.value)


def switched_on(seeds: Path, *playbooks: str) -> Path:
    """The shipped seeds, with these playbooks switched on."""
    shutil.copytree(SEEDS_DIR, seeds)
    file = seeds / "playbooks.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(
        line.replace(",false,", ",true,") if line.startswith(playbooks) else line for line in lines
    ))  # fmt: skip
    return seeds


def test_doctor_names_a_card_whose_id_is_still_the_placeholder(tmp_path):
    home = {"home": tmp_path / "home", "shop_language": "en", "languages": "de"}
    both = Settings.load(channels="rcs,whatsapp", **home)
    assert not list(placeholders(both)), "no card is switched on as shipped"
    seeds = switched_on(tmp_path / "seeds", "card_text,", "whatsapp_note,")
    templates = shutil.copytree(TEMPLATES_DIR, tmp_path / "templates")
    told = list(placeholders(both, seeds_dir=seeds, templates_dir=templates))
    assert [line.partition(",")[0] for line in told] == [
        f"templates/{folder}{name}.json"
        for name in ("card_text/1.rcs", "card_text/2.rcs", "whatsapp_note/1.whatsapp",
                     "whatsapp_note/2.whatsapp")
        for folder in ("", "de/")
    ]  # fmt: skip
    assert told[0].startswith(
        "templates/card_text/1.rcs.json, line 1: its content_sid is the placeholder (step 1 of "
        "card_text is switched on and cannot be sent)."
    )
    # A channel that is off sends nothing, and a file that was filled in is right.
    card = templates / "card_text" / "1.rcs.json"
    card.write_text("\n" + card.read_text().replace("HX0000", "HXa1b2"))
    rcs = Settings.load(channels="rcs", **home)
    left = list(placeholders(rcs, seeds_dir=seeds, templates_dir=templates))
    assert [line.partition(",")[0] for line in left] == [
        "templates/de/card_text/1.rcs.json", "templates/card_text/2.rcs.json",
        "templates/de/card_text/2.rcs.json",
    ]  # fmt: skip
    assert not list(placeholders(Settings.load(channels="sms", **home), seeds_dir=seeds))


def test_doctor_is_not_ready_with_a_placeholder(tmp_path, monkeypatch):
    seeds = switched_on(tmp_path / "seeds", "card_text,")
    with_it = partial(placeholders, seeds_dir=seeds)
    monkeypatch.setattr("winback.readiness.doctor.placeholders", with_it)
    settings = Settings.load(home=tmp_path / "home", channels="rcs")
    assert sum("is the placeholder" in line for line in findings(settings)) == 2
