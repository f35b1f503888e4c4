"""The discounts of the Shopify shop on a port of this machine, as far as codes are pushed to it.

Inputs are held to the documented fields of API version 2025-10; a code is of one discount alone,
whatever its spelling, and bulk creation takes a look or two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

COMMON = {
    "title", "code", "startsAt", "endsAt", "usageLimit", "appliesOncePerCustomer", "context",
    "combinesWith",
}  # fmt: skip
INPUTS = {
    "discountCodeBasicCreate": COMMON | {"customerGets", "minimumRequirement"},
    "discountCodeFreeShippingCreate": COMMON | {"destination", "maximumShippingPrice"},
}
MOST_CODES = 250


@dataclass
class Discounts:
    """What the shop has: discounts by id, the discount of each code, and bulk creations."""

    currency: str = "EUR"
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    bulks: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks: int = 1
    # Moves every end by so many characters of text: a shop that keeps another end.
    kept_end: str = ""

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The data of a query about discounts; None for any other."""
        query, given = asked["query"], asked.get("variables") or {}
        for name, allowed in INPUTS.items():
            if name in query:
                return {"made": self.create(given["discount"], allowed)}
        if "shop { currencyCode }" in query:
            return {"shop": {"currencyCode": self.currency}}
        return self.about_codes(query, given)

    def about_codes(self, query: str, given: dict[str, Any]) -> dict[str, Any] | None:
        if "discountRedeemCodeBulkAdd" in query:
            return {"discountRedeemCodeBulkAdd": self.add(given["discount"], given["codes"])}
        if "discountRedeemCodeBulkCreation" in query:
            return {"discountRedeemCodeBulkCreation": self.look(given["id"])}
        if "codeDiscountNodeByCode" in query:
            found = {name: self.codes.get(code.upper()) for name, code in given.items()}
            return {name: {"id": id_} if id_ else None for name, id_ in found.items()}
        if "codeDiscountNode(" in query:
            return {"codeDiscountNode": self.node(given["id"])}
        return None

    def create(self, discount: dict[str, Any], allowed: set[str]) -> dict[str, Any]:
        assert set(discount) <= allowed, f"unknown fields: {set(discount) - allowed}"
        assert {"title", "code", "startsAt", "context"} <= set(discount)
        assert discount["context"] == {"all": "ALL"}
        starts, ends = (datetime.fromisoformat(discount[it]) for it in ("startsAt", "endsAt"))
        if ends <= starts:
            return _refused("INVALID", "endsAt")
        if discount["code"].upper() in self.codes:
            return _refused("TAKEN", "code")
        id_ = f"gid://shopify/DiscountCodeNode/{len(self.made) + 1}"
        self.made[id_] = discount
        self.codes[discount["code"].upper()] = id_
        return {"codeDiscountNode": {"id": id_}, "userErrors": []}

    def node(self, id_: str) -> dict[str, Any] | None:
        discount = self.made.get(id_)
        if discount is None:
            return None
        told: dict[str, Any] = {
            "endsAt": self.kept_end or discount["endsAt"], "usageLimit": discount["usageLimit"],
        }  # fmt: skip
        if value := (discount.get("customerGets") or {}).get("value"):
            money = value.get("discountAmount")
            amount = {"amount": money["amount"], "currencyCode": self.currency} if money else None
            value = {"amount": amount} if money else {"percentage": value["percentage"]}
            told["customerGets"] = {"value": value}
        return {"id": id_, "codeDiscount": told}

    def add(self, id_: str, codes: list[dict[str, str]]) -> dict[str, Any]:
        assert id_ in self.made
        assert 1 <= len(codes) <= MOST_CODES
        bulk_id = f"gid://shopify/DiscountRedeemCodeBulkCreation/{len(self.bulks) + 1}"
        nodes = []
        for code in (it["code"] for it in codes):
            is_new = code.upper() not in self.codes
            self.codes.setdefault(code.upper(), id_)
            nodes.append({"code": code, "discountRedeemCode": {"id": "x"} if is_new else None})
        self.bulks[bulk_id] = {"discountCode": {"id": id_}, "nodes": nodes, "looks": 0}
        return {"bulkCreation": {"id": bulk_id}, "userErrors": []}

    def look(self, bulk_id: str) -> dict[str, Any] | None:
        bulk = self.bulks.get(bulk_id)
        if bulk is None:
            return None
        bulk["looks"] += 1
        is_done = bulk["looks"] > self.looks
        nodes = bulk["nodes"] if is_done else []
        return {
            "done": is_done, "discountCode": bulk["discountCode"], "codes": {"nodes": nodes},
        }  # fmt: skip


def _refused(code: str, where: str) -> dict[str, Any]:
    error = {"field": ["basicCodeDiscount", where], "code": code, "message": f"{where} is wrong"}
    return {"codeDiscountNode": None, "userErrors": [error]}
