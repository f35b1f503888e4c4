"""Every shipped template in every shipped language: whole, with the same facts, and short."""

from __future__ import annotations

import re

import pytest
from jinja2 import Environment, meta
from test_templates import EMAILS, LINK, TEXTS, render, row, settings

from winback.base.languages import ROOT, language, languages
from winback.content import Renderer, count_sms_parts, offer_text, to_gsm7
from winback.content._render import TEMPLATES_DIR
from winback.content._sms_text import is_gsm7

__all__ = ["settings"]  # the fixture

OTHERS = sorted(set(languages()) - {ROOT})
FILES = sorted(
    str(path.relative_to(TEMPLATES_DIR))
    for path in TEMPLATES_DIR.glob("*/[!_]*.*")
    if path.parent.name not in OTHERS
)
# A word of the familiar address, which none of the languages uses.
FAMILIAR = {
    "de": r"\b(du|dich|dir|dein\w*|euch|euer)\b",
    "fr": r"\b(tu|te|toi|ton|ta|tes)\b",
    "es": r"\b(tú|tu|tus|te|ti|vosotros|os)\b",
}
KINDS = [
    ("percent", "12.5", None), ("amount", "1000", "EUR"), ("free_shipping", "0", None),
    ("points", "500", None), ("gift", "0", "Mug"),
]  # fmt: skip


def facts_of(name):
    """The facts that a file names, those of an offer by both their names."""
    source = (TEMPLATES_DIR / name).read_text()
    if found := re.fullmatch(r'{% include "(.+)" %}\n', source):
        return facts_of(found[1])
    named = meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
    return named - {"say", "brand"} | set(re.findall(r"\b\w*offer\.\w+", source))


@pytest.mark.parametrize("tag", OTHERS)
def test_each_file_is_there_in_each_language_and_names_the_same_facts(tag):
    folder = TEMPLATES_DIR / tag
    theirs = {str(path.relative_to(folder)) for path in folder.glob("*/*")}
    assert theirs == set(FILES)
    assert {name: facts_of(f"{tag}/{name}") for name in FILES} == {
        name: facts_of(name) for name in FILES
    }


@pytest.mark.parametrize("tag", OTHERS)
def test_the_words_address_people_politely(tag):
    for path in sorted((TEMPLATES_DIR / tag).glob("*/*")):
        words = re.sub(r"{[{%].*?[%}]}", "", path.read_text())
        assert not re.search(FAMILIAR[tag], words, re.IGNORECASE), path


@pytest.fixture(scope="module")
def abroad(settings):
    return {tag: settings.model_copy(update={"shop_language": tag}) for tag in OTHERS}


@pytest.mark.parametrize("name", [None, "Zoë-Marie O\u2019Neil"])
@pytest.mark.parametrize("template", TEXTS)
@pytest.mark.parametrize("tag", OTHERS)
def test_a_text_names_the_brand_first_tells_the_way_out_and_fits(abroad, tag, template, name):
    body = render(abroad[tag], template, first_name=name)["body"]
    assert "Example Shop" in body[:40]
    assert body.endswith(to_gsm7(language(tag).word("opt_out")))
    assert is_gsm7(body)
    assert count_sms_parts(body) <= 2
    assert not re.search(r"[\[\]{}]|None|\s[,.:;]\s[,.]|  ", body)


@pytest.mark.parametrize("template", TEXTS)
@pytest.mark.parametrize("tag", OTHERS)
def test_a_text_fits_whatever_it_offers_and_to_the_minute(abroad, tag, template):
    for kind, value, detail in KINDS:
        for prefix in ("offer", "extra_offer"):
            changes = {
                f"{prefix}_kind": kind, f"{prefix}_value": value, f"{prefix}_detail": detail,
            }  # fmt: skip
            body = render(abroad[tag], template, first_name="Alexandra", zones="UTC", **changes)[
                "body"
            ]
            assert count_sms_parts(body) <= 2, (kind, body)


@pytest.mark.parametrize("template", EMAILS)
@pytest.mark.parametrize("tag", OTHERS)
def test_a_mail_is_in_one_language_alone(abroad, tag, template):
    for name in (None, "Ann"):
        payload = render(abroad[tag], template, first_name=name)
        whole = "".join(payload[part] for part in ("subject", "text", "html"))
        assert f'lang="{tag}"' in payload["html"]
        assert language(tag).table["say"]["because"] in payload["text"]
        assert LINK in payload["text"]
        assert f'href="{LINK}"' in payload["html"]
        assert len(payload["subject"]) <= 60
        assert "None" not in whole
        english = language(ROOT).table["say"]
        assert not [word for word in english.values() if word in whole]
        assert not re.search(r"\b(the|your|with|until|Hi there)\b", payload["text"])


@pytest.mark.parametrize("tag", OTHERS)
def test_a_call_says_who_calls_and_how_to_stop_it_in_its_own_language(abroad, tag, tmp_path):
    import shutil

    shutil.copytree(TEMPLATES_DIR, tmp_path / "t")
    (tmp_path / "t" / tag / "sms_email" / "1.voice.txt").write_text("{{ offer.text }}.")
    caller = abroad[tag].model_copy(
        update={"twilio_voice_from": "+15550008", "voice_opt_out_number": "+18005550100"}
    )
    rendered = Renderer(caller, tmp_path / "t").render(
        row("sms_email/1", channel="voice"), unsubscribe_url=LINK
    )
    assert rendered.locale == tag
    assert offer_text("percent", 20, None, tag) in rendered.payload_json
