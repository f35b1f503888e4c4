"""What a row of a list tells beside its addresses: why, since when, or that it is no opt-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from zoneinfo import ZoneInfo

from winback.people.optouts._words import allows, reason_of

# The cells of a row by what their columns hold.
Told = Mapping[str, list[str]]
STATED: Final = ("status", "consent", "refusal")


@dataclass(frozen=True)
class Defaults:
    """Values for rows that lack their own. `reason` may be empty."""

    reason: str
    source: str
    country: str
    zone: str
    now: datetime


def reason_for(told: Told, defaults: Defaults) -> str:
    """A reason that is absent or foreign is no reason to go on writing."""
    own = (*told.get("reason", ()), *told.get("status", ()))
    known = (reason for text in own if (reason := reason_of(text)))
    return next(known, defaults.reason or "opted_out")


def allowed(told: Told) -> str:
    """The word by which a row says that the person may be written to; empty if anything in it
    says otherwise."""
    stated = [(kind, text) for kind in STATED for text in told.get(kind, ())]
    refused = told.get("reason") or told.get("refused_at")
    if not stated or refused or not all(allows(kind, text) for kind, text in stated):
        return ""
    kind, text = stated[0]
    return "no to their refusal" if kind == "refusal" else text.lower()


def occurred_at(told: Told, defaults: Defaults) -> datetime | None:
    for text in (*told.get("refused_at", ()), *told.get("written_at", ())):
        if (at := _instant(text, defaults.zone)) is not None:
            # A stop from the future would outlast any START.
            return at if at <= defaults.now else None
    return None


def _instant(text: str, zone: str) -> datetime | None:
    """ISO 8601, in the shop's zone where it has no offset, or the seconds of Unix time."""
    try:
        if text.isdigit() and len(text) >= 9:
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
        instant = datetime.fromisoformat(text.removesuffix(" UTC") + "Z" * text.endswith(" UTC"))
        local = instant.replace(tzinfo=ZoneInfo(zone)) if instant.tzinfo is None else instant
        # 0001-01-01, which stands for no date, began in no year of UTC's.
        return local.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return _instant_of_mail(text)


def _instant_of_mail(text: str) -> datetime | None:
    """A date as mails have it, `Fri, 24 May 2019 17:44:46 +0000`: an API may write it so."""
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # Without a zone of its own nobody knows whose clock it was.
    return instant.astimezone(UTC) if instant.tzinfo else None
