"""What a template may say of one person: each fact is a field of `Facts` and a column in SQL.

A field is named like its column of `int_customers__template_facts`; one of
`int_customers__contexts` has `context_` before it. `make docs` writes from the fields what dbt
must know of them (`scripts/fact_files.py`), so a fact is these two edits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from winback.content._names import first_name
from winback.content._safe import one_line, web_address

_SQL_TYPES: Final = {"str": "varchar", "int | None": "bigint"}


class Fact(NamedTuple):
    """A fact as SQL hands it over, and in which turn it gives way in a text that is too long."""

    name: str
    sql_type: str
    description: str
    turn: int | None


def _fact(
    description: str, *, read: Callable[[object], object] = one_line, turn: int | None = 0
) -> Any:
    """A field. `read` makes its value safe; in no turn it never gives way, in turn 0 first."""
    default = "" if read is not _number else None
    return field(default=default, metadata={"description": description, "read": read, "turn": turn})


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

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Facts:
        """The facts of a row of the outbox, each made safe."""
        return cls(**{it.name: it.metadata["read"](row.get(it.name)) for it in fields(cls)})

    def known(self) -> dict[str, Any]:
        """Those that are known, by name: an unknown one is absent, never blank."""
        values = {it.name: getattr(self, it.name) for it in fields(self)}
        return {name: value for name, value in values.items() if value}


FACTS: Final = tuple(
    Fact(it.name, _SQL_TYPES[str(it.type)], it.metadata["description"], it.metadata["turn"])
    for it in fields(Facts)
)
# Those that can be left unsaid, in the order in which they are left out.
CAN_GIVE_WAY: Final = tuple(
    fact.name for fact in sorted(FACTS, key=lambda fact: fact.turn or 0) if fact.turn is not None
)
