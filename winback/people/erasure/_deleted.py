"""Erasing those whom the shop's system has deleted, after the load that said so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow.parquet as pq

from winback.base.clock import Clock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing import deleted_customers, landing_lock
from winback.people.erasure import _parquet
from winback.people.erasure._erase import erase

# So many are erased without a question: a shop deletes a person now and then.
MOST_AT_ONCE: Final = 100
MOST_SHARE: Final = 0.05
_MANY: Final = "so many at once may be a fault of the source"
_CONFIRM: Final = "Next: winback erase --deleted, if the shop has deleted them"


@dataclass(frozen=True)
class Deleted:
    """How many customers were erased, how many wait for it, and why."""

    erased: int = 0
    waiting: int = 0
    why: str = ""
    what_next: str = "Any later load erases them"

    def notes(self) -> Iterator[str]:
        """The lines about them for the report of a load."""
        if self.erased:
            yield f"{self.erased:,} customers whom their source has deleted are erased here"
        if self.waiting:
            yield (
                f"{self.waiting:,} customers whom their source has deleted wait to be erased, and "
                f"nobody writes to them meanwhile ({self.why}). {self.what_next}"
            )


def erase_deleted(settings: Settings, clock: Clock, *, is_confirmed: bool = False) -> Deleted:
    """Erase everybody whom a load has named as deleted at the shop's system.

    Safe to kill and to repeat: whoever is left is found by the next load. Where a run or a build
    is under way, they wait, held by SQL and by the ledger. So do they where they are very many, and
    nobody has confirmed it: a source that is broken may call everybody deleted, and an erasure
    can't be taken back.
    """
    erased, waiting, why = 0, 0, ""
    found = deleted_customers(settings)
    if are_too_many(settings, len(found)) and not is_confirmed:
        return Deleted(waiting=len(found), why=_MANY, what_next=_CONFIRM)
    for customer_id in found:
        try:
            erase(settings, clock, customer_id)
        except UsageError:
            # Nothing of them is left: a load that started over has forgotten them.
            with landing_lock(settings, forgets=True):
                _parquet.forget_asked(settings, customer_id)
        except WinbackError as error:
            waiting, why = waiting + 1, str(error).partition(". Next:")[0]
        else:
            erased += 1
    return Deleted(erased, waiting, why)


def are_too_many(settings: Settings, count: int) -> bool:
    """Whether so many erasures at once need a person's yes."""
    return count > max(MOST_AT_ONCE, MOST_SHARE * _landed(settings))


def _landed(settings: Settings) -> int:
    path = settings.shop_dir / "customers.parquet"
    return int(pq.read_metadata(path).num_rows) if path.exists() else 0
