"""Science: from sums in the warehouse to intervals and verdicts."""

from winback.measure.statistics._checks import Check, checks, checks_frame
from winback.measure.statistics._comparison import Contrast, verdict_of
from winback.measure.statistics._contrasts import contrasts, contrasts_frame
from winback.measure.statistics._frames import frame_of, read_frame, records
from winback.measure.statistics._index import Weights, fit_weights, weights_frame
from winback.measure.statistics._looks import (
    Crossing,
    crossing,
    drift_needed,
    error_spent,
    look_bounds,
)
from winback.measure.statistics._paired import (
    Adjusted,
    Paired,
    adjusted_difference,
    ratio_difference,
)
from winback.measure.statistics._plan import Plan, Verdict, is_enough
from winback.measure.statistics._planned import Look, judge_looks, looks_frame
from winback.measure.statistics._pooling import Pooled, pooled
from winback.measure.statistics._several import holm
from winback.measure.statistics._shop import ShopResult, shop_results, shop_results_frame
from winback.measure.statistics._statistics import (
    Difference,
    Interval,
    Sample,
    confidence_sequence,
    mean_difference,
    proportion_difference,
    proportion_interval,
    sample_ratio_p_value,
    sequential_p_value,
)
from winback.measure.statistics._strata import (
    Compared,
    compare_adjusted,
    compare_means,
    compare_ratios,
    compare_shares,
)
from winback.measure.statistics._survival import ShareBy, Watched, share_by, share_difference

__all__ = [
    "Adjusted",
    "Check",
    "Compared",
    "Contrast",
    "Crossing",
    "Difference",
    "Interval",
    "Look",
    "Paired",
    "Plan",
    "Pooled",
    "Sample",
    "ShareBy",
    "ShopResult",
    "Verdict",
    "Watched",
    "Weights",
    "adjusted_difference",
    "checks",
    "checks_frame",
    "compare_adjusted",
    "compare_means",
    "compare_ratios",
    "compare_shares",
    "confidence_sequence",
    "contrasts",
    "contrasts_frame",
    "crossing",
    "drift_needed",
    "error_spent",
    "fit_weights",
    "frame_of",
    "holm",
    "is_enough",
    "judge_looks",
    "look_bounds",
    "looks_frame",
    "mean_difference",
    "pooled",
    "proportion_difference",
    "proportion_interval",
    "ratio_difference",
    "read_frame",
    "records",
    "sample_ratio_p_value",
    "sequential_p_value",
    "share_by",
    "share_difference",
    "shop_results",
    "shop_results_frame",
    "verdict_of",
    "weights_frame",
]
