"""Who was where on each past day, and when each lapse episode's membership began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from winback.base.clock import parse_as_of
from winback.warehouse import Replay

# The segment asked for, and the two stages that a lapse preset is judged by.
SEGMENT: Final = "segment"
LAPSED: Final = "lapsed"
LOST: Final = "lost"

_TABLES: Final = """
    create table entries (
        population varchar, customer_id varchar, episode varchar, last_order_at timestamptz,
        day date, entered_at timestamptz, kind varchar
    );
    create table members (
        population varchar, customer_id varchar, episode varchar, last_order_at timestamptz
    );
    create table days (population varchar, day date, members bigint, entries bigint);
"""
_MEMBERS: Final = """
    insert into members
    select
        $population, found.customer_id, coalesce(orders.last_order_id, ''),
        orders.last_order_at
    from (select distinct cast(customer_id as varchar) as customer_id from {found}) as found
    left join winback.int_customers__order_totals as orders
        on found.customer_id = orders.customer_id
"""
# Whoever was a member the evening before the first day stands there from its end on: their
# own first day lies in the past.
_STANDING: Final = """
    update entries set kind = 'standing', day = $day, entered_at = $as_of
    where kind = 'before' and exists (
        select 1 from members
        where
            members.population = entries.population
            and members.customer_id = entries.customer_id
            and members.episode = entries.episode
    )
"""
_ENTRIES: Final = """
    insert into entries
    select population, customer_id, episode, last_order_at, $day, $as_of, $kind
    from members
    where not exists (
        select 1 from entries
        where
            entries.population = members.population
            and entries.customer_id = members.customer_id
            and entries.episode = members.episode
    )
"""
_DAY: Final = """
    insert into days
    select
        populations.population, $day,
        (select count(*) from members where members.population = populations.population),
        (
            select count(*) from entries
            where
                entries.population = populations.population
                and entries.day = $day and entries.kind = 'entry'
        )
    from (select unnest($populations) as population) as populations
"""


@dataclass(frozen=True)
class Span:
    """Days of the shop, both included; with `every`, one of so many days is looked at."""

    first: date
    last: date
    zone: str
    every: int = 1

    @property
    def days(self) -> list[date]:
        count = (self.last - self.first).days + 1
        return [self.first + timedelta(days=number) for number in range(0, count, self.every)]

    def end_of(self, day: date) -> datetime:
        """The instant that `--as-of` with this date stands on."""
        return parse_as_of(day.isoformat(), self.zone)


def live_through(
    replay: Replay,
    span: Span,
    segment: str,
    *,
    also: Sequence[str] = (),
    on_day: Callable[[date, datetime], None] = lambda _day, _as_of: None,
) -> None:
    """Stand on the end of each day, and of the day before the first, and note who came.

    Fills the tables `entries` (one row per population, customer and lapse episode, with
    the first day of membership) and `days`. `also` names models that `on_day` reads.
    """
    replay.execute(_TABLES)
    found = {
        SEGMENT: f'winback."{segment}"',
        LAPSED: "winback.int_customers__lapse where is_lapsed",
        LOST: "winback.int_customers__lapse where lapse_stage = 'lost'",
    }
    needed = (segment, "int_customers__order_totals", "int_customers__lapse")
    evening_before = span.first - timedelta(days=1)
    replay.stand_on(span.end_of(evening_before), *needed)
    _note(replay, span, evening_before, found, kind="before")
    for day in span.days:
        replay.stand_on(span.end_of(day), *needed, *also)
        _note(replay, span, day, found, kind="entry")
        on_day(day, span.end_of(day))


def _note(replay: Replay, span: Span, day: date, found: dict[str, str], *, kind: str) -> None:
    execute = replay.execute
    instant = {"day": day, "as_of": span.end_of(day)}
    execute("truncate members")
    for population, relation in found.items():
        execute(_MEMBERS.format(found=relation), {"population": population})
    if day == span.first:
        execute(_STANDING, instant)
    execute(_ENTRIES, instant | {"kind": kind})
    if kind == "entry":
        execute(_DAY, {"day": day, "populations": list(found)})
