"""A call: who calls and how to stop it, then the words, then how to stop it later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from winback.base.languages import ROOT, Language
from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._context import template_context
from winback.content._frozen import Rendered, freeze, need
from winback.content._safe import one_line
from winback.content._templates import Templates
from winback.content.payloads import Call

# A minute and a half; with its frame in TwiML it stays far below Twilio's 4,000.
LONGEST_WORDS: Final = 1_000
FRAME: Final = "_call.txt"
# The name comes first and the way out within two seconds after it (rule C17): in so many
# characters at an ordinary pace, of which the last are the key's.
ANY_KEY_WITHIN: Final = 60


def write_call(templates: Templates, settings: Settings, row: Mapping[str, Any]) -> Rendered:
    """What a voice says: the words of `<template>.voice.txt` inside the frame of `_call.txt`."""
    sender = need(settings.twilio_voice_from, "no_caller")
    number = need(settings.voice_opt_out_number, "no_opt_out_number")
    need(settings.public_base_url, "no_public_base_url")
    file = f"{row['template']}.voice.txt"
    edition = templates.edition((file,), row["wanted"])
    names = (edition.folder + file, edition.folder + FRAME)
    context = template_context(row, settings, edition)
    words = one_line(templates.fill(names[0], context))
    if len(words) > LONGEST_WORDS:
        raise RenderBlocked("over_budget", f"{names[0]} is longer than {LONGEST_WORDS} characters")
    spoken = " ".join(number.removeprefix("+"))
    framed = context | {"words": words, "opt_out_number": spoken}
    said = one_line(templates.fill(names[1], framed))
    brand = one_line(settings.brand_name)
    if not said.startswith(brand) or words not in said:
        raise RenderBlocked("no_brand", f"{names[1]} does not begin with the brand")
    start = said[: len(brand) + ANY_KEY_WITHIN].lower()
    any_key = edition.word("any_key")
    if any_key not in start or spoken not in said:
        raise RenderBlocked(
            "no_opt_out", f"{names[1]} lacks {any_key!r} at its start, or the number"
        )
    payload = Call(sender, said, _voice(settings, edition))
    return freeze(sender, payload, templates.version(names, edition), edition)


def _voice(settings: Settings, edition: Language) -> str:
    """The voice of the settings, unless the words are in another language than it speaks."""
    own = settings.voice_language
    is_theirs = edition.tag == ROOT or own.partition("-")[0].lower() == edition.tag
    return own if is_theirs else edition.word("voice")
