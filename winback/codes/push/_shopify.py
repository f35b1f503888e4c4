"""Codes into a Shopify shop: one discount for an offer and an end, and many codes on it.

Bulk creation is Shopify's own queue: a call begins it, and looks follow until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from winback.base.clock import Clock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.codes.push._shop import Handed, Shop
from winback.codes.push._terms import Terms
from winback.ledger import (
    Ledger,
    PendingCode,
    code_key,
    discount_of,
    keep_discount,
    note_bulk,
)
from winback.pulling import Client, api_sources, open_client

# The most that one call takes, by the documentation.
_AT_ONCE: Final = 250
_LOOKED_UP_AT_ONCE: Final = 50
# Seconds between two looks at the queue, longer each time, and the looks of one command.
_LOOKS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, *[30.0] * 20)

_CURRENCY: Final = "query winbackShop { shop { currencyCode } }"
_PERCENT: Final = (
    "mutation winbackDiscount($discount: DiscountCodeBasicInput!) "
    "{ made: discountCodeBasicCreate(basicCodeDiscount: $discount) "
    "{ codeDiscountNode { id } userErrors { field code message } } }"
)
_SHIPPING: Final = (
    "mutation winbackDiscount($discount: DiscountCodeFreeShippingInput!) "
    "{ made: discountCodeFreeShippingCreate(freeShippingCodeDiscount: $discount) "
    "{ codeDiscountNode { id } userErrors { field code message } } }"
)
_DISCOUNT: Final = (
    "query winbackDiscountNode($id: ID!) { codeDiscountNode(id: $id) { id codeDiscount { "
    "... on DiscountCodeBasic { endsAt usageLimit customerGets { value { "
    "... on DiscountPercentage { percentage } "
    "... on DiscountAmount { amount { amount currencyCode } } } } } "
    "... on DiscountCodeFreeShipping { endsAt usageLimit } } } }"
)
_ADD: Final = (
    "mutation winbackCodes($discount: ID!, $codes: [DiscountRedeemCodeInput!]!) "
    "{ discountRedeemCodeBulkAdd(discountId: $discount, codes: $codes) "
    "{ bulkCreation { id } userErrors { field code message } } }"
)
_BULK: Final = (
    "query winbackBulk($id: ID!) { discountRedeemCodeBulkCreation(id: $id) "
    "{ done discountCode { id } codes(first: 250) { nodes { code discountRedeemCode { id } } } } }"
)


@contextmanager
def shopify(settings: Settings, ledger: Ledger, clock: Clock) -> Iterator[Shop]:
    """The Shopify shop of sources.toml. Raises WinbackError where there is not exactly one."""
    sources = api_sources(settings, "shopify")
    if len(sources) != 1:
        raise WinbackError(
            f"{settings.sources_file} names {len(sources)} shops with the format shopify-api, and "
            "codes go to one. Next: name there the shop, as docs/sources.md says"
        )
    with open_client(sources[0], settings, again="winback codes push shopify") as client:
        yield Shopify(client, ledger, clock)


@dataclass(frozen=True)
class Shopify:
    """The shop behind a client. Which discount holds which codes stands in the ledger."""

    client: Client
    ledger: Ledger
    clock: Clock

    @property
    def name(self) -> str:
        return self.client.shop

    def hand_over(
        self, terms: Terms, codes: Sequence[PendingCode], settle: Callable[[Handed], None]
    ) -> None:
        if terms.cents is not None:
            shop = self.client.ask(_CURRENCY).get("shop") or {}
            terms.require_currency(self.name, str(shop.get("currencyCode") or ""))
        discount, said = self._discount(terms, [it.code for it in codes])
        settled = {*said.confirmed, *said.refused}
        if settled:
            settle(said)
        codes = [it for it in codes if it.code not in settled]
        if discount is None:
            return
        under_way = dict.fromkeys(it.bulk_id for it in codes if it.bulk_id)
        for bulk_id in under_way:
            theirs = [it.code for it in codes if it.bulk_id == bulk_id]
            settle(self._result(bulk_id, discount, theirs))
        rest = [it.code for it in codes if not it.bulk_id]
        for at in range(0, len(rest), _AT_ONCE):
            portion = rest[at : at + _AT_ONCE]
            bulk_id = self._add(discount, portion)
            with self.ledger.write() as connection:
                note_bulk(connection, portion, bulk_id)
            settle(self._result(bulk_id, discount, portion))

    def _discount(self, terms: Terms, codes: Sequence[str]) -> tuple[str | None, Handed]:
        """The discount that holds such codes, and what became of those that were tried for it.

        None where each of the codes is on a discount of something else.
        """
        with self.ledger.read() as connection:
            known = discount_of(
                connection,
                shop=self.name,
                offer_id=terms.offer_id,
                terms=str(terms),
                ends_at=terms.ends_at,
            )
        if known and self._holds(known, terms):
            return known, Handed([])
        foreign = list[str]()
        for code in codes:
            # A call whose answer was lost may have made it.
            found = self._find([code]).get(code_key(code))
            if found is not None and not self._holds(found, terms):
                foreign.append(code)
                continue
            found = found or self._make(terms, code)
            self._keep(found, terms)
            return found, Handed([code], foreign)
        return None, Handed([], foreign)

    def _keep(self, discount_id: str, terms: Terms) -> None:
        with self.ledger.write() as connection:
            keep_discount(
                connection,
                discount_id,
                shop=self.name,
                offer_id=terms.offer_id,
                terms=str(terms),
                ends_at=terms.ends_at,
                at=self.clock.now(),
            )

    def _make(self, terms: Terms, code: str) -> str:
        discount: dict[str, Any] = {
            "title": f"winback {terms.offer_id} {terms.ends_at:%Y-%m-%d}",
            "code": code,
            "startsAt": _instant(self.clock.now()),
            "endsAt": _instant(terms.ends_at),
            "usageLimit": 1,
            "appliesOncePerCustomer": True,
            "context": {"all": "ALL"},
            "combinesWith": {
                "orderDiscounts": False,
                "productDiscounts": False,
                "shippingDiscounts": not terms.is_shipping,
            },
        }
        if terms.is_shipping:
            discount["destination"] = {"all": True}
        else:
            discount["customerGets"] = {"value": _value(terms), "items": {"all": True}}
        query = _SHIPPING if terms.is_shipping else _PERCENT
        told = self.client.ask(query, {"discount": discount}).get("made") or {}
        self._require(told)
        made = str((told.get("codeDiscountNode") or {}).get("id"))
        if not self._holds(made, terms):
            raise WinbackError(
                f"{self.name} keeps another end, value or limit than {terms.offer_id} has: no code "
                "was kept. Next: look at the discount in the shop, and delete it"
            )
        return made

    def _holds(self, discount_id: str, terms: Terms) -> bool:
        """Whether the discount is there, and ends when the messages say, each code used once."""
        node = self.client.ask(_DISCOUNT, {"id": discount_id}).get("codeDiscountNode") or {}
        discount = node.get("codeDiscount") or {}
        is_in_time = str(discount.get("endsAt") or "") == _instant(terms.ends_at)
        return (
            is_in_time
            and discount.get("usageLimit") == 1
            and _has_value(discount.get("customerGets"), terms)
        )

    def _add(self, discount_id: str, codes: Sequence[str]) -> str:
        variables = {"discount": discount_id, "codes": [{"code": code} for code in codes]}
        told = self.client.ask(_ADD, variables).get("discountRedeemCodeBulkAdd") or {}
        self._require(told)
        return str((told.get("bulkCreation") or {}).get("id"))

    def _result(self, bulk_id: str, discount_id: str, codes: Sequence[str]) -> Handed:
        """What became of a call: a code counts where the shop has it on this very discount."""
        bulk = self._wait(bulk_id)
        made = set[str]()
        if bulk is not None and (bulk.get("discountCode") or {}).get("id") == discount_id:
            nodes = (bulk.get("codes") or {}).get("nodes") or []
            made = {code_key(str(it["code"])) for it in nodes if it.get("discountRedeemCode")}
        missing = [code for code in codes if code_key(code) not in made]
        on = self._find(missing)
        refused = {code for code in missing if on.get(code_key(code)) != discount_id}
        return Handed([code for code in codes if code not in refused], sorted(refused))

    def _wait(self, bulk_id: str) -> dict[str, Any] | None:
        for seconds in _LOOKS:
            bulk = self.client.ask(_BULK, {"id": bulk_id}).get("discountRedeemCodeBulkCreation")
            if not bulk or bulk.get("done"):
                return bulk
            self.client.wait(seconds)
        raise WinbackError(f"{self.name} is still making the codes. {self.client.later}")

    def _find(self, codes: Sequence[str]) -> dict[str, str]:
        """The discounts that these codes are on, by code; without those that are on none."""
        found = dict[str, str]()
        for at in range(0, len(codes), _LOOKED_UP_AT_ONCE):
            portion = codes[at : at + _LOOKED_UP_AT_ONCE]
            names = [f"c{number}" for number in range(len(portion))]
            heads = ", ".join(f"${name}: String!" for name in names)
            parts = " ".join(f"{it}: codeDiscountNodeByCode(code: ${it}) {{ id }}" for it in names)
            asked = dict(zip(names, portion, strict=True))
            told = self.client.ask(f"query winbackFind({heads}) {{ {parts} }}", asked)
            found |= {code_key(asked[name]): str(node["id"]) for name, node in told.items() if node}
        return found

    def _require(self, told: Mapping[str, Any]) -> None:
        """Raise WinbackError for what the shop does not do, by its codes and no other word."""
        if errors := told.get("userErrors"):
            codes = sorted({str(it.get("code") or "no code") for it in errors})
            raise WinbackError(
                f"{self.name} refuses the discount ({', '.join(codes)}): no code was kept. Next: "
                "compare the offer in offers.csv with what the shop allows"
            )


def _value(terms: Terms) -> dict[str, Any]:
    if terms.percent is not None:
        return {"percentage": float(terms.percent / 100)}
    return {"discountAmount": {"amount": terms.amount, "appliesOnEachItem": False}}


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _has_value(gets: Any, terms: Terms) -> bool:
    """Whether a discount takes off what the offer says."""
    value = (gets or {}).get("value") or {}
    try:
        if terms.percent is not None:
            return round(float(value["percentage"]) * 100, 4) == float(terms.percent)
        if terms.cents is not None:
            money = value["amount"]
            is_same = round(float(money["amount"]) * 100) == terms.cents
            return is_same and money["currencyCode"] == terms.currency
    except (KeyError, TypeError, ValueError):
        return False
    return not value
