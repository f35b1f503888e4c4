"""A shop as a push sees it: one that takes codes and says which it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.codes.push._terms import Terms
from winback.ledger import Ledger, PendingCode


@dataclass(frozen=True)
class Handed:
    """What a shop said of a portion of codes. `refused` has those that are of something else."""

    confirmed: Sequence[str]
    refused: Sequence[str] = ()


class Shop(Protocol):
    """A shop that takes codes. `name` is its address."""

    @property
    def name(self) -> str: ...

    def hand_over(
        self, terms: Terms, codes: Sequence[PendingCode], settle: Callable[[Handed], None]
    ) -> None:
        """Bring codes of one end into the shop; `settle` hears of each portion as it is known.

        A code that the shop has already with these terms counts as confirmed. Raises WinbackError
        where the shop doesn't answer, or refuses all of it.
        """
        ...


OpenShop = Callable[[Settings, Ledger, Clock], AbstractContextManager[Shop]]
