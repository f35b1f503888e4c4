"""What `winback doctor` asks for hangs on the channels that are switched on."""

from __future__ import annotations

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
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
