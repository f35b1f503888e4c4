"""The charts of a backtest's report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from winback.measure.backtest._entries import SEGMENT, Span
from winback.measure.backtest._load import ChannelLoad
from winback.measure.backtest._run import Backtest, PresetResult
from winback.measure.backtest._tables import distinct, name
from winback.measure.paper import COLORS, MARKERS, Chart, as_svg, canvas, drawing, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LIMIT: Final = "#d55e00"


def charts(found: Backtest) -> list[Chart]:
    """Entries per day, natural return by window, and each channel's load per hour."""
    with drawing(f"{found.segment}{found.span}"):
        differing = distinct(found)
        drawn = [
            _days_chart(
                f"Entries into {found.segment} per day",
                found.span,
                [(names, [day.entries for day in result.days]) for names, result in differing],
            ),
            _returns_chart(found, differing),
        ]
        if len(found.presets) > 1:
            lapsing = [
                (name(result), [day.lapsed_entries for day in result.days])
                for result in found.presets
            ]
            drawn.append(_days_chart("Customers who become lapsed per day", found.span, lapsing))
        names, own = differing[0]
        drawn += [_load_chart(found, names, load) for load in own.loads]
    return inline(drawn)


def _days_chart(
    title: str, span: Span, series: Sequence[tuple[str, list[int]]]
) -> tuple[str, str, str]:
    from matplotlib.ticker import MaxNLocator

    figure, axes = canvas(title, height=3.4)
    axes.set_ylabel("customers a day")
    days: list[Any] = span.days
    for number, (label, counts) in enumerate(series):
        color = COLORS[number % 4]
        if number == 0:
            axes.bar(days, counts, width=0.85, color=color, label=label)
        else:
            marker = MARKERS[number % 4]
            axes.plot(days, counts, color=color, marker=marker, markersize=4, label=label)
    ticks: list[Any] = first_days(span.days)
    axes.set_xticks(ticks, [f"{day:%b} {day.day}" for day in ticks])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.set_ylim(bottom=0)
    one_year = span.first.year == span.last.year
    axes.set_xlabel(f"day of {span.last.year}" if one_year else "day")
    if len(series) > 1:
        drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.legend(
            [drawn[label] for label, _ in series],
            [label for label, _ in series],
            frameon=False,
            title="lapse preset",
            loc="upper left",
            ncols=len(series),
        )
        # Room above the columns for the legend.
        axes.set_ylim(top=1.35 * max(1, *(max(counts) for _, counts in series)))
    says = "; ".join(
        f"preset {label}: {sum(counts):,} in {len(counts)} days, at most {max(counts):,} a day"
        for label, counts in series
    )
    return title, says, as_svg(figure)


def first_days(days: Sequence[date]) -> list[date]:
    """At most nine days to write under an axis, evenly apart, the first among them."""
    return list(days[:: -(-len(days) // 9)])


def _returns_chart(
    found: Backtest, differing: Sequence[tuple[str, PresetResult]]
) -> tuple[str, str, str]:
    title = "Came back by themselves"
    figure, axes = canvas(title, height=3.4)
    said = []
    series = [
        (names, result, who, kind)
        for names, result in differing
        for who, kind in (("new entries", "entry"), ("there before", "standing"))
    ]
    for number, (names, result, who, kind) in enumerate(series):
        label = f"{who}, {names}" if len(differing) > 1 else who
        points = [result.returned(SEGMENT, kind, window) for window in found.windows]
        known = [
            (place, 100 * point.rate, point.interval)
            for place, point in enumerate(points)
            if point.rate is not None and point.interval is not None
        ]
        if not known:
            continue
        # Side by side, so that the intervals can be told apart.
        aside = (number - (len(series) - 1) / 2) * 0.12
        axes.errorbar(
            [place + aside for place, _, _ in known],
            [rate for _, rate, _ in known],
            yerr=[
                [rate - 100 * interval.low for _, rate, interval in known],
                [100 * interval.high - rate for _, rate, interval in known],
            ],
            fmt=MARKERS[number % 4],
            color=COLORS[number % 4],
            capsize=3,
            markersize=6,
            label=label,
        )
        said.append(
            f"{label}: "
            + ", ".join(
                f"{rate:.1f}% within {found.windows[place]} days" for place, rate, _ in known
            )
        )
    axes.set_xticks(range(len(found.windows)), [f"{window} days" for window in found.windows])
    axes.set_xlim(-0.6, len(found.windows) - 0.4)
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.set_xlabel("window after the entry")
    axes.set_ylabel("ordered again, % (95 % interval)")
    if said:
        axes.legend(frameon=False, loc="upper left", ncols=len(differing))
    else:
        axes.text(0.5, 0.5, "no window is over yet", ha="center", transform=axes.transAxes)
    return title, "; ".join(said) or "no window is over yet", as_svg(figure)


def _load_chart(found: Backtest, names: str, load: ChannelLoad) -> tuple[str, str, str]:
    zone = ZoneInfo(found.span.zone)
    title = f"Busiest {load.channel} hours"
    highest: dict[int, float] = defaultdict(float)
    for hour, messages in load.hours.items():
        local = hour.astimezone(zone).hour
        highest[local] = max(highest[local], messages)
    figure, axes = canvas(title, height=3)
    axes.bar(list(highest), list(highest.values()), width=0.85, color=COLORS[0])
    axes.set_xticks(range(0, 24, 2), [f"{hour:02d}" for hour in range(0, 24, 2)])
    axes.set_xlim(-0.6, 23.6)
    axes.set_xlabel(f"hour of the day ({found.span.zone})")
    axes.set_ylabel("messages, the busiest day")
    says = (
        f"at most {load.peak:,.1f} messages an hour, at "
        f"{load.peak_hour.astimezone(zone):%H:%M} on {load.peak_hour.astimezone(zone):%Y-%m-%d}"
    )
    says += _limit_line(axes, load)
    return title, f"preset {names}: {says}", as_svg(figure)


def _limit_line(axes: Axes, load: ChannelLoad) -> str:
    """Draw the limit where it is near, and say it in words in any case."""
    if load.limit_per_hour is None:
        return "; no limit is set"
    said = f"the limit is {load.limit_per_hour:,.0f} an hour"
    if load.limit_per_hour <= 3 * load.peak:
        axes.axhline(load.limit_per_hour, color=_LIMIT, linestyle="--", linewidth=1.5)
        axes.annotate(
            f"limit {load.limit_per_hour:,.0f} an hour",
            (0, load.limit_per_hour),
            xytext=(2, 4),
            textcoords="offset points",
            color=_LIMIT,
        )
        axes.set_ylim(top=1.15 * max(load.peak, load.limit_per_hour))
    return f"; {said}"
