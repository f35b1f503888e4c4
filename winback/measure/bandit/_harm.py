"""Whether an arm does harm: more opt-outs or complaints than the operator allows."""

from __future__ import annotations

import numpy as np

from winback.measure.bandit._arms import NOTHING, Bounds, Evidence
from winback.measure.bandit._exact import exp, ln, running, total


def chance_of_as_many(happened: int, reached: int, rate: float) -> float:
    """How probable it is that at least so many of `reached` happen by a rate, or by a lower one."""
    if not happened:
        return 1.0
    fewer = np.arange(1, happened, dtype=np.float64)
    steps = ln((reached - fewer + 1.0) / fewer)
    of_one, of_none = ln(np.array([rate, 1.0 - rate]))
    heights = np.concatenate([np.zeros(1), running(steps)])
    counts = np.arange(happened, dtype=np.float64)
    heights = heights + counts * of_one + (reached - counts) * of_none
    return max(0.0, 1.0 - total(exp(heights)))


def harmful_by(evidence: Evidence, bounds: Bounds) -> str:
    """`opt_outs` or `complaints` where an arm does more harm than allowed; else empty.

    Every message counts, at once and for as long as the step learns: harm is no matter of a
    window, and an old complaint weighs what a new one does.
    """
    if evidence.arm == NOTHING:
        return ""
    for name, happened, allowed in (
        ("complaints", evidence.complained, bounds.max_complaint_rate),
        ("opt_outs", evidence.opted_out, bounds.max_opt_out_rate),
    ):
        is_above = happened > allowed * evidence.reached
        if is_above and chance_of_as_many(happened, evidence.reached, allowed) < bounds.harm_alpha:
            return name
    return ""
