"""A bandit that can be audited: the chances of a step's arms, and what another policy would have
brought."""

from winback.measure.bandit._arms import NOTHING, WHOLE, Bounds, Day, Dealt, Evidence, Move, Phase
from winback.measure.bandit._best import Posterior, best_chances, in_millionths, posterior
from winback.measure.bandit._choose import Choice, choose
from winback.measure.bandit._deal import deal
from winback.measure.bandit._estimates import (
    Estimate,
    Log,
    doubly_robust,
    inverse_propensity,
    self_normalized,
)
from winback.measure.bandit._gain import Gain, Returns, gain
from winback.measure.bandit._harm import chance_of_as_many, harmful_by
from winback.measure.bandit._keep import Kept, keep, kept_moves, stopped_arms
from winback.measure.bandit._move import chances_again, next_move
from winback.measure.bandit._replay import Replay, keep_choices, read_moves, replay
from winback.measure.bandit._results import LEARNED, Result, results_frame

__all__ = [
    "LEARNED",
    "NOTHING",
    "WHOLE",
    "Bounds",
    "Choice",
    "Day",
    "Dealt",
    "Estimate",
    "Evidence",
    "Gain",
    "Kept",
    "Log",
    "Move",
    "Phase",
    "Posterior",
    "Replay",
    "Result",
    "Returns",
    "best_chances",
    "chance_of_as_many",
    "chances_again",
    "choose",
    "deal",
    "doubly_robust",
    "gain",
    "harmful_by",
    "in_millionths",
    "inverse_propensity",
    "keep",
    "keep_choices",
    "kept_moves",
    "next_move",
    "posterior",
    "read_moves",
    "replay",
    "results_frame",
    "self_normalized",
    "stopped_arms",
]
