"""The responder that ships: phrase lists, the catalog and the person's live offer.

It replies only to a question that it has understood to the last word. A question with anything in
it that no list knows goes to a human.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from winback.conversations.responder._seam import Conversation, Draft, Facts, HandOver, Product
from winback.conversations.responder._words import any_of, clean, pattern, phrases

_FILE: Final = "questions.toml"
_ABOUT_PRODUCTS: Final = ("price", "available")
_KINDS: Final = (*_ABOUT_PRODUCTS, "code", "valid", "use", "shop", "who")


class RuleResponder:
    """Replies to seven kinds of questions, listed in questions.toml."""

    def respond(self, conversation: Conversation, facts: Facts) -> Draft | HandOver:
        """Draft a reply, or say why a human must write it."""
        words = clean(" ".join(conversation.messages))
        if pattern(_FILE, "human").search(words):
            return HandOver("asks_for_a_human")
        named = _named(words, facts.products)
        rest = any_of(_names(named)).sub(" ", words)
        kinds = [kind for kind in _KINDS if _asks(kind, rest)]
        if len(kinds) != 1:
            return HandOver("several_questions" if kinds else "not_understood")
        (kind,) = kinds
        if kind in _ABOUT_PRODUCTS:
            return _about_products(kind, named)
        return HandOver("not_understood") if named else _about_the_shop(kind, facts)


def _about_products(kind: str, named: list[Product]) -> Draft | HandOver:
    """No stock figures are loaded, so the product's page must say whether it can be had."""
    if len(named) != 1:
        return HandOver("several_products" if named else "no_such_product")
    (product,) = named
    if not (product.price if kind == "price" else product.url):
        return HandOver("no_price_known" if kind == "price" else "no_page_known")
    costs = f"{product.name} costs {product.price}." if product.price else f"{product.name}:"
    where = f" Its page shows whether you can have it now: {product.url}" if product.url else ""
    return Draft(costs + where)


def _about_the_shop(kind: str, facts: Facts) -> Draft | HandOver:
    if kind == "shop":
        return Draft(f"You find us here: {facts.shop_url}")
    if kind == "who":
        return Draft(f"This is the shop {facts.brand}, and a program wrote this. {facts.shop_url}")
    offer = facts.offer
    if offer is None or not offer.code or not offer.until:
        return HandOver("no_live_offer")
    if kind == "use":
        return Draft(
            f"Enter the code {offer.code} at the checkout until {offer.until}: {facts.shop_url}"
        )
    return Draft(
        f"Your code {offer.code} gives you {offer.text} until {offer.until}: {facts.shop_url}"
    )


def _asks(kind: str, words: str) -> bool:
    """Whether these words ask this and nothing else."""
    asks = pattern(_FILE, kind)
    if not asks.search(words):
        return False
    return not pattern(_FILE, "filler").sub(" ", asks.sub(" ", words)).strip()


def _named(words: str, products: Sequence[Product]) -> list[Product]:
    """The products whose whole name is in the words, except a name inside a longer one."""
    found = {match.group() for match in any_of(_names(products)).finditer(words)}
    return [product for product in products if found & set(_names([product]))]


def _names(products: Sequence[Product]) -> list[str]:
    """Names as cleaned words, and their plurals; a name of filler alone names nothing."""
    names = {clean(product.name) for product in products} - {"", *phrases(_FILE)["filler"]}
    return sorted(names | {f"{name}s" for name in names})
