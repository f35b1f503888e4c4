"""Messages to a phone: SMS, MMS and RCS by their words, WhatsApp by an approved template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from winback.base.languages import Language
from winback.base.settings import Settings
from winback.content._affordable import fill_affordably
from winback.content._blocked import RenderBlocked
from winback.content._context import template_context
from winback.content._frozen import Rendered, freeze, need
from winback.content._links import ClickLinks, LinkAt, utm_mark
from winback.content._safe import one_line
from winback.content._sms_text import count_sms_parts, to_gsm7
from winback.content._templates import Templates
from winback.content.payloads import Card, Text, WhatsApp

# More than two SMS parts read badly and cost thrice (rule T1).
SMS_PARTS_BUDGET: Final = 2
# What Twilio takes as one body, and as one message's media.
LONGEST_BODY: Final = 1_600
MOST_MEDIA: Final = 10
# The brand must be seen without opening the text (rule C16).
BRAND_WITHIN: Final = 40
_CONTENT_SID: Final = re.compile(r"HX[0-9a-fA-F]{32}")


def write_text(
    templates: Templates, settings: Settings, row: Mapping[str, Any], *, link_at: LinkAt
) -> Rendered:
    """A text, or an RCS message that goes out as one where RCS isn't to be had: `<template>.txt`.

    An RCS message may show the media of `<template>.media.txt`, or be the card of
    `<template>.rcs.json`.
    """
    file, is_rcs = f"{row['template']}.txt", row["channel"] == "rcs"
    if is_rcs and templates.has(f"{row['template']}.rcs.json"):
        return _write_card(templates, settings, row, link_at=link_at)
    if is_rcs:
        sender = need(settings.twilio_rcs_service_sid, "no_rcs_service")
    else:
        sender = need(settings.twilio_messaging_service_sid, "no_messaging_service")
    shown = f"{row['template']}.media.txt"
    files = (file, shown) if is_rcs and templates.has(shown) else (file,)
    edition = templates.edition(files, row["wanted"])
    name, context = edition.folder + file, template_context(row, settings, edition)
    toll_free = settings.sms_toll_free
    body = fill_affordably(templates, name, context, budget=SMS_PARTS_BUDGET, toll_free=toll_free)
    clicks = ClickLinks(link_at, mark=utm_mark(row, settings))
    body, links = _count_clicks(body, clicks, toll_free=toll_free)
    _check_words(name, body, settings, edition)
    sms_parts = count_sms_parts(body, toll_free=toll_free)
    if sms_parts > SMS_PARTS_BUDGET:
        raise RenderBlocked("over_budget", f"{name} takes {sms_parts} SMS parts")
    names, media_url = [name], tuple[str, ...]()
    if is_rcs and templates.has(media := edition.folder + shown):
        media_url = _media(templates, media, context)
        names.append(media)
    version = templates.version(tuple(names), edition)
    payload = Text(body, sender, media_url)
    return freeze(sender, payload, version, edition, sms_parts=sms_parts, links=links)


def write_mms(
    templates: Templates, settings: Settings, row: Mapping[str, Any], *, link_at: LinkAt
) -> Rendered:
    """Words and pictures or a video: `<template>.txt` and `<template>.media.txt`."""
    sender = need(settings.twilio_messaging_service_sid, "no_messaging_service")
    files = (f"{row['template']}.txt", f"{row['template']}.media.txt")
    edition = templates.edition(files, row["wanted"])
    names = (edition.folder + files[0], edition.folder + files[1])
    context = template_context(row, settings, edition)
    body = one_line(templates.fill(names[0], context))
    clicks = ClickLinks(link_at, mark=utm_mark(row, settings))
    body = clicks.in_text(body)
    _check_words(names[0], body, settings, edition)
    if len(body) > LONGEST_BODY:
        raise RenderBlocked("over_budget", f"{names[0]} is longer than {LONGEST_BODY} characters")
    payload = Text(body, sender, _media(templates, names[1], context))
    links = tuple(clicks.targets)
    version = templates.version(names, edition)
    return freeze(sender, payload, version, edition, links=links)


def write_whatsapp(
    templates: Templates, settings: Settings, row: Mapping[str, Any], *, link_at: LinkAt
) -> Rendered:
    """An approved template with one person's values: `<template>.whatsapp.json`.

    `<template>.txt` says in words what it reads like. Twilio gets only the template's id and
    the values; the words are checked as those of a text are, and a dry run shows them.
    """
    sender = "whatsapp:" + need(settings.twilio_whatsapp_from, "no_whatsapp_sender")
    filled = _fill(templates, settings, row, kind="whatsapp", link_at=link_at)
    payload = WhatsApp(sender, filled.content_sid, filled.variables, filled.words)
    return freeze(sender, payload, filled.version, filled.edition, links=filled.links)


def _write_card(
    templates: Templates, settings: Settings, row: Mapping[str, Any], *, link_at: LinkAt
) -> Rendered:
    """An RCS card: `<template>.rcs.json` names the content at Twilio, which has a text beside it.

    `<template>.txt` is that text: a phone without RCS gets it, so it is counted as a text is.
    """
    sender = need(settings.twilio_rcs_service_sid, "no_rcs_service")
    filled = _fill(templates, settings, row, kind="rcs", link_at=link_at)
    sms_parts = count_sms_parts(filled.words, toll_free=settings.sms_toll_free)
    if sms_parts > SMS_PARTS_BUDGET:
        raise RenderBlocked("over_budget", f"{row['template']}.txt takes {sms_parts} SMS parts")
    payload = Card(sender, filled.content_sid, filled.variables, filled.words)
    return freeze(
        sender, payload, filled.version, filled.edition, sms_parts=sms_parts, links=filled.links
    )


@dataclass(frozen=True)
class _Filled:
    """A template at Twilio with one person's values, and what it reads like."""

    content_sid: str
    variables: str
    words: str
    links: tuple[str, ...]
    version: str
    edition: Language


def _fill(
    templates: Templates,
    settings: Settings,
    row: Mapping[str, Any],
    *,
    kind: str,
    link_at: LinkAt,
) -> _Filled:
    files = (f"{row['template']}.{kind}.json", f"{row['template']}.txt")
    edition = templates.edition(files, row["wanted"])
    names = (edition.folder + files[0], edition.folder + files[1])
    context = template_context(row, settings, edition)
    content_sid, values = _content(templates, names[0], context)
    words = one_line(templates.fill(names[1], context))
    clicks = ClickLinks(link_at, mark=utm_mark(row, settings))
    values = {key: clicks.in_text(value) for key, value in values.items()}
    words = clicks.in_text(words)
    _check_words(names[1], words, settings, edition)
    return _Filled(
        content_sid,
        json.dumps(values, ensure_ascii=False, sort_keys=True),
        words,
        tuple(clicks.targets),
        templates.version(names, edition),
        edition,
    )


def _content(
    templates: Templates, name: str, context: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """The template's id at Twilio and its variables by name, each filled in and not empty."""
    try:
        content = json.loads(templates.source(name))
        content_sid, variables = content["content_sid"], dict(content.get("variables", {}))
    except (ValueError, KeyError, TypeError):
        raise RenderBlocked("bad_content", f"{name} is not JSON with a content_sid") from None
    if not _CONTENT_SID.fullmatch(str(content_sid)):
        raise RenderBlocked("bad_content", f"{name}: content_sid is not HX and 32 hex digits")
    values = {
        str(key): one_line(templates.fill_text(name, str(source), context))
        for key, source in variables.items()
    }
    if empty := [key for key, value in values.items() if not value]:
        raise RenderBlocked("bad_content", f"{name}: variable {empty[0]} is empty")
    return content_sid, values


def _media(templates: Templates, name: str, context: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the carrier fetches pictures or a video: one https address a line."""
    lines = [line.strip() for line in templates.fill(name, context).splitlines()]
    urls = tuple(line for line in lines if line)
    if not 1 <= len(urls) <= MOST_MEDIA:
        raise RenderBlocked("bad_media", f"{name} names {len(urls)} files, not 1 to {MOST_MEDIA}")
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or " " in url:
            raise RenderBlocked("bad_media", f"{name}: a line is not an https address")
    return urls


def _check_words(name: str, words: str, settings: Settings, edition: Language) -> None:
    """What every message to a phone must say (rule C16)."""
    if to_gsm7(settings.brand_name) not in to_gsm7(words)[:BRAND_WITHIN]:
        raise RenderBlocked("no_brand", f"{name} lacks the brand in {BRAND_WITHIN} characters")
    opt_out = edition.word("opt_out")
    if to_gsm7(opt_out) not in to_gsm7(words):
        raise RenderBlocked("no_opt_out", f"{name} lacks {opt_out!r}")


def _count_clicks(body: str, clicks: ClickLinks, *, toll_free: bool) -> tuple[str, tuple[str, ...]]:
    """A text with its links replaced and where they lead; as it was if they cost an SMS part."""
    counted = clicks.in_text(body)
    parts = partial(count_sms_parts, toll_free=toll_free)
    if parts(counted) > parts(body):
        return body, ()
    return counted, tuple(clicks.targets)
