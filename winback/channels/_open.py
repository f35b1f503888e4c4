"""Which channel a name means."""

from __future__ import annotations

from winback.channels._seam import Channel
from winback.errors import UsageError
from winback.settings import Settings


def open_channel(name: str, settings: Settings) -> Channel:
    """Open a channel. Raises UsageError for an unknown name or missing credentials."""
    if name == "email":
        from winback.channels._email import EmailChannel

        return EmailChannel(settings)
    if name == "sms":
        from winback.channels._sms import SmsChannel

        return SmsChannel(settings)
    raise UsageError(f"There is no channel {name!r}. The channels are email and sms.")
