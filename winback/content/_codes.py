"""Codes of customers' own, as rendering asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

# Where an offer's codes come from: one for everybody, or each their own.
OWN: Final = "own"
# What a preview, a sample, a dry run and a test message show: of no pool.
EXAMPLE_CODE: Final = "EXAMPLE-CODE"


class OwnCode(Protocol):
    """A code, and when it ends at the shop, if that is known."""

    @property
    def code(self) -> str: ...

    @property
    def ends_at(self) -> datetime | None: ...


# The code of an offer that holds until then at least; None: there is none.
Codes = Callable[[str, datetime | None], OwnCode | None]


class _Example:
    code = EXAMPLE_CODE
    ends_at = None


def example_codes(_offer_id: str, _until: datetime | None) -> OwnCode:
    """A plainly invented code, for whoever looks at a message."""
    return _Example()


def is_own(row: Mapping[str, Any], prefix: str) -> bool:
    """Whether this offer of a row, `offer` or `extra_offer`, has codes of customers' own."""
    return row.get(f"{prefix}_code_source") == OWN


def has_own_codes(row: Mapping[str, Any]) -> bool:
    """Whether a message of this row may show a code of one's own."""
    return is_own(row, "offer") or is_own(row, "extra_offer")
