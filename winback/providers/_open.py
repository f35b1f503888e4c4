"""Which channel a name means, and which of them are switched on."""

from __future__ import annotations

from winback.base.errors import UsageError
from winback.base.settings import CHANNELS, Settings
from winback.providers._seam import Channel


def why_off(name: str, settings: Settings) -> str:
    """What keeps a channel from sending anything at all; empty where it is switched on."""
    if name in settings.enabled_channels:
        return ""
    return f"{name} is not switched on. Next: name it in WINBACK_CHANNELS, then winback doctor"


def open_channel(name: str, settings: Settings) -> Channel:
    """Open a channel.

    Raises UsageError for an unknown name, one that is not switched on, or missing credentials.
    """
    if name not in CHANNELS:
        raise UsageError(f"There is no channel {name!r}. The channels are {', '.join(CHANNELS)}.")
    if off := why_off(name, settings):
        raise UsageError(off)
    if name == "email":
        from winback.providers.sendgrid.channel import EmailChannel

        return EmailChannel(settings)
    if name == "voice":
        from winback.providers.twilio.calls import VoiceChannel

        return VoiceChannel(settings)
    if name == "direct_mail":
        from winback.providers.print_shop.channel import PrintChannel

        return PrintChannel(settings)
    from winback.providers.twilio.messages import PhoneChannel

    return PhoneChannel(name, settings)
