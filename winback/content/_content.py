"""What a message is rendered from, save its person: its content, as a hash that tells a change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from winback.base.settings import Settings
from winback.content._codes import OWN, is_own
from winback.content._frozen import Rendered

_OF_THE_STEP: Final = (
    "channel", "variant", "program_name", "frequency", "leave_keyword",
    "offer_kind", "offer_value", "offer_code",
    "extra_offer_kind", "extra_offer_value", "extra_offer_code",
)  # fmt: skip
# Told only where an offer has one, so that the others keep the hash that they had.
_DETAILS: Final = ("offer_detail", "extra_offer_detail")
_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("from_name", "reply_to", "postal_address", "unsubscribe_mailto"),
    "voice": ("voice_opt_out_number", "voice_language"),
    "direct_mail": ("postal_address",),
}


def content_sha256(
    row: Mapping[str, Any], rendered: Rendered, settings: Settings, look: Mapping[str, Any]
) -> str:
    """Template, look, offer, brand and sender; two people who get the same have the same."""
    settings_said = ("brand_name", "shop_url", *_SAID.get(row["channel"], ()))
    told = {
        "template": rendered.template_version,
        "sender": rendered.sender,
        "look": look if row["channel"] == "email" else None,
        "settings": [getattr(settings, name) for name in settings_said],
        "step": [_of_the_step(row, name) for name in _OF_THE_STEP]
        + [str(row[name]) for name in _DETAILS if row.get(name)],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _of_the_step(row: Mapping[str, Any], name: str) -> str:
    """A code of one's own is the person's, and no part of what everybody reads."""
    prefix, _, what = name.rpartition("_")
    is_theirs = what == "code" and is_own(row, prefix)
    return OWN if is_theirs else str(row.get(name) or "")
