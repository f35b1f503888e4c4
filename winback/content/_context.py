"""The facts that a template may state about a person: only known ones, each value made safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from winback.base.languages import ROOT, Language, language
from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._codes import Codes, is_own
from winback.content._facts_shown import content_context
from winback.content._offers import offer_text
from winback.content._safe import one_line
from winback.content.facts import Facts


def template_context(
    row: Mapping[str, Any], settings: Settings, edition: Language | None = None
) -> dict[str, Any]:
    """The names a template may use, English where no language is named.

    An unknown or empty value is absent, never blank.
    """
    edition = edition or language(ROOT)
    facts = Facts.of(row)
    values = (
        facts.known()
        | content_context(facts, settings, edition)
        | {
            "locale": edition.tag,
            "say": edition.say(settings.brand_name),
            "brand": settings.brand_name,
            "shop_url": settings.shop_url.rstrip("/"),
            "postal_address": one_line(settings.postal_address),
            "program_name": one_line(row.get("program_name")),
            "frequency": one_line(row.get("frequency")),
            "leave_keyword": one_line(row.get("leave_keyword")),
            "offer": _offer(row, settings, edition, prefix="offer"),
            "extra_offer": _offer(row, settings, edition, prefix="extra_offer"),
        }
    )
    return {name: value for name, value in values.items() if value}


def _offer(
    row: Mapping[str, Any], settings: Settings, edition: Language, *, prefix: str
) -> dict[str, str]:
    """An offer as a template shows it: `text`, `code` and `until`, those that are known."""
    kind = row.get(f"{prefix}_kind")
    if not kind:
        return {}
    text = offer_text(
        str(kind), row.get(f"{prefix}_value"), row.get(f"{prefix}_detail"), edition.tag
    )
    # An extra offer comes with the offer and ends with it, unless its code is one's own.
    expires_at = row.get(f"{prefix}_expires_at") or row.get("offer_expires_at")
    if is_own(row, prefix):
        return _OwnOffer(text, lambda: _own_code(row, settings, edition, prefix, expires_at))
    shown = {
        "text": text,
        "code": one_line(row.get(f"{prefix}_code")),
        "until": deadline(expires_at, row, settings, edition) if expires_at else "",
    }
    return {name: value for name, value in shown.items() if value}


class _OwnOffer(dict[str, str]):
    """An offer whose code is looked for only where a template shows the code or its end."""

    def __init__(self, text: str, look: Callable[[], dict[str, str]]) -> None:
        super().__init__(text=text)
        self._look = look

    def __missing__(self, name: str) -> str:
        if name not in {"code", "until"}:
            raise KeyError(name)
        found = self._look()
        if name not in found:
            raise KeyError(name)
        super().update(found)
        return found[name]


def _own_code(
    row: Mapping[str, Any],
    settings: Settings,
    edition: Language,
    prefix: str,
    expires_at: datetime | None,
) -> dict[str, str]:
    """A code of one's own and its end at the shop. Raises RenderBlocked where there is none."""
    offer_id = str(row[f"{prefix}_id"])
    codes: Codes | None = row.get("codes")
    own = codes(offer_id, expires_at) if codes else None
    if own is None:
        help_ = f"no code is left of {offer_id}. Next: winback codes import FILE --offer {offer_id}"
        raise RenderBlocked("no_code", help_, field=offer_id)
    ends_at = own.ends_at or expires_at
    until = {"until": deadline(ends_at, row, settings, edition)} if ends_at else {}
    return {"code": one_line(own.code)} | until


def deadline(
    expires_at: datetime,
    row: Mapping[str, Any],
    settings: Settings,
    edition: Language | None = None,
) -> str:
    """The moment an offer ends, on the person's wall clock; the earliest if zones differ.

    The date alone where it ends with the day, else date and minute, so that it is never
    shown as ending later than its code does.
    """
    zones = [name for name in str(row.get("zones") or "").split(",") if name]
    try:
        clocks = [ZoneInfo(zone) for zone in zones or [settings.shop_timezone]]
    except (KeyError, ValueError, OSError):
        raise RenderBlocked("unknown_zone", "a zone is not in the time zone database") from None
    local = min(expires_at.astimezone(clock).replace(tzinfo=None) for clock in clocks)
    return (edition or language(ROOT)).until(local)
