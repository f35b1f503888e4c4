"""A plan in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from winback.measure.power._plans import Plan, Variation

_RECOMMENDED = 0.3


def tell(plan: Plan) -> Iterator[str]:
    """Where a plan starts from, when its verdict falls, and what would change that."""
    name = plan.playbook_id
    if plan.own is None:
        yield _untold(plan)
        return
    assert plan.base_rate is not None  # noqa: S101 - a variation rests on one
    people = f"{plan.base_rate_customers:,}"
    source = (
        f"{people} people whom it left alone"
        if plan.base_rate_source == "holdout"
        else f"{people} times that somebody was silent for so long and not written to"
    )
    yield (
        f"{name}: {100 * plan.base_rate:.1f} of 100 customers come back by themselves within "
        f"{plan.window_days} days, as {source} show. {plan.entered:,} have entered, "
        f"{plan.entries_a_day:,.1f} a day."
    )
    yield f"  With {_when(plan.own)}."
    for other in plan.others:
        yield f"  With {_when(other)}."
    if plan.own.verdict_on is None:
        yield _within_a_year(plan)
    if plan.holdout < _RECOMMENDED:
        yield (
            f"  Recommended: leave {_RECOMMENDED:.0%} alone until the first verdict, and 10% from "
            "then on (holdout_share in dbt_project/seeds/playbooks.csv)."
        )


def _untold(plan: Plan) -> str:
    if not 0 < plan.holdout < 1:
        return (
            f"{plan.playbook_id}: nobody is left alone, so there is never a verdict. Next: give it "
            "a holdout_share in dbt_project/seeds/playbooks.csv."
        )
    return (
        f"{plan.playbook_id}: nobody is known to have come back by themselves, so there is "
        "nothing to plan by. Next: load more of the shop's past orders, or wait until the "
        f"{plan.window_days} days of the first customers are over."
    )


def _when(it: Variation) -> str:
    what = f"{it.holdout:.0%} left alone, an effect of {100 * it.effect:.1f} points"
    if it.customers is None:
        return f"{what} is never decided"
    day = f"on {it.verdict_on}" if it.verdict_on else "not within a year"
    return f"{what} takes {it.customers:,} customers: {day}"


def _within_a_year(plan: Plan) -> str:
    if plan.within_a_year is None:
        return "  No effect can be told within a year: too few customers enter."
    return (
        f"  Within a year an effect of {100 * plan.within_a_year:.1f} points or more can be told."
    )
