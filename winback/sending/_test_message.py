"""One message to the operator: through the provider's own client, and counted nowhere."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from winback.base import phones
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.content.payloads import from_json
from winback.ledger import Ledger, channel_group, suppressed_among
from winback.providers import NotPreparedError, Outcome, Outgoing, open_channel
from winback.sending.brakes._stops import standing

# Begins the id, so that what comes back for it belongs to no message of the ledger.
_PREFIX: Final = "test-"
_LEAVES_WITHIN: Final = timedelta(hours=1)


def send_test(
    ledger: Ledger,
    settings: Settings,
    *,
    channel: str,
    payload_json: str,
    to: str,
    now: datetime,
) -> Outcome:
    """Send one written message to an address, with one call and no second try.

    Raises UsageError for an address that the channel doesn't take; WinbackError where sending is
    stopped or the address has opted out.
    """
    address = _address(channel, to, settings.shop_country)
    with ledger.read() as connection:
        stopped = standing(connection, channel, now=now).reason
        group = channel_group(channel)
        is_suppressed = bool(suppressed_among(connection, group=group, addresses=[address]))
    if stopped:
        raise WinbackError(f"Nothing was sent: {channel} is {stopped.removesuffix('.')}.")
    if is_suppressed:
        raise WinbackError(
            "This address has opted out, so nothing goes to it, no test either. Next: another --to"
        )
    message = Outgoing(
        f"{_PREFIX}{uuid4().hex}", address, from_json(channel, payload_json), now + _LEAVES_WITHIN
    )
    with closing(open_channel(channel, settings)) as way:
        try:
            (request,) = way.prepare([message], now=now)
        except NotPreparedError as error:
            return error.outcome
        return way.send(request)


def _address(channel: str, to: str, country: str) -> str:
    if channel == "direct_mail":
        raise UsageError("A card can't be sent as a test. Next: winback preview shows it.")
    if channel == "email":
        local, _, domain = to.strip().partition("@")
        if not local or "." not in domain or " " in to.strip():
            raise UsageError("--to must be an email address for this step.")
        return to.strip()
    number = phones.canonical(to, country or None)
    if number is None:
        raise UsageError(
            "--to must be a phone number with its country's code for this step, like +15005550100."
        )
    return number
