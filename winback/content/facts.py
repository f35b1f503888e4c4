"""What a template may say of one person: each fact is a field of `Facts` and a column in SQL.

A field is named like its column of `int_customers__template_facts`, or of the model that it is
`of`; one of `int_customers__contexts` has `context_` before it. `make docs` writes from the fields
what dbt must know of them (`scripts/fact_files.py`), so a fact is these two edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from winback.content._names import first_name
from winback.content._products import Product, read_products
from winback.content._safe import one_line, picture_address, web_address

_SQL_TYPES: Final = {
    "str": "varchar",
    "int | None": "bigint",
    "tuple[Product, ...]": "varchar",
}
_TEMPLATE_FACTS: Final = "template_facts"
_CONTENT_FACTS: Final = "content_facts"


class Fact(NamedTuple):
    """A fact as SQL hands it over, and in which turn it gives way in a text that is too long."""

    name: str
    sql_type: str
    description: str
    turn: int | None
    of: str


def _fact(
    description: str,
    *,
    read: Callable[[object], object] = one_line,
    turn: int | None = 0,
    of: str = _TEMPLATE_FACTS,
) -> Any:
    """A field. `read` makes its value safe; in no turn it never gives way, in turn 0 first.

    It is a column of the CTE of dec_outbox__contents that it is `of`.
    """
    default: object = "" if read is not _number else None
    if read is read_products:
        default = ()
    told = {"description": description, "read": read, "turn": turn, "of": of}
    return field(default=default, metadata=told)


def _content(description: str, *, read: Callable[[object], object] = one_line) -> Any:
    """What a message is about, where its template needs it: it gives way to nothing."""
    return _fact(description, read=read, turn=None, of=_CONTENT_FACTS)


def _list(description: str) -> Any:
    """Products in their order, as JSON."""
    return _fact(description, read=read_products, turn=None, of=_CONTENT_FACTS)


def _name(value: object) -> str:
    return first_name(one_line(value))


def _number(value: object) -> object:
    return value


@dataclass(frozen=True, repr=False)
class Facts:
    """What is known of one person and may be said; empty or None where it is not known."""

    first_name: str = _fact("The customer's first name.", read=_name, turn=1)
    last_product_name: str = _fact("What the customer bought last.", turn=6)
    last_product_url: str = _fact("Its page.", read=web_address, turn=10)
    top_product_name: str = _fact("The product that the customer bought most often.", turn=5)
    top_product_url: str = _fact("Its page.", read=web_address, turn=9)
    last_viewed_product_name: str = _fact("The product the customer looked at last.", turn=4)
    last_viewed_product_url: str = _fact("Its page.", read=web_address, turn=8)
    favorite_category: str = _fact("The category the customer bought most often.", turn=2)
    context_product_name: str = _fact(
        "The product that brought the message about, by the playbook's context.", turn=3
    )
    context_product_url: str = _fact("Its page.", read=web_address, turn=7)
    context_drop_percent: int | None = _fact(
        "Whole percent that it costs less now; null but for a price drop.", read=_number, turn=None
    )
    context_image_url: str = _fact("Its picture.", read=picture_address, turn=None)
    context_price_cents: int | None = _fact(
        "What it costs now, in hundredths; null if that is not certain.", read=_number, turn=None
    )
    context_old_price_cents: int | None = _fact(
        "What it cost when the customer looked, if that was more.", read=_number, turn=None
    )
    context_currency: str = _fact("The currency of both.", turn=None)
    arrivals_products: tuple[Product, ...] = _list(
        "What came into the favorite category since the last order."
    )
    related_products: tuple[Product, ...] = _list(
        "What others bought with what the customer bought last."
    )
    tagged_products: tuple[Product, ...] = _list(
        "Products with the tag that the customer holds to."
    )
    reviewed_products: tuple[Product, ...] = _list("The best reviewed of the favorite category.")
    cart_products: tuple[Product, ...] = _list("All of what is left in the cart.")
    viewed_products: tuple[Product, ...] = _list(
        "What was looked at, with the price of then and of now."
    )
    category_rating_tenths: int | None = _content(
        "Ten times the average review of the favorite category.", read=_number
    )
    category_review_count: int | None = _content("Of how many reviews.", read=_number)
    category_quote: str = _content("Words of a good one of them.")
    category_quote_product_name: str = _content("The product that these are about.")
    held_tag: str = _content("The tag that the customer holds to.")
    loyalty_points: int | None = _content("The customer's points.", read=_number)
    loyalty_tier: str = _content("The name of their level.")
    loyalty_expires_on: str = _content("The last day of the points, as YYYY-MM-DD.")
    invitation: str = _content("How to join the content series that is sent.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Facts:
        """The facts of a row of the outbox, each made safe."""
        return cls(**{it.name: it.metadata["read"](row.get(it.name)) for it in fields(cls)})

    def known(self) -> dict[str, Any]:
        """Those that are known, by name: an unknown one is absent, never blank."""
        values = {it.name: getattr(self, it.name) for it in fields(self)}
        return {name: value for name, value in values.items() if value}


FACTS: Final = tuple(
    Fact(
        it.name,
        _SQL_TYPES[str(it.type)],
        it.metadata["description"],
        it.metadata["turn"],
        it.metadata["of"],
    )
    for it in fields(Facts)
)
# Those that can be left unsaid, in the order in which they are left out.
CAN_GIVE_WAY: Final = tuple(
    fact.name for fact in sorted(FACTS, key=lambda fact: fact.turn or 0) if fact.turn is not None
)
