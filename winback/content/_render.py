"""Rendering: one outbox row and its template become a frozen payload, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from winback.base.languages import language, languages
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.content._codes import Codes, OwnCode
from winback.content._content import content_sha256
from winback.content._context import template_context
from winback.content._email import write_email
from winback.content._frozen import Rendered
from winback.content._phone import write_mms, write_text, write_whatsapp
from winback.content._postcard import write_postcard
from winback.content._templates import Templates
from winback.content._voice import write_call
from winback.content.brand import read_brand
from winback.content.lint import Finding, findings, placed, quick_findings
from winback.content.payloads import from_json

TEMPLATES_DIR = PROJECT_DIR / "templates"
# The files that one template may have.
_KINDS: Final = ("txt", "html", "media.txt", "voice.txt", "whatsapp.json", "card.txt")
_PHONE: Final = {
    "sms": write_text,
    "rcs": write_text,
    "mms": write_mms,
    "whatsapp": write_whatsapp,
}


class Renderer:
    """Renders any number of rows from one templates folder."""

    def __init__(self, settings: Settings, templates_dir: Path = TEMPLATES_DIR) -> None:
        self._settings = settings
        self._templates = Templates(templates_dir)
        self._look = read_brand(settings).look()

    def render(
        self,
        row: Mapping[str, Any],
        *,
        unsubscribe_url: str,
        link_at: Callable[[int], str] | None = None,
        codes: Codes | None = None,
    ) -> Rendered:
        """Write one message. Raises RenderBlocked, whose reason never holds contact data.

        `link_at` gives the click link that stands for the address at a position; without it
        the addresses stay as they are. `codes` gives the person's own code of an offer; it is
        asked only where the message shows one, and without it such a message is not written.
        """
        shown = list[str]()
        row = {**row, "codes": codes and _noted(codes, shown), "wanted": self._wanted(row)}
        rendered = self._write(row, unsubscribe_url, link_at)
        content = content_sha256(row, rendered, self._settings, self._look)
        return replace(rendered, content_sha256=content, codes=tuple(shown))

    def _wanted(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The language that SQL chose for the person, then the shop's."""
        shop, own = self._settings.shop_language, str(row.get("locale") or "")
        return (own, shop) if own in languages() and own != shop else (shop,)

    def findings(
        self, row: Mapping[str, Any], rendered: Rendered, *, unsubscribe_url: str
    ) -> list[Finding]:
        """All that is wrong with a message that `render` wrote from this row."""
        found = findings(
            from_json(row["channel"], rendered.payload_json),
            sms_parts=rendered.sms_parts,
            links=rendered.links,
            context=self._could_say(row, rendered),
            language=rendered.locale,
            settings=self._settings,
            way_out=unsubscribe_url,
        )
        return self._placed(found, row, rendered)

    def quick_findings(self, row: Mapping[str, Any], rendered: Rendered) -> list[Finding]:
        """What one person's facts brought about in their message: it costs little."""
        found = quick_findings(
            from_json(row["channel"], rendered.payload_json),
            links=rendered.links,
            context=self._could_say(row, rendered),
            language=rendered.locale,
            settings=self._settings,
        )
        return self._placed(list(found), row, rendered)

    def _could_say(self, row: Mapping[str, Any], rendered: Rendered) -> dict[str, Any]:
        kinds = {name: row.get(name) for name in ("offer_kind", "extra_offer_kind")}
        context = template_context(row, self._settings, language(rendered.locale))
        return context | kinds | {"codes": rendered.codes}

    def _placed(
        self, found: list[Finding], row: Mapping[str, Any], rendered: Rendered
    ) -> list[Finding]:
        if not found:
            return []
        folder = language(rendered.locale).folder
        subject = row.get("subject_template") or row["template"]
        names = [f"{folder}{row['template']}.{kind}" for kind in _KINDS]
        names.append(f"{folder}{subject}.subject.txt")
        files = self._templates.files(tuple(filter(self._templates.has, names)))
        return placed(found, files, self._templates.written)

    def _write(
        self,
        row: Mapping[str, Any],
        unsubscribe_url: str,
        link_at: Callable[[int], str] | None,
    ) -> Rendered:
        if row["channel"] == "email":
            return write_email(
                self._templates,
                self._settings,
                row,
                unsubscribe_url=unsubscribe_url,
                link_at=link_at,
                look=self._look,
            )
        if row["channel"] == "voice":
            return write_call(self._templates, self._settings, row)
        if row["channel"] == "direct_mail":
            return write_postcard(
                self._templates,
                self._settings,
                row,
                unsubscribe_url=unsubscribe_url,
                link_at=link_at,
            )
        write = _PHONE[row["channel"]]
        return write(self._templates, self._settings, row, link_at=link_at)


def _noted(codes: Codes, shown: list[str]) -> Codes:
    """The same codes; those that are given are noted."""

    def note(offer_id: str, until: datetime | None) -> OwnCode | None:
        found = codes(offer_id, until)
        if found is not None:
            shown.append(found.code)
        return found

    return note
