"""Invented contact points for a loaded shop that has none, such as the public data sets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np

from winback.rehearsal.demo._calendar import DAY, to_seconds
from winback.rehearsal.demo._consents import ConsentRow, invent_consents
from winback.rehearsal.demo._files import write_table
from winback.rehearsal.demo._people import PHONE_SHARE, Customer, invent_email, invent_name
from winback.rehearsal.demo._places import PLACES, PhoneBook, Place, invent_postal_code

JOINED_WITHIN_DAYS = 300  # before `consented_at`

# Zones of one-zone countries of European shops' customers; elsewhere the zone stays unknown.
ZONES = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "CH": "Europe/Zurich",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DK": "Europe/Copenhagen",
    "FI": "Europe/Helsinki",
    "GR": "Europe/Athens",
    "IE": "Europe/Dublin",
    "IL": "Asia/Jerusalem",
    "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome",
    "JP": "Asia/Tokyo",
    "LT": "Europe/Vilnius",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo",
    "PL": "Europe/Warsaw",
    "SE": "Europe/Stockholm",
    "SG": "Asia/Singapore",
}


def invent_contacts(
    customers: Iterable[tuple[str, str]],
    out_dir: Path,
    *,
    consented_at: datetime,
    seed: int = 7,
) -> int:
    """Write customers, consents and an empty orders file for (customer_id, country) pairs.

    Countries are ISO 3166-1 and kept; consents are dated before `consented_at`. Phones come
    from ranges reserved for fiction, each number once: when a country's range is used up, or
    it has none, its customers have email alone. Returns how many got a phone.
    """
    rng = np.random.default_rng(seed)
    phones = PhoneBook(rng)
    until = to_seconds(consented_at)
    people: list[Customer] = []
    consents: list[ConsentRow] = []
    for number, (customer_id, country) in enumerate(sorted(customers), start=1):
        person = _invent_person(rng, phones, customer_id, number=number, country=country)
        joined = until - int(rng.integers(1, JOINED_WITHIN_DAYS * DAY))
        events = invent_consents(
            rng, customer_id=customer_id, country=country, joined=joined, until=until - 1
        )
        people.append(person)
        consents += (event for event in events if event[1] == "email" or person.phone)
    write_table(out_dir, "customers", (person.row() for person in people))
    write_table(out_dir, "consents", consents)
    write_table(out_dir, "orders", ())
    return sum(bool(person.phone) for person in people)


def _invent_person(
    rng: np.random.Generator,
    phones: PhoneBook,
    customer_id: str,
    *,
    number: int,
    country: str,
) -> Customer:
    first, last = invent_name(rng)
    place = _invent_place(rng, country)
    has_phone = rng.random() < PHONE_SHARE.get(country, 0.0)
    return Customer(
        customer_id=customer_id,
        email=invent_email(first, last, number),
        phone=phones.take(place) if has_phone else "",
        first_name=first,
        last_name=last,
        country=country,
        region=place.region,
        postal_code=invent_postal_code(rng, place.postal),
        timezone=place.timezone,
        preferred_channel="",
        created_at=None,
    )


def _invent_place(rng: np.random.Generator, country: str) -> Place:
    places = [place for place in PLACES if place.country == country]
    if not places:
        return Place(country, "", ZONES.get(country, ""), weight=0, postal="")
    weights = np.array([place.weight for place in places])
    return places[int(rng.choice(len(places), p=weights / weights.sum()))]
