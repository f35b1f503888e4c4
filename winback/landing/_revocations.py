"""What a load takes back of consents: the ledger knows it before landing does.

A build may be hours away, and messages are planned. So that no gap is left, the ledger is told
first; if the load then fails, somebody is held back who did take it back.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.ledger import ChannelGroup, Revocation, channel_group, keep_revocations, open_ledger
from winback.settings import PROJECT_DIR, Settings

_CHANNELS: Final = PROJECT_DIR / "dbt_project" / "seeds" / "consent_channels.csv"
_CHUNK: Final = 1_000
# As int_customers__consents reads a name that the seed doesn't have.
_UNKNOWN: Final = "all"


def tell_revocations(work: Work, settings: Settings) -> int:
    """Tell the ledger, where there is one, which consents this load takes back; how many."""
    merged = work.folder / "consents.parquet"
    if not merged.exists() or not settings.has_ledger:
        return 0
    count = 0
    with open_ledger(settings) as ledger:
        for chunk in _new_revocations(work, merged, settings.shop_dir):
            with ledger.write() as connection:
                count += keep_revocations(connection, chunk, load_id=work.load_id)
    return count


def _new_revocations(work: Work, merged: Path, shop_dir: Path) -> Iterator[list[Revocation]]:
    """Revocations that were not landed before, with the addresses as they will stand."""
    landed, groups = shop_dir / "consents.parquet", _groups()
    customers = work.folder / "customers.parquet"
    if not customers.exists():
        customers = shop_dir / "customers.parquet"
    is_new = ""
    if landed.exists():
        is_new = f"""
            and not exists (
                select 1 from {parquet(landed)} as old
                where old.customer_id = new.customer_id
                    and old.channel is not distinct from new.channel
                    and old.status = new.status
                    and old.occurred_at = new.occurred_at
            )
        """
    found = work.connection.execute(
        f"""
        select
            new.customer_id, lower(trim(new.channel)) as channel, email, phone,
            epoch_us(max(new.occurred_at)) as occurred_at
        from {parquet(merged)} as new
        left join {parquet(customers)} as customers using (customer_id)
        where lower(trim(new.status)) = 'revoked' {is_new}
        group by all
        """
    )
    while rows := found.fetchmany(_CHUNK):
        yield [
            Revocation(
                customer_id,
                group,
                email if group == "email" else phone,
                datetime.fromtimestamp(occurred_us / 1_000_000, UTC),
            )
            for customer_id, channel, email, phone, occurred_us in rows
            for group in groups.get(channel, groups[_UNKNOWN])
        ]


def _groups() -> dict[str, set[ChannelGroup]]:
    """What a revocation reaches, by the name that the feed has for a channel."""
    groups: dict[str, set[ChannelGroup]] = defaultdict(set)
    with _CHANNELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups[row["consent_channel"]].add(channel_group(row["channel"]))
    return dict(groups)
