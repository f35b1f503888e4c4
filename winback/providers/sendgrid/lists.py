"""SendGrid's own lists of whom it does not write to, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from winback.base.settings import Settings
from winback.providers._bounds import name_of
from winback.providers.sendgrid.client import SendGrid

ListName = Literal["bounces", "spam_reports", "invalid_emails", "unsubscribes", "groups"]
# Blocks are no list of these: a block is a mailbox's mood of the day.
LIST_NAMES: Final[tuple[ListName, ...]] = (
    "bounces", "spam_reports", "invalid_emails", "unsubscribes", "groups",
)  # fmt: skip
PAGE_ROWS: Final = 500
# What an event of the same meaning gives as reason and source: one opt-out, told twice.
_MEANING: Final[dict[ListName, tuple[str, str]]] = {
    "bounces": ("hard_bounce", "sendgrid_bounced"),
    "spam_reports": ("spam_report", "sendgrid_complained"),
    "invalid_emails": ("hard_bounce", "sendgrid_dropped"),
    "unsubscribes": ("unsubscribe", "sendgrid_opted_out"),
    "groups": ("unsubscribe", "sendgrid_group_"),
}


@dataclass(frozen=True)
class Entry:
    """One suppressed address."""

    address: str
    reason: str
    source: str
    since: datetime


@dataclass(frozen=True)
class Page:
    """A page of a list; `problem` is why it could not be read, in a word or two."""

    entries: tuple[Entry, ...] = ()
    is_last: bool = True
    problem: str = ""
    # The other lists would meet the same.
    stops_asking: bool = False


class SuppressionLists:
    """The lists of one account."""

    def __init__(self, settings: Settings) -> None:
        """Raises UsageError where credentials are missing."""
        self._sendgrid = SendGrid(settings, pool_size=1)

    def page(self, name: ListName, *, since: datetime, until: datetime, offset: int) -> Page:
        """Who was put on a list from `since` to `until`, `PAGE_ROWS` at a time."""
        client = self._sendgrid.client
        if name == "groups":  # all of them at once: the one list that knows no pages
            return self._read(name, client.asm.suppressions.get, {})
        bounds = {
            "start_time": max(int(since.timestamp()), 0),
            "end_time": int(until.timestamp()),
            "limit": PAGE_ROWS,
            "offset": offset,
        }
        return self._read(name, client.suppression._(name).get, bounds)

    def close(self) -> None:
        """Close pooled connections."""
        self._sendgrid.close()

    def _read(self, name: ListName, get: Callable[..., Any], bounds: dict[str, int]) -> Page:
        outcome, response = self._sendgrid.ask(lambda: get(query_params=bounds), taken=200)
        if outcome.kind != "accepted":
            problem = f"http_{outcome.status}" if outcome.status else outcome.reason
            return Page(problem=problem, stops_asking=outcome.status != 404)
        rows = response.value()
        if not isinstance(rows, list):
            return Page(problem="unreadable")
        entries = tuple(entry for row in rows if (entry := _entry(name, row)) is not None)
        return Page(entries, is_last=name == "groups" or len(rows) < PAGE_ROWS)


def _entry(name: ListName, row: Any) -> Entry | None:
    """A row of a list; None for one that makes no sense."""
    if not isinstance(row, dict) or not isinstance(row.get("email"), str):
        return None
    reason, source = _MEANING[name]
    if name == "groups":
        source += name_of(str(row.get("group_id"))) or "unknown"
    try:
        created = int(row["created_at" if name == "groups" else "created"])
        since = datetime.fromtimestamp(created, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    address = row["email"].strip().lower()
    # What can't be printed is nobody's address, and no ledger could look it up.
    return Entry(address, reason, source, since) if address and address.isprintable() else None
