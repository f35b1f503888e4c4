"""All that is wrong with one written message, with the file and line of its template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from winback.base.settings import Settings
from winback.content.lint._finding import Finding
from winback.content.lint._hosts import link_findings
from winback.content.lint._mails import mail_addresses, mail_findings
from winback.content.lint._page import Page
from winback.content.lint._words import (
    addresses_in,
    card_findings,
    text_findings,
    word_findings,
)
from winback.content.payloads import Email, Payload, Postcard, Text

# Words of a finding by which its line is known, in quotes.
_QUOTED: Final = re.compile(r"'([^']+)'")


def quick_findings(
    payload: Payload,
    *,
    links: Sequence[str],
    context: Mapping[str, Any],
    language: str,
    settings: Settings,
) -> Iterator[Finding]:
    """What one person's facts may bring about; it is asked of each message.

    `links` are the addresses to which the message's click links lead.
    """
    words = _words(payload)
    yield from word_findings(words, context=context, language=language, settings=settings)
    yield from link_findings([*links, *addresses_in(words)], settings)


def findings(
    payload: Payload,
    *,
    sms_parts: int | None,
    links: Sequence[str],
    context: Mapping[str, Any],
    language: str,
    settings: Settings,
    way_out: str = "",
) -> list[Finding]:
    """All that is wrong with a message; those that stop it come first.

    `context` has the names that the template could use, and `way_out` is the unsubscribe link.
    """
    addresses, more = list(links), ""
    if isinstance(payload, Email):
        addresses += (it for it in mail_addresses(payload) if it != way_out)
        more = Page(payload.html).root.seen_words
        own = mail_findings(payload, settings=settings, language=language, way_out=way_out)
    elif isinstance(payload, Text):
        addresses += addresses_in(payload.body)
        own = text_findings(payload, sms_parts=sms_parts, settings=settings)
    elif isinstance(payload, Postcard):
        addresses += [payload.link, *addresses_in(payload.body)]
        own = card_findings(payload, settings=settings, way_out=way_out)
    else:
        own = iter(())
    found = [*own, *link_findings(addresses, settings)]
    for words in (_words(payload), more):
        found += word_findings(words, context=context, language=language, settings=settings)
    return sorted(dict.fromkeys(found), key=lambda it: not it.stops)


def placed(
    found: Iterable[Finding], files: Sequence[str], source: Callable[[str], str]
) -> list[Finding]:
    """The findings with the template file that is to blame, and its line where one shows.

    `files` are the template's own files and those that they are made of, the nearest first.
    """
    lines = [(file, source(file).splitlines()) for file in files]
    return [_placed(finding, lines) for finding in found]


def _placed(finding: Finding, files: Sequence[tuple[str, list[str]]]) -> Finding:
    for needle in (it for it in _QUOTED.findall(finding.what) if it.strip()):
        for file, lines in files:
            for number, line in enumerate(lines, start=1):
                if needle.casefold() in line.casefold():
                    return replace(finding, file=f"templates/{file}", line=number)
    return replace(finding, file=f"templates/{files[0][0]}") if files else finding


def _words(payload: Payload) -> str:
    """What a person reads of a message, or hears."""
    if isinstance(payload, Email):
        return f"{payload.subject}\n{payload.text}"
    return payload.body if isinstance(payload, Text) else payload.words
