"""`winback power`: how many customers a verdict takes, and on which day it falls."""

from winback.measure.power._needed import Rule, customers_needed, smallest_effect_within
from winback.measure.power._plans import Plan, Variation, read_plans
from winback.measure.power._tell import tell

__all__ = [
    "Plan",
    "Rule",
    "Variation",
    "customers_needed",
    "read_plans",
    "smallest_effect_within",
    "tell",
]
