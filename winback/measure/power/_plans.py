"""The plan of each playbook's test, from what the warehouse counted, and what would change it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.base.duck import connect, rows_of
from winback.base.errors import UsageError, WinbackError
from winback.measure.power._needed import Rule, customers_needed, smallest_effect_within
from winback.warehouse import read_manifest

YEAR: Final = 365
# Larger groups that are left alone decide sooner and earn less meanwhile.
_OTHER_HOLDOUTS: Final = (0.3, 0.5)
_OTHER_EFFECTS: Final = (0.01, 0.02)

_PLANS: Final = "select * from read_parquet($path) order by entered desc, playbook_id"


@dataclass(frozen=True)
class Variation:
    """A holdout and an effect, the customers that they take, and the day of the verdict.

    Shares are from 0 to 1. `customers` is None where no number suffices, `verdict_on` where the
    day is more than a year away.
    """

    holdout: float
    effect: float
    customers: int | None
    verdict_on: date | None


@dataclass(frozen=True)
class Test:
    """A test as it is planned: until which number of customers, and how far it has come.

    `started_on` is None for one that would start now. `verdict_on` is the day of the last look, and
    None where that is more than a year away.
    """

    effect: float
    customers: int
    looks: int
    started_on: date | None
    entered: int
    matured: int
    looks_made: int
    decided_on: date | None
    verdict_on: date | None


@dataclass(frozen=True)
class Plan:
    """One playbook's test: where it starts from, its own variation, and others beside it."""

    playbook_id: str
    window_days: int
    base_rate: float | None
    base_rate_source: str
    base_rate_customers: int
    entered: int
    entries_a_day: float
    holdout: float
    has_verdict: bool
    today: date
    rule: Rule
    test: Test | None = None
    own: Variation | None = None
    others: tuple[Variation, ...] = ()
    # The smallest effect that a year's customers decide.
    within_a_year: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        hidden = {"today", "rule", "test", "own", "others"}
        facts = {name: value for name, value in vars(self).items() if name not in hidden}
        return facts | {
            "test": vars(self.test) if self.test else None,
            "own": vars(self.own) if self.own else None,
            "others": [vars(it) for it in self.others],
        }


def read_plans(
    published: Path,
    *,
    timezone: str,
    playbook: str = "",
    effect: float | None = None,
    holdout: float | None = None,
) -> list[Plan]:
    """The plans of a published set, as of its own day; `effect` and `holdout` stand in the place of
    the shop's own.

    Raises WinbackError where nothing is published, UsageError for an unknown playbook.
    """
    manifest, path = read_manifest(published), published / "playbook_plans.parquet"
    if manifest is None or not path.exists():
        raise WinbackError("Nothing is published to plan by. Next: winback build")
    zone = ZoneInfo(timezone)
    today = datetime.fromisoformat(manifest.as_of).astimezone(zone).date()
    with connect() as connection:
        rows = rows_of(connection.execute(_PLANS, {"path": str(path)}))
    known = [row["playbook_id"] for row in rows]
    if playbook and playbook not in known:
        raise UsageError(f"{playbook!r} is no playbook that is switched on: {', '.join(known)}.")
    chosen = [row for row in rows if playbook in {"", row["playbook_id"]}]
    return [
        _vary_all(_plan(row, today, zone, holdout), row, effect, keeps_share=holdout is None)
        for row in chosen
    ]


def _plan(row: dict[str, Any], today: date, zone: ZoneInfo, holdout: float | None) -> Plan:
    return Plan(
        playbook_id=row["playbook_id"],
        window_days=row["window_days"],
        base_rate=row["base_rate"],
        base_rate_source=row["base_rate_source"],
        base_rate_customers=row["base_rate_customers"],
        entered=row["entered"],
        entries_a_day=row["entries_a_day"],
        holdout=row["holdout_share"] if holdout is None else holdout,
        has_verdict=row["first_verdict_at"] is not None,
        today=today,
        rule=Rule(
            alpha=row["alpha"],
            looks=row["looks"],
            min_customers_per_arm=row["min_customers_per_arm"],
            min_expected_reactivations=row["min_expected_reactivations"],
        ),
        test=_test(row, zone) if holdout is None else None,
    )


def _test(row: dict[str, Any], zone: ZoneInfo) -> Test | None:
    if row["planned_customers"] is None:
        return None

    def day(at: datetime | None) -> date | None:
        return at.astimezone(zone).date() if at else None

    return Test(
        effect=row["planned_effect"],
        customers=row["planned_customers"],
        looks=row["looks"],
        started_on=day(row["started_at"]),
        entered=row["entered_by_plan"],
        matured=row["matured"],
        looks_made=row["looks_made"],
        decided_on=day(row["decided_at"]),
        verdict_on=row["verdict_on"],
    )


def _vary_all(plan: Plan, row: dict[str, Any], effect: float | None, *, keeps_share: bool) -> Plan:
    if not plan.base_rate or not 0 < plan.holdout < 1:
        return plan
    sought = row["smallest_effect"] if effect is None else effect
    effects = [it for it in _OTHER_EFFECTS if it > sought] if effect is None else []
    # Other shares start another test, and nobody is in it yet.
    entered = plan.test.entered if plan.test and keeps_share else 0
    return replace(
        plan,
        own=_vary(plan, plan.holdout, sought, entered),
        others=(
            *(_vary(plan, it, sought, 0) for it in _OTHER_HOLDOUTS if it > plan.holdout),
            *(_vary(plan, plan.holdout, it, entered) for it in effects),
        ),
        within_a_year=smallest_effect_within(
            entered + math.floor(plan.entries_a_day * max(0, YEAR - plan.window_days)),
            plan.base_rate,
            plan.holdout,
            plan.rule,
        ),
    )


def _vary(plan: Plan, holdout: float, effect: float, entered: int) -> Variation:
    assert plan.base_rate is not None  # noqa: S101 - asked for where there is one
    needed = customers_needed(plan.base_rate, effect, holdout, plan.rule)
    return Variation(holdout, effect, needed, _day(plan, needed, entered))


def _day(plan: Plan, needed: int | None, entered: int) -> date | None:
    """The day on which so many have entered and their window is over."""
    if needed is None:
        return None
    missing = max(0, needed - entered)
    if missing and not plan.entries_a_day:
        return None
    days = plan.window_days + (math.ceil(missing / plan.entries_a_day) if missing else 0)
    return plan.today + timedelta(days=days) if days <= YEAR else None
