"""A small home in which everything that ever holds an address holds one: c1 is asked for or
erased, c2 is not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select
from traces import traces

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect
from winback.inbound._log import log_part_path
from winback.landing import load
from winback.ledger import Ledger, export_ledger, open_ledger, suppress, tables
from winback.people.erasure import erase
from winback.providers import PRINT_COLUMNS, Record

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EMAIL, PHONE, NAME = "Ann.Zyx@Example.com", "+4915112345678", "Annzyx"
TRACES = (EMAIL, EMAIL.lower(), PHONE, PHONE[1:], NAME, "secret words")
OTHER = "bob@example.com"


def write(path: Path, header: str, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def message(message_id: str, customer_id: str, channel: str, address: str, **changes: Any) -> Any:
    return {
        "message_id": message_id, "enrollment_id": f"e-{message_id}", "playbook_id": "p",
        "step": 1, "customer_id": customer_id, "channel": channel, "variant": "a",
        "address": address, "sender": "s", "payload_json": json.dumps({"text": f"Hi {NAME}"}),
        "payload_sha256": "x", "template_version": "1", "not_before": NOW, "zones": "UTC",
        "window_closes_at": NOW + timedelta(days=1), "expires_at": NOW + timedelta(days=1),
        "local_opens_minute": 0, "local_closes_minute": 1440, "state": "accepted",
        "accepted_at": NOW - timedelta(hours=2), "planned_at": NOW, "updated_at": NOW,
    } | changes  # fmt: skip


@dataclass
class Home:
    settings: Settings
    ledger: Ledger
    clock: FixedClock

    def heard(self, number: int, *records: Record) -> None:
        path = log_part_path(self.settings.events_dir, "w", number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(record.to_line() for record in records))

    def rows(self, table: str) -> list[dict[str, Any]]:
        with self.ledger.read() as connection:
            found = connection.execute(select(tables.metadata.tables[table]))
            return [dict(row) for row in found.mappings()]

    def erase(self, **options: Any) -> dict[str, int]:
        report = erase(self.settings, self.clock, "c1", **options)
        return {place: rows for place, rows in report.changed.items() if rows}

    def traces(self, *words: str) -> list[str]:
        """Files under HOME that hold one of the words, whatever their format."""
        return traces(self.settings.home, *words)


def record(endpoint: str, body: bytes, **fields: Any) -> Record:
    provider, _, what = endpoint.partition("/")
    return Record(provider, what, NOW, fields.pop("query", ""), fields, body)


def texted(sid: str, body: str, sender: str = PHONE) -> Record:
    form = {"MessageSid": sid, "From": sender, "To": "+15005550006", "Body": body}
    return record("twilio/inbound", urlencode(form).encode())


def event(name: str, message_id: str | None, email: str, **fields: Any) -> dict[str, Any]:
    told = {"email": email, "event": name, "timestamp": int(NOW.timestamp()), **fields}
    told |= {"sg_event_id": f"{name}-{message_id}", "sg_message_id": "x.1"}
    return told | ({"wb_message": message_id} if message_id else {})


def other_files(settings: Settings) -> None:
    """What a home has for a print shop, and a page."""
    cards = [{"message_id": "a" * 32, "name": NAME}, {"message_id": "f" * 32, "name": "BOB"}]
    rows = [",".join(card.get(name, "") for name in PRINT_COLUMNS) for card in cards]
    write(settings.home / "print" / "2026-03-10-1.csv", ",".join(PRINT_COLUMNS), *rows)
    write(settings.home / "reports" / "report.html", f"<p>{EMAIL} wrote &amp; rang {PHONE}</p>")


def filled_home(ledger_url: str, tmp_path: Path) -> Iterator[Home]:
    """Everything that ever holds an address, in a small HOME."""
    settings = Settings.load(home=tmp_path / "home", shop_timezone="UTC", ledger_url=ledger_url)
    clock = FixedClock(NOW)
    source = tmp_path / "source"
    write(
        source / "customers.csv",
        "customer_id,email,phone,first_name,last_name,country,postal_code,notes",
        f"c1,{EMAIL},+49 151 (1234) 5678,{NAME},{NAME},DE,10115,rings {PHONE}",
        f"c2,{OTHER},,Bob,Bobson,DE,10117,",
        f",{EMAIL},,{NAME},,DE,,",
    )
    write(
        source / "orders.csv", "order_id,customer_id,ordered_at,total_amount,gift_note",
        f"o1,c1,2026-01-01,40,for {NAME}", "o2,c2,2026-01-02,40,",
    )  # fmt: skip
    write(
        source / "consents.csv", "customer_id,channel,status,occurred_at,proof",
        f"c1,email,granted,2026-01-01,form sent by {EMAIL}",
    )  # fmt: skip
    load(source, settings, clock)
    with open_ledger(settings) as ledger:
        made = Home(settings, ledger, clock)
        with ledger.write() as connection:
            for row in (
                message("a" * 32, "c1", "email", EMAIL),
                message("b" * 32, "c1", "sms", PHONE),
                message("d" * 32, "c1", "sms", PHONE, state="planned", accepted_at=None),
                message("e" * 32, "c1", "sms", PHONE, state="unknown", accepted_at=None),
                message("f" * 32, "c2", "email", OTHER, payload_json="{}"),
            ):
                connection.execute(tables.messages.insert(), row)
            enrollment = {
                "enrollment_id": "e1", "playbook_id": "p", "customer_id": "c1",
                "episode_order_id": "o1", "segment": "s", "arm": "treatment", "variant": "a",
                "entered_at": NOW,
            }  # fmt: skip
            connection.execute(tables.enrollments.insert(), enrollment)
            code = {
                "code_key": "A1", "code": "A1", "offer_id": "o", "imported_at": NOW,
                "enrollment_id": "e1", "customer_id": "c1", "given_at": NOW,
            }  # fmt: skip
            connection.execute(tables.offer_codes.insert(), code)
            told = {
                "evidence_id": "v", "message_id": "e" * 32, "kind": "settled", "seen_at": NOW,
                "payload": f"{NAME} says on the phone that it came",
            }  # fmt: skip
            connection.execute(tables.evidence.insert(), told)
            link = {"token": "t", "message_id": "a" * 32, "pos": 0, "url": f"https://x/?{EMAIL}"}
            connection.execute(tables.links.insert(), link)
            suppress(
                connection, group="email", address=EMAIL, reason="stop", source="import",
                occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
        posts = [
            event("delivered", "a" * 32, EMAIL),
            event("delivered", "f" * 32, OTHER),
            event("bounce", None, EMAIL, reason=f"550 <{EMAIL}> unknown"),
        ]
        mail = (
            f'--x\r\nContent-Disposition: form-data; name="from"\r\n\r\n{EMAIL}\r\n'
            '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nMy secret words \xff\r\n'
            "--x--\r\n"
        ).encode("latin-1")
        made.heard(
            1,
            record("sendgrid/events", json.dumps(posts).encode()),
            texted("SM1", "where is my order? secret words"),
            record(
                "twilio/status", b"MessageSid=SM9&MessageStatus=delivered", query="m=" + "b" * 32
            ),
        )
        made.heard(
            2,
            texted("SM2", f"Ask {EMAIL} instead", "+4915199999999"),
            record("sendgrid/inbound", mail, **{"content-type": "multipart/form-data; boundary=x"}),
            texted("SM3", "STOP"),
        )
        collect(ledger, settings, clock)
        export_ledger(ledger, settings.ledger_landing_dir)
        published = settings.published_dir / "run1"
        published.mkdir(parents=True)
        (settings.published_dir / "current").symlink_to("run1")
        for name in ("outbox", "customers"):
            rows = [
                {"customer_id": "c1", "address": EMAIL if name == "outbox" else "", "n": 1},
                {"customer_id": "c2", "address": OTHER if name == "outbox" else "", "n": 2},
            ]
            pq.write_table(pa.Table.from_pylist(rows), published / f"{name}.parquet")
        used = [{"customer_id": "c2", "given_to_customer_id": "c1"}]
        pq.write_table(pa.Table.from_pylist(used), published / "offer_redemptions.parquet")
        decisions = settings.ledger_landing_dir / "decisions"
        decisions.mkdir()
        pq.write_table(pa.Table.from_pylist([{"customer_id": "c1"}]), decisions / "r.parquet")
        sandbox = settings.home / "sandbox" / "sandbox.db"
        sandbox.parent.mkdir()
        with sqlite3.connect(sandbox) as database:
            database.execute("create table messages (seq integer primary key, recipient text)")
            database.execute("create table replies (address text primary key, at real)")
            database.execute("insert into messages values (1, ?), (2, ?)", (PHONE, OTHER))
            database.execute("insert into replies values (?, 1)", (EMAIL.lower(),))
        database.close()
        settings.warehouse_path.parent.mkdir(exist_ok=True)
        settings.warehouse_path.write_text(EMAIL)
        (settings.home / "note.txt").write_text(f"call {PHONE}, she waits")
        other_files(settings)
        yield made
