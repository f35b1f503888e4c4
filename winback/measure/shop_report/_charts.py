"""The report's charts; each has its table beside it on the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from winback.base.duck import Rows
from winback.measure.paper import COLORS, Chart, as_svg, canvas, drawing, inline
from winback.measure.shop_report._read import WINDOW_DAYS, Figures
from winback.measure.shop_report._sentences import headline_effects
from winback.measure.words import channel_word

# A chart with more lines than these can't be read.
_MOST_LINES: Final = 3
Drawn = tuple[str, str, str]


def charts(figures: Figures, salt: str) -> dict[str, Chart]:
    """The charts by name; one whose figures are missing is left out."""
    with drawing(salt):
        drawn = dict(_draw(figures))
    return dict(zip(drawn, inline(drawn.values()), strict=True))


def _draw(figures: Figures) -> Iterator[tuple[str, Drawn]]:
    if rows := headline_effects(figures):
        yield "effects", _effects(rows)
    if figures.returns:
        yield "returns", _returns(figures.returns)
    if figures.weeks:
        yield "weeks", _weeks(figures.weeks)
    if figures.lapse:
        yield "lapse", _lapse(figures.lapse)


def _effects(rows: Rows) -> Drawn:
    title = f"What the messages changed within {WINDOW_DAYS} days"
    figure, axes = canvas(title, height=1.4 + 0.45 * len(rows))
    for place, row in enumerate(reversed(rows)):
        middle, low, high = row["points"], row["points_low"], row["points_high"]
        axes.errorbar(
            [middle], [place], xerr=[[middle - low], [high - middle]],
            fmt="o", color=COLORS[0], capsize=4, markersize=7,
        )  # fmt: skip
    axes.axvline(0, color="#888888", linewidth=1)
    axes.set_yticks(range(len(rows)), [row["playbook"] for row in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("percentage points more who bought again than of those left alone")
    says = "; ".join(
        f"{row['playbook']}: {row['points']:+.1f} points ({row['points_low']:+.1f} to "
        f"{row['points_high']:+.1f}), {row['verdict']}"
        for row in rows
    )
    return title, says, as_svg(figure)


def _returns(rows: Rows) -> Drawn:
    title = "How soon they bought again"
    figure, axes = canvas(title, height=3.6)
    series: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        series[row["playbook"], row["arm"]].append(row)
    people = {playbook: 0 for playbook, _ in series}
    for (playbook, _), points in series.items():
        people[playbook] += points[-1]["people"]
    shown = sorted(people, key=lambda name: (-people[name], name))[:_MOST_LINES]
    said = []
    for (playbook, arm), points in series.items():
        if playbook not in shown:
            continue
        is_treated = arm == "treatment"
        axes.step(
            [row["day"] for row in points],
            [row["percent"] for row in points],
            where="post",
            color=COLORS[shown.index(playbook)],
            linestyle="-" if is_treated else "--",
            label=f"{playbook}, {'written to' if is_treated else 'left alone'}",
        )
        said.append(
            f"{playbook}, {'written to' if is_treated else 'left alone'}: "
            f"{points[-1]['percent']:.1f}% of {points[-1]['people']:,} by day {points[-1]['day']}"
        )
    axes.set_xlim(0, WINDOW_DAYS)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("days since they entered")
    axes.set_ylabel("bought again, %")
    axes.legend(frameon=False, loc="upper left")
    return title, "; ".join(said), as_svg(figure)


def _weeks(rows: Rows) -> Drawn:
    title = "Messages a week"
    figure, axes = canvas(title, height=3.2)
    weeks = sorted({row["week"] for row in rows})
    channels = sorted({row["channel"] for row in rows})
    floor = [0] * len(weeks)
    said = []
    for number, channel in enumerate(channels):
        counts = {row["week"]: row["messages"] for row in rows if row["channel"] == channel}
        heights = [counts.get(week, 0) for week in weeks]
        axes.bar(
            range(len(weeks)), heights, bottom=floor, width=0.8,
            color=COLORS[number % len(COLORS)], label=channel_word(channel),
        )  # fmt: skip
        floor = [below + height for below, height in zip(floor, heights, strict=True)]
        said.append(f"{sum(heights):,} by {channel_word(channel)}")
    ticks = list(range(len(weeks)))[:: -(-len(weeks) // 9)]
    axes.set_xticks(ticks, [f"{weeks[it]:%b} {weeks[it].day}" for it in ticks])
    axes.set_xlabel("week that begins on")
    axes.set_ylabel("messages")
    axes.set_ylim(top=1.2 * max(1, *floor))
    axes.legend(frameon=False, loc="upper left", ncols=len(channels))
    since = f"since the week of {weeks[0]:%Y-%m-%d}, " + ", ".join(said)
    return title, since, as_svg(figure)


def _lapse(rows: Rows) -> Drawn:
    title = "How far customers have lapsed"
    figure, axes = canvas(title, height=2.8)
    places = range(len(rows))
    axes.bar(places, [row["customers"] for row in rows], width=0.7, color=COLORS[0])
    axes.set_xticks(places, [row["stage"] for row in rows])
    axes.set_ylabel("customers")
    says = "; ".join(f"{row['stage']}: {row['customers']:,}" for row in rows)
    return title, says, as_svg(figure)
