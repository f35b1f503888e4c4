"""Living through days of a shop with real dbt: decide, pretend to send, decide again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from project_copies import copy_project
from seeded import NO_SEEDS, give_seeds

from winback.base.settings import Settings
from winback.ledger import _export
from winback.warehouse import _dbt

# What a run or a test reads of the warehouse, each with all that it stands on.
READ = tuple(
    f"+{name}"
    for name in (
        "outbox", "send_decisions", "entrants", "enrollments", "enrollment_ends",
        "entry_candidates", "channel_eligibility", "customers",
    )
)  # fmt: skip
ONLY_MODELS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")

Row = Mapping[str, object]


def hash_unit(text: str) -> float:
    """The arm's hash as Python computes it: it must equal SQL's."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) / 2**32


def customer_ids(playbook: str, *, is_holdout: bool, variant: str | None = None) -> Iterator[str]:
    """Names whose hash deals them to this arm and variant of a shipped playbook."""
    for number in range(10_000):
        name = f"c{number:04d}"
        if (hash_unit(f"{name}|{playbook}") < 0.10) != is_holdout:
            continue
        dealt = "arrivals" if hash_unit(f"{name}|{playbook}|variant") < 0.5 else "offer"
        if variant in {None, dealt}:
            yield name


def land(settings: Settings, tables: Mapping[str, Sequence[Row]]) -> None:
    """Write rows as landed tables; columns that a row lacks are null."""
    _dbt.prepare_inputs(settings)
    for name, rows in tables.items():
        path = settings.shop_dir / f"{name}.parquet"
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table landed as from '{path}' limit 0")
        for row in rows:
            columns = ", ".join(row)
            marks = ", ".join("?" for _ in row)
            connection.execute(
                f"insert into landed ({columns}) values ({marks})", list(row.values())
            )
        connection.execute(f"copy landed to '{path}' (format parquet)")


def query(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of the warehouse by column name; nothing stays open."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@contextmanager
def project_copy(folder: Path) -> Iterator[Path]:
    """Run dbt on a copy of the project, whose seeds may be edited like an analyst would."""
    original = _dbt.DBT_DIR
    copy = folder / "dbt_project"
    if not copy.exists():
        copy_project(copy)
    _dbt.DBT_DIR = copy
    try:
        yield copy
    finally:
        _dbt.DBT_DIR = original


@dataclass
class Season:
    """A shop whose days are lived one run after the other."""

    settings: Settings
    enrollments: dict[str, dict[str, Any]] = field(default_factory=dict)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def live(self, as_of: datetime, *, select: tuple[str, ...] = READ) -> None:
        """One run: decide, enroll whom SQL chose, and send what it says until the next day."""
        is_new = not self.settings.warehouse_path.exists()
        if is_new:
            give_seeds(self.settings)
        resources = NO_SEEDS if is_new or self.enrollments else ()
        arguments = ["build", "--select", *select, *ONLY_MODELS, *resources]
        variables = _dbt.dbt_vars(self.settings, as_of, with_entrants=True)
        _dbt.invoke_dbt(self.settings, arguments, variables)
        decided = query(self.settings, "from send_decisions order by enrollment_id, step")
        self.decisions += [{"as_of": as_of, **row} for row in decided]
        for row in query(self.settings, "from entrants"):
            self.enrollments.setdefault(row["enrollment_id"], row)
        for row in query(self.settings, "from enrollment_ends"):
            assert row["enrollment_id"] not in self.ends, "an end was told twice"
            self.ends[row["enrollment_id"]] = row
        for row in query(self.settings, "from outbox where action = 'plan'"):
            leaves_at = max(as_of, row["not_before"])
            if leaves_at < as_of + timedelta(days=1):
                self._accept(row, leaves_at)
        self.export()

    def _accept(self, row: Mapping[str, Any], at: datetime) -> None:
        assert row["message_id"] not in self.messages, "a message was planned twice"
        assert at < row["window_closes_at"] <= row["expires_at"]
        self.messages[row["message_id"]] = {
            **{name: row[name] for name in row if name in _export.EXPORTED["messages"]},
            "state": "accepted",
            "attempt_no": 1,
            "accepted_at": at,
            "planned_at": at,
            "updated_at": at,
        }

    def answer(self, customer_id: str, *, step: int, at: datetime, intent: str) -> None:
        """Have somebody reply to a step's message."""
        (message_id,) = [
            key
            for key, row in self.messages.items()
            if (row["customer_id"], row["step"]) == (customer_id, step)
        ]
        event = {"dedupe_key": message_id, "semantic_key": message_id, "provider": "twilio"}
        event |= {"message_id": message_id, "kind": "replied", "intent": intent}
        self.events.append(event | {"occurred_at": at, "received_at": at})
        self.export()

    def export(self) -> None:
        """Write the ledger's segments as the ledger would."""
        for name, found in (
            ("enrollments", self.enrollments.values()),
            ("enrollment_ends", self.ends.values()),
            ("messages", self.messages.values()),
            ("provider_events", self.events),
        ):
            columns = _export.EXPORTED[name]
            path = self.settings.ledger_landing_dir / name / "00000001.parquet"
            _export.write_part(
                [{"version": 1, **{c: row[c] for c in columns if c in row}} for row in found],
                name,
                path,
            )

    def sent_days(self, customer_id: str, start: datetime) -> dict[int, float]:
        """Each step's days after the start."""
        return {
            row["step"]: (row["accepted_at"] - start) / timedelta(days=1)
            for row in sorted(self.messages.values(), key=lambda row: row["accepted_at"])
            if row["customer_id"] == customer_id
        }

    def decided(self, customer_id: str) -> dict[tuple[datetime, int], tuple[str, str]]:
        """Each run's and step's decision with the rules that failed."""
        return {
            (row["as_of"], row["step"]): (row["decision"], row["blocked_by"])
            for row in self.decisions
            if row["customer_id"] == customer_id
        }


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]
