"""The settings of a backup: those that somebody set, and none that is a secret."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from winback.base.settings import Settings

# A URL with a password, a key beside its secret, and what is of this machine alone.
_LEFT_OUT: Final = frozenset({"ledger_url", "woocommerce_key", "adopt_ledger", "home"})


def plain_settings(settings: Settings) -> dict[str, str]:
    """The settings by their variable, as `.env` has them."""
    return {
        f"WINBACK_{name.upper()}": str(value)
        for name in sorted(settings.model_fields_set - _LEFT_OUT)
        if (value := getattr(settings, name)) is not None and not _is_secret(value)
    }


def secret_names(settings: Settings) -> list[str]:
    """The variables that were set and are in no backup."""
    return sorted(
        f"WINBACK_{name.upper()}"
        for name in settings.model_fields_set - {"home", "adopt_ledger"}
        if getattr(settings, name) is not None
        and (name in _LEFT_OUT or _is_secret(getattr(settings, name)))
        and str(getattr(settings, name))
    )


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretStr) or "@" in urlsplit(str(value)).netloc
