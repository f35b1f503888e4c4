"""The addresses to which a provider no longer sends, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from winback.rehearsal.sandbox._database import Database
from winback.rehearsal.sandbox._records import Provider

Kind = Literal[
    "bounce", "block", "spamreport", "invalid", "unsubscribe", "group_unsubscribe", "stop"
]

# What SendGrid says when it drops mail to somebody it must not write to. A block drops nothing.
DROP_REASONS: Final[dict[str, str]] = {
    "bounce": "Bounced Address",
    "spamreport": "Spam Reporting Address",
    "invalid": "Invalid",
    "unsubscribe": "Unsubscribed Address",
    "group_unsubscribe": "Unsubscribed Address",
}


@dataclass(frozen=True)
class Suppression:
    """The entry of an address on a list since `created_at` (Unix seconds)."""

    provider: Provider
    address: str
    kind: Kind
    created_at: int
    group_id: int = 0
    reason: str = ""
    status: str = ""


class Suppressions:
    """The providers' suppression lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: Suppression) -> None:
        """Put an address on a list; an entry that exists already stays as it is."""
        columns = list(vars(entry))
        marks = ", ".join("?" * len(columns))
        with self._database.transaction() as db:
            db.execute(
                f"insert into suppressions ({', '.join(columns)}) values ({marks})"
                " on conflict do nothing",
                list(vars(entry).values()),
            )

    def lift(self, provider: Provider, address: str, kind: Kind) -> None:
        with self._database.transaction() as db:
            db.execute(
                "delete from suppressions where provider = ? and address = ? and kind = ?",
                (provider, address, kind),
            )

    def is_stopped(self, number: str) -> bool:
        """Tell whether this phone has sent Twilio a STOP."""
        rows = self._database.query(
            "select 1 from suppressions where provider = 'twilio' and address = ?", [number]
        )
        return bool(rows)

    def drop_reason(self, address: str, group_id: int | None) -> str | None:
        """Return why SendGrid drops this group's mail to the address; None if it doesn't."""
        rows = self._database.query(
            "select kind from suppressions where provider = 'sendgrid' and address = ?"
            " and kind <> 'block' and (kind <> 'group_unsubscribe' or group_id = ?) limit 1",
            [address.lower(), group_id],
        )
        return DROP_REASONS[rows[0]["kind"]] if rows else None

    def page(
        self,
        kind: Kind,
        *,
        since: int | None,
        until: int | None,
        email: str | None,
        limit: int,
        offset: int,
    ) -> list[Suppression]:
        """Return a page of a SendGrid list, the newest first; `email` matches from its start."""
        given: dict[str, Any] = {
            "kind = ?": kind,
            "created_at >= ?": since,
            "created_at <= ?": until,
            "address glob ?": f"{email.lower().rstrip('%')}*" if email else None,
        }
        conditions = {sql: value for sql, value in given.items() if value is not None}
        rows = self._database.query(
            f"select * from suppressions where provider = 'sendgrid' and {' and '.join(conditions)}"
            " order by created_at desc, address, group_id limit ? offset ?",
            [*conditions.values(), limit, offset],
        )
        return [Suppression(**dict(row)) for row in rows]
