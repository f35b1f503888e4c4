"""What a code gives, as a shop has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from winback.base.errors import UsageError, WinbackError

# What both shops have a discount for; points and gifts are each shop's own matter.
_PERCENT: Final = frozenset({"percent", "vip", "price_drop"})
_AMOUNT: Final = "amount"
_SHIPPING: Final = "free_shipping"


@dataclass(frozen=True)
class Terms:
    """An offer's discount until a moment: percent off, cents of a currency, or free shipping."""

    offer_id: str
    ends_at: datetime
    percent: Decimal | None = None
    cents: int | None = None
    currency: str = ""

    @property
    def is_shipping(self) -> bool:
        return self.percent is None and self.cents is None

    @property
    def amount(self) -> str:
        """The amount in the currency's units, as both shops read it."""
        return f"{Decimal(self.cents or 0) / 100:.2f}"

    def __str__(self) -> str:
        if self.percent is not None:
            return f"percent {self.percent.normalize():f}"
        return "free_shipping" if self.is_shipping else f"amount {self.amount} {self.currency}"

    def require_currency(self, shop: str, currency: str) -> None:
        """Raise WinbackError where an amount is in another currency than the shop sells in."""
        if self.cents is not None and currency != self.currency:
            raise WinbackError(
                f"{shop} sells in {currency or 'an unknown currency'}, and {self.offer_id} is in "
                f"{self.currency}. Next: mend detail in offers.csv"
            )


def terms_of(offer_id: str, row: Mapping[str, str], ends_at: datetime) -> Terms:
    """The terms of an offer of offers.csv. Raises UsageError for one that no shop is told."""
    kind = row.get("kind") or ""
    try:
        value = Decimal(row.get("value") or "0")
    except InvalidOperation:
        value = Decimal(0)
    if kind == _SHIPPING:
        return Terms(offer_id, ends_at)
    if kind in _PERCENT and 0 < value <= 100:
        return Terms(offer_id, ends_at, percent=value)
    if kind == _AMOUNT and value > 0 and value == int(value) and row.get("detail"):
        return Terms(offer_id, ends_at, cents=int(value), currency=row["detail"])
    raise UsageError(
        f"{offer_id} is an offer of kind {kind or '?'} and value {value}, which no shop makes a "
        "discount of by its API. Next: make its codes in the shop, then winback codes import FILE"
    )
