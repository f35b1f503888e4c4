"""Natural return: who ordered again by themselves, counted where it can be known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from winback.measure.statistics import Interval, Watched, share_by
from winback.warehouse import Replay

# What the outcome is read from, as of the last instant that is known.
KNOWN_LATER: Final = ("int_orders__valid", "int_messages__all", "int_enrollments__known")
# New entries and those there before, together.
ALL: Final = "all"

_KNOWN_UNTIL: Final = "select least(max(ordered_at), $now) as until from winback.stg_shop__orders"

# Each person is watched until they order, until we touch them (the first message, or being
# dealt to be written to in this lapse episode, written to or not) or until the newest known
# order, whichever is first. Never by whether they came back: dropping the touched would keep
# those who were back before we could touch them. Whoever was dealt before the entry is not
# by themselves from the start, and is set aside.
_WATCHED: Final = """
    with returns as (
        select entries.*, min(orders.ordered_at) as returned_at
        from entries
        left join winback.int_orders__valid as orders
            on
                entries.customer_id = orders.customer_id
                and entries.entered_at < orders.ordered_at
        where entries.kind in ('entry', 'standing')
        group by all
    ),
    touches as (
        select
            returns.*,
            (
                select min(messages.left_at) from winback.int_messages__all as messages
                where
                    messages.customer_id = returns.customer_id
                    and messages.has_left
                    and messages.left_at > returns.entered_at
            ) as written_to_at,
            (
                select min(enrollments.entered_at)
                from winback.int_enrollments__known as enrollments
                where
                    enrollments.customer_id = returns.customer_id
                    and enrollments.arm = 'treatment'
                    -- Whoever never ordered has been in one episode ever since.
                    and (
                        returns.last_order_at is null
                        or enrollments.entered_at >= returns.last_order_at
                    )
            ) as dealt_at
        from returns
    ),
    watched as (
        select
            *,
            coalesce(dealt_at <= entered_at, false) as is_set_aside,
            -- Nulls are passed over.
            least(written_to_at, dealt_at, $known_until) as lost_at
        from touches
    ),
    judged as (
        select
            population, kind, is_set_aside,
            coalesce(returned_at <= lost_at, false) as has_returned,
            lost_at < $known_until as is_treated,
            greatest(
                epoch_us(least(returned_at, lost_at)) - epoch_us(entered_at), 0
            ) as microseconds
        from watched
    )
    select
        population, kind, is_set_aside, has_returned,
        not has_returned and is_treated as is_treated,
        -- Whatever comes after the longest window is one.
        least(microseconds, $longest + 1) as microseconds,
        count(*) as people
    from judged
    group by all
"""


@dataclass(frozen=True)
class Return:
    """How many of a population order again within a window, by themselves.

    Of `followed` people `set_aside` had been dealt to be written to before their entry,
    and `n` were watched from it on: `returned` were seen to order in the window, `treated`
    were touched by us inside it before they did, and for `not_yet_known` it ends after the
    newest order; the rest stayed away. `rate` is Kaplan and Meier's, where the last two
    count for as long as they were watched; None where nobody was to the end.
    """

    population: str
    kind: str
    window_days: int
    set_aside: int = 0
    n: int = 0
    returned: int = 0
    treated: int = 0
    not_yet_known: int = 0
    rate: float | None = None
    interval: Interval | None = None

    @property
    def followed(self) -> int:
        return self.set_aside + self.n


def known_until(replay: Replay, now: datetime) -> datetime | None:
    """The newest order's instant: what happened later can't be seen. None without orders."""
    (row,) = replay.rows(_KNOWN_UNTIL, {"now": now})
    found: datetime | None = row["until"]
    return found


def natural_returns(replay: Replay, windows: Sequence[int], until: datetime) -> list[Return]:
    """One per population, kind (`entry`, `standing` and both as `all`) and window in days."""
    replay.stand_on(until, *KNOWN_LATER)
    parameters = {"known_until": until, "longest": _microseconds(max(windows))}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in replay.rows(_WATCHED, parameters):
        for kind in (row["kind"], ALL):
            groups[row["population"], kind].append(row)
    return [_return(*of, window, groups[of]) for of in sorted(groups) for window in windows]


def _microseconds(days: int) -> int:
    """Whole ones, so that the last instant of a window is in it."""
    return timedelta(days=days) // timedelta(microseconds=1)


def _return(population: str, kind: str, window: int, rows: Iterable[dict[str, Any]]) -> Return:
    ends = _microseconds(window)
    set_aside = sum(row["people"] for row in rows if row["is_set_aside"])
    watched = [row for row in rows if not row["is_set_aside"]]
    found = share_by(
        (Watched(row["microseconds"], row["has_returned"], row["people"]) for row in watched),
        ends,
    )
    treated = sum(
        row["people"] for row in watched if row["is_treated"] and row["microseconds"] < ends
    )
    return Return(
        population=population,
        kind=kind,
        window_days=window,
        set_aside=set_aside,
        n=found.n,
        returned=found.happened,
        treated=treated,
        not_yet_known=found.censored - treated,
        rate=found.share,
        interval=found.interval,
    )
