"""Refusals, which `--replace` does not forget: each stands until a later yes, whatever file lacks
it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work

# As winback/ledger/_address_keys.py names somebody who was erased.
_ERASED: Final = "^erased-[0-9a-f]{20}$"


def keep_refusals(work: Work, staged: Path | None, landed: Path) -> Path | None:
    """The landed refusals with a date of their own that the new files lack; None without any.

    What was unclear, or counted from a load, goes: starting over is how such rows are mended.
    So does what stands under the pseudonym of somebody who was erased.
    """
    if not landed.exists():
        return None
    is_own = "and old.dated_by is null" if "dated_by" in pq.read_schema(landed).names else ""
    again = ""
    if staged:
        again = f"""
            and not exists (
                select 1 from {parquet(staged)} as new
                where lower(trim(new.status)) = 'revoked'
                    and new.customer_id = old.customer_id
                    and new.channel is not distinct from old.channel
                    and new.occurred_at = old.occurred_at
            )
        """
    target = work.folder / "refusals.kept.parquet"
    copy(
        work,
        f"select old.* from {parquet(landed)} as old "
        f"where lower(trim(old.status)) = 'revoked' {is_own} "
        f"and not regexp_matches(old.customer_id, '{_ERASED}') {again}",
        target,
    )
    return target if pq.read_metadata(target).num_rows else None


def kept_note(kept: Path | None) -> list[str]:
    """The line about them for the load's report."""
    if kept is None:
        return []
    count = pq.read_metadata(kept).num_rows
    return [f"{count:,} refusals of earlier loads stay, though these files lack them"]
