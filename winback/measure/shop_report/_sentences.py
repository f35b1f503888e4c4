"""What a shop owner would want to know, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from winback.base.duck import Rows
from winback.measure.shop_report._read import WINDOW_DAYS, Figures
from winback.measure.shop_report._tests import tell_less_noise
from winback.measure.words import brought, tell_comparison

AGAINST_HOLDOUT: Final = "treatment-vs-holdout"
_DECIDED: Final = frozenset({"winner", "loser", "no difference"})


def headline_effects(effects: Rows) -> Rows:
    """The row of each playbook against its holdout that the first sentences speak of."""
    return [
        row
        for row in effects
        if row["contrast"] == AGAINST_HOLDOUT and row["window_days"] == WINDOW_DAYS
    ]


def tell_effects(figures: Figures) -> Iterator[str]:
    """What the messages of each playbook caused, or when that can be said."""
    effects = {row["playbook"]: row for row in headline_effects(figures.effects)}
    for playbook in figures.playbooks:
        name = playbook["playbook"]
        if name in effects:
            decided = effects[name]["decided_on"]
            when = f" That was decided on {decided}, by a planned look." if decided else ""
            yield f"{tell_comparison(effects[name])}{when}"
            if money := _in_money(effects[name]):
                yield money
            yield from tell_less_noise(effects[name])
        elif playbook["left_alone"]:
            over = playbook["first_entry"] + timedelta(days=WINDOW_DAYS)
            yield (
                f"{name}: nobody's {WINDOW_DAYS} days are over in both groups yet. The first "
                f"customers entered on {playbook['first_entry']}, so look again from {over} on."
            )
        else:
            yield (
                f"{name}: nobody was left alone, so nothing can be said of what its messages "
                "caused. Next: give it a holdout_share in dbt_project/seeds/playbooks.csv."
            )


def total_brought(figures: Figures) -> tuple[int, int, int] | None:
    """All playbooks' customers brought back, least and most; None before the first result.

    By those whom every playbook leaves alone. Before there are any, by the playbooks' own holdouts:
    then the ends are the sums of theirs, which is wider than the sum's interval would be.
    """
    for row in figures.shop:
        is_known = row["method"] == "global-holdout" and row["verdict"] != "withheld"
        if is_known and row["metric"] == "reactivation" and row["window_days"] == WINDOW_DAYS:
            ends = (row["estimate"], row["low"], row["high"])
            best, least, most = (round(row["picked"] * points / 100) for points in ends)
            return best, least, most
    rows = [row for row in headline_effects(figures.effects) if row["verdict"] != "withheld"]
    if not rows:
        return None
    names = ("points", "points_low", "points_high")
    best, least, most = (sum(brought(row, name) for row in rows) for name in names)
    return best, least, most


def tell_credits(figures: Figures) -> str:
    """What is credited beside what was caused; empty where nothing is credited."""
    if not figures.credits:
        return ""
    credited = sum(row["revenue_by_last_touch"] for row in figures.credits)
    earned = [
        row
        for row in figures.earned
        if row["window_days"] == WINDOW_DAYS and row["revenue_brought"] is not None
    ]
    caused = "Of what the messages caused nothing can be said yet"
    if earned:
        best, least, most = (
            sum(row[name] for row in earned)
            for name in ("revenue_brought", "revenue_at_least", "revenue_at_most")
        )
        caused = (
            f"What the messages caused within {WINDOW_DAYS} days is {best:+,.2f} ({least:+,.2f} to "
            f"{most:+,.2f}), of those whose time is over"
        )
    return (
        f"{credited:,.2f} is credited to messages, since they came before an order. {caused}. "
        "These are two numbers: credit is bookkeeping, and only the comparison with those left "
        "alone says what would not have come anyway."
    )


def tell_after(figures: Figures) -> str:
    """How customers went on after they came back, or when that can be said."""
    if not figures.after:
        return (
            "Nobody has been back for long enough: the first figures come 90 days after an order "
            "that followed an entry."
        )
    days = min(row["days_since"] for row in figures.after)
    rows = [row for row in figures.after if row["days_since"] == days]
    people = sum(row["for_so_long"] for row in rows)
    without = sum(row["for_so_long"] * row["no_order_since_percent"] for row in rows) / people
    return (
        f"Of {people:,} customers who came back {days} days ago or earlier, {without:.0f}% placed "
        f"no other order within {days} days."
    )


def _in_money(row: Mapping[str, Any]) -> str:
    if row["verdict"] not in _DECIDED or row["revenue_each"] is None:
        return ""
    each, low, high = (
        row[name] for name in ("revenue_each", "revenue_each_low", "revenue_each_high")
    )
    total = each * row["written_to"]
    sure = "" if low > 0 or high < 0 else " That it is more than nothing is not proven."
    return (
        f"In money: {each:+,.2f} for each customer of {row['playbook']} who was picked for "
        f"messages ({low:+,.2f} to {high:+,.2f}), some {total:+,.2f} in all, before the cost of "
        f"the messages.{sure}"
    )
