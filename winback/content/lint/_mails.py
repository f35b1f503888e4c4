"""Rules for a mail: the law, what mail providers ask, what programs show, who can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from winback.base.addresses import host_of
from winback.base.settings import Settings
from winback.content.lint._contrast import unreadable
from winback.content.lint._features import lacking
from winback.content.lint._finding import Finding
from winback.content.lint._page import Element, Page
from winback.content.lint._words import addresses_in
from winback.content.payloads import Email

LONGEST_SUBJECT: Final = 60
# Gmail cuts a mail off at some 100 KB, counted after the provider has put its own links in.
MOST_BYTES: Final = 90_000
LINK_BYTES: Final = 500
# The fewest characters of words for each image.
WORDS_AN_IMAGE: Final = 60
_ONE_CLICK: Final = "List-Unsubscribe=One-Click"
_LAYS_OUT: Final = frozenset(("presentation", "none"))


def mail_findings(
    mail: Email, *, settings: Settings, language: str, way_out: str
) -> Iterator[Finding]:
    """All that is wrong with a mail. `way_out` is the address of its unsubscribe link."""
    page = Page(mail.html)
    yield from _subject(mail.subject)
    yield from _law(mail, page, settings, way_out)
    yield from _shape(page, language)
    yield from _images(page)
    yield from _twins(mail, page, settings)
    yield from _size(mail, page)
    for feature, shown in lacking(page):
        what = shown.rstrip("(").strip(".")
        yield Finding("feature", f"{feature.without} can't show {what!r} ({feature.name})")
    for it in unreadable(page):
        rule = "contrast_inverted" if it.mode == "inverted" else "contrast"
        where = "as Gmail inverts colors" if it.mode == "inverted" else f"in {it.mode}"
        yield Finding(
            rule,
            f"{it.words[:40]!r} is {it.color} on {it.ground} {where}: their contrast is "
            f"{it.contrast:.1f}",
        )


def mail_addresses(mail: Email) -> list[str]:
    """Where the links of a mail lead."""
    return [*_linked(Page(mail.html)), *addresses_in(mail.text)]


def _subject(subject: str) -> Iterator[Finding]:
    if not subject:
        yield Finding("no_subject", "the subject is empty")
    elif len(subject) > LONGEST_SUBJECT:
        yield Finding("subject", f"the subject has {len(subject)} characters")


def _law(mail: Email, page: Page, settings: Settings, way_out: str) -> Iterator[Finding]:
    parts = {"text": mail.text, "HTML": page.root.seen_words}
    postal = " ".join(settings.postal_address.split())
    for name, words in parts.items():
        if not postal or postal not in " ".join(words.split()):
            yield Finding("postal_address", f"the {name} lacks the postal address")
    if way_out not in mail.text or way_out not in _linked(page):
        yield Finding("unsubscribe", "the text or the HTML lacks the link to unsubscribe")
    headers: Mapping[str, str] = mail.headers
    ways = headers.get("List-Unsubscribe", "")
    is_one_click = headers.get("List-Unsubscribe-Post") == _ONE_CLICK
    if not is_one_click or not re.search(r"<https?://[^>]+>", ways):
        yield Finding("one_click", "the headers lack the unsubscribe of one click")


def _shape(page: Page, language: str) -> Iterator[Finding]:
    named = next((it.attributes.get("lang", "") for it in page.elements if it.tag == "html"), "")
    if not named:
        yield Finding("lang", "<html> names no language")
    elif named.partition("-")[0].lower() != language.partition("-")[0].lower():
        yield Finding("lang", f"<html> says {named!r}, and the mail is in {language!r}")
    titles = [it for it in page.elements if it.tag == "h1"]
    if len(titles) != 1 or not titles[0].words:
        yield Finding("one_h1", f"the mail has {len(titles)} <h1> with words")
    if any(_lays_out_unsaid(it) for it in page.elements if it.tag == "table"):
        yield Finding("table_role", "a table has no role")
    if not page.preheader:
        yield Finding("preheader", "the mail has no preheader")


def _lays_out_unsaid(table: Element) -> bool:
    is_data = any(it.tag == "th" for it in table.all())
    return not is_data and table.attributes.get("role", "") not in _LAYS_OUT


def _images(page: Page) -> Iterator[Finding]:
    images = [it for it in page.elements if it.tag == "img"]
    for image in images:
        source = image.attributes.get("src", "")
        name = source.rpartition("/")[2].partition("?")[0][:40] or "an image"
        link = next((it for it in image.above() if it.tag == "a"), None)
        if "alt" not in image.attributes:
            yield Finding("img_alt", f"{name!r} has no alt text")
        elif link is not None and not image.attributes["alt"].strip() and not link.words:
            yield Finding(
                "img_alt", f"{name!r} is all that a link shows, and its alt text is empty"
            )
        if source.lower().startswith("http:") and host_of(source) not in {"localhost", "127.0.0.1"}:
            yield Finding("insecure_link", f"{name!r} is not loaded by https")
    words = len(page.root.seen_words)
    if not words:
        yield Finding("no_words", "the mail has no words")
    elif words < WORDS_AN_IMAGE * len(images):
        yield Finding("mostly_images", f"{len(images)} images have {words} characters of words")


def _twins(mail: Email, page: Page, settings: Settings) -> Iterator[Finding]:
    """Text and HTML lead to the same; a picture alone may lead to the shop as well."""
    in_text = set(map(_plain, addresses_in(mail.text)))
    links = [it for it in page.elements if it.tag == "a" and "href" in it.attributes]
    in_html = {_plain(it.attributes["href"].strip()): it for it in links}
    for address, link in in_html.items():
        if address not in in_text and address.startswith("http"):
            is_logo = not link.words and address == _plain(settings.shop_url)
            if not is_logo:
                yield Finding("twin_links", f"the text lacks {address}, to which the HTML links")
    for address in sorted(in_text - in_html.keys()):
        yield Finding("twin_links", f"the HTML lacks {address}, to which the text links")


def _plain(address: str) -> str:
    return address.rstrip("/")


def _size(mail: Email, page: Page) -> Iterator[Finding]:
    links = [it for it in _linked(page) if it.startswith("http")]
    longer = sum(max(0, LINK_BYTES - len(it)) for it in links)
    if (size := len(mail.html.encode()) + longer) > MOST_BYTES:
        yield Finding("size", f"the HTML takes {size / 1000:.0f} KB once its links are rewritten")


def _linked(page: Page) -> list[str]:
    return [
        it.attributes["href"].strip()
        for it in page.elements
        if it.tag in {"a", "area"} and "href" in it.attributes
    ]
