"""What a step's arms have brought, within which bounds they are dealt, and what a move deals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from winback.base.errors import WinbackError

# The arm that sends nothing. It costs nothing, and people come back by themselves.
NOTHING: Final = "nothing"
# Chances are whole parts of this, so that the ledger keeps them without rounding.
WHOLE: Final = 1_000_000

Phase = Literal["uniform", "learning"]


class Day(NamedTuple):
    """Who was dealt an arm on one day, and whose window is over since: how many, how many of them
    came back within it, and how many days ago they were dealt it."""

    age_days: int
    assigned: int
    responded: int


@dataclass(frozen=True)
class Bounds:
    """What the operator allows. Shares and rates are in 0..1.

    `discount` is what a day's evidence is worth a day later. An arm is stopped where its rate of
    opt-outs or complaints is above the bound and chance alone explains so many with less than
    `harm_alpha`.
    """

    min_propensity: float = 0.1
    random_control_share: float = 0.1
    discount: float = 0.99
    start_assigned: int = 50
    start_responders: int = 15
    max_opt_out_rate: float = 0.02
    max_complaint_rate: float = 0.003
    harm_alpha: float = 0.01

    def check(self, n_arms: int, name: str) -> None:
        """Refuse bounds that can't be kept, with the value and the rule."""
        rules = (
            ("min_propensity", self.min_propensity, 0.1 <= self.min_propensity <= 1 / n_arms,
             f"from 0.1 to {1 / n_arms:.3g}, as it has {n_arms} arms"),
            ("random_control_share", self.random_control_share,
             0.0 < self.random_control_share < 1.0, "above 0 and below 1"),
            ("discount", self.discount, 0.0 < self.discount <= 1.0, "above 0 and at most 1"),
            ("start_assigned", self.start_assigned, self.start_assigned >= 1, "1 or more"),
            ("start_responders", self.start_responders, self.start_responders >= 1, "1 or more"),
            ("max_opt_out_rate", self.max_opt_out_rate, 0.0 < self.max_opt_out_rate < 1.0,
             "above 0 and below 1"),
            ("max_complaint_rate", self.max_complaint_rate, 0.0 < self.max_complaint_rate < 1.0,
             "above 0 and below 1"),
            ("harm_alpha", self.harm_alpha, 0.0 < self.harm_alpha <= 0.5, "above 0, at most 0.5"),
        )  # fmt: skip
        for field, value, holds, rule in rules:
            if not holds:
                raise WinbackError(
                    f"bandit_steps: {field} of {name} is {value}, and has to be {rule}; "
                    "mend the row in dbt_project/seeds/bandit_steps.csv"
                )


@dataclass(frozen=True)
class Evidence:
    """What is known of an arm of a step: its days, the worth of a return and the cost of dealing it
    (both in cents), and how many of those whom it reached opted out or complained. Its chance lies
    between `least_share`, that of the bounds where it has none of its own, and `most_share`."""

    arm: str
    days: Sequence[Day] = ()
    value_cents: float = 1.0
    cost_cents: float = 0.0
    reached: int = 0
    opted_out: int = 0
    complained: int = 0
    least_share: float | None = None
    most_share: float = 1.0

    @property
    def assigned(self) -> int:
        return sum(day.assigned for day in self.days)

    @property
    def responded(self) -> int:
        return sum(day.responded for day in self.days)


@dataclass(frozen=True)
class Dealt:
    """An arm in a move: its evidence, its posterior Beta(alpha, beta), how probable it is that it
    is worth most, and the chance with which it is dealt, both in millionths. `stopped_by` is empty
    for an arm that is dealt, else `opt_outs`, `complaints` or `operator`."""

    arm: str
    assigned: int
    responded: int
    alpha: float
    beta: float
    value_cents: float
    cost_cents: float
    reached: int
    opted_out: int
    complained: int
    best_millionths: int
    millionths: int
    stopped_by: str
    least_share: float
    most_share: float

    @property
    def propensity(self) -> float:
        return self.millionths / WHOLE


@dataclass(frozen=True)
class Move:
    """The chances of a step's arms from now on, and why. Arms stand by name."""

    phase: Phase
    arms: tuple[Dealt, ...]
    why: str

    def without(self, barred: Collection[str]) -> tuple[Dealt, ...]:
        """The arms that somebody may be dealt to whom these can't be."""
        return tuple(it for it in self.arms if it.arm not in barred)

    def chance(
        self, arm: str, *, random_control_share: float, barred: Collection[str] = ()
    ) -> float:
        """With which chance somebody gets the arm, whichever group deals to them; `barred` are
        arms that can't be dealt to them. Where no other is left, nothing is sent."""
        allowed = self.without(barred)
        (dealt,) = (it for it in allowed if it.arm == arm)
        whole = sum(it.millionths for it in allowed)
        if not whole:
            return 1.0 if arm == NOTHING else 0.0
        own = dealt.millionths / whole
        n_live = sum(not it.stopped_by for it in allowed)
        if not n_live:
            return own
        even = 0.0 if dealt.stopped_by else 1.0 / n_live
        return (1.0 - random_control_share) * own + random_control_share * even
