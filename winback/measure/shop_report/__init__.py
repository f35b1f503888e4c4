"""`winback report`: one page of how the shop stands and what its messages were worth."""

from winback.measure.shop_report._digest import Digest, write_digest
from winback.measure.shop_report._page import facts, published_as_of, write_report
from winback.measure.shop_report._read import (
    WINDOW_DAYS,
    Figures,
    read_effects,
    read_figures,
)
from winback.measure.shop_report._sentences import headline_effects
from winback.measure.shop_report._tests import tell_variants

__all__ = [
    "WINDOW_DAYS",
    "Digest",
    "Figures",
    "facts",
    "headline_effects",
    "published_as_of",
    "read_effects",
    "read_figures",
    "tell_variants",
    "write_digest",
    "write_report",
]
