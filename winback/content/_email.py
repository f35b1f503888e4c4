"""An email: subject, text and page, with the footer and the headers that the law asks for."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._context import template_context
from winback.content._frozen import Rendered, freeze, need
from winback.content._links import ClickLinks, LinkAt, utm_mark
from winback.content._safe import one_line
from winback.content._templates import Templates
from winback.content.payloads import Email


def write_email(
    templates: Templates,
    settings: Settings,
    row: Mapping[str, Any],
    *,
    unsubscribe_url: str,
    link_at: LinkAt,
    look: Mapping[str, Any],
) -> Rendered:
    """One person's email from `<template>.subject.txt`, `.txt` and `.html`.

    A variant that has a subject of its own names the template of it in `subject_template`.
    """
    template = row["template"]
    subject_of = row.get("subject_template") or template
    need(settings.postal_address, "no_postal_address")
    need(settings.from_email, "no_from_email")
    need(settings.public_base_url, "no_public_base_url")
    files = (f"{subject_of}.subject.txt", f"{template}.txt", f"{template}.html")
    edition = templates.edition(files, row["wanted"])
    names = tuple(edition.folder + file for file in files)
    own = {"unsubscribe_url": unsubscribe_url, "look": look}
    context = template_context(row, settings, edition) | own
    subject, text, page = (templates.fill(name, context) for name in names)
    for name, content in ((names[1], text), (names[2], html.unescape(page))):
        if context["postal_address"] not in content or unsubscribe_url not in content:
            raise RenderBlocked("no_footer", f"{name} lacks postal address or unsubscribe link")
    clicks = ClickLinks(link_at, spared=(unsubscribe_url,), mark=utm_mark(row, settings))
    text, page = clicks.in_text(text), clicks.in_html(page)
    links = tuple(clicks.targets)
    payload = Email(
        from_email=settings.from_email,
        from_name=settings.from_name or settings.brand_name,
        subject=one_line(subject),
        text=text,
        html=page,
        headers=_unsubscribe_headers(settings, unsubscribe_url),
        reply_to=settings.reply_to,
        own_click_links=bool(links),
    )
    version = templates.version(names, edition)
    return freeze(settings.from_email, payload, version, edition, links=links)


def _unsubscribe_headers(settings: Settings, unsubscribe_url: str) -> dict[str, str]:
    """RFC 8058: one click in the mail program, no page to visit."""
    ways = [f"<{unsubscribe_url}>"]
    if settings.unsubscribe_mailto:
        ways.append(f"<mailto:{settings.unsubscribe_mailto}?subject=unsubscribe>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
