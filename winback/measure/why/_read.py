"""What is known of one person, from what was published and decided."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import Rows, connect, rows_with
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.measure.why._sources import sources
from winback.warehouse import read_manifest

_HISTORY: Final = """
    select *
    from read_parquet($files, union_by_name = true)
    where customer_id = $customer_id
    order by decided_at, enrollment_id, step
"""
# What is told of a decision; a file that an older version kept lacks the last four.
_OF_DECISION: Final = (
    "decided_at", "enrollment_id", "playbook_id", "step", "channel", "decision", "blocked_by",
    "send_after_at", "expires_at", "journey_stage", "content_tag", "template", "content_needs",
)  # fmt: skip
# States in which a message may still leave.
_WAITS: Final = ("planned", "deferred", "claimed")
# Of each published table; none of them holds contact data.
_PUBLISHED: Final = {
    "customers": (
        # A set published by an older version lacks some.
        "columns(name -> name in ('country', 'region', 'language', 'locale', 'locale_source', "
        "'last_order_at', 'order_count', 'net_revenue_cents', 'rfm_segment', 'value_tier'))"
    ),
    "lapse_status": "*",
    "segment_members": "segment",
    "channel_eligibility": "*",
    "entry_candidates": "*",
    "enrollments": "*",
    "messages": "*",
    "reactivations": "*",
    "series_joins": "*",
    "series_eligibility": "*",
    "unread_rows": "*",
    "unusual_hours": "*",
    "predictions": "*",
    "bandit_choices": "*",
}


@dataclass(frozen=True)
class Story:
    """What is known of one person, without their contact data.

    `lapse` is None for who has no valid order; `rules` is the catalog of the contact
    rules by id, `sources` the rows of law for the person's country, by rule and channel;
    instants are UTC. `is_dry_run`: only a dry run published anything yet.
    """

    customer_id: str
    as_of: str
    is_dry_run: bool
    person: dict[str, Any]
    lapse: dict[str, Any] | None
    segments: list[str]
    channels: Rows
    # When they are written to outside of our own hours, by group of channels.
    hours: Rows
    candidates: Rows
    enrollments: Rows
    decisions: Rows
    messages: Rows
    reactivations: Rows
    # The content series that they asked for, and for each channel whether it may be sent.
    joins: Rows
    series: Rows
    # What the shop's files say of them that could not be read without doubt.
    unread: Rows
    rules: dict[str, dict[str, Any]]
    sources: Rows
    # The steps ahead of them that wait for a person's yes.
    held: Rows = field(default_factory=list)
    # What steps that learn dealt them, each with the reason of its move.
    choices: Rows = field(default_factory=list)
    # What the models foretell of them; None where no model has been fitted.
    prediction: dict[str, Any] | None = None


def why(settings: Settings, customer_id: str) -> Story:
    """Read one person's story from what was published and decided.

    Raises WinbackError where nothing is published or the customer is not in it.
    """
    published = (settings.published_dir / "current").resolve()
    manifest = read_manifest(published)
    is_dry_run = manifest is None
    if manifest is None:
        published = (settings.published_dir / "dry-run").resolve()
        manifest = read_manifest(published)
    if manifest is None:
        raise WinbackError("nothing is published yet. Next: winback build")
    with connect() as connection:
        of = {
            table: _of_person(connection, published / f"{table}.parquet", columns, customer_id)
            for table, columns in _PUBLISHED.items()
        }
        if not of["customers"]:
            raise WinbackError(
                f"customer {customer_id!r} is not in the published set. "
                "Next: check the id, or load and build again"
            )
        return Story(
            customer_id=customer_id,
            as_of=manifest.as_of,
            is_dry_run=is_dry_run,
            person=of["customers"][0],
            lapse=of["lapse_status"][0] if of["lapse_status"] else None,
            segments=sorted(row["segment"] for row in of["segment_members"]),
            channels=sorted(of["channel_eligibility"], key=lambda row: row["channel"]),
            hours=sorted(of["unusual_hours"], key=lambda row: row["channel_group"]),
            candidates=sorted(of["entry_candidates"], key=lambda row: row["playbook_id"]),
            enrollments=of["enrollments"],
            decisions=_history(connection, settings, customer_id),
            messages=of["messages"],
            reactivations=of["reactivations"],
            joins=of["series_joins"],
            series=_of_active(of["series_eligibility"], of["series_joins"]),
            unread=sorted(of["unread_rows"], key=lambda row: str(row["since_at"])),
            rules=_catalog(connection, published / "contact_rules.parquet"),
            sources=sources(connection, published, of["customers"][0]),
            held=_held(settings, of["enrollments"], of["messages"]),
            choices=_with_moves(connection, published, of["bandit_choices"]),
            prediction=of["predictions"][0] if of["predictions"] else None,
        )


def _with_moves(connection: duckdb.DuckDBPyConnection, published: Path, choices: Rows) -> Rows:
    """The choices that the ledger keeps, each with why its move deals so."""
    path = published / "bandit_moves.parquet"
    kept = [row for row in choices if row["is_kept"]]
    if not kept or not path.exists():
        return kept
    rows = rows_with(connection, "select distinct move_id, why from read_parquet($path)", path=path)
    why = {row["move_id"]: row["why"] for row in rows}
    return [row | {"why": why.get(row["move_id"], "")} for row in kept]


def _held(settings: Settings, enrollments: Rows, messages: Rows) -> Rows:
    """Steps that wait, of playbooks in which the person is, and which they have not had."""
    try:
        held = json.loads(settings.held_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # the ledger knows, and `winback approvals` asks it
        return []
    current = {row["playbook_id"] for row in enrollments if row["exited_at"] is None}
    current -= {row["playbook_id"] for row in enrollments if row["arm"] == "holdout"}
    had = {(row["playbook_id"], row["step"]) for row in messages if row["state"] not in _WAITS}
    return [
        row
        for row in held
        if row["playbook_id"] in current and (row["playbook_id"], row["step"]) not in had
    ]


def _of_person(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: str, customer_id: str
) -> Rows:
    """One person's rows of a table; none where an older set lacks it."""
    if not path.exists():
        return []
    query = f"select {columns} from read_parquet($path) where customer_id = $customer_id"
    return rows_with(connection, query, path=path, customer_id=customer_id)


def _of_active(rows: Rows, joins: Rows) -> Rows:
    """The verdicts for the series that they are in."""
    active = {row["join_id"] for row in joins if row["status"] == "active"}
    found = [row for row in rows if row["join_id"] in active]
    return sorted(found, key=lambda row: (row["series_id"], row["channel"]))


def _history(connection: duckdb.DuckDBPyConnection, settings: Settings, customer_id: str) -> Rows:
    """Every decision that a run acted on; the newest published ones may be a plain build's."""
    files = settings.ledger_landing_dir / "decisions" / "*.parquet"
    if not any(files.parent.glob(files.name)):
        return []
    rows = rows_with(connection, _HISTORY, files=files, customer_id=customer_id)
    return [{name: row.get(name) for name in _OF_DECISION} for row in rows]


def _catalog(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    rows = rows_with(connection, "from read_parquet($path)", path=path)
    return {row["rule_id"]: row for row in rows}
