"""One row of a list of opt-outs: which addresses, why, since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, get_args
from zoneinfo import ZoneInfo

from winback.errors import UsageError
from winback.ledger import ChannelGroup, SuppressionReason, channel_group, normalize

REASONS: Final[tuple[SuppressionReason, ...]] = get_args(SuppressionReason)
# The columns that name an address. `email` and `created` are those of SendGrid's exports.
ADDRESS_COLUMNS: Final = ("email", "phone", "address")
INSTANT_COLUMNS: Final = ("occurred_at", "created")
CHANNELS: Final = frozenset({"email", "phone", "sms", "mms", "rcs", "whatsapp", "voice"})

# As the macros is_email and is_phone have it (dbt_project/macros/contact_points.sql).
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL: Final = re.compile(
    rf"(?=.{{1,254}}$)(?=[^@]{{1,64}}@){_ATOM}([.]{_ATOM})*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_PHONE: Final = re.compile(r"[+][1-9][0-9]{7,14}")


class BadRowError(ValueError):
    """A row that names nobody whom it could keep from being written to."""


@dataclass(frozen=True)
class OptOut:
    """One address of a row; `occurred_at` is None where the row doesn't say it readably."""

    group: ChannelGroup
    address: str
    reason: str
    source: str
    occurred_at: datetime | None


def check_header(columns: list[str]) -> None:
    """Raises UsageError where no column names an address."""
    if not set(columns) & set(ADDRESS_COLUMNS):
        raise UsageError(
            f"the list has none of the columns {', '.join(ADDRESS_COLUMNS)}: its first line "
            "must name them."
        )


def opt_outs(
    row: Mapping[str, str], *, reason: str, source: str, zone: str, now: datetime
) -> list[OptOut]:
    """What a row says, an email and a phone apart. Raises BadRowError, never with a value."""
    own_reason = row.get("reason", "").lower()
    why = own_reason if own_reason in REASONS else reason
    if not why:
        raise BadRowError("reason is missing or none of ours")
    texts = (row[name] for name in INSTANT_COLUMNS if row.get(name))
    at = _instant(next(texts, ""), zone)
    if at is not None and at > now:
        at = None  # a stop from the future would outlast any START
    found = [
        OptOut(group, address, why, row.get("source") or source, at)
        for group, address in _addresses(row)
    ]
    if not found:
        raise BadRowError("no address")
    return found


def _addresses(row: Mapping[str, str]) -> list[tuple[ChannelGroup, str]]:
    found = []
    for column in ADDRESS_COLUMNS:
        if text := row.get(column, ""):
            group = _group(column, text, row)
            address = normalize(group, text)
            if not (_EMAIL if group == "email" else _PHONE).fullmatch(address):
                shape = "an email address" if group == "email" else "a number like +14155550100"
                raise BadRowError(f"{column} is not {shape}")
            found.append((group, address))
    return found


def _group(column: str, text: str, row: Mapping[str, str]) -> ChannelGroup:
    if column != "address":
        return channel_group(column)
    told = (row.get("channel_group") or row.get("channel") or "").lower()
    if told and told not in CHANNELS:
        raise BadRowError("channel_group is neither email nor phone")
    return channel_group(told or ("email" if "@" in text else "phone"))


def _instant(text: str, zone: str) -> datetime | None:
    """ISO 8601, in the shop's zone where it has no offset, or the seconds of Unix time."""
    try:
        if text.isdigit() and len(text) >= 9:
            return datetime.fromtimestamp(int(text), UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    local = instant.replace(tzinfo=ZoneInfo(zone)) if instant.tzinfo is None else instant
    return local.astimezone(UTC)
