"""Erasing those whom the shop's system has deleted, after the load that said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing import deleted_customers, landing_lock
from winback.people.erasure import _parquet
from winback.people.erasure._erase import erase


@dataclass(frozen=True)
class Deleted:
    """How many customers were erased, how many wait for it, and why."""

    erased: int = 0
    waiting: int = 0
    why: str = ""

    def notes(self) -> Iterator[str]:
        """The lines about them for the report of a load."""
        if self.erased:
            yield f"{self.erased:,} customers whom their source has deleted are erased here"
        if self.waiting:
            yield (
                f"{self.waiting:,} customers whom their source has deleted wait to be erased, and "
                f"nobody writes to them meanwhile ({self.why}). Any later load erases them"
            )


def erase_deleted(settings: Settings, clock: Clock) -> Deleted:
    """Erase everybody whom a load has named as deleted at the shop's system.

    Safe to kill and to repeat: whoever is left is found by the next load. Where a run or a build
    is under way, they wait, held by SQL and by the ledger.
    """
    erased, waiting, why = 0, 0, ""
    for customer_id in deleted_customers(settings):
        try:
            erase(settings, clock, customer_id)
        except UsageError:
            # Nothing of them is left: a load that started over has forgotten them.
            with landing_lock(settings):
                _parquet.forget_asked(settings, customer_id)
        except WinbackError as error:
            waiting, why = waiting + 1, str(error).partition(". Next:")[0]
        else:
            erased += 1
    return Deleted(erased, waiting, why)
