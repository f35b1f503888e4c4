"""Languages: what a message says in each, and that none goes out half in one of them."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_templates import LINK, row, settings

from winback.base.errors import UsageError
from winback.base.languages import ROOT, language, languages
from winback.base.settings import Settings
from winback.content import RenderBlocked, Renderer
from winback.content._render import TEMPLATES_DIR
from winback.content.preview import sample_rows
from winback.replies import classify

__all__ = ["settings"]  # the fixture

TAGS = sorted(languages())


@pytest.mark.parametrize("tag", TAGS)
def test_every_language_has_the_same_entries_with_the_same_names_in_braces(tag):
    here, english = language(tag).table, language(ROOT).table
    assert here.keys() == english.keys()
    assert len(here["months"]) == 12
    assert here["say"].keys() == english["say"].keys()
    for name, text in here["say"].items():
        assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", english["say"][name])


@pytest.mark.parametrize("tag", TAGS)
def test_who_answers_a_text_as_it_says_is_out(tag):
    told = language(tag).word("opt_out")
    assert "STOP" in told
    # Some answer with the whole sentence.
    assert [classify(words) for words in ("STOP", told)] == ["stop", "stop"]


@pytest.mark.parametrize("word", ["STOPP", "Abmelden", "ARRET", "Désabonner", "BAJA", "Alto"])
def test_who_answers_in_their_own_words_is_out_too(word):
    assert classify(word) == "stop"


@pytest.mark.parametrize(
    ("tag", "day", "moment"),
    [
        ("en", "Apr 8", "Apr 1, 3:59 PM"), ("de", "8. April", "1. April, 15:59 Uhr"),
        ("fr", "8 avril", "1er avril à 15h59"), ("es", "8 de abril", "1 de abril, 15:59 h"),
    ],
)  # fmt: skip
def test_the_end_of_an_offer_is_written_as_the_language_writes_days(tag, day, moment):
    assert language(tag).until(datetime(2026, 4, 9, tzinfo=UTC)) == day
    assert language(tag).until(datetime(2026, 4, 1, 15, 59, 30, tzinfo=UTC)) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(TAGS))
def test_an_offer_is_never_said_to_end_later_than_it_does(ends_at, tag):
    told = language(tag).until(ends_at)
    last = ends_at - timedelta(microseconds=1)
    assert str(ends_at.day) in told or str(last.day) in told
    assert "{" not in told


@pytest.mark.parametrize(
    ("tag", "dear", "whole", "other"),
    [
        ("en", "$1,234.50", "€5", "9.90 CHF"), ("de", "1.234,50 $", "5 €", "9,90 CHF"),
        ("fr", "1 234,50 $", "5 €", "9,90 CHF"), ("es", "1.234,50 $", "5 €", "9,90 CHF"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_the_language_writes_them(tag, dear, whole, other):
    own = language(tag)
    told = own.money(123450, "USD"), own.money(500, "EUR"), own.money(990, "CHF")
    assert [text.replace("\u00a0", " ") for text in told] == [dear, whole, other]


@given(st.integers(0, 10**12), st.sampled_from(TAGS), st.sampled_from(["EUR", "USD", "SEK"]))
def test_no_cent_is_lost_in_an_amount(cents, tag, currency):
    own = language(tag)
    told = own.money(cents, currency)
    digits = "".join(sign for sign in told if sign.isdigit())
    assert int(digits) == (cents if cents % 100 else cents // 100)


@pytest.fixture
def folder(tmp_path):
    """A mail and a text in English, and all of it in German."""
    for name in ("_layout.mjml", "_footer.txt", "_call.txt"):
        shutil.copy(TEMPLATES_DIR / name, tmp_path)
    for tag, hello, way_out in (
        (".", "Hello", "Reply STOP to opt out"),
        ("de", "Hallo", "Abmelden: STOP antworten"),
    ):
        (tmp_path / tag).mkdir(exist_ok=True)
        (tmp_path / tag / "note.subject.txt").write_text(hello)
        (tmp_path / tag / "note.txt").write_text(hello + ' {% include "_footer.txt" %}')
        (tmp_path / tag / "note.html").write_text(
            '{% extends "_layout.html" %}{% block body %}' + hello + "{% endblock %}"
        )
        (tmp_path / tag / "word.txt").write_text(f"{{{{ brand }}}}: {hello} {way_out}")
    return tmp_path


def write(settings, folder, template, *, channel="email", **changes):
    rendered = Renderer(settings, folder).render(
        row(template, channel=channel, **changes), unsubscribe_url=LINK
    )
    return rendered, json.loads(rendered.payload_json)


@pytest.fixture
def german_too(settings):
    return settings.model_copy(update={"languages": "de"})


def test_a_message_is_whole_in_the_language_of_the_person(german_too, folder):
    _, english = write(german_too, folder, "note", locale="en")
    german, payload = write(german_too, folder, "note", locale="de")
    assert (german.locale, payload["subject"]) == ("de", "Hallo")
    assert 'lang="de"' in payload["html"]
    assert "Sie erhalten diese Werbe-E-Mail, weil Sie bei uns eingekauft haben." in payload["text"]
    assert "Sie erhalten diese Werbe-E-Mail, weil Sie bei uns eingekauft haben." in payload["html"]
    assert "Unsubscribe" not in payload["text"] + payload["html"]
    assert "Abmelden" not in english["text"] + english["html"]
    assert write(german_too, folder, "word", channel="sms", locale="de")[1]["body"] == (
        "Example Shop: Hallo Abmelden: STOP antworten"
    )


def test_the_same_message_in_another_language_is_another_content(german_too, folder):
    for part in ("subject.txt", "txt", "html"):
        shutil.copy(folder / f"note.{part}", folder / "de")
    english, _ = write(german_too, folder, "note", locale="en")
    german, _ = write(german_too, folder, "note", locale="de")
    assert english.template_version != german.template_version
    assert english.content_sha256 != german.content_sha256


def test_without_a_language_a_message_is_in_the_shops(settings, folder):
    for locale in ("fr", None, "xx"):
        assert write(settings, folder, "note", locale=locale)[0].locale == "en"
    shops_own = settings.model_copy(update={"shop_language": "de"})
    for locale, written in ((None, "de"), ("fr", "de"), ("en", "en")):
        assert write(shops_own, folder, "note", locale=locale)[0].locale == written


@pytest.mark.parametrize("lacking", ["note.subject.txt", "note.txt", "note.html"])
def test_a_mail_half_in_one_language_is_not_written(german_too, folder, lacking):
    (folder / "de" / lacking).unlink()
    with pytest.raises(RenderBlocked) as blocked:
        write(german_too, folder, "note", locale="de")
    assert blocked.value.rule == "half_translated:de"
    assert f"templates/de/{lacking} is missing" in blocked.value.detail
    # English ones still go out, and so does what has no German at all.
    assert write(german_too, folder, "note", locale="en")[0].locale == "en"


def test_a_message_without_any_translation_goes_out_whole_in_the_shops_language(german_too, folder):
    shutil.rmtree(folder / "de")
    rendered, payload = write(german_too, folder, "note", locale="de")
    assert (rendered.locale, payload["subject"]) == ("en", "Hello")
    assert "Abmelden" not in payload["text"] + payload["html"]


def test_a_text_must_say_the_way_out_in_its_own_language(german_too, folder):
    (folder / "de" / "word.txt").write_text("{{ brand }}: Hallo Reply STOP to opt out")
    with pytest.raises(RenderBlocked) as blocked:
        write(german_too, folder, "word", channel="sms", locale="de")
    assert blocked.value.reason == "no_opt_out"


def test_a_call_speaks_the_language_of_its_words(german_too, folder):
    caller = german_too.model_copy(
        update={"twilio_voice_from": "+15550008", "voice_opt_out_number": "+18005550100"}
    )
    (folder / "word.voice.txt").write_text("Hello there.")
    for tag, own in (("en", "en-US"), ("de", "en-US")):
        assert write(caller, folder, "word", channel="voice", locale=tag)[1]["language"] == own
    (folder / "de" / "word.voice.txt").write_text("Guten Tag.")
    shutil.copy(TEMPLATES_DIR / "de" / "_call.txt", folder / "de")
    payload = write(caller, folder, "word", channel="voice", locale="de")[1]
    assert payload["language"] == "de-DE"
    assert "press any key" not in payload["words"]


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("shop_language", "xx", "WINBACK_SHOP_LANGUAGE"),
        ("shop_language", "en,de", "must be one language"),
        ("languages", "en, nl", "has no 'nl'"),
    ],
)
def test_a_language_without_a_table_is_refused_by_name(setting, value, told):
    with pytest.raises(UsageError, match=told):
        Settings.load(**{setting: value})


def test_the_shops_language_is_always_switched_on():
    assert Settings.load().enabled_languages == ("en",)
    told = Settings.load(shop_language="DE", languages="fr, en")
    assert told.enabled_languages == ("de", "fr", "en")


def test_an_hour_later_is_another_day_only_where_it_is(settings):
    at = datetime(2026, 4, 9, 3, 59, 59, tzinfo=UTC)
    german = settings.model_copy(update={"shop_language": "de"})
    rendered = Renderer(german).render(
        row("sms_email/1", channel="sms", offer_expires_at=at), unsubscribe_url=LINK
    )
    assert "bis zum 8. April" in json.loads(rendered.payload_json)["body"]


def test_whoever_approves_a_content_sees_which_language_it_is_in(german_too):
    renderer = Renderer(german_too)
    found = [
        [it["about"] for it in sample_rows(renderer, german_too, told, "content")]
        for tag in ("de", "en")
        for told in [row("sms_email/1", channel="sms", locale=tag, variant="")]
    ]
    assert found == [
        ["All facts known, German", "No fact known, German"],
        ["All facts known, English", "No fact known, English"],
    ]
