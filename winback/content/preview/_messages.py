"""A message as a preview shows it: its words as they would be frozen, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from winback.base.languages import language
from winback.content._sms_text import is_gsm7
from winback.content.lint import Finding
from winback.content.payloads import Postcard, card_of, subject_of, texts_of, words_of


@dataclass(frozen=True, repr=False)
class Shown:
    """A message of a preview.

    `about` says whose facts it has: of an invented person, or of customers, by opaque id. `needs`
    is what its words need, by the seed step_contents. `count` messages of a run read like it;
    `cost_cents` is that of all of them. A message without a
    `payload_json` is not written, because of `unwritten`.
    """

    playbook_id: str
    step: int
    channel: str
    variant: str
    about: str
    template: str = ""
    needs: str = ""
    days: str = ""
    offer_id: str = ""
    # The language that it is in, or that it would be in.
    locale: str = ""
    payload_json: str = ""
    sms_parts: int | None = None
    cost_cents: Decimal = Decimal(0)
    count: int = 1
    unwritten: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def spoken(self) -> str:
        """The name of its language, where it is known."""
        return language(self.locale).word("name") if self.locale else ""

    @property
    def subject(self) -> str:
        """The subject of a mail."""
        return subject_of(self.payload_json)

    @property
    def words(self) -> str:
        """The message in plain words."""
        return words_of(self.payload_json)

    @property
    def page(self) -> str:
        """The HTML of a mail."""
        return texts_of(self.payload_json)[1]

    @property
    def card(self) -> Postcard | None:
        """The postcard, of one."""
        return card_of(self.payload_json)

    @property
    def size(self) -> str:
        """How long it is, in what its channel counts."""
        if self.page:
            return f"{len(self.page.encode()) / 1000:.1f} kB of HTML"
        told = f"{len(self.words):,} characters"
        if self.sms_parts is None:
            return told
        alphabet = "GSM-7" if is_gsm7(self.words) else "UCS-2: an odd character halves a part"
        return f"{told}, {self.sms_parts} SMS part{'s' if self.sms_parts > 1 else ''} ({alphabet})"

    def facts(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {
            "playbook_id": self.playbook_id,
            "step": self.step,
            "channel": self.channel,
            "variant": self.variant,
            "about": self.about,
            "template": self.template,
            "needs": self.needs,
            "offer_id": self.offer_id,
            "locale": self.locale,
            "subject": self.subject,
            "words": self.words,
            "sms_parts": self.sms_parts,
            "cost_cents": self.cost_cents,
            "unwritten": self.unwritten,
            "findings": [it.facts() for it in self.findings],
        }
