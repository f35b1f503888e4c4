"""A month in a mail to the shop's owner: what left, what came back, and what was caused so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from winback.base.duck import connect, literal, rows_of
from winback.measure.shop_report._read import Figures
from winback.measure.shop_report._sentences import tell_effects
from winback.measure.shop_report._shop import tell_shop

_TABLES: Final = ("enrollments", "messages", "reactivations")
_QUERY: Final = """
    with months as (select date_trunc('month', cast(getvariable('month') as timestamp)) as first),
    span as (
        select
            timezone(getvariable('zone'), first) as since,
            timezone(getvariable('zone'), first + interval 1 month) as before
        from months
    )
    select
        (select count(*) from messages, span where accepted_at >= since and accepted_at < before)
            as messages,
        (select coalesce(sum(cost_cents), 0) / 100 from messages, span
            where accepted_at >= since and accepted_at < before) as cost,
        (select count(distinct customer_id) from messages, span
            where opted_out_at >= since and opted_out_at < before) as opted_out,
        (select count(*) from enrollments, span
            where origin = 'ledger' and entered_at >= since and entered_at < before) as entered,
        (select count(*) from reactivations, span
            where reactivated_at >= since and reactivated_at < before) as bought_again
"""


@dataclass(frozen=True)
class Digest:
    """`month` is its first day, in the shop's zone."""

    month: date
    subject: str
    text: str


def write_digest(published: Path, figures: Figures, *, brand: str, timezone: str) -> Digest:
    """The last month that was over when the set was published, from the set's tables."""
    as_of = datetime.fromisoformat(figures.manifest.as_of).astimezone(ZoneInfo(timezone)).date()
    month = (as_of.replace(day=1) - timedelta(days=1)).replace(day=1)
    lines = [
        *_month(published, month, timezone),
        "",
        "What the messages caused so far:",
        "",
        *(tell_effects(figures) if figures.effects else ()),
        *tell_shop(figures),
    ]
    if not figures.effects:
        lines.append("That can be said once people whose 30 days are over are in both groups.")
    lines += ["", "The whole report is attached. It opens in any browser and needs no network."]
    subject = f"What the messages of {brand} were worth, {month:%B %Y}"
    return Digest(month, subject, "\n".join(lines) + "\n")


def _month(published: Path, month: date, timezone: str) -> Iterator[str]:
    with connect() as connection:
        connection.execute(f"set variable month = {literal(month.isoformat())}")
        connection.execute(f"set variable zone = {literal(timezone)}")
        for table in _TABLES:
            path = literal(published / f"{table}.parquet")
            connection.execute(f"create temp view {table} as from read_parquet({path})")
        (row,) = rows_of(connection.execute(_QUERY))
    name = f"{month:%B %Y}"
    if not row["messages"]:
        yield f"No message left in {name}."
    else:
        yield (
            f"{row['messages']:,} messages left in {name}, for {float(row['cost']):,.2f}. "
            f"{row['opted_out']:,} customers opted out of a channel."
        )
    yield (
        f"{row['entered']:,} customers entered a playbook, and {row['bought_again']:,} who had "
        "entered one, written to or left alone, bought again for the first time since."
    )
