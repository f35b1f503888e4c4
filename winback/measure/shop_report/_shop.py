"""The shop's one number in sentences: what all playbooks together cause, and in a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from winback.measure.shop_report._read import WINDOW_DAYS, Figures


def tell_shop(figures: Figures) -> Iterator[str]:
    """From the people whom every playbook leaves alone; before these, from the playbooks' own."""
    rows = {
        (row["method"], row["metric"]): row
        for row in figures.shop
        if row["window_days"] == WINDOW_DAYS
    }
    if alone := rows.get(("global-holdout", "reactivation")):
        yield from _of_people(alone)
        if value := rows.get(("global-holdout", "value_per_customer")):
            yield from _in_money(value)
        elif alone["verdict"] != "withheld":
            yield (
                "What that leaves the shop can't be said: nobody has told what is left of a sale. "
                "Next: set gross_margin_share in dbt_project/dbt_project.yml."
            )
    together = rows.get(("pooled-random", "reactivation"))
    if together and together["playbooks"] > 1:
        yield (
            f"The {together['playbooks']} playbooks against their own holdouts, weighed together, "
            f"brought back {together['estimate']:.1f} more of 100 customers ({_ends(together)}). "
            f"Of how far they differ from each other, {together['spread_percent']:.0f} % is more "
            "than chance."
        )


def _of_people(row: Mapping[str, Any]) -> Iterator[str]:
    if row["verdict"] == "withheld":
        yield (
            "All playbooks together: no result. The customers whom all playbooks leave alone are "
            "not as many as planned, so something has sorted people."
        )
        return
    yield (
        f"All playbooks together: of 100 customers whom they picked, {row['estimate']:+.1f} bought "
        f"again within {WINDOW_DAYS} days beyond those whom every playbook leaves alone "
        f"({_ends(row)}; {row['picked']:,} against {row['left_alone']:,} customers): "
        f"{row['verdict']}."
    )


def _in_money(row: Mapping[str, Any]) -> Iterator[str]:
    after = "after refunds, discounts, the goods and the messages"
    if row["a_year"] is None:
        yield (
            f"Each of them left the shop {row['estimate']:+,.2f} more ({_ends(row, money=True)}), "
            f"{after}. What that is in a year can be said once a quarter is over."
        )
        return
    low, high = row["a_year_low"], row["a_year_high"]
    yield (
        f"In a year that leaves {row['a_year']:+,.0f} ({low:+,.0f} to {high:+,.0f}), {after}, if "
        f"{row['people_a_year']:,.0f} customers are picked as in the last year."
    )


def _ends(row: Mapping[str, Any], *, money: bool = False) -> str:
    places = 2 if money else 1
    return f"{row['low']:+,.{places}f} to {row['high']:+,.{places}f}"
