"""The frozen part of a message: the payload of an email, a text, a WhatsApp message, a call or a
postcard.

Content and conversations write them, providers read them. The ledger keeps them as JSON; the
names in it never change, for a row of any age can be read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# The names of words in payloads of today, and in old rows.
_WORDS: Final = ("subject", "text", "body", "words", "caption")
_OF_A_CARD: Final = ("design", "language", "code", "until", "link", "opt_out", "sender")


@dataclass(frozen=True, repr=False)
class Email:
    """A mail; `own_click_links`: its links lead by our pages, which count clicks."""

    from_email: str
    from_name: str | None
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reply_to: str = ""
    own_click_links: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Email:
        """The payload as the ledger keeps it."""
        sender = stored["from"]
        return cls(
            from_email=sender["email"],
            from_name=sender.get("name"),
            subject=stored["subject"],
            text=stored["text"],
            html=stored["html"],
            headers=stored["headers"],
            reply_to=(stored.get("reply_to") or {}).get("email", ""),
            own_click_links=bool(stored.get("own_click_links")),
        )

    @property
    def sender(self) -> dict[str, str]:
        """Who it comes from, as SendGrid takes it."""
        name = {} if self.from_name is None else {"name": self.from_name}
        return {"email": self.from_email, **name}

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        payload: dict[str, Any] = {
            "from": self.sender,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": dict(self.headers),
        }
        if self.reply_to:
            payload["reply_to"] = {"email": self.reply_to}
        if self.own_click_links:
            payload["own_click_links"] = True
        return payload


@dataclass(frozen=True, repr=False)
class Text:
    """A text, an MMS or an RCS message: its words, and where the carrier fetches what it shows."""

    body: str
    messaging_service_sid: str
    media_url: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Text:
        """The payload as the ledger keeps it."""
        return cls(
            stored.get("body", ""),
            stored.get("messaging_service_sid", ""),
            tuple(stored.get("media_url", ())),
        )

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        payload = {"body": self.body, "messaging_service_sid": self.messaging_service_sid}
        return payload | ({"media_url": list(self.media_url)} if self.media_url else {})


@dataclass(frozen=True, repr=False)
class WhatsApp:
    """An approved template with one person's values; `words` is what it reads like, for us."""

    from_: str
    content_sid: str
    content_variables: str
    words: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> WhatsApp:
        """The payload as the ledger keeps it."""
        return cls(
            stored.get("from_", ""),
            stored["content_sid"],
            stored.get("content_variables") or "{}",
            stored.get("words", ""),
        )

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        return {
            "from_": self.from_,
            "content_sid": self.content_sid,
            "content_variables": self.content_variables,
            "words": self.words,
        }


@dataclass(frozen=True, repr=False)
class Card:
    """An RCS card: a template with one person's values, which names the text that a phone without
    RCS gets; `words` is what both read like, for us."""

    messaging_service_sid: str
    content_sid: str
    content_variables: str
    words: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Card:
        """The payload as the ledger keeps it."""
        return cls(
            stored["messaging_service_sid"],
            stored["content_sid"],
            stored.get("content_variables") or "{}",
            stored.get("words", ""),
        )

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        return {
            "messaging_service_sid": self.messaging_service_sid,
            "content_sid": self.content_sid,
            "content_variables": self.content_variables,
            "words": self.words,
        }


@dataclass(frozen=True, repr=False)
class Call:
    """A call: who calls, and what a voice says."""

    from_: str
    words: str
    language: str

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Call:
        """The payload as the ledger keeps it."""
        return cls(stored["from_"], stored["words"], stored["language"])

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        return {"from_": self.from_, "words": self.words, "language": self.language}


@dataclass(frozen=True, repr=False)
class Postcard:
    """What a print shop prints beside the address: `design` is the template that it is of.

    `code` and `until` are those that the words show, `link` leads to the shop, `opt_out` says how
    to get no more, and `sender` is where it comes from.
    """

    design: str
    language: str
    headline: str
    body: str
    code: str
    until: str
    link: str
    opt_out: str
    sender: str

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Postcard:
        """The payload as the ledger keeps it."""
        kept = {name: str(stored[name]) for name in _OF_A_CARD}
        return cls(headline=stored["subject"], body=stored["words"], **kept)

    @property
    def words(self) -> str:
        """All that a person reads of it."""
        return "\n".join((self.headline, self.body, self.opt_out, self.sender))

    def stored(self) -> dict[str, Any]:
        """The payload as the ledger keeps it."""
        kept = {name: getattr(self, name) for name in _OF_A_CARD}
        return {"subject": self.headline, "words": self.body, **kept}


Payload = Email | Text | WhatsApp | Card | Call | Postcard


def to_json(payload: Payload) -> str:
    """The payload as it is frozen: the same one is the same text."""
    return json.dumps(payload.stored(), ensure_ascii=False, sort_keys=True)


def from_json(channel: str, payload_json: str) -> Payload:
    """The payload of a message on this channel, from its row in the ledger."""
    stored = json.loads(payload_json)
    if channel == "email":
        return Email.of(stored)
    if channel == "voice":
        return Call.of(stored)
    if channel == "direct_mail":
        return Postcard.of(stored)
    # The kinds of messages to a phone are told apart by their payloads alone.
    if "content_sid" in stored and "messaging_service_sid" in stored:
        return Card.of(stored)
    return WhatsApp.of(stored) if "content_sid" in stored else Text.of(stored)


def words_of(payload_json: str | None) -> str:
    """What a message says in plain words; nothing of one that was erased."""
    stored = _read(payload_json)
    if "design" in stored:
        return Postcard.of(stored).words
    return str(stored.get("body") or stored.get("text") or stored.get("words") or "")


def subject_of(payload_json: str | None) -> str:
    """The subject of a mail."""
    return str(_read(payload_json).get("subject") or "")


def texts_of(payload_json: str | None) -> tuple[list[str], str]:
    """All plain texts of a message, and its page."""
    stored = _read(payload_json)
    texts = [stored[name] for name in _WORDS if isinstance(stored.get(name), str)]
    page = stored.get("html")
    return texts, page if isinstance(page, str) else ""


def card_of(payload_json: str | None) -> Postcard | None:
    """The postcard; None of anything else."""
    stored = _read(payload_json)
    return Postcard.of(stored) if "design" in stored else None


def _read(payload_json: str | None) -> dict[str, Any]:
    stored = json.loads(payload_json or "{}")
    return stored if isinstance(stored, dict) else {}
