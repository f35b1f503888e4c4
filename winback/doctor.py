"""What is missing before going live: every finding names its setting, never a value."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from winback.errors import UsageError
from winback.responder import open_responder
from winback.settings import Settings

# What both channels of the shipped playbooks need before a real message may leave.
_NEEDED: Final[dict[str, str]] = {
    "from_email": "the sender of every email",
    "postal_address": "the law wants it in every marketing email",
    "public_base_url": "providers report back there, and unsubscribe links point there",
    "sendgrid_api_key": "email goes out through SendGrid",
    "sendgrid_webhook_public_keys": "unsigned events are not believed",
    "twilio_account_sid": "texts go out through Twilio",
    "twilio_auth_token": "texts go out through Twilio, and it signs the callbacks",
    "twilio_messaging_service_sid": "the sender of every text",
}


def findings(settings: Settings) -> list[str]:
    """One line for each thing that is missing; empty when live mode may start."""
    lines = [
        f"WINBACK_{name.upper()} is not set ({why})"
        for name, why in _NEEDED.items()
        if not value_of(settings, name)
    ]
    if settings.sms_campaign_status != "registered":
        lines.append("WINBACK_SMS_CAMPAIGN_STATUS is not 'registered' (US carriers block texts)")
    if settings.brand_name == type(settings).model_fields["brand_name"].default:
        lines.append("WINBACK_BRAND_NAME still names the example shop (every message names it)")
    if settings.shop_url == type(settings).model_fields["shop_url"].default:
        lines.append("WINBACK_SHOP_URL still names the example shop (every message links there)")
    if settings.public_base_url and not _is_public(settings):
        lines.append("WINBACK_PUBLIC_BASE_URL is not https (providers refuse to post there)")
    try:
        open_responder(settings)
    except UsageError as error:
        lines.append(str(error))
    return lines


def value_of(settings: Settings, name: str) -> str:
    """A setting as text, a secret too: to ask whether it is set, never to print."""
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _is_public(settings: Settings) -> bool:
    return settings.public_base_url.startswith("https://") or settings.sends_to_loopback_only
