"""Codes of customers' own: pools in, codes given out, new codes for the shop.

`push` hands them to the shop by its API, and is imported by whoever does so alone.
"""

from winback.codes._export import export_codes
from winback.codes._import import ImportReport, import_codes
from winback.codes._make import make_codes
from winback.codes._pools import PoolLine, leaked_codes, pool_lines, scarce_pools, stopped_offers

__all__ = [
    "ImportReport",
    "PoolLine",
    "export_codes",
    "import_codes",
    "leaked_codes",
    "make_codes",
    "pool_lines",
    "scarce_pools",
    "stopped_offers",
]
