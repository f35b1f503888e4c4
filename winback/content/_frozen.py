"""A message as it will be sent, and the settings that it can't do without."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from winback.base.languages import Language
from winback.content._blocked import RenderBlocked
from winback.content.payloads import Payload, to_json

# The setting behind a reason, where the reason isn't called like it.
_SETTINGS: Final[Mapping[str, str]] = {
    "no_messaging_service": "TWILIO_MESSAGING_SERVICE_SID",
    "no_rcs_service": "TWILIO_RCS_SERVICE_SID",
    "no_whatsapp_sender": "TWILIO_WHATSAPP_FROM",
    "no_caller": "TWILIO_VOICE_FROM",
    "no_opt_out_number": "VOICE_OPT_OUT_NUMBER",
}


@dataclass(frozen=True)
class Rendered:
    """A message as it will be sent: nothing about it changes any more."""

    sender: str
    payload_json: str = field(repr=False)
    payload_sha256: str
    template_version: str
    sms_parts: int | None
    # Where its click links lead, by position.
    links: tuple[str, ...] = ()
    # All that it was rendered from, save the person.
    content_sha256: str = ""
    # The language that it is in.
    locale: str = ""
    # The codes of one's own that it shows.
    codes: tuple[str, ...] = field(default=(), repr=False)

    def cost_cents(self, per_part: Decimal | None) -> Decimal:
        """Its price, of one SMS part or of one message; nothing where none is known."""
        return Decimal(per_part or 0) * (self.sms_parts or 1)


def freeze(
    sender: str,
    payload: Payload,
    template_version: str,
    edition: Language,
    *,
    sms_parts: int | None = None,
    links: tuple[str, ...] = (),
) -> Rendered:
    text = to_json(payload)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Rendered(sender, text, sha256, template_version, sms_parts, links, locale=edition.tag)


def need(value: str, reason: str) -> str:
    """The value of a setting; one that is empty blocks the message and is named."""
    if not value:
        setting = _SETTINGS.get(reason, reason.removeprefix("no_").upper())
        raise RenderBlocked(reason, f"set WINBACK_{setting}")
    return value
