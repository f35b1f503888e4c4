"""Science: from sums in the warehouse to intervals and verdicts."""

from winback.measure.statistics._contrasts import Contrast, Plan, contrasts, contrasts_frame
from winback.measure.statistics._looks import (
    Crossing,
    crossing,
    drift_needed,
    error_spent,
    look_bounds,
)
from winback.measure.statistics._statistics import (
    Difference,
    Interval,
    Sample,
    confidence_sequence,
    mean_difference,
    proportion_difference,
    proportion_interval,
    sample_ratio_p_value,
)
from winback.measure.statistics._strata import Compared, compare_means, compare_shares
from winback.measure.statistics._survival import ShareBy, Watched, share_by, share_difference

__all__ = [
    "Compared",
    "Contrast",
    "Crossing",
    "Difference",
    "Interval",
    "Plan",
    "Sample",
    "ShareBy",
    "Watched",
    "compare_means",
    "compare_shares",
    "confidence_sequence",
    "contrasts",
    "contrasts_frame",
    "crossing",
    "drift_needed",
    "error_spent",
    "look_bounds",
    "mean_difference",
    "proportion_difference",
    "proportion_interval",
    "sample_ratio_p_value",
    "share_by",
    "share_difference",
]
