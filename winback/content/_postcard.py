"""A postcard: a headline, a few words, the way to the shop, and the way to get no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._context import template_context
from winback.content._frozen import Rendered, freeze, need
from winback.content._links import ClickLinks, LinkAt
from winback.content._safe import one_line
from winback.content._templates import Templates
from winback.content.facts import CAN_GIVE_WAY
from winback.content.payloads import Postcard

# What stays readable on the back of an A6 card beside the address.
LONGEST_HEADLINE: Final = 60
LONGEST_BODY: Final = 500
SENDER: Final = "print"


def write_postcard(
    templates: Templates,
    settings: Settings,
    row: Mapping[str, Any],
    *,
    unsubscribe_url: str,
    link_at: LinkAt,
) -> Rendered:
    """A card from `<template>.card.txt`: its first line is the headline, the others its words."""
    need(settings.postal_address, "no_postal_address")
    need(settings.public_base_url, "no_public_base_url")
    file = f"{row['template']}.card.txt"
    edition = templates.edition((file,), row["wanted"])
    name = edition.folder + file
    # What is too long with a person's facts says them not.
    for told in (row, {**row, **dict.fromkeys(CAN_GIVE_WAY)}):
        context = template_context(told, settings, edition)
        first, _, others = templates.fill(name, context).strip().partition("\n")
        headline, body = one_line(first), one_line(others)
        if len(headline) <= LONGEST_HEADLINE and len(body) <= LONGEST_BODY:
            break
    else:
        most = f"{LONGEST_HEADLINE} characters, or its words than {LONGEST_BODY}"
        raise RenderBlocked("over_budget", f"the first line of {name} is longer than {most}")
    clicks = ClickLinks(link_at)
    link, body = clicks.in_text(context.get("shop_url", "")), clicks.in_text(body)
    # A code of one's own is known here once the words have shown it.
    offer: Mapping[str, str] = context.get("offer", {})
    code, until = offer.get("code", ""), offer.get("until", "")
    payload = Postcard(
        design=str(row["template"]),
        language=edition.tag,
        headline=headline,
        body=body,
        code=code if code and code in body else "",
        until=until if until and until in body else "",
        link=link,
        opt_out=edition.word("no_letters").format(link=unsubscribe_url),
        sender=one_line(f"{settings.brand_name}, {settings.postal_address}"),
    )
    links = tuple(clicks.targets)
    return freeze(SENDER, payload, templates.version((name,), edition), edition, links=links)
