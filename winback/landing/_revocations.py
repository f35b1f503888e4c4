"""Consents that a load takes back: the ledger gets them before landing does.

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

from winback.base.phones import canonical, country_code
from winback.base.places import PROJECT_DIR
from winback.base.settings import CHANNELS, Settings
from winback.landing._formats import Parsed
from winback.landing._set_aside import plain_id, standing
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.ledger import (
    ChannelGroup,
    Revocation,
    Suppression,
    channel_group,
    has_ledger,
    keep_revocations,
    open_ledger,
    suppress_all,
)

_CHANNELS: Final = PROJECT_DIR / "dbt_project" / "seeds" / "consent_channels.csv"
_CHUNK: Final = 1_000
# As int_customers__consents reads a name that the seed doesn't have.
_UNKNOWN: Final = "all"


def tell_revocations(work: Work, settings: Settings) -> list[str]:
    """Tell the ledger, where there is one, which consents this load takes back, and say so.

    What is no grant takes back. One under an id that is a customer's but for case, blanks and
    a leading quote is that customer's.
    """
    merged = work.folder / "consents.parquet"
    if not merged.exists():
        return []
    _find_new(work, merged, settings.shop_dir)
    notes = _whose(work)
    if not has_ledger(settings):
        return notes
    count = 0
    with open_ledger(settings) as ledger:
        for chunk in _chunks(work):
            with ledger.write() as connection:
                count += keep_revocations(connection, chunk, load_id=work.load_id)
    if count:
        notes.append(
            f"{count:,} consents were taken back; nothing more goes to them, also not what is "
            "planned"
        )
    return notes


def keep_refused(work: Work, settings: Settings, parsed: Parsed) -> list[str]:
    """Suppress addresses: of people who refused elsewhere and are no customers, or that failed."""
    if parsed.refused is None:
        return []
    found = work.connection.execute(
        "select channel_group, address, reason, epoch_us(occurred_at) from "
        f"{parquet(parsed.refused)}"
    )
    news = 0
    with open_ledger(settings) as ledger:
        while rows := found.fetchmany(_CHUNK):
            wishes = [
                Suppression(
                    group, address, reason, parsed.refused_by,
                    datetime.fromtimestamp(occurred_us / 1_000_000, UTC),
                )
                for group, address, reason, occurred_us in rows
            ]  # fmt: skip
            with ledger.write() as connection:
                news += suppress_all(connection, wishes, recorded_at=work.loaded_at)[0]
    return [f"{news:,} {parsed.refused_note}"]


def _find_new(work: Work, merged: Path, shop_dir: Path) -> None:
    """The temp table `refusals`: those that were not landed before, with whose they are."""
    landed = shop_dir / "consents.parquet"
    customers = parquet(standing(work, shop_dir, "customers"))
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
    work.connection.execute(
        f"""
        create or replace temp table refusals as
        with new as (
            select
                customer_id, lower(trim(channel)) as channel,
                least(max(occurred_at), getvariable('loaded_at')) as occurred_at,
                count(*) as row_count
            from {parquet(merged)} as new
            where lower(trim(status)) <> 'granted' {is_new}
            group by all
        ),
        spelled as (select customer_id, {plain_id("customer_id")} as plain_id from {customers}),
        others as (
            select new.customer_id, spelled.customer_id as owner_id
            from new
            anti join {customers} as exact on new.customer_id = exact.customer_id
            inner join spelled on {plain_id("new.customer_id")} = spelled.plain_id
            group by all
        )
        select
            new.*, coalesce(others.owner_id, new.customer_id) as owner_id,
            others.owner_id is not null as is_other_spelling,
            owners.customer_id is not null as is_known, owners.email, owners.phone, owners.country
        from new
        left join others on new.customer_id = others.customer_id
        left join {customers} as owners
            on owners.customer_id = coalesce(others.owner_id, new.customer_id)
        """
    )


def _whose(work: Work) -> list[str]:
    """Refusals that do not stand under a customer's own id."""
    found = work.connection.execute(
        """
        with ids as (
            select
                customer_id, channel, any_value(row_count) as row_count,
                bool_or(is_other_spelling) as is_other_spelling, bool_or(is_known) as is_known
            from refusals
            group by customer_id, channel
        )
        select
            coalesce(sum(row_count) filter (is_other_spelling), 0),
            coalesce(sum(row_count) filter (not is_known), 0)
        from ids
        """
    ).fetchone()
    others, unknown = found or (0, 0)
    notes = []
    if others:
        notes.append(
            f"{others:,} refusals stand under another spelling of an id and count for that customer"
        )
    if unknown:
        notes.append(f"{unknown:,} refusals name no customer we know: check their ids")
    return notes


def _chunks(work: Work) -> Iterator[list[Revocation]]:
    """The new refusals, with the addresses as they will stand."""
    groups = _groups()
    found = work.connection.execute(
        "select distinct owner_id, channel, email, phone, country, epoch_us(occurred_at)"
        " from refusals"
    )
    while rows := found.fetchmany(_CHUNK):
        yield [
            Revocation(
                customer_id,
                group,
                email if group == "email" else _number(phone, country),
                datetime.fromtimestamp(occurred_us / 1_000_000, UTC),
            )
            for customer_id, channel, email, phone, country, occurred_us in rows
            for group in groups.get(channel, groups[_UNKNOWN])
        ]


def _number(phone: str | None, country: str | None) -> str | None:
    """A phone as a message to it has it; what can't be read stays as it is."""
    return canonical(phone, country_code(country)) or phone if phone else None


def _groups() -> dict[str, set[ChannelGroup]]:
    """What a revocation reaches, by the name that the feed has for a channel."""
    groups: dict[str, set[ChannelGroup]] = defaultdict(set)
    with _CHANNELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            reached = groups[row["consent_channel"]]
            # A refusal of lists for ads reaches no message.
            if row["channel"] in CHANNELS:
                reached.add(channel_group(row["channel"]))
    return dict(groups)
