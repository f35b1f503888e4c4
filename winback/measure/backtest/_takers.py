"""Which playbook would take those who came, over which channels, in which windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from winback.warehouse import Replay

# Models and seeds that say who may be reached how, when, and what is then sent.
SEEDS: Final = (
    "playbooks",
    "playbook_steps",
    "step_variants",
    "offers",
    "channel_costs",
)
MODELS: Final = (
    "int_channels__costs",
    "channel_eligibility",
    "int_customers__known",
    "int_customers__dialing",
    "int_windows__customer_windows",
    "int_playbooks__entry",
    "int_playbooks__segments",
)

_TAKING: Final = """
    select playbooks.playbook_id, playbooks.holdout_share, taken.daily_limit, taken.offer_id
    from winback.int_playbooks__segments as taken
    inner join winback.playbooks as playbooks on taken.playbook_id = playbooks.playbook_id
    inner join winback.int_playbooks__entry as entry on taken.playbook_id = entry.playbook_id
    where taken.segment = $segment and entry.is_enabled
    order by entry.family_priority, entry.priority, entry.playbook_id
"""
# As entry_candidates chooses: the first playbook, by family, of whose channels one of its group
# reaches the person. Rules that pass with time (caps, windows) delay a message: they don't count.
_TAKERS: Final = """
    with channels as (
        select distinct channel, channel_group from winback.channel_costs
    ),
    reached as (
        select
            entries.customer_id, entries.kind, channels.channel, channels.channel_group,
            windows.window_opens_at as opens_at, windows.window_closes_at as closes_at
        from entries
        inner join winback.channel_eligibility as eligibility
            on entries.customer_id = eligibility.customer_id
        inner join channels on eligibility.channel = channels.channel
        left join winback.int_windows__customer_windows as windows
            on
                entries.customer_id = windows.customer_id
                and channels.channel_group = windows.channel_group
        where
            entries.population = 'segment'
            and entries.day = $day
            and entries.kind in ('entry', 'standing')
            and eligibility.is_reachable
    ),
    chosen as (
        select
            reached.customer_id,
            arg_min(
                playbooks.playbook_id,
                (playbooks.family_priority, playbooks.priority, playbooks.playbook_id)
            ) as playbook_id
        from reached
        inner join winback.int_playbooks__entry as playbooks
            on reached.channel_group = playbooks.reach and playbooks.is_enabled
        inner join winback.playbook_steps as steps
            on playbooks.playbook_id = steps.playbook_id and reached.channel = steps.channel
        inner join winback.int_playbooks__segments as taken
            on playbooks.playbook_id = taken.playbook_id and taken.segment = $segment
        group by reached.customer_id
    ),
    countries as (
        select
            known.customer_id, coalesce(known.country, max(dialing.country), '*') as country
        from winback.int_customers__known as known
        left join winback.int_customers__dialing as dialing
            on known.customer_id = dialing.customer_id
        group by known.customer_id, known.country
    ),
    people as (
        select
            reached.customer_id, reached.kind, chosen.playbook_id, countries.country,
            list(
                {'channel': channel, 'opens_at': opens_at, 'closes_at': closes_at}
                order by channel
            ) as ways
        from reached
        inner join chosen on reached.customer_id = chosen.customer_id
        inner join countries on reached.customer_id = countries.customer_id
        group by all
    )
    select playbook_id, kind, country, ways, count(*) as people
    from people
    group by all
    order by all
"""


@dataclass(frozen=True)
class Playbook:
    """A playbook that takes the segment."""

    playbook_id: str
    holdout_share: float
    daily_limit: int | None
    offer_id: str | None


@dataclass(frozen=True)
class Way:
    """A channel that reaches somebody, with the next window after the day they came."""

    channel: str
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True)
class Takers:
    """People who came on one day and are alike: same playbook, country, channels, windows."""

    day: date
    kind: str
    playbook_id: str
    country: str
    ways: tuple[Way, ...]
    people: float


def playbooks_of(replay: Replay, segment: str) -> list[Playbook]:
    """The enabled playbooks that take a segment, the first choice first."""
    return [
        Playbook(
            row["playbook_id"], float(row["holdout_share"]), row["daily_limit"], row["offer_id"]
        )
        for row in replay.rows(_TAKING, {"segment": segment})
    ]


def takers_of(replay: Replay, segment: str, day: date) -> list[Takers]:
    """Whom a playbook would take of those who came on a day; `standing` ones apart."""
    rows = replay.rows(_TAKERS, {"segment": segment, "day": day})
    return [_takers(day, row) for row in rows]


def _takers(day: date, row: Mapping[str, Any]) -> Takers:
    ways = tuple(Way(**way) for way in row["ways"])
    return Takers(day, row["kind"], row["playbook_id"], row["country"], ways, row["people"])


def let_in(
    takers: Sequence[Takers], playbooks: Sequence[Playbook], days: Sequence[date]
) -> list[Takers]:
    """Those who enter, each on their day of entry: a daily limit makes the others wait."""
    limits = {playbook.playbook_id: playbook.daily_limit for playbook in playbooks}
    entered = [group for group in takers if limits[group.playbook_id] is None]
    for playbook_id, limit in limits.items():
        if limit is not None:
            own = [group for group in takers if group.playbook_id == playbook_id]
            entered += _queued(own, limit, days)
    return entered


def _queued(takers: Sequence[Takers], limit: int, days: Sequence[date]) -> Iterator[Takers]:
    waiting: list[Takers] = []
    for day in days:
        waiting += [group for group in takers if group.day == day]
        total = sum(group.people for group in waiting)
        share = min(1.0, limit / total) if total else 1.0
        for group in waiting:
            yield _later(replace(group, people=group.people * share), day)
        waiting = [
            replace(group, people=group.people * (1 - share)) for group in waiting if share < 1
        ]


def _later(group: Takers, day: date) -> Takers:
    """The same people a few days on, in windows at the same hours."""
    by = day - group.day
    return replace(group, day=day, ways=tuple(_moved(way, by) for way in group.ways))


def _moved(way: Way, by: timedelta) -> Way:
    if way.opens_at is None or way.closes_at is None:
        return way
    return Way(way.channel, way.opens_at + by, way.closes_at + by)
