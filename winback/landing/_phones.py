"""Phones of the shop that no text reaches: who has them and why, never the number itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from winback.base import phones
from winback.base.duck import connect
from winback.base.settings import Settings

_NAMED: Final = 10
UNREAD: Final = "can't be read without doubt"
LENGTH: Final = "too long or too short for its country"
NO_MOBILE: Final = "no person's mobile"
# Numbers that begin alike and are of one length are of one kind: one of them is looked at. What
# is not written with the usual signs, and Argentina's, take more digits to tell.
_ALIKE: Final = """
    with told as (
        select
            customer_id, trim(phone) as phone, country,
            translate(phone, ' ().-', '') as digits
        from read_parquet($customers)
        where trim(phone) <> ''
    ),
    keyed as (
        select
            *,
            case
                when regexp_full_match(digits, '([+]|0?[1-9])[0-9]{6,16}')
                    and not starts_with(digits, '+54') and phone not like '%.0'
                    then left(digits, 10) || '/' || length(digits)
                else phone
            end as alike
        from told
    )
    select
        any_value(phone), any_value(country), count(*),
        min_by(customer_id, customer_id, 10) as first_ids
    from keyed
    group by alike, case when not starts_with(alike, '+') then country end
"""


@dataclass
class Unusable:
    """How many customers have such a phone, and the first of them by id."""

    count: int = 0
    customer_ids: list[str] = field(default_factory=list)

    def add(self, count: int, customer_ids: list[str]) -> None:
        """Count more of them."""
        self.count += count
        self.customer_ids = sorted([*self.customer_ids, *customer_ids])[:_NAMED]


def unusable_phones(settings: Settings) -> dict[str, Unusable]:
    """Customers whose phone no text reaches, by why; the biggest first. Nothing of a shop
    without customers."""
    customers = settings.shop_dir / "customers.parquet"
    found: defaultdict[str, Unusable] = defaultdict(Unusable)
    if customers.exists():
        with connect() as connection:
            rows = connection.execute(_ALIKE, {"customers": str(customers)})
            while chunk := rows.fetchmany(10_000):
                for phone, country, count, first_ids in chunk:
                    if why := _why(phone, country):
                        found[why].add(count, first_ids)
    return dict(sorted(found.items(), key=lambda item: (-item[1].count, item[0])))


def phone_note(settings: Settings) -> list[str]:
    """One line for the summary of a load; none where every phone can be texted."""
    found = unusable_phones(settings)
    if not found:
        return []
    told = ", ".join(f"{it.count:,} {why}" for why, it in found.items())
    total = sum(it.count for it in found.values())
    return [f"{total:,} phones get no texts: {told} (winback doctor names the customers)"]


def _why(phone: str, country: str | None) -> str:
    number = phones.canonical(phone, phones.country_code(country))
    if number is None:
        return UNREAD
    if not phones.is_possible(number):
        return LENGTH
    if kind := phones.kind(number):
        return f"{NO_MOBILE} ({kind.replace('_', ' ')})"
    return ""
