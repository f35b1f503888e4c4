"""What a run may do: its mode, its clock, and where it sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from pydantic import SecretStr

from winback.base.clock import Clock, clock_at
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Mode, Settings
from winback.readiness.doctor import findings, value_of

# What a deployment may ask for: a mode, or whatever the mode of the house is.
HOUSE: Final = "house"
RunMode = Literal["house", "dry-run", "sandbox", "live"]


@dataclass(frozen=True)
class Run:
    """One run: what it may do, at which instant, with which settings."""

    mode: Mode
    as_of: datetime
    clock: Clock
    settings: Settings

    @property
    def sends(self) -> bool:
        return self.mode != "dry-run"


def resolve_run(settings: Settings, *, mode: str | None = None, as_of: str | None = None) -> Run:
    """Decide mode and clock. `mode` beats the setting.

    In dry-run and sandbox `as_of` is the one clock. Live mode knows the wall clock only,
    unless both providers are stood in for on this machine. Raises UsageError for an
    unknown mode, WinbackError where live may not start.
    """
    chosen: Mode = parse_mode(mode or settings.mode)
    if chosen == "live":
        _refuse_another_clock(settings, as_of)
        require_ready(settings)
    clock = clock_at(as_of, settings.shop_timezone)
    return Run(chosen, clock.now(), clock, settings)


def parse_mode(text: str) -> Mode:
    """The mode of this name. Raises UsageError for any other word."""
    for mode in get_args(Mode):
        if text == mode:
            return mode  # type: ignore[no-any-return]  # get_args loses the literal
    raise UsageError(f"unknown mode {text!r}: one of {', '.join(get_args(Mode))}")


def stricter(one: Mode, other: Mode) -> Mode:
    """The one of two modes that lets less leave the house."""
    order: tuple[Mode, ...] = get_args(Mode)
    return min(one, other, key=order.index)


def _refuse_another_clock(settings: Settings, as_of: str | None) -> None:
    if as_of is not None and not settings.sends_to_loopback_only:
        raise WinbackError(
            "live mode goes by the wall clock: --as-of is refused. "
            "Next: replay with --mode dry-run or --mode sandbox"
        )


def require_ready(settings: Settings) -> None:
    """Raise WinbackError where doctor finds what live mode lacks."""
    missing = findings(settings)
    if missing:
        raise WinbackError(
            f"live mode is not ready, {len(missing)} findings: {'; '.join(missing)}. "
            "Next: winback doctor"
        )


def sandbox_settings(settings: Settings, **found: object) -> Settings:
    """Fill in what a sandbox run needs and the operator has not set, with made-up values.

    `found` holds what self-started servers offer (base URLs, keys); a setting of the
    operator's own always wins.
    """
    made_up: dict[str, object] = {
        "from_email": "hello@shop.example.com",
        "postal_address": "1 Sandbox Street, 00000 Nowhere",
        "public_base_url": "http://127.0.0.1:8080",
        "sendgrid_api_key": SecretStr("SG.sandbox"),
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": SecretStr("0" * 32),
        "twilio_messaging_service_sid": "MG" + "0" * 32,
        "twilio_whatsapp_from": "+15005550006",
        "twilio_voice_from": "+15005550006",
        "voice_opt_out_number": "+18005550100",
        "sms_campaign_status": "registered",
        **found,
    }
    # One service stands for all: what it sends by is the sandbox's to say.
    made_up["twilio_rcs_service_sid"] = made_up["twilio_messaging_service_sid"]
    blank = {name: value for name, value in made_up.items() if not value_of(settings, name)}
    return settings.model_copy(update=blank)
