"""MMS, RCS and WhatsApp messages, written from templates like those of a shop."""

from __future__ import annotations

import json

import pytest
from test_templates import LINK, row, settings

from winback.content import RenderBlocked, Renderer
from winback.content._render import TEMPLATES_DIR

__all__ = ["settings"]  # the fixture

WORDS = "{{ brand }}: Hi {{ first_name | default('there') }}, {{ shop_url }} Reply STOP to opt out"
CONTENT = {
    "content_sid": "HX" + "0a" * 16,
    "variables": {"1": "{{ first_name | default('there') }}", "2": "{{ shop_url }}"},
}
MEDIA = "https://cdn.example.com/mug.jpg\n\nhttps://cdn.example.com/{{ offer.code }}.mp4\n"


@pytest.fixture
def phone_settings(settings):
    changes = {
        "twilio_rcs_service_sid": "MG2",
        "twilio_whatsapp_from": "+15550009",
        "twilio_voice_from": "+15550008",
        "voice_opt_out_number": "+18005550100",
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def templates(tmp_path):
    (tmp_path / "1.txt").write_text(WORDS)
    (tmp_path / "1.media.txt").write_text(MEDIA)
    (tmp_path / "1.whatsapp.json").write_text(json.dumps(CONTENT))
    (tmp_path / "1.voice.txt").write_text(
        "Hi {{ first_name | default('there') }},\n{{ offer.text }} is yours."
    )
    (tmp_path / "_call.txt").write_text((TEMPLATES_DIR / "_call.txt").read_text())
    return tmp_path


def render(settings, templates, channel, *, clicks=False, **changes):
    rendered = Renderer(settings, templates).render(
        row("1", channel=channel, **changes),
        unsubscribe_url=LINK,
        link_at=(lambda pos: f"https://hooks.example.com/r/{pos}") if clicks else None,
    )
    return rendered, json.loads(rendered.payload_json)


def test_an_mms_carries_its_words_and_what_it_shows(phone_settings, templates):
    rendered, payload = render(phone_settings, templates, "mms", first_name="Zoë")
    assert payload == {
        "body": "Example Shop: Hi Zoë, https://shop.example.com Reply STOP to opt out",
        "media_url": ["https://cdn.example.com/mug.jpg", "https://cdn.example.com/WELCOME20.mp4"],
        "messaging_service_sid": "MG1",
    }
    assert rendered.sms_parts is None


def test_an_rcs_message_fits_the_text_that_stands_in_for_it(phone_settings, templates):
    rendered, payload = render(phone_settings, templates, "rcs")
    assert payload["messaging_service_sid"] == rendered.sender == "MG2"
    assert len(payload["media_url"]) == 2
    assert rendered.sms_parts == 1
    (templates / "1.media.txt").unlink()
    _, plain = render(phone_settings, templates, "rcs")
    assert "media_url" not in plain
    (templates / "1.txt").write_text(WORDS.replace("Hi", "Hi" * 200))
    with pytest.raises(RenderBlocked, match="over_budget"):
        render(phone_settings, templates, "rcs")


def test_a_whatsapp_message_is_an_approved_template_with_the_persons_values(
    phone_settings, templates
):
    rendered, payload = render(
        phone_settings, templates, "whatsapp", clicks=True, first_name="Ann Müller"
    )
    assert rendered.sender == payload["from_"] == "whatsapp:+15550009"
    assert payload["content_sid"] == CONTENT["content_sid"]
    assert json.loads(payload["content_variables"]) == {
        "1": "Ann Müller", "2": "https://hooks.example.com/r/0",
    }  # fmt: skip
    assert payload["words"].startswith("Example Shop: Hi Ann Müller, https://hooks.")
    assert rendered.links == ("https://shop.example.com",)


@pytest.mark.rule("voice_opt_out")
def test_a_call_says_who_calls_how_to_stop_it_now_and_how_later(phone_settings, templates):
    rendered, payload = render(phone_settings, templates, "voice", first_name="Ann")
    assert payload == {
        "from_": "+15550008",
        "language": "en-US",
        "words": "Example Shop here. This is an automated call: press any key to stop our calls "
        "and texts. Hi Ann, 20% off is yours. This was Example Shop. To stop our calls and texts "
        "at any time, call 1 8 0 0 5 5 5 0 1 0 0. Goodbye.",
    }
    assert (rendered.sender, rendered.sms_parts, rendered.links) == ("+15550008", None, ())


@pytest.mark.parametrize("file", ["1.txt", "1.whatsapp.json"])
def test_the_version_of_a_whatsapp_message_is_that_of_both_its_files(
    phone_settings, templates, file
):
    before, _ = render(phone_settings, templates, "whatsapp")
    (templates / file).write_text((templates / file).read_text() + " ")
    after, _ = render(phone_settings, templates, "whatsapp")
    assert before.template_version != after.template_version


@pytest.mark.parametrize(
    ("channel", "file", "text", "rule"),
    [
        ("mms", "1.media.txt", "http://cdn.example.com/mug.jpg", "bad_media"),
        ("mms", "1.media.txt", "https:///mug.jpg", "bad_media"),
        ("mms", "1.media.txt", " \n", "bad_media"),
        ("mms", "1.media.txt", "https://cdn.example.com/a\n" * 11, "bad_media"),
        ("mms", "1.media.txt", "https://cdn.example.com/{{ secret }}", "render_missing:secret"),
        ("mms", "1.media.txt", None, "no_template"),
        ("mms", "1.txt", WORDS + "a" * 1600, "over_budget"),
        ("mms", "1.txt", "Hi! Reply STOP to opt out", "no_brand"),
        ("rcs", "1.txt", "{{ brand }}: Hi!", "no_opt_out"),
        ("voice", "1.voice.txt", "a" * 1001, "over_budget"),
        ("voice", "1.voice.txt", None, "no_template"),
        ("voice", "1.voice.txt", "{{ first_name }}", "render_missing:first_name"),
        ("voice", "_call.txt", None, "no_template"),
        ("voice", "_call.txt", "Hi! {{ brand }}, press any key. {{ words }}", "no_brand"),
        ("voice", "_call.txt", "{{ brand }}, press any key, {{ opt_out_number }}", "no_brand"),
        ("voice", "_call.txt", "{{ brand }}, press any key. {{ words }}", "no_opt_out"),
        ("voice", "_call.txt", "{{ brand }}. {{ words }} {{ opt_out_number }}", "no_opt_out"),
        (
            "voice",
            "_call.txt",
            "{{ brand }}." + "a" * 50 + "press any key now {{ words }} {{ opt_out_number }}",
            "no_opt_out",
        ),
        ("whatsapp", "1.txt", "{{ brand }}: Hi!", "no_opt_out"),
        ("whatsapp", "1.txt", None, "no_template"),
        ("whatsapp", "1.whatsapp.json", None, "no_template"),
        ("whatsapp", "1.whatsapp.json", "{", "bad_content"),
        ("whatsapp", "1.whatsapp.json", "[]", "bad_content"),
        ("whatsapp", "1.whatsapp.json", '{"content_sid": "HX1"}', "bad_content"),
        ("whatsapp", "1.whatsapp.json", CONTENT | {"variables": {"1": " \n"}}, "bad_content"),
        (
            "whatsapp",
            "1.whatsapp.json",
            CONTENT | {"variables": {"1": "{{ first_name }}"}},
            "render_missing:first_name",
        ),
    ],
)
def test_what_the_carrier_would_refuse_is_not_written(  # noqa: PLR0917 - a table's columns
    phone_settings, templates, channel, file, text, rule
):
    if text is None:
        (templates / file).unlink()
    else:
        (templates / file).write_text(text if isinstance(text, str) else json.dumps(text))
    with pytest.raises(RenderBlocked) as blocked:
        render(phone_settings, templates, channel)
    assert blocked.value.rule == rule


@pytest.mark.parametrize(
    ("channel", "setting", "reason"),
    [
        ("sms", "twilio_messaging_service_sid", "no_messaging_service"),
        ("mms", "twilio_messaging_service_sid", "no_messaging_service"),
        ("rcs", "twilio_rcs_service_sid", "no_rcs_service"),
        ("whatsapp", "twilio_whatsapp_from", "no_whatsapp_sender"),
        ("voice", "twilio_voice_from", "no_caller"),
        ("voice", "voice_opt_out_number", "no_opt_out_number"),
        ("voice", "public_base_url", "no_public_base_url"),
    ],
)
def test_each_channel_needs_a_sender_and_the_setting_is_named(
    phone_settings, templates, channel, setting, reason
):
    bare = phone_settings.model_copy(update={setting: ""})
    with pytest.raises(RenderBlocked) as blocked:
        render(bare, templates, channel)
    assert blocked.value.reason == reason
    assert blocked.value.detail == f"set WINBACK_{setting.upper()}"
