"""Forgetting what is older than the shop keeps, each night; `winback retention` does the same."""

from __future__ import annotations

from collections.abc import Mapping

from prefect import flow

from flows._artifacts import keep_table
from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.people.retention import retain


@flow(name="retention", flow_run_name=named("retention"), description=about("retention"))
@with_form
@ends_in_a_sentence
def retention(dry_run: bool = False) -> Mapping[str, int]:
    """Forget addresses, words, callbacks, decisions and reports by their settings."""
    take_over_waiting()
    report = retain(Settings.load(), WallClock(), dry_run=dry_run)
    if not report.is_set:
        line = "No WINBACK_KEEP_..._DAYS is set: all is kept for good"
        return end_flow(line, {}, name="Nothing to forget")
    rows = [{"place": place, "rows": count} for place, count in report.forgotten.items()]
    keep_table("retention", rows, "What was forgotten, or in a dry run would be, by its place.")
    told = ", ".join(f"{count:,} {place}" for place, count in report.forgotten.items())
    verb = "would be forgotten" if dry_run else "forgotten"
    return end_flow(f"{told or 'Nothing old'}: {verb}", report.forgotten)
