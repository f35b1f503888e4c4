"""What the tests of the report say in sentences: less noise, several variants, and the dealing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from winback.base.duck import Rows
from winback.measure.words import tell_comparison

# So many parts that are off are told one by one.
_MOST_PARTS: Final = 3


def tell_less_noise(row: Mapping[str, Any]) -> Iterator[str]:
    """The difference with what was known before the entry taken out, where an index is used."""
    if not row["is_adjusted"] or row["verdict"] == "withheld":
        return
    fewer = row["fewer_customers_percent"]
    saves = f"takes {fewer:.0f}% fewer customers" if fewer >= 0.5 else "takes no fewer customers"
    yield (
        f"With how lately, how often and for how much they had bought taken into account, the "
        f"difference of {row['playbook']} is {row['adjusted_points']:+.1f} points "
        f"({row['adjusted_low']:+.1f} to {row['adjusted_high']:+.1f}). To decide by it {saves}."
    )


def tell_variants(effects: Rows, window_days: int) -> Iterator[str]:
    """What is decided between each playbook's variants, or what comes closest to it."""
    rows = [
        row
        for row in effects
        if row["window_days"] == window_days and not row["contrast"].endswith("-vs-holdout")
    ]
    for playbook, group in groupby(rows, lambda row: row["playbook"]):
        compared = list(group)
        decided = [row for row in compared if row["verdict"] in {"winner", "loser"}]
        yield from map(tell_comparison, decided)
        if decided:
            continue
        known = [row for row in compared if row["holm_p_value"] is not None]
        if not known:
            continue
        nearest = min(known, key=lambda row: row["holm_p_value"])
        yield (
            f"Between the variants of {playbook} nothing is decided. The clearest difference is "
            f"that of {nearest['contrast'].replace('-vs-', ' and ')}: {nearest['points']:+.1f} "
            f"points, with a p-value of {nearest['holm_p_value']:.2f} once it is corrected for "
            "the other comparisons (Holm)."
        )


def tell_checks(checks: Rows) -> Iterator[str]:
    """Where the arms are not as dealt, or that they are in every part large enough to check."""
    if not checks:
        return
    off = [row for row in checks if row["is_off"]]
    for row in off[:_MOST_PARTS]:
        yield (
            f"The groups of {row['playbook']} are not as dealt among customers of "
            f"{row['dimension']} {row['part']}: {row['left_alone']:,} are left alone, and "
            f"{row['planned_left_alone']:,.0f} should be. Something sorts people there. Find it "
            "before you trust a comparison."
        )
    if (more := len(off) - _MOST_PARTS) > 0:
        yield f"So it is in {more:,} other parts; `experiment_checks` has them all."
    if not off:
        parts = f"{len(checks):,} part" + ("" if len(checks) == 1 else "s")
        yield (
            f"Chance dealt the groups as planned, as far as that can be told from {parts} (by day, "
            "week, segment, country and mailbox provider)."
        )
