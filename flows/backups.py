"""A backup each hour, where a setting says where to; `winback backup` makes one by hand."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow

from flows._artifacts import keep_table
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.backup import Backup, back_up, drop_old
from winback.base.clock import WallClock
from winback.base.settings import Settings


@flow(name="backup", flow_run_name=named("backup"), description=about("backup"))
@with_form
@ends_in_a_sentence
def backup(keep_days: int = 0) -> Backup | None:
    """Back up to WINBACK_BACKUP_TO, and drop what is older than that many days."""
    take_over_waiting()
    settings, clock = Settings.load(), WallClock()
    if not settings.backup_to:
        return end_flow("WINBACK_BACKUP_TO names no folder", None, name="Nowhere to back up to")
    made = back_up(settings, clock, settings.backup_to)
    dropped = 0
    if keep_days > 0:
        older_than = clock.now() - timedelta(days=keep_days)
        dropped = drop_old(settings.backup_to, settings, older_than=older_than)
    row = {
        "backup": made.backup_id, "files": made.files, "bytes": made.total_bytes,
        "new bytes": made.new_bytes, "older ones dropped": dropped,
    }  # fmt: skip
    keep_table("backup", [row], "The backup that this run made.")
    return end_flow(f"Backup {made.backup_id}: {made.files:,} files and the ledger", made)
