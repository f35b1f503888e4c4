"""The one seam between the send engine and every provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from winback.content.payloads import Call, Email, Payload, Postcard, Text, WhatsApp

if TYPE_CHECKING:
    from winback.providers._look_up import Finding, Question

P = TypeVar("P", Email, Text, WhatsApp, Call, Postcard)

Kind = Literal["accepted", "rejected", "deferred", "refused", "not_sent", "unknown"]
# The part that would meet the same refusal again.
Scope = Literal["nothing", "step", "sender", "channel"]


@dataclass(frozen=True)
class Outgoing:
    """One frozen message on its way out."""

    message_id: str
    address: str = field(repr=False)
    payload: Payload = field(repr=False)
    # Nothing may leave the provider's queue after this.
    leaves_by: datetime
    # The provider may hold it back a while, if a call without a response can then be undone.
    may_wait: bool = False

    def payload_as(self, kind: type[P]) -> P:
        """The payload, where the channel takes one kind alone."""
        if not isinstance(self.payload, kind):
            raise TypeError(f"{type(self.payload).__name__} is no {kind.__name__}.")
        return self.payload


@dataclass(frozen=True)
class Request:
    """One HTTP request; a message's index in `message_ids` is its position in the JSON."""

    attempt_id: str
    message_ids: tuple[str, ...]
    body: dict[str, Any] = field(repr=False)
    # Of the body as it crosses the wire, where we write that ourselves.
    sha256: str
    written: str = field(default="", repr=False)
    # What the provider knows a held-back request by, and when it lets it go.
    batch_id: str | None = None
    send_at: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of one request, for all its messages except those at `positions`.

    accepted   the provider took them
    rejected   the provider refused these messages for good (only `positions`, if any)
    deferred   provably not processed: may go again after `retry_after` seconds
    refused    provably not processed, and not for the messages' own fault
    not_sent   the request never reached the provider whole
    unknown    anything else: it may have been taken, so it is never sent again by itself
    """

    kind: Kind
    reason: str
    status: int | None = None
    code: str = ""
    provider_id: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    positions: tuple[int, ...] = ()
    # How much to stop, until the operator has looked.
    stops: Scope = "nothing"
    # The address itself opted out or is dead: suppress it.
    suppresses: bool = False


class NotPreparedError(Exception):
    """The provider did not give what a request needs first. Nothing was sent: never `unknown`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Channel(Protocol):
    """A way to reach people. It sends once, never retries, and raises nothing on a bad response."""

    name: str
    provider: str
    batch_size: int
    concurrency: int
    # So many calls without a clear response, one after another, mean that something is wrong.
    unknowns_in_a_row: int
    per_second: float | None

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """Pack messages into requests, or the first of them; nothing leaves yet.

        May ask the provider for batch ids, so no write transaction may be open. Raises
        NotPreparedError if it gave none and so there is no request at all.
        """
        ...

    def send(self, request: Request) -> Outcome:
        """Make exactly one HTTP call. Safe to call from several threads."""
        ...

    def look_up(self, question: Question) -> Finding:
        """Ask the provider's records about an earlier call, or take back what it still holds.

        Sends nothing. What can't be read is a finding too.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
