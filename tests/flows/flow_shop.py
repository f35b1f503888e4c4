"""A shop of six, each there for one reason."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from seeded import give_seeds
from sqlalchemy import select

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import keep_reply, open_ledger, tables

# A Monday, 16:30 in Berlin and 15:30 in London: their phone windows are open.
OPENS = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    settings: Settings

    def orders(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Load further orders, as a nightly export would."""
        folder = self.settings.home / "export"
        write_orders(folder, rows)
        write(folder / "customers.csv", CUSTOMER_COLUMNS, [])
        load(folder, self.settings, FixedClock(OPENS))

    def revokes(self, customer_id: str, *, at: datetime) -> None:
        """The shop's own page takes back every consent of somebody, and a load brings it."""
        folder = self.settings.home / "revoked"
        write_orders(folder, [])
        write(folder / "customers.csv", CUSTOMER_COLUMNS, [])
        header = ("customer_id", "channel", "status", "occurred_at")
        write(folder / "consents.csv", header, [(customer_id, "all", "revoked", at.isoformat())])
        load(folder, self.settings, FixedClock(at))

    def revoked_and_not_planned_since(self) -> set[str]:
        with open_ledger(self.settings) as ledger, ledger.read() as connection:
            return set(connection.scalars(select(tables.revocations.c.customer_id)))

    def asks(self, customer_id: str, text: str, *, at: datetime) -> None:
        """Somebody answers the last text that they got with a question."""
        m = tables.messages.c
        with open_ledger(self.settings) as ledger, ledger.write() as connection:
            message = connection.execute(
                select(m.message_id, m.address).where(
                    m.customer_id == customer_id, m.channel == "sms"
                )
            ).one()
            keep_reply(
                connection,
                reply_id="asked",
                group="phone",
                address=message.address,
                customer_id=customer_id,
                message_id=message.message_id,
                text=text,
                intent="question",
                received_at=at,
                gap=timedelta(days=7),
            )

    def decided_replies(self) -> list[str | None]:
        """Why each question that was looked at went to a human; None: it was answered."""
        with open_ledger(self.settings) as ledger, ledger.read() as connection:
            return list(connection.scalars(select(tables.responses.c.reason)))

    def published(self, table: str, name: str = "current") -> list[dict[str, Any]]:
        return self._rows(self.settings.published_dir / name / f"{table}.parquet")

    def kept_decisions(self) -> list[dict[str, Any]]:
        return self._rows(self.settings.ledger_landing_dir / "decisions" / "*.parquet")

    def _rows(self, path: Path) -> list[dict[str, Any]]:
        result = duckdb.execute(f"from read_parquet('{path}')")
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def accepted(self) -> list[str]:
        """The message ids that the run's own sandbox accepted, repeats included."""
        import sqlite3

        path = self.settings.home / "sandbox" / "sandbox.db"
        if not path.exists():
            return []
        with sqlite3.connect(path) as database:
            # It is looked at while it begins, too.
            tables = database.execute("select name from sqlite_master").fetchall()
            is_begun = ("messages",) in tables
            query = "select our_id from messages order by our_id"
            rows = database.execute(query).fetchall() if is_begun else []
        database.close()
        return [row[0] for row in rows]


CUSTOMER_COLUMNS = ("customer_id", "email", "phone", "first_name", "country", "timezone")
ORDER_COLUMNS = ("order_id", "customer_id", "ordered_at", "total_amount")
CONSENT_COLUMNS = ("customer_id", "channel", "status", "basis", "occurred_at")


def days_before(days: int) -> str:
    return (OPENS - timedelta(days=days)).isoformat()


def small_shop(home: Path, *, loaded_at: datetime, lapsed: int = 12) -> Shop:
    """`lapsed` people at day 35 with email, every second with texts too, and one active buyer."""
    folder = home / "files"
    people = [f"c{i:02}" for i in range(lapsed)]
    customers = [
        (who, f"{who}@example.com", f"+4477009000{i:02}", "Ada", "GB", "Europe/London")
        for i, who in enumerate(people)
    ]
    customers.append(("fresh", "fresh@example.com", "", "Bo", "GB", "Europe/London"))
    orders = [(f"o-{who}", who, days_before(35), 40) for who in people]
    orders += [(f"o-fresh-{i}", "fresh", days_before(i), 20) for i in range(3)]
    consents = [(who, "email", "granted", "express", days_before(100)) for who in people]
    consents += [
        (who, "sms", "granted", "express_written", days_before(100)) for who in people[::2]
    ]
    write(folder / "customers.csv", CUSTOMER_COLUMNS, customers)
    write_orders(folder, orders)
    write(folder / "consents.csv", CONSENT_COLUMNS, consents)
    settings = Settings.load(home=home)
    give_seeds(settings)
    load(folder, settings, FixedClock(loaded_at))
    return Shop(settings)


def write_orders(folder: Path, rows: Sequence[tuple[object, ...]]) -> None:
    write(folder / "orders.csv", ORDER_COLUMNS, rows)


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
