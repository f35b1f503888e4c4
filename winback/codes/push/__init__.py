"""Codes made here and handed to the shop by its API: a pool has them once the shop has."""

from winback.codes.push._push import SHOPS, PushReport, push_codes

__all__ = ["SHOPS", "PushReport", "push_codes"]
