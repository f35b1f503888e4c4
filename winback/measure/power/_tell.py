"""A plan in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from winback.measure.power._plans import Plan, Test, Variation

_RECOMMENDED = 0.3
_AFTER_THE_VERDICT = 0.1
_SEED = "holdout_share in dbt_project/seeds/playbooks.csv"


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
    if plan.own.verdict_on is None and plan.within_a_year is None:
        yield "  No effect can be told within a year: too few customers enter."
    if plan.test:
        yield f"  {_test(plan.test, plan.window_days)}"
    if advice := _advice(plan):
        yield f"  {advice}"


def _test(test: Test, window_days: int) -> str:
    effect, customers = f"an effect of {100 * test.effect:.1f} points", f"{test.customers:,}"
    last = f"on {test.verdict_on}" if test.verdict_on else "more than a year from now"
    if test.started_on is None:
        return (
            f"A test that starts now is planned for {effect}: {customers} customers, looked at "
            f"{test.looks} times, the last time {last}."
        )
    since = (
        f"The test since {test.started_on} is planned for {effect}. Of its {customers} customers "
        f"{test.matured:,} have had their {window_days} days"
    )
    if test.decided_on:
        return f"{since}, and its verdict fell on {test.decided_on}."
    if test.looks_made >= test.looks:
        return (
            f"{since}, and it ended on {test.verdict_on} without a verdict: an effect, if there is "
            f"one, is smaller. A new {_SEED} starts another test."
        )
    made = f"{test.looks_made} of {test.looks} looks are made"
    return f"{since}: {made}, and the last one falls {last}."


def _advice(plan: Plan) -> str:
    if plan.has_verdict:
        if plan.holdout <= _AFTER_THE_VERDICT:
            return ""
        return f"Recommended, now that there is a verdict: leave 10% alone ({_SEED})."
    if plan.holdout >= _RECOMMENDED:
        return ""
    return (
        f"Recommended: leave {_RECOMMENDED:.0%} alone until the first verdict, and 10% from "
        f"then on ({_SEED})."
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
