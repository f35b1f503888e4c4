"""The report's charts; each has its table beside it on the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from winback.base.duck import Rows
from winback.measure.paper import COLORS, Chart, Drawn, as_svg, canvas, drawing, inline
from winback.measure.shop_report._customer_charts import curves, history, lapse
from winback.measure.shop_report._message_charts import credit, fatigue, weeks
from winback.measure.shop_report._read import WINDOW_DAYS, Figures
from winback.measure.shop_report._sentences import headline_effects

# A chart with more lines than these can't be read.
_MOST_LINES: Final = 3


def charts(figures: Figures, salt: str) -> dict[str, Chart]:
    """The charts by name; one whose figures are missing is left out."""
    with drawing(salt):
        drawn = dict(_draw(figures))
    return dict(zip(drawn, inline(drawn.values()), strict=True))


def _draw(figures: Figures) -> Iterator[tuple[str, Drawn]]:
    if rows := headline_effects(figures.effects):
        yield "effects", _effects(rows)
    if figures.returns:
        yield "returns", _returns(figures.returns)
    if figures.weeks:
        yield "weeks", weeks(figures.weeks)
    if figures.credits:
        yield "credits", credit(figures.credits)
    if figures.fatigue:
        yield "fatigue", fatigue(figures.fatigue)
    if figures.lapse:
        yield "lapse", lapse(figures.lapse)
    if figures.curves:
        yield "curves", curves(figures.curves)
    if figures.history:
        yield "history", history(figures.history)


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
            f"{_half_of_them(points)}"
        )
    axes.set_xlim(0, WINDOW_DAYS)
    most = max(row["percent"] for row in rows)
    axes.set_ylim(0, 1.6 * most or 1)  # the legend stands above the lines
    axes.set_xlabel("days since they entered")
    axes.set_ylabel("bought again, %")
    axes.legend(frameon=False, loc="upper left")
    return title, "; ".join(said), as_svg(figure)


def _half_of_them(points: Rows) -> str:
    """By which day half of those had come back who did."""
    most = points[-1]["percent"]
    day = next((row["day"] for row in points if row["percent"] >= most / 2), 0)
    return f", half of these by day {day}" if most else ""
