"""Erasing one person from everything under WINBACK_HOME, save that they opted out."""

from winback.people.erasure._erase import ErasureReport, erase
from winback.people.erasure._records import erased_at
from winback.people.erasure._returned import count_returned

__all__ = ["ErasureReport", "count_returned", "erase", "erased_at"]
