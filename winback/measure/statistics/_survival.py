"""How many have done something by a time, where not everybody was watched that long.

Whoever was lost sight of before they did it is censored: they count among those who could
still do it until then, and not after. Dropping them instead would keep the quick ones, who
did it before they could be lost sight of, and overstate the share.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from winback.measure.statistics._statistics import Interval, proportion_interval, wilson_interval


class Watched(NamedTuple):
    """People who were watched for exactly `time`, in any unit, and then did it or not."""

    time: float
    happened: bool
    people: int


@dataclass(frozen=True)
class ShareBy:
    """Of `n` people `happened` did it in time and `censored` were lost sight of before.

    `share` is None where nobody was watched to the end: it can't be known.
    """

    n: int
    happened: int
    censored: int
    share: float | None
    interval: Interval | None


def share_by(watched: Iterable[Watched], time: float, *, alpha: float = 0.05) -> ShareBy:
    """The share who do it by `time`, included, had everybody been watched (Kaplan-Meier).

    Takes for granted that being lost sight of says nothing about what would have come.
    The interval is Wilson's for as many people as would give Greenwood's error (Rothman
    1978); its high end takes fewer still where people were lost sight of after the last
    time that somebody did it (Dorey and Korn 1987). With everybody watched to the end
    these are the plain share and Wilson's interval, exactly.
    """
    groups = sorted(watched)
    n = left = after_last = sum(group.people for group in groups)
    happened, survival, greenwood = 0, 1.0, 0.0
    for at, leaving in groupby((g for g in groups if g.time <= time), lambda g: g.time):
        by_outcome = {False: 0, True: 0}
        for group in leaving:
            by_outcome[group.happened] += group.people
        did = by_outcome[True]
        if did:
            happened += did
            survival *= (left - did) / left
            greenwood += did / left / (left - did) if left > did else 0.0
            after_last = left - did
        left -= did + (by_outcome[False] if at < time else 0)
    censored = n - happened - left
    if censored == 0:
        share = happened / n if n else None
        return ShareBy(n, happened, 0, share, proportion_interval(happened, n, alpha=alpha))
    if left == 0 and survival > 0:
        return ShareBy(n, happened, censored, None, None)
    if survival == 0:
        # Everybody still watched did it; the censored may not lend their number.
        size = float(happened)
    else:
        size = (1 - survival) / (survival * greenwood) if happened else float(n)
    kept = left / after_last if after_last else 1.0
    share = 1 - survival
    low = wilson_interval(share, size, alpha=alpha).low
    high = wilson_interval(share, size * kept, alpha=alpha).high
    return ShareBy(n, happened, censored, share, Interval(low, high))


def share_difference(first: ShareBy, second: ShareBy) -> tuple[float, Interval] | None:
    """The first share less the second, and its interval; None where one can't be known.

    The interval joins those of the two by Newcombe's squares (method 10 of Newcombe 1998), so
    that with everybody watched to the end it is that of `proportion_difference`.
    """
    if first.share is None or second.share is None:
        return None
    if first.interval is None or second.interval is None:
        return None
    (p1, one), (p2, two) = (first.share, first.interval), (second.share, second.interval)
    below = math.hypot(p1 - one.low, two.high - p2)
    above = math.hypot(one.high - p1, p2 - two.low)
    found = p1 - p2
    return found, Interval(max(-1.0, found - below), min(1.0, found + above))


Cell = tuple[str, int, str, str, str]


def cell_of(row: Mapping[str, Any]) -> Cell:
    """A playbook's window, stratum, arm and variant."""
    stratum, arm, variant = str(row["stratum"]), str(row["arm"]), str(row["variant"])
    return str(row["playbook_id"]), int(row["window_days"]), stratum, arm, variant


def watched_by_cell(
    watched: Iterable[Mapping[str, Any]],
) -> dict[Cell, tuple[Watched, ...]]:
    """Who was watched for how many hours, by cell."""
    found: dict[Cell, tuple[Watched, ...]] = {}
    for cell, rows in groupby(sorted(watched, key=cell_of), cell_of):
        found[cell] = tuple(
            Watched(int(row["hours"]), bool(row["is_reactivated"]), int(row["people"]))
            for row in rows
        )
    return found
