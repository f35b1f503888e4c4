"""`winback power`: how many customers a verdict takes, and on which day it falls."""

from winback.measure.power._needed import (
    Rule,
    Size,
    customers_needed,
    plan_size,
    smallest_effect_within,
)
from winback.measure.power._plans import Plan, Variation, read_plans
from winback.measure.power._sizes import sizes_frame
from winback.measure.power._tell import tell

__all__ = [
    "Plan",
    "Rule",
    "Size",
    "Variation",
    "customers_needed",
    "plan_size",
    "read_plans",
    "sizes_frame",
    "smallest_effect_within",
    "tell",
]
