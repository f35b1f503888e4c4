"""Messages to a phone by Twilio: SMS, MMS, RCS, and WhatsApp by an approved template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from winback.base.settings import Settings
from winback.content.payloads import Card, Payload, WhatsApp
from winback.providers._look_up import Finding, Prices, Progress, Question, Search
from winback.providers._seam import Outcome, Outgoing, Request
from winback.providers.twilio.client import TwilioAccount, new_attempt_id, request_of
from winback.providers.twilio.records import fetch_message, message_prices, search_messages

# Twilio's own bounds of ValidityPeriod.
SHORTEST_VALIDITY, LONGEST_VALIDITY = 1, 36_000


# RCS goes to the plain number: the service picks it where the phone has it, else a text.
_TO_PREFIX: Final[Mapping[str, str]] = {"sms": "", "mms": "", "rcs": "", "whatsapp": "whatsapp:"}


class PhoneChannel:
    """Twilio's Messages, one call a message."""

    provider = "twilio"
    batch_size = 1
    concurrency = 8
    unknowns_in_a_row = 20

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.per_second = settings.per_second(name)
        self._to_prefix = _TO_PREFIX[name]
        what = "Texts" if name == "sms" else f"Messages by {name}"
        self._account = TwilioAccount(settings, pool_size=self.concurrency, what=what)

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """One request a message."""
        return [self._request(message, now=now) for message in messages]

    def send(self, request: Request) -> Outcome:
        """Post one message."""
        return self._account.call(self._account.client.messages.create, request.body)

    def look_up(self, question: Question) -> Finding:
        """Search the list of messages to a number, or read how far one has come."""
        match question:
            case Search():
                to = self._to_prefix + question.message.address
                # A phone with RCS may be shown a richer form of what we sent.
                rewrites = self.name == "rcs"
                return search_messages(self._account, question, to=to, rewrites=rewrites)
            case Progress():
                return fetch_message(self._account, question)
            case Prices():
                return message_prices(self._account, question)
            case _:
                return Finding("unreadable", reason="not held back")

    def close(self) -> None:
        """Close pooled connections."""
        self._account.close()

    def _request(self, message: Outgoing, *, now: datetime) -> Request:
        attempt_id = new_attempt_id()
        seconds = int((message.leaves_by - now).total_seconds())
        body: dict[str, Any] = {
            "to": self._to_prefix + message.address,
            **self._parameters(message.payload),
            "validity_period": min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY),
        }
        if callback := self._account.callback("status", message.message_id, attempt_id):
            body["status_callback"] = callback
        return request_of(attempt_id, message.message_id, body)

    def _parameters(self, payload: Payload) -> dict[str, Any]:
        """What of a payload is posted."""
        if isinstance(payload, WhatsApp | Card):
            unsaid = "words"  # the template's own
        else:
            unsaid = "media_url" if self.name == "sms" else ""
        return {name: value for name, value in payload.stored().items() if value and name != unsaid}
