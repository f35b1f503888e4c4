"""Natural return: who ordered again by themselves, counted where it can be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from winback.science import Interval, proportion_interval
from winback.warehouse import Replay

# What the outcome is read from, as of the last instant that is known.
KNOWN_LATER: Final = ("int_orders__valid", "int_messages__all", "int_enrollments__known")

_KNOWN_UNTIL: Final = "select least(max(ordered_at), $now) as until from winback.stg_shop__orders"

# Set aside: whoever was dealt to be written to in this lapse episode, written to or not.
# Those who come back early are never written to, so leaving only them in would flatter the
# rate. And whoever got any message of ours in the window.
_RETURNS: Final = """
    with followed as (
        select entries.*, min(orders.ordered_at) as returned_at
        from entries
        left join winback.int_orders__valid as orders
            on
                entries.customer_id = orders.customer_id
                and entries.entered_at < orders.ordered_at
        where entries.kind in ('entry', 'standing')
        group by all
    ),
    spans as (
        select
            followed.*, windows.window_days,
            followed.entered_at + to_hours(24 * windows.window_days) as ends_at
        from followed
        cross join (select unnest($windows) as window_days) as windows
    ),
    judged as (
        select
            population, kind, window_days,
            ends_at <= $known_until as is_known,
            coalesce(returned_at <= ends_at, false) as has_returned,
            exists (
                select 1 from winback.int_messages__all as messages
                where
                    messages.customer_id = spans.customer_id
                    and messages.has_left
                    and messages.left_at > spans.entered_at
                    and messages.left_at <= spans.ends_at
            ) or exists (
                select 1 from winback.int_enrollments__known as enrollments
                where
                    enrollments.customer_id = spans.customer_id
                    and enrollments.arm = 'treatment'
                    and enrollments.entered_at <= spans.ends_at
                    -- Whoever never ordered has been in one episode ever since.
                    and (
                        spans.last_order_at is null
                        or enrollments.entered_at >= spans.last_order_at
                    )
                    and (
                        spans.returned_at is null
                        or enrollments.entered_at < spans.returned_at
                    )
            ) as is_treated
        from spans
    )
    select
        population, kind, window_days,
        count(*) as followed,
        count(*) filter (not is_known) as not_yet_known,
        count(*) filter (is_known and is_treated) as set_aside,
        count(*) filter (is_known and not is_treated) as n,
        count(*) filter (is_known and not is_treated and has_returned) as returned
    from judged
    group by all
    order by all
"""


@dataclass(frozen=True)
class Return:
    """How many of a population ordered again within a window, by themselves.

    `followed` = `not_yet_known` (the window ends after the last known order) + `set_aside`
    (messaged, or dealt to be) + `n`.
    """

    population: str
    kind: str
    window_days: int
    followed: int
    not_yet_known: int
    set_aside: int
    n: int
    returned: int

    @property
    def rate(self) -> float | None:
        return self.returned / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's, 95 %."""
        return proportion_interval(self.returned, self.n)


def known_until(replay: Replay, now: datetime) -> datetime | None:
    """The newest order's instant: what happened later can't be seen. None without orders."""
    (row,) = replay.rows(_KNOWN_UNTIL, {"now": now})
    found: datetime | None = row["until"]
    return found


def natural_returns(replay: Replay, windows: Sequence[int], until: datetime) -> list[Return]:
    """One per population, kind (`entry` or `standing`) and window in days."""
    replay.stand_on(until, *KNOWN_LATER)
    parameters = {"windows": list(windows), "known_until": until}
    return [Return(**row) for row in replay.rows(_RETURNS, parameters)]
