"""One backtest: past days replayed under each lapse preset, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from winback.base.clock import Clock
from winback.base.console import tell_stage, tell_step
from winback.base.duck import Rows, connect
from winback.base.errors import UsageError, WinbackError
from winback.base.project import project_vars
from winback.base.settings import CHANNELS, Settings
from winback.landing import require_loaded
from winback.measure.backtest._entries import Span, live_through
from winback.measure.backtest._load import ChannelLoad, channel_loads
from winback.measure.backtest._messages import Batch, Step, batches, steps_of
from winback.measure.backtest._returns import KNOWN_LATER, Return, known_until, natural_returns
from winback.measure.backtest._takers import (
    MODELS,
    SEEDS,
    Playbook,
    Takers,
    let_in,
    playbooks_of,
    takers_of,
)
from winback.warehouse import Replay, replaying, segment_names

# The presets that a shop may have; one that its project lacks is left out.
_ALL_PRESETS: Final = ("personal", "fixed")

_ORDER_DAYS: Final = """
    select
        cast(timezone($2, min(ordered_at)) as date),
        cast(timezone($2, max(ordered_at)) as date)
    from read_parquet($1)
"""
_DAYS: Final = """
    select
        day,
        max(members) filter (population = 'segment') as members,
        max(entries) filter (population = 'segment') as entries,
        max(members) filter (population = 'lapsed') as lapsed,
        max(entries) filter (population = 'lapsed') as lapsed_entries,
        max(members) filter (population = 'lost') as lost,
        max(entries) filter (population = 'lost') as lost_entries
    from days group by day order by day
"""


@dataclass(frozen=True)
class Day:
    """One replayed day: who is in the segment, lapsed or lost at its end, and who is new."""

    day: date
    members: int
    entries: int
    lapsed: int
    lapsed_entries: int
    lost: int
    lost_entries: int


@dataclass(frozen=True)
class PresetResult:
    """The range under one lapse preset.

    `used` is the preset that the models say they used: `fixed_fallback` where `personal`
    knew too few gaps. `takers` are whom a playbook would take, `batches` what those of
    the daily entries would be sent; `loads` is one channel each.
    """

    preset: str
    used: tuple[str, ...]
    days: list[Day]
    returns: list[Return]
    playbooks: list[Playbook]
    steps: list[Step]
    takers: list[Takers]
    batches: list[Batch]
    loads: list[ChannelLoad]

    def returned(self, population: str, kind: str, window_days: int) -> Return:
        """Natural return of one population, zeros where nobody is in it."""
        for found in self.returns:
            if (found.population, found.kind, found.window_days) == (population, kind, window_days):
                return found
        return Return(population, kind, window_days)


@dataclass(frozen=True)
class Backtest:
    """What a backtest found; the first preset is the project's own."""

    segment: str
    span: Span
    known_until: datetime
    windows: tuple[int, ...]
    presets: list[PresetResult]


def backtest(
    settings: Settings,
    clock: Clock,
    *,
    segment: str,
    first: date,
    last: date,
    presets: Sequence[str] = (),
) -> Backtest:
    """Replay the days from `first` to `last`, both included, and count.

    Without `presets`, the project's own lapse preset and those that stand beside it.
    Raises UsageError for a segment, range or preset that can't be, WinbackError where
    landing doesn't reach.
    """
    if segment not in segment_names():
        raise UsageError(
            f"segment {segment!r} does not exist; the segments are: {', '.join(segment_names())}"
        )
    _require_presets(presets)
    if first > last:
        raise UsageError(f"--from {first} is after --to {last}")
    span = Span(first, last, settings.shop_timezone)
    _require_orders_in(settings, span)
    results = list(_under_each(settings, clock, segment, span, presets))
    return Backtest(
        segment=segment,
        span=span,
        known_until=results[0][1],
        windows=tuple(project_vars()["reactivation_windows"]),
        presets=[result for result, _ in results],
    )


def _require_presets(presets: Sequence[str]) -> None:
    """Before any work: the models would refuse one too, after the others were replayed."""
    known = dict.fromkeys((*_ALL_PRESETS, project_vars()["lapse_preset"]))
    for preset in presets:
        if preset not in known:
            raise UsageError(f"--presets: {preset!r} does not exist; it may be: {', '.join(known)}")


def order_days(settings: Settings) -> tuple[date, date]:
    """The shop's days of the oldest and the newest order. Raises WinbackError without any."""
    orders = require_loaded(settings)
    with connect() as connection:
        row = connection.execute(_ORDER_DAYS, [str(orders), settings.shop_timezone]).fetchone()
    oldest, newest = row or (None, None)
    if oldest is None:
        raise WinbackError("no order is loaded. Next: winback load DIR")
    return oldest, newest


def _require_orders_in(settings: Settings, span: Span) -> None:
    oldest, newest = order_days(settings)
    if span.first < oldest:
        raise WinbackError(f"--from {span.first} is before the first order, of {oldest}")
    if span.last > newest:
        raise WinbackError(
            f"--to {span.last} is after the newest loaded order, of {newest}: "
            "those days are not known yet. Next: winback load DIR, or an earlier --to"
        )


def _under_each(
    settings: Settings, clock: Clock, segment: str, span: Span, presets: Sequence[str]
) -> Iterator[tuple[PresetResult, datetime]]:
    own = project_vars()["lapse_preset"]
    for preset in presets or (own, *(name for name in _ALL_PRESETS if name != own)):
        tell_stage(f"Reading the shop, preset {preset}")
        with replaying(settings, _models(segment), lapse_preset=preset) as replay:
            yield _replay(replay, settings, clock, segment=segment, span=span, preset=preset)


def replay_preset(
    settings: Settings,
    clock: Clock,
    *,
    segment: str,
    span: Span,
    preset: str,
    afterwards: Callable[[Replay], Rows],
) -> tuple[PresetResult, Rows]:
    """The range under one preset, and what `afterwards` reads of the replay."""
    tell_stage(f"Reading the shop, preset {preset}")
    with replaying(settings, _models(segment), lapse_preset=preset) as replay:
        result, _ = _replay(replay, settings, clock, segment=segment, span=span, preset=preset)
        return result, afterwards(replay)


def _models(segment: str) -> tuple[str, ...]:
    return (
        segment,
        "int_customers__order_totals",
        "int_customers__lapse",
        *KNOWN_LATER,
        *MODELS,
        *SEEDS,
    )


def _replay(
    replay: Replay, settings: Settings, clock: Clock, *, segment: str, span: Span, preset: str
) -> tuple[PresetResult, datetime]:
    playbooks = playbooks_of(replay, segment)
    takers: list[Takers] = []
    days = span.days
    tell_stage(f"Replaying, preset {preset}")

    def on_day(day: date, _as_of: datetime) -> None:
        if playbooks:
            takers.extend(takers_of(replay, segment, day))
        tell_step(days.index(day) + 1, len(days), f"{day}")

    live_through(replay, span, segment, also=MODELS if playbooks else (), on_day=on_day)
    used = [
        row["lapse_preset"]
        for row in replay.rows(
            "select distinct lapse_preset from winback.int_customers__lapse order by all"
        )
    ]
    until = known_until(replay, clock.now())
    assert until is not None  # noqa: S101 - there are orders
    steps = steps_of(replay, segment, settings, span.end_of(span.last))
    entered = let_in([t for t in takers if t.kind == "entry"], playbooks, span.days)
    sent = batches(replay, entered, playbooks, steps)
    return (
        PresetResult(
            preset=preset,
            used=tuple(used),
            days=[Day(**row) for row in replay.rows(_DAYS)],
            returns=natural_returns(replay, project_vars()["reactivation_windows"], until),
            playbooks=playbooks,
            steps=steps,
            takers=takers,
            batches=sent,
            loads=channel_loads(sent, _limits(settings), span.zone),
        ),
        until,
    )


def _limits(settings: Settings) -> dict[str, Any]:
    return {channel: settings.per_second(channel) for channel in CHANNELS}
