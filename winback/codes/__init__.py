"""Codes of customers' own: pools in, codes given out, new codes for the shop."""

from winback.codes._export import export_codes
from winback.codes._import import ImportReport, import_codes
from winback.codes._make import make_codes
from winback.codes._pools import PoolLine, leaked_codes, pool_lines, scarce_pools
from winback.codes.push import SHOPS, PushReport, push_codes

__all__ = [
    "SHOPS",
    "ImportReport",
    "PoolLine",
    "PushReport",
    "export_codes",
    "import_codes",
    "leaked_codes",
    "make_codes",
    "pool_lines",
    "push_codes",
    "scarce_pools",
]
