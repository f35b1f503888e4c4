"""The sandbox's records: messages, their webhooks, and filters over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Provider = Literal["sendgrid", "twilio"]
Kind = Literal["mail", "text", "call"]
# A `log` is never told: it only shows in SendGrid's logs.
Endpoint = Literal["sendgrid_events", "sendgrid_inbound", "twilio_status", "twilio_inbound", "log"]


@dataclass(frozen=True)
class Message:
    """A message to one recipient, as the provider keeps it."""

    provider: Provider
    kind: Kind
    provider_id: str
    request_id: str
    position: int
    our_id: str | None
    recipient: str
    sender: str
    accepted_at: str
    status: str
    updated_at: str
    error_code: int | None = None
    sent_at: str | None = None
    batch_id: str | None = None
    # Until then (Unix seconds) it waits at the provider; null once it has moved on.
    due_at: float | None = None
    due_status: str | None = None
    answered_by: str | None = None
    seq: int = 0


@dataclass(frozen=True)
class Webhook:
    """A webhook to send: a SendGrid event, or the parameters of one Twilio or Parse post.

    `url` is the exact status callback of a Twilio message; the other endpoints have
    their place under the receiver's base URL. `about` is the message's provider id.
    """

    endpoint: Endpoint
    body: dict[str, Any]
    url: str | None = None
    about: str | None = None
    seq: int = 0


@dataclass(frozen=True)
class Move:
    """A waiting message's move to its next status."""

    provider_id: str
    status: str
    at: str
    error_code: int | None = None
    # Only what left the queue was sent.
    is_sent: bool = True
    answered_by: str | None = None


@dataclass
class Filter:
    """The messages to list; `*_since` and `*_before` compare ISO timestamps."""

    provider: Provider | None = None
    kind: Kind | None = None
    recipient: str | None = None
    sender: str | None = None
    our_id: str | None = None
    status: str | None = None
    sent_since: str | None = None
    sent_before: str | None = None
    accepted_before: str | None = None
    id_prefix: str | None = None
    after: int = 0
    before: int | None = None
    limit: int = 1000
    offset: int = 0
    newest_first: bool = False

    conditions: dict[str, object] = field(init=False)

    def __post_init__(self) -> None:
        candidates: dict[str, object | None] = {
            "provider = ?": self.provider,
            "kind = ?": self.kind,
            "recipient = ?": self.recipient,
            "sender = ?": self.sender,
            "our_id = ?": self.our_id,
            "status = ?": self.status,
            "sent_at >= ?": self.sent_since,
            "sent_at < ?": self.sent_before,
            "accepted_at < ?": self.accepted_before,
            "provider_id glob ?": f"{self.id_prefix}*" if self.id_prefix else None,
            "seq > ?": self.after,
            "seq < ?": self.before,
        }
        self.conditions = {sql: value for sql, value in candidates.items() if value is not None}
