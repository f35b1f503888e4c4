"""Charts of messages: how many left, what is credited to them, and whether they tire people."""

from __future__ import annotations

from winback.base.duck import Rows
from winback.measure.paper import COLORS, Drawn, as_svg, canvas
from winback.measure.words import channel_word

_METHODS = (("revenue_by_last_touch", "last touch"), ("revenue_by_position", "position"))


def weeks(rows: Rows) -> Drawn:
    """How many left a week, by channel."""
    title = "Messages a week"
    figure, axes = canvas(title, height=3.2)
    mondays = sorted({row["week"] for row in rows})
    channels = sorted({row["channel"] for row in rows})
    floor = [0] * len(mondays)
    said = []
    for number, channel in enumerate(channels):
        counts = {row["week"]: row["messages"] for row in rows if row["channel"] == channel}
        heights = [counts.get(week, 0) for week in mondays]
        axes.bar(
            range(len(mondays)), heights, bottom=floor, width=0.8,
            color=COLORS[number % len(COLORS)], label=channel_word(channel),
        )  # fmt: skip
        floor = [below + height for below, height in zip(floor, heights, strict=True)]
        said.append(f"{sum(heights):,} by {channel_word(channel)}")
    ticks = list(range(len(mondays)))[:: -(-len(mondays) // 9)]
    axes.set_xticks(ticks, [f"{mondays[it]:%b} {mondays[it].day}" for it in ticks])
    axes.set_xlabel("week that begins on")
    axes.set_ylabel("messages")
    axes.set_ylim(top=1.2 * max(1, *floor))
    axes.legend(frameon=False, loc="upper left", ncols=len(channels))
    since = f"since the week of {mondays[0]:%Y-%m-%d}, " + ", ".join(said)
    return title, since, as_svg(figure)


def credit(rows: Rows) -> Drawn:
    """What is credited to each channel, by both methods."""
    title = "Revenue credited to channels, which is not what they caused"
    figure, axes = canvas(title, height=1.6 + 0.6 * len(rows))
    shown = rows[::-1]
    for number, (column, method) in enumerate(_METHODS):
        axes.barh(
            [place + 0.2 - 0.4 * number for place in range(len(shown))],
            [row[column] for row in shown],
            height=0.36, color=COLORS[number], label=f"by {method}",
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [channel_word(row["channel"]) for row in shown])
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("revenue of credited orders")
    # The legend stands beside the bars.
    axes.set_xlim(right=1.35 * max(row[column] for row in rows for column, _ in _METHODS) or 1)
    axes.legend(frameon=False, loc="lower right")
    says = "; ".join(
        f"{channel_word(row['channel'])}: "
        + ", ".join(f"{row[column]:,.2f} by {method}" for column, method in _METHODS)
        for row in rows
    )
    return title, says, as_svg(figure)


def fatigue(rows: Rows) -> Drawn:
    """How many of 1,000 messages led to an opt-out, by which message of its enrollment it was."""
    title = "Opt-outs by the number of the message"
    numbered = [row for row in rows if row["by_the"] == "number in the enrollment"]
    figure, axes = canvas(title, height=2.8)
    places = range(len(numbered))
    of_1000 = [10 * row["opted_out_percent"] for row in numbered]
    axes.bar(places, of_1000, width=0.6, color=COLORS[0])
    axes.set_xticks(places, [row["number"] for row in numbered])
    axes.set_xlabel("number of the message in its enrollment")
    axes.set_ylabel("opt-outs of 1,000")
    axes.set_ylim(bottom=0)
    says = "; ".join(
        f"message {row['number']}: {rate:.1f} of 1,000 ({row['sent']:,} sent)"
        for row, rate in zip(numbered, of_1000, strict=True)
    )
    return title, says, as_svg(figure)
