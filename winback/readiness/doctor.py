"""Checks before going live: every finding names its setting, never a value."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from winback.base.errors import UsageError
from winback.base.places import SHOP_DIR
from winback.base.private import keep_private, open_to_others
from winback.base.settings import Settings, misspelled
from winback.conversations.responder import open_responder
from winback.ledger import LedgerUnavailable
from winback.readiness.cards import placeholders
from winback.readiness.own_project import upgrade_line
from winback.readiness.upgrade import look_at_upgrade, upgrade_finding

_TWILIO: Final = ("twilio_account_sid", "twilio_auth_token")
# What each channel needs before a real message may leave by it.
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "email": ("from_email", "postal_address", "sendgrid_api_key", "sendgrid_webhook_public_keys"),
    "sms": (*_TWILIO, "twilio_messaging_service_sid"),
    "mms": (*_TWILIO, "twilio_messaging_service_sid"),
    "rcs": (*_TWILIO, "twilio_rcs_service_sid"),
    "whatsapp": (*_TWILIO, "twilio_whatsapp_from"),
    "voice": (*_TWILIO, "twilio_voice_from", "voice_opt_out_number"),
    "direct_mail": ("postal_address",),
}
_WHY: Final[dict[str, str]] = {
    "from_email": "the sender of every email",
    "postal_address": "every marketing email and every letter names it",
    "public_base_url": "providers report back there, and unsubscribe links point there",
    "sendgrid_api_key": "email goes out through SendGrid",
    "sendgrid_webhook_public_keys": "unsigned events are not believed",
    "twilio_account_sid": "texts go out through Twilio",
    "twilio_auth_token": "texts go out through Twilio, and it signs the callbacks",
    "twilio_messaging_service_sid": "the sender of every text",
    "twilio_rcs_service_sid": "the messaging service that has the RCS sender",
    "twilio_whatsapp_from": "the WhatsApp sender, a number like +15550001",
    "twilio_voice_from": "the number that calls come from",
    "voice_opt_out_number": "the law wants a toll-free number where a call stops the calls",
}
# Minutes; Twilio's list lags by seconds, and by more on its bad days.
_LEAST_SETTLE: Final = 5
# What US carriers ask a campaign for.
_TEXTS: Final = frozenset({"sms", "mms", "rcs"})


def findings(settings: Settings) -> list[str]:
    """One line for each thing that is missing; empty when live mode may start."""
    lines = [
        f"WINBACK_{name.upper()} is not set ({why})"
        for name, why in _WHY.items()
        if name in _needed(settings) and not value_of(settings, name)
    ]
    if not settings.enabled_channels:
        lines.append("WINBACK_CHANNELS names no channel (nothing could be sent)")
    if _TEXTS & set(settings.enabled_channels) and settings.sms_campaign_status != "registered":
        lines.append("WINBACK_SMS_CAMPAIGN_STATUS is not 'registered' (US carriers block texts)")
    if settings.brand_name == type(settings).model_fields["brand_name"].default:
        lines.append("WINBACK_BRAND_NAME still names the example shop (every message names it)")
    if settings.shop_url == type(settings).model_fields["shop_url"].default:
        lines.append("WINBACK_SHOP_URL still names the example shop (every message links there)")
    if settings.public_base_url and not _is_public(settings, settings.public_base_url):
        lines.append("WINBACK_PUBLIC_BASE_URL is not https (providers refuse to post there)")
    if settings.link_base_url and not _is_public(settings, settings.link_base_url):
        lines.append("WINBACK_LINK_BASE_URL is not https (the links of texts point there)")
    if settings.unknown_settle_minutes < _LEAST_SETTLE and not settings.sends_to_loopback_only:
        lines.append(
            f"WINBACK_UNKNOWN_SETTLE_MINUTES is below {_LEAST_SETTLE} (a text that shows late in "
            "Twilio's list would be sent twice)"
        )
    lines += [f"{name} is no setting ({meant} is)" for name, meant in misspelled().items()]
    lines += _of_an_upgrade(settings)
    lines += _open_files(settings)
    lines += placeholders(settings)
    try:
        open_responder(settings)
    except UsageError as error:
        lines.append(str(error))
    return lines


def _needed(settings: Settings) -> set[str]:
    """The settings that the channels switched on can't do without."""
    return {"public_base_url"}.union(*(_NEEDED[name] for name in settings.enabled_channels))


def value_of(settings: Settings, name: str) -> str:
    """A setting as text, a secret too: to ask whether it is set, never to print."""
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _of_an_upgrade(settings: Settings) -> Iterator[str]:
    if again := upgrade_line(SHOP_DIR):
        yield again
    # A ledger that can't be read is told by whoever opens it.
    with suppress(LedgerUnavailable, UsageError):
        if waits := upgrade_finding(look_at_upgrade(settings)):
            yield waits


def _open_files(settings: Settings) -> Iterator[str]:
    # Files that can be closed to others are closed before they are reported.
    if settings.home.is_dir():
        keep_private(settings.home)
    if others := open_to_others(settings.home):
        yield (
            f"WINBACK_HOME has {len(others)} files or folders that other users of this machine "
            f"may read, as {others[0].name} (they hold addresses and keys). "
            f"Next, as their owner: chmod -R go= {' '.join(map(str, others))}"
        )
    if _is_open_to_all(env := Path(".env")):
        yield (
            ".env may be read by every user of this machine (it holds keys). Next, as its owner: "
            f"chmod o= {env.resolve()}"
        )


def _is_open_to_all(path: Path) -> bool:
    """Its group may be who runs winback."""
    with suppress(OSError):
        return bool(path.stat().st_mode & stat.S_IRWXO)
    return False


def _is_public(settings: Settings, url: str) -> bool:
    return url.startswith("https://") or settings.sends_to_loopback_only
