"""Charts of customers: how far they lapsed, what cohorts bring, how segments grow."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from winback.base.duck import Rows
from winback.measure.paper import COLORS, Drawn, as_svg, canvas

# As many as can be told apart in gray.
_YEARS: Final = 3
_DASHES: Final = ("-", "--", ":", "-.")


def lapse(rows: Rows) -> Drawn:
    """Customers by how far they have lapsed."""
    title = "How far customers have lapsed"
    figure, axes = canvas(title, height=2.8)
    places = range(len(rows))
    axes.bar(places, [row["customers"] for row in rows], width=0.7, color=COLORS[0])
    axes.set_xticks(places, [row["stage"] for row in rows])
    axes.set_ylabel("customers")
    says = "; ".join(f"{row['stage']}: {row['customers']:,}" for row in rows)
    return title, says, as_svg(figure)


def curves(rows: Rows) -> Drawn:
    """What a customer has brought by each month since the first order, by its year."""
    title = "What a customer brings, month by month"
    figure, axes = canvas(title, height=3.4)
    years: dict[int, Rows] = defaultdict(list)
    for row in rows:
        years[row["year"]].append(row)
    said = []
    for number, (year, points) in enumerate(list(years.items())[:_YEARS]):
        axes.plot(
            [row["months_since"] for row in points],
            [row["revenue_each"] for row in points],
            color=COLORS[number], linestyle=_DASHES[number],
            label=f"first ordered in {year}",
        )  # fmt: skip
        last = points[-1]
        said.append(
            f"first ordered in {year}: {points[0]['revenue_each']:,.2f} in the first month, "
            f"{last['revenue_each']:,.2f} by month {last['months_since']}"
        )
    axes.set_xlabel("months since the first order")
    axes.set_ylabel("revenue, each")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="lower right")
    return title, "; ".join(said), as_svg(figure)


def history(rows: Rows) -> Drawn:
    """How large the segments are that are the largest now, at the end of each month."""
    title = "The largest RFM segments over time"
    figure, axes = canvas(title, height=3.4)
    days = sorted({row["day"] for row in rows})
    largest = [row["segment"] for row in rows if row["day"] == days[-1]][: len(COLORS)]
    said = []
    for number, segment in enumerate(largest):
        counts = {row["day"]: row["customers"] for row in rows if row["segment"] == segment}
        heights = [counts.get(day, 0) for day in days]
        name = segment.replace("_", " ")
        axes.plot(
            range(len(days)), heights, color=COLORS[number], linestyle=_DASHES[number], label=name
        )
        said.append(f"{name}: {heights[0]:,} to {heights[-1]:,}")
    ticks = list(range(len(days)))[:: -(-len(days) // 7)]
    axes.set_xticks(ticks, [f"{days[it]:%b} {days[it].day}" for it in ticks])
    axes.set_ylabel("customers")
    axes.set_ylim(0, 1.3 * max(row["customers"] for row in rows))
    axes.legend(frameon=False, loc="upper left", ncols=2)
    says = f"{days[0]} to {days[-1]}, " + "; ".join(said)
    return title, says, as_svg(figure)
