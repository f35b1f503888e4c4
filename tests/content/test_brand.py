"""The brand file: what it may say, and how mails look by it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import browser
import pytest
from needed_facts import needed_facts

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.content import Renderer
from winback.content._render import TEMPLATES_DIR
from winback.content.brand import LEAST_CONTRAST, Brand, contrast, read_brand

LINK = "https://hooks.example.com/u/abc"
MAILS = sorted(
    str(path.relative_to(TEMPLATES_DIR))[: -len(".html")] for path in TEMPLATES_DIR.glob("*/*.html")
)
# Gmail cuts a mail off at about 100 KB.
MOST_BYTES = 90_000


@pytest.fixture
def branded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Settings beside a brand file that says this."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, **more: str) -> Settings:
        Path("brand.toml").write_text(text, encoding="utf-8")
        return Settings.load(
            home=tmp_path, from_email="hello@example.com",
            public_base_url="https://hooks.example.com", **more,
        )  # fmt: skip

    return write


def mail(settings: Settings, template: str = "sms_email/2_offer", **facts: Any) -> dict[str, Any]:
    row = {
        "template": template, "channel": "email", "zones": "America/New_York",
        "offer_kind": "percent", "offer_value": Decimal(20), "offer_code": "WELCOME20",
        "offer_expires_at": datetime(2026, 4, 9, 3, 59, 59, tzinfo=UTC),
        "context_product_name": "Pan", "context_drop_percent": 12,
        **needed_facts(template), **facts,
    }  # fmt: skip
    return json.loads(Renderer(settings).render(row, unsubscribe_url=LINK).payload_json)


ALL = """
[brand]
name = "Copper & Tea"
postal_address = "1 High Street, Exampleton"
shop_url = "https://copper.example.com"
logo = "https://copper.example.com/logo.png"
font = "Georgia, 'Times New Roman', serif"

[colors]
accent = "#8a3b12"
on_accent = "#FFFFFF"
text = "#221a15"

[dark]
page = "#0e0b09"
"""


def test_what_the_file_says_is_what_a_mail_looks_like(branded):
    page = mail(branded(ALL))["html"]
    own = ["#8a3b12", "#221a15", "#0e0b09", "Georgia, &#39;Times New Roman&#39;, serif"]
    own += ["Copper &amp; Tea", "1 High Street", "https://copper.example.com/logo.png"]
    assert [told for told in own if told not in page] == []
    # What it doesn't say is as it is without a file.
    assert Brand().light.soft in page


def test_a_setting_is_said_by_the_environment_before_the_file(branded, monkeypatch):
    monkeypatch.setenv("WINBACK_BRAND_NAME", "Tin and Coffee")
    settings = branded(ALL)
    assert (settings.brand_name, settings.shop_url) == (
        "Tin and Coffee",
        "https://copper.example.com",
    )


def test_without_a_file_and_logo_the_name_stands_at_the_top(branded):
    settings = branded("", postal_address="1 High Street", brand_name="Tea")
    assert read_brand(settings) == Brand()
    page = mail(settings)["html"]
    assert "<img" not in page
    assert "<strong>Tea</strong>" in page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[brand", r"brand\.toml can't be read: "),
        (
            "[color]\naccent = '#ffffff'",
            r"no table \[color\]; there are brand, colors, dark",
        ),
        ("accent = '#ffffff'", r"there is no table \[accent\]"),
        ("[colors]\nbutton = '#ffffff'", r"\[colors\] has no button; it has accent, "),
        ("[colors]\naccent = 'green'", r"accent of \[colors\] is no color, such as #14532d"),
        ("[colors]\naccent = 5", r"accent of \[colors\] is no color"),
        ("[colors]\naccent = '#fff; } body { display: none'", "is no color"),
        ("[brand]\nlogo = 'http://example.com/a.png'", r"logo of \[brand\] is no https address"),
        ("[brand]\nlogo = 'javascript:alert(1)'", "is no https address"),
        ("[brand]\nfont = 'x; color: red'", r"font of \[brand\] is no list of fonts"),
        (
            "[colors]\naccent = '#99ff99'",
            "#ffffff can't be read on #99ff99: their contrast is 1.2",
        ),
        ("[dark]\ncard = '#aaaaaa'", r"#eef1ee can't be read on #aaaaaa"),
    ],
)
def test_what_the_file_can_t_say_is_told_in_a_line(branded, text, told):
    with pytest.raises(UsageError, match=told) as refused:
        read_brand(branded(text))
    assert "\n" not in str(refused.value)


def test_contrast_is_counted_as_the_standard_counts_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1
    assert LEAST_CONTRAST == 4.5


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_has_what_mail_programs_and_readers_need(branded, template):
    page = mail(branded(ALL), template)["html"]
    assert len(page.encode()) < MOST_BYTES
    assert page.count("<h1>") == 1
    assert '<html lang="en"' in page
    assert re.search(r"<title>[^<]+</title>", page)
    # The line beside the subject, hidden in the mail itself.
    hidden = re.search(r'<div style="display:none;[^"]*">([^<]+)</div>', page)
    assert hidden
    assert hidden[1].strip()
    assert '<meta name="color-scheme" content="light dark"' in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert "[data-ogsc]" in page
    tables = re.findall(r"<table[^>]*>", page)
    assert tables
    assert all('role="presentation"' in table for table in tables)
    assert all('alt="' in image for image in re.findall(r"<img[^>]*>", page))
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", page)


@pytest.mark.skipif(browser.CHROMIUM is None, reason="needs Chromium (apt install chromium)")
def test_mails_fit_narrow_and_wide_and_can_be_read_light_and_dark(branded, tmp_path):
    long = "Stoneware Pour-Over Set with Lid and Saucer, extra large and hand-made by friends"
    settings = branded(ALL.replace('logo = "https://copper.example.com/logo.png"\n', ""))
    with browser.start(tmp_path / "profile") as tab:
        for template in MAILS:
            page = mail(settings, template, last_product_name=long, favorite_category=long)["html"]
            path = tmp_path / f"{template.replace('/', '-')}.html"
            path.write_text(page, encoding="utf-8")
            tab.size(700, 800)
            tab.open(path.as_uri())
            browser.looked_at(tab, path.stem)
            sizes = tab.evaluate(SIZES)
            assert min(sizes) >= 14, (template, sizes)


# Of every text that is seen.
SIZES = """
[...document.querySelectorAll('body *')]
  .filter(it => it.offsetParent && getComputedStyle(it).opacity > 0 &&
    [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(it => parseFloat(getComputedStyle(it).fontSize))
"""
