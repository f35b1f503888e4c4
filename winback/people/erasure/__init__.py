"""Erasing one person from everything under WINBACK_HOME, except that they opted out."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winback.people.erasure._deleted import Deleted, erase_deleted
    from winback.people.erasure._erase import ErasureReport, erase
    from winback.people.erasure._records import erased_at
    from winback.people.erasure._returned import count_returned

__all__ = ["Deleted", "ErasureReport", "count_returned", "erase", "erase_deleted", "erased_at"]

# Each is imported when it is asked for: `winback why` wants the records alone.
_MODULES = {
    "Deleted": "_deleted",
    "ErasureReport": "_erase",
    "count_returned": "_returned",
    "erase": "_erase",
    "erase_deleted": "_deleted",
    "erased_at": "_records",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
