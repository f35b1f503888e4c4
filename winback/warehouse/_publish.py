"""Publish what dbt built: Parquet that is whole or not there, swapped in atomically."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb

from winback.base.duck import connect
from winback.base.errors import WinbackError
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings

PUBLIC_TABLES: Final = (
    "customers",
    "rfm_scores",
    "lapse_status",
    "segment_members",
    "channel_eligibility",
    "send_decisions",
    "enrollments",
    "messages",
    "reactivations",
    "reactivation_rates",
    "experiment_results",
    "experiment_checks",
    "experiment_looks",
    "playbook_plans",
    "playbook_results",
    "shop_results",
    "step_results",
    "return_outcomes",
    "reactivation_curves",
    "message_fatigue",
    "channel_credits",
    "cohort_curves",
    "lapse_reasons",
    "rfm_history",
    "rfm_moves",
    "series_joins",
    "offer_redemptions",
    "predictions",
    "prediction_quality",
    "link_clicks",
    "bandit_moves",
    "bandit_choices",
    "bandit_results",
)
# What the engine reads; those with contact data are for the owner alone (PRIVATE_TABLES).
ENGINE_TABLES: Final = (
    "entrants",
    "experiment_starts",
    "enrollment_ends",
    "outbox",
    "audience_funnel",
    "entry_candidates",
    "series_eligibility",
    "unread_rows",
    "unusual_hours",
    "next_steps",
    "contact_rules",
    "consent_rules",
    "contact_caps",
    "legal_windows",
    "catalog",
    "live_offers",
    "offer_limits",
    "next_changes",
    "prediction_counts",
    "bandit_evidence",
    "ad_people",
)
PRIVATE_TABLES: Final = frozenset({"outbox", "ad_people"})
# A day of 15-minute runs can be looked back at; older sets are replayable with --as-of.
KEEP_PUBLISHED: Final = 96
# The audience is built hourly; a few failed builds in a row may be bridged, a day may not.
MAY_ACT_WITHIN: Final = timedelta(hours=6)
_HOUR: Final = timedelta(hours=1)
_NEXT: Final = "Next: winback build, or the deployment audience"


@dataclass(frozen=True)
class Manifest:
    """What a published set holds. Hashes are SHA-256 over each segment's sorted customer ids."""

    run_id: str
    as_of: str
    git_sha: str
    row_counts: dict[str, int]
    landed_rows: dict[str, int]
    segment_hashes: dict[str, str]
    # The run whose decisions these are: what is measured later is published beside them.
    decided_by: str = ""
    # The last load that the decisions know of.
    load_id: str = ""
    # What the decisions were made from, by part; empty where that is not known for sure.
    inputs: dict[str, str] = field(default_factory=dict)
    # As of when all models were last built; a later build may have left some as they were.
    whole_as_of: str = ""


def new_run_id(as_of: datetime) -> str:
    """A sortable, unique name for a run and for what it publishes."""
    return f"{as_of:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"


def publish(
    settings: Settings,
    *,
    run_id: str,
    as_of: datetime,
    segments: Sequence[str],
    name: str = "current",
    decided: Path | None = None,
    load_id: str = "",
    inputs: Mapping[str, str] | None = None,
    whole_as_of: str = "",
) -> Path:
    """Copy every mart to `published/<run_id>/` and point `published/<name>` to it.

    `decided` is the set whose decisions the warehouse still holds, if it is not this one's
    build that decided. The folder appears under its own name only when it is complete; the link
    is replaced by one rename, so a reader sees the old set or the new one and never a mixture.
    """
    root = settings.published_dir
    root.mkdir(parents=True, exist_ok=True)
    before = read_manifest(decided) if decided is not None else None
    unfinished = root / f".unfinished-{run_id}"
    unfinished.mkdir()
    with connect(settings.warehouse_path) as warehouse:
        row_counts = {
            table: _export_table(warehouse, table, unfinished / f"{table}.parquet")
            for table in (*PUBLIC_TABLES, *ENGINE_TABLES)
        }
        manifest = Manifest(
            run_id=run_id,
            as_of=as_of.isoformat(),
            git_sha=_git_sha(),
            row_counts=row_counts,
            landed_rows=landed_rows(settings),
            segment_hashes=_segment_hashes(warehouse, segments),
            decided_by=(before.decided_by or before.run_id) if before is not None else run_id,
            load_id=before.load_id if before is not None else load_id,
            inputs=before.inputs if before is not None else dict(inputs or {}),
            whole_as_of=before.whole_as_of if before is not None else whole_as_of,
        )
    (unfinished / "manifest.json").write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    published = root / run_id
    unfinished.rename(published)
    _point(root / name, published)
    _forget_old(root)
    return published


def require_recent(published: Path, as_of: datetime) -> None:
    """Refuse to act on a set that was built for another time: an analyst's replay, an old run."""
    manifest = read_manifest(published)
    if manifest is None:
        raise WinbackError(f"nothing is published to act on. {_NEXT}")
    if abs(datetime.fromisoformat(manifest.as_of) - as_of) > MAY_ACT_WITHIN:
        raise WinbackError(
            f"what is published is of {manifest.as_of}, more than {MAY_ACT_WITHIN // _HOUR} hours "
            f"from {as_of.isoformat()}. {_NEXT}"
        )


def read_manifest(published: Path) -> Manifest | None:
    """The manifest of a published set, or None where nothing was published yet."""
    path = published / "manifest.json"
    return Manifest(**json.loads(path.read_text())) if path.exists() else None


def has_rows(published: Path, table: str) -> bool:
    """Whether a published table has a row; one that an older set lacks has none."""
    manifest = read_manifest(published)
    return manifest is not None and bool(manifest.row_counts.get(table))


def landed_rows(settings: Settings) -> dict[str, int]:
    """Rows in each landed shop table, from the Parquet footers."""
    counts = {}
    for path in sorted(settings.shop_dir.glob("*.parquet")):
        row = duckdb.execute(
            "select coalesce(sum(num_rows), 0) from parquet_file_metadata(?)", [str(path)]
        ).fetchone()
        counts[path.stem] = int(row[0]) if row else 0
    return counts


def _export_table(warehouse: duckdb.DuckDBPyConnection, table: str, path: Path) -> int:
    copied = warehouse.execute(f"copy (from {table}) to '{path}' (format parquet)").fetchone()
    if table in PRIVATE_TABLES:
        path.chmod(0o600)
    return int(copied[0]) if copied else 0


def _segment_hashes(
    warehouse: duckdb.DuckDBPyConnection, segments: Sequence[str]
) -> dict[str, str]:
    digests = {segment: hashlib.sha256() for segment in segments}
    rows = warehouse.execute(
        "select segment, customer_id from segment_members order by segment, customer_id"
    )
    while batch := rows.fetchmany(100_000):
        for segment, customer_id in batch:
            digests[segment].update(f"{customer_id}\n".encode())
    return {segment: digest.hexdigest() for segment, digest in digests.items()}


def _git_sha() -> str:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - whichever git the operator has
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()


def _point(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}-{uuid4().hex}")
    temporary.symlink_to(target.name)
    temporary.replace(link)


def _forget_old(root: Path) -> None:
    linked = {path.resolve() for path in root.iterdir() if path.is_symlink()}
    published = sorted(
        (path for path in root.iterdir() if path.is_dir() and not path.is_symlink()),
        key=lambda path: path.stat().st_mtime_ns,
    )
    for path in published[:-KEEP_PUBLISHED]:
        if path not in linked:
            shutil.rmtree(path)
