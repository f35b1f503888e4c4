"""What leaves in the next 24 hours, by the hour, as the published decisions say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from winback.base.clock import shop_time
from winback.base.duck import Rows, connect, literal, rows_with
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.measure.last_screen._read import DUE
from winback.measure.words import channel_word
from winback.warehouse import read_manifest

_TABLES: Final = ("send_decisions", "next_steps", "outbox", "next_changes")
# What could leave before now leaves in this hour. The price is that of one part: a text may be
# split into more. What is not written yet has the price of its step, or of its channel.
_HOURS: Final = """
    with planned as (
        select
            customer_id, playbook_id, step, channel, any_value(cost_cents_per_part) as cost_cents
        from outbox where action = 'plan'
        group by customer_id, playbook_id, step, channel
    ),
    of_steps as (
        select playbook_id, step, channel, avg(cost_cents) as cost_cents
        from planned group by playbook_id, step, channel
    ),
    of_channels as (
        select channel, avg(cost_cents) as cost_cents from planned group by channel
    )
    select
        date_trunc('hour', greatest(due.from_at, cast($now as timestamptz))) as hour,
        due.playbook_id as playbook, due.step, due.channel, count(*) as messages,
        cast(sum(
            coalesce(planned.cost_cents, of_steps.cost_cents, of_channels.cost_cents, 0)
        ) as double) as cost_cents,
        count(*) filter (
            where planned.cost_cents is null and of_steps.cost_cents is null
            and of_channels.cost_cents is null
        ) as without_a_price
    from due
    left join planned using (customer_id, playbook_id, step, channel)
    left join of_steps on
        due.playbook_id = of_steps.playbook_id and due.step = of_steps.step
        and due.channel = of_steps.channel
    left join of_channels on due.channel = of_channels.channel
    where due.becomes in ('now', 'later') and due.from_at < cast($until as timestamptz)
    group by all order by hour, playbook, due.step, due.channel
"""
_CHANGES: Final = """
    select what, min(changes_at) as changes_at from next_changes
    where changes_at < cast($until as timestamptz) group by what order by changes_at, what
"""


@dataclass(frozen=True)
class NextDay:
    """Rows that count messages by hour and step, and the moments at which time alone changes
    something, for 24 hours from `now`, the moment of the decisions."""

    now: datetime
    is_dry_run: bool
    hours: Rows
    changes: Rows

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "as_of": self.now, "is_dry_run": self.is_dry_run, "hours": self.hours,
            "changes": self.changes,
        }  # fmt: skip


def read_next_day(settings: Settings) -> NextDay:
    """Read it from what is published; from the last dry run where nothing else is.

    Raises WinbackError where there is neither.
    """
    for name in ("current", "dry-run"):
        published = (settings.published_dir / name).resolve()
        if (manifest := read_manifest(published)) is not None:
            now = datetime.fromisoformat(manifest.as_of)
            return read_hours(published, now=now, is_dry_run=name == "dry-run")
    raise WinbackError("nothing is decided yet. Next: winback run")


def read_hours(published: Path, *, now: datetime, is_dry_run: bool = False) -> NextDay:
    """Read it from one published set."""
    span = {"now": now.isoformat(), "until": (now + timedelta(hours=24)).isoformat()}
    with connect() as connection:
        for table in _TABLES:
            path = literal(published / f"{table}.parquet")
            connection.execute(f"create temp view {table} as from read_parquet({path})")
        connection.execute(DUE)
        hours = rows_with(connection, _HOURS, **span)
        changes = rows_with(connection, _CHANGES, until=span["until"])
    return NextDay(now, is_dry_run, hours, changes)


def tell_next_day(day: NextDay, shop_timezone: str) -> Iterator[str]:
    """It in sentences."""
    kind = "the last dry run" if day.is_dry_run else "the last run"
    since = f"24 hours from {shop_time(day.now, shop_timezone)}, as {kind} decided"
    if not day.hours:
        yield f"No message leaves in the {since}."
    else:
        total = sum(row["messages"] for row in day.hours)
        cost = sum(row["cost_cents"] for row in day.hours) / 100
        yield f"{total:,} messages for {cost:,.2f} or more leave in the {since}:"
    for row in day.hours:
        price = "no known price" if row["without_a_price"] else f"{row['cost_cents'] / 100:,.2f}"
        yield (
            f"  {shop_time(row['hour'], shop_timezone)}  {row['playbook']} step {row['step']} "
            f"({channel_word(row['channel'])}): {row['messages']:,} for {price}"
        )
    if day.changes:
        first = day.changes[0]
        yield (
            "Time alone changes nothing that is decided before "
            f"{shop_time(first['changes_at'], shop_timezone)}."
        )
