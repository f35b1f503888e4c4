"""What a backtest found as rows, to print, to show on the page and to keep as files."""

from __future__ import annotations

from collections import defaultdict
from typing import Final
from zoneinfo import ZoneInfo

from winback.base.duck import Rows
from winback.measure.backtest._entries import LAPSED, LOST, SEGMENT
from winback.measure.backtest._load import ChannelLoad
from winback.measure.backtest._returns import ALL, Return
from winback.measure.backtest._run import Backtest, PresetResult

# The window in which presets are compared, where the project has it.
COMPARED_WITHIN: Final = 30
_COHORTS: Final = (("new entries", "entry"), ("there before", "standing"))


def percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def compared_window(found: Backtest) -> int:
    return COMPARED_WITHIN if COMPARED_WITHIN in found.windows else found.windows[0]


def distinct(found: Backtest) -> list[tuple[str, PresetResult]]:
    """The results that differ for the segment, each with the names of its presets.

    A segment that doesn't read the lapse has the same members under every preset.
    """
    kept: list[tuple[list[str], PresetResult]] = []
    for result in found.presets:
        for names, other in kept:
            if _of_segment(result) == _of_segment(other):
                names.append(name(result))
                break
        else:
            kept.append(([name(result)], result))
    return [(", ".join(names), result) for names, result in kept]


def _of_segment(result: PresetResult) -> tuple[object, ...]:
    return (
        [(day.members, day.entries) for day in result.days],
        [found for found in result.returns if found.population == SEGMENT],
        result.takers,
    )


def overview(found: Backtest) -> Rows:
    """Entries per day and who was there before, by preset."""
    return [
        {
            "preset": names,
            "days": len(result.days),
            "there_before": result.returned(SEGMENT, "standing", found.windows[0]).followed,
            "new_entries": entries(result),
            "entries_a_day": round(entries(result) / len(result.days), 1),
            "most_in_a_day": max(day.entries for day in result.days),
            "members_at_end": result.days[-1].members,
        }
        for names, result in distinct(found)
    ]


def entries(result: PresetResult) -> int:
    return sum(day.entries for day in result.days)


def name(result: PresetResult) -> str:
    """The preset, and what it used where it fell back."""
    others = [used for used in result.used if used != result.preset]
    return f"{result.preset} ({', '.join(others)})" if others else result.preset


def natural_return(found: Backtest) -> Rows:
    """Who comes back by themselves, by window; percents with their 95 % interval."""
    return [
        {"preset": names, "who": who, **_return(result.returned(SEGMENT, kind, window))}
        for names, result in distinct(found)
        for who, kind in _COHORTS
        for window in found.windows
    ]


def _return(found: Return) -> dict[str, object]:
    low, high = found.interval or (None, None)
    return {
        "days": found.window_days,
        "people": found.followed,
        "set_aside": found.set_aside,
        "watched": found.n,
        "came_back": found.returned,
        "then_treated": found.treated,
        "not_yet_known": found.not_yet_known,
        "percent": percent(found.rate),
        "low": percent(low),
        "high": percent(high),
    }


def presets(found: Backtest) -> Rows:
    """The presets side by side: who crosses into lapse, and how right `lost` was."""
    short, long = compared_window(found), _lost_window(found)
    return [
        {
            "preset": name(result),
            "segment_a_day": round(entries(result) / len(result.days), 1),
            f"back_in_{short}_percent": percent(result.returned(SEGMENT, "entry", short).rate),
            "become_lapsed_a_day": round(
                sum(day.lapsed_entries for day in result.days) / len(result.days), 1
            ),
            f"lapsed_back_in_{short}_percent": percent(
                result.returned(LAPSED, "entry", short).rate
            ),
            **_lost(result, long),
        }
        for result in found.presets
    ]


def _lost_window(found: Backtest) -> int:
    """The longest window that is over for somebody whom every preset called lost."""
    known = [
        window
        for window in found.windows
        if all(result.returned(LOST, ALL, window).rate is not None for result in found.presets)
    ]
    return (known or found.windows)[-1]


def _lost(result: PresetResult, window: int) -> dict[str, object]:
    all_lost = result.returned(LOST, ALL, window)
    low, high = all_lost.interval or (None, None)
    return {
        "called_lost": all_lost.n,
        f"lost_for_{window}_days_percent": _rest(all_lost.rate),
        "low": _rest(high),
        "high": _rest(low),
    }


def _rest(share: float | None) -> float | None:
    return None if share is None else round(100 - 100 * share, 1)


def reach(found: Backtest) -> Rows:
    """Whom each playbook would take; how long those there before would take to get in."""
    rows = []
    for names, result in distinct(found):
        for playbook in result.playbooks:
            of = [t for t in result.takers if t.playbook_id == playbook.playbook_id]
            before = sum(t.people for t in of if t.kind == "standing")
            limit = playbook.daily_limit
            rows.append(
                {
                    "preset": names,
                    "playbook": playbook.playbook_id,
                    "entries_reached": round(sum(t.people for t in of if t.kind == "entry")),
                    "held_out_percent": percent(playbook.holdout_share),
                    "reached_of_those_before": round(before),
                    "daily_limit": limit,
                    "days_to_let_those_in": -(-round(before) // limit) if limit else None,
                }
            )
    return rows


def load(found: Backtest) -> Rows:
    """Each channel's busiest hour and day beside its limit; hours are the shop's."""
    zone = ZoneInfo(found.span.zone)
    return [
        _load(names, channel, zone) for names, result in distinct(found) for channel in result.loads
    ]


def _load(names: str, channel: ChannelLoad, zone: ZoneInfo) -> dict[str, object]:
    return {
        "preset": names,
        "channel": channel.channel,
        "messages": round(channel.messages),
        "peak_an_hour": round(channel.peak, 1),
        "peak_at": f"{channel.peak_hour.astimezone(zone):%Y-%m-%d %H:%M}",
        "limit_an_hour": None if channel.limit_per_hour is None else round(channel.limit_per_hour),
        "busiest_day": channel.busiest_day,
        "its_messages": round(channel.busiest_day_messages),
        "hours_needed": None if channel.hours_needed is None else round(channel.hours_needed, 2),
        "too_late": round(channel.late),
    }


def costs(found: Backtest) -> Rows:
    """Each step's messages, segments and cost in the shop's currency, and the total."""
    rows: Rows = []
    for names, result in distinct(found):
        sums: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for batch in result.batches:
            parts = (batch.messages, batch.segments, batch.cost_cents)
            total = sums[batch.step.playbook_id, batch.step.step]
            total[:] = [kept + part for kept, part in zip(total, parts, strict=True)]
        rows += [
            {
                "preset": names,
                "playbook": step.playbook_id,
                "step": step.step,
                "channel": step.channel,
                "segments_each": None if step.segments is None else round(step.segments, 2),
                "messages": round(sums[step.playbook_id, step.step][0]),
                "segments": round(sums[step.playbook_id, step.step][1]),
                "cost": round(sums[step.playbook_id, step.step][2] / 100, 2),
            }
            for step in result.steps
            if (step.playbook_id, step.step) in sums
        ]
    return rows


def total_cost(result: PresetResult) -> float:
    """In the shop's currency."""
    return sum(batch.cost_cents for batch in result.batches) / 100


def daily(found: Backtest) -> Rows:
    """One row per preset and day; messages, segments and cost are of the day's entries."""
    rows: Rows = []
    for result in found.presets:
        for day in result.days:
            own = [batch for batch in result.batches if batch.day == day.day]
            texts = [batch for batch in own if batch.step.is_text]
            taken = [t for t in result.takers if t.day == day.day and t.kind == "entry"]
            rows.append(
                {
                    "preset": result.preset,
                    "day": day.day,
                    "members": day.members,
                    "entries": day.entries,
                    "entries_reached": sum(group.people for group in taken),
                    "messages": round(sum(batch.messages for batch in own), 2),
                    "sms_segments": round(sum(batch.segments for batch in texts), 2),
                    "cost_cents": round(sum(batch.cost_cents for batch in own), 4),
                    "lapsed": day.lapsed,
                    "lapsed_entries": day.lapsed_entries,
                    "lost": day.lost,
                    "lost_entries": day.lost_entries,
                }
            )
    return rows


def hourly(found: Backtest) -> Rows:
    """One row per preset, channel and hour (UTC) in which a message may leave."""
    return [
        {
            "preset": result.preset,
            "channel": channel.channel,
            "hour_starts_at": hour,
            "messages": round(messages, 3),
        }
        for result in found.presets
        for channel in result.loads
        for hour, messages in channel.hours.items()
    ]


def notes(found: Backtest) -> list[str]:
    """What a reader must know of these figures, and what should worry them."""
    first = found.presets[0]
    lines = [
        f"{found.segment}: at the end of {day.day} nobody was in it"
        for day in first.days[-1:]
        if not day.members
    ]
    if not first.playbooks:
        lines.append(
            f"no enabled playbook takes {found.segment}: no load and no cost. "
            "Next: a row in playbook_segments.csv, or is_enabled in playbooks.csv"
        )
    for names, result in distinct(found):
        lines += _worries(found, names, result)
    lines += [
        f"{step.playbook_id} step {step.step} can't be written, so its cost is not counted: "
        f"{step.problem}"
        for step in first.steps
        if step.problem and first.batches
    ]
    return lines


def _worries(found: Backtest, names: str, result: PresetResult) -> list[str]:
    lines = []
    back = result.returned(SEGMENT, "entry", compared_window(found))
    touched = back.set_aside + back.treated
    if touched and touched + back.returned == back.followed:
        lines.append(
            f"{names}: {touched:,} of the {back.followed:,} who entered were written to or dealt "
            f"to be within {back.window_days} days and the others were back, so nobody shows "
            "who comes back alone. Next: a holdout_share in playbooks.csv"
        )
    if result.playbooks and entries(result) and not result.takers:
        lines.append(
            f"{names}: nobody who entered could be reached on any channel; "
            "channel_eligibility of a winback build says why"
        )
    lines += [
        f"{names}: {round(load.late):,} messages on {load.channel} would not get out before "
        f"their windows close, on {len(load.late_days)} days, the first {load.late_days[0]}"
        for load in result.loads
        if load.late
    ]
    return lines
