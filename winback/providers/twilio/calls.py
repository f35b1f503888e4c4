"""Calls by Twilio that speak a text: whoever presses a key is never called or texted again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from twilio.twiml.voice_response import VoiceResponse

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.content.payloads import Call
from winback.providers._look_up import Finding, Prices, Progress, Question, Search
from winback.providers._seam import Outcome, Outgoing, Request
from winback.providers.twilio.client import TwilioAccount, new_attempt_id, request_of
from winback.providers.twilio.records import call_prices, fetch_call, search_calls

# What Twilio tells of: the early one binds a call whose response got lost.
EVENTS: Final = ["initiated", "answered", "completed"]
# No telemarketing call may hang up before 15 s of ringing (47 CFR 64.1200(a)(6)), and most
# voice mail answers after 25.
RING_SECONDS: Final = 20
LONGEST_CALL_SECONDS: Final = 180
# How long a key may still be pressed after the last word.
LISTEN_SECONDS: Final = 5


class VoiceChannel:
    """Twilio's Calls, one call at a time."""

    name = "voice"
    provider = "twilio"
    batch_size = 1
    # Twilio starts one call a second and holds the others back, with no way to let them expire:
    # so none is ever held back.
    concurrency = 1
    unknowns_in_a_row = 5

    def __init__(self, settings: Settings) -> None:
        self.per_second = settings.per_second(self.name)
        self._account = TwilioAccount(settings, pool_size=self.concurrency, what="Calls")
        if not settings.public_base_url:
            raise UsageError(
                "Calls can't be made: set WINBACK_PUBLIC_BASE_URL, where a key that is pressed to "
                "opt out is told."
            )

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """One request a call."""
        return [self._request(message) for message in messages]

    def send(self, request: Request) -> Outcome:
        """Place one call."""
        return self._account.call(self._account.client.calls.create, request.body)

    def look_up(self, question: Question) -> Finding:
        """Search the list of calls to a number, or read what became of one."""
        match question:
            case Search():
                return search_calls(self._account, question)
            case Progress():
                return fetch_call(self._account, question)
            case Prices():
                return call_prices(self._account, question)
            case _:
                return Finding("unreadable", reason="not held back")

    def close(self) -> None:
        """Close pooled connections."""
        self._account.close()

    def _request(self, message: Outgoing) -> Request:
        attempt_id, call = new_attempt_id(), message.payload_as(Call)
        pressed = self._account.callback("voice", message.message_id, attempt_id)
        body: dict[str, Any] = {
            "to": message.address,
            "from_": call.from_,
            "twiml": _spoken(call, pressed),
            "status_callback": self._account.callback("status", message.message_id, attempt_id),
            "status_callback_event": EVENTS,
            "timeout": RING_SECONDS,
            "time_limit": LONGEST_CALL_SECONDS,
        }
        return request_of(attempt_id, message.message_id, body)


def _spoken(call: Call, pressed: str | None) -> str:
    """Every word is said while any key ends the call for good."""
    response = VoiceResponse()
    listening = response.gather(
        input="dtmf",
        num_digits=1,
        finish_on_key="",
        timeout=LISTEN_SECONDS,
        action=pressed,
        method="POST",
    )
    listening.say(call.words, language=call.language)
    response.hangup()
    return str(response)
