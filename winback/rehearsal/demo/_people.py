"""Invented customers: names, places, and contact points that reach nobody."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from winback.rehearsal.demo._calendar import Seconds
from winback.rehearsal.demo._files import moment
from winback.rehearsal.demo._places import PLACES, PhoneBook, Place, invent_postal_code

FIRST_NAMES = (
    *("Alma", "Amélie", "Amir", "Anders", "Anya", "Bea", "Bruno", "Camille", "Chidi", "Clara"),
    *("Daria", "Dev", "Elif", "Emeka", "Esme", "Felix", "Freya", "Gus", "Hana", "Hugo"),
    *("Ines", "Iris", "Jonas", "June", "Jürgen", "Kofi", "Lena", "Leo", "Lucía", "Mabel"),
    *("Mateo", "Mina", "Nadia", "Noor", "Odette", "Omar", "Otis", "Pia", "Priya", "Quinn"),
    *("Rafael", "Rosa", "Sami", "Selma", "Soren", "Tariq", "Tess", "Theo", "Una", "Zoë"),
)
LAST_NAMES = (
    *("Abara", "Adler", "Albright", "Amsel", "Ashdown", "Barrow", "Bellweather", "Birch"),
    *("Brandt", "Calloway", "Castellan", "Delacroix", "Dunmore", "Eastman", "Falk", "Farrow"),
    *("Fontaine", "Greer", "Hallowell", "Hartwig", "Ibsen", "Juniper", "Kaur", "Kestrel"),
    *("Lindqvist", "Lovell", "Marchetti", "Mbeki", "Moreau", "Nakata", "Okafor", "Ortega"),
    *("Pemberton", "Quill", "Rahman", "Rivers", "Sandoval", "Sato", "Thorne", "Winter"),
)

PHONE_SHARE = {"US": 0.78, "CA": 0.72, "GB": 0.72, "DE": 0.35, "FR": 0.6}
NO_EMAIL_SHARE = 0.04
NO_NAME_SHARE = 0.03
TIMEZONE_SHARE = 0.45
NO_POSTAL_SHARE = 0.05
MOVED_SHARE = 0.06  # kept the phone number of another region
COUPLE_SHARE = 0.03  # shares the phone or the email of the customer before
MALFORMED_SHARE = 0.006
MALFORMED_EMAILS = ("{}.example.com", "{}@@example.com", "{}@example", "{} at example.com")
MALFORMED_PHONES = ("n/a", "+1", "0000", "+1 555")
PREFERRED_CHANNELS = ("", "", "email", "sms")


@dataclass(frozen=True)
class Customer:
    """One row of customers; absent values are ''."""

    customer_id: str
    email: str
    phone: str
    first_name: str
    last_name: str
    country: str
    region: str
    postal_code: str
    timezone: str
    preferred_channel: str
    created_at: datetime | None

    def row(self) -> tuple[str, ...]:
        return (
            self.customer_id,
            self.email,
            self.phone,
            self.first_name,
            self.last_name,
            self.country,
            self.region,
            self.postal_code,
            self.timezone,
            self.preferred_channel,
            moment(self.created_at) if self.created_at else "",
        )


def invent_name(rng: np.random.Generator) -> tuple[str, str]:
    return str(rng.choice(FIRST_NAMES)), str(rng.choice(LAST_NAMES))


def invent_email(first: str, last: str, number: int) -> str:
    """Return a mailbox of the reserved domain example.com (RFC 2606), unique by number."""
    folded = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode()
    return f"{folded.lower()}{number}@example.com"


def invent_people(rng: np.random.Generator, *, joined: Seconds) -> tuple[Customer, ...]:
    """Invent one customer for each joining time, with the flaws that real lists have."""
    phones = PhoneBook(rng)
    weights = np.array([place.weight for place in PLACES])
    places = rng.choice(len(PLACES), joined.size, p=weights / weights.sum())
    people: list[Customer] = []
    for index, (place, at) in enumerate(zip(places.tolist(), joined.tolist(), strict=True)):
        person = _invent_person(rng, phones, number=index + 1, place=PLACES[place], at=at)
        if people and rng.random() < COUPLE_SHARE:
            person = _moved_in_with(rng, person, people[-1])
        people.append(_with_typos(rng, person))
    return tuple(people)


def _invent_person(
    rng: np.random.Generator, phones: PhoneBook, *, number: int, place: Place, at: int
) -> Customer:
    first, last = invent_name(rng)
    no_email, no_name, has_zone, no_postal, has_phone, moved = rng.random(6)
    compatriots = [other for other in PLACES if other.country == place.country]
    home = compatriots[int(rng.integers(len(compatriots)))] if moved < MOVED_SHARE else place
    return Customer(
        customer_id=f"C{number:05d}",
        email="" if no_email < NO_EMAIL_SHARE else invent_email(first, last, number),
        phone=phones.take(home) if has_phone < PHONE_SHARE[place.country] else "",
        first_name="" if no_name < NO_NAME_SHARE else first,
        last_name="" if no_name < NO_NAME_SHARE else last,
        country=place.country,
        region=place.region,
        postal_code="" if no_postal < NO_POSTAL_SHARE else invent_postal_code(rng, place.postal),
        timezone=place.timezone if has_zone < TIMEZONE_SHARE else "",
        preferred_channel=str(rng.choice(PREFERRED_CHANNELS)),
        created_at=datetime.fromtimestamp(at, UTC),
    )


def _moved_in_with(rng: np.random.Generator, person: Customer, partner: Customer) -> Customer:
    """Return a customer of the same household: one address and one contact point in common."""
    shares_phone = rng.random() < 0.6
    own_phone = person.phone if person.country == partner.country else ""
    return replace(
        person,
        email=person.email if shares_phone else partner.email,
        phone=partner.phone if shares_phone else own_phone,
        last_name=partner.last_name,
        country=partner.country,
        region=partner.region,
        postal_code=partner.postal_code,
        timezone=partner.timezone,
    )


def _with_typos(rng: np.random.Generator, person: Customer) -> Customer:
    email_luck, phone_luck = rng.random(2)
    if person.email and email_luck < MALFORMED_SHARE:
        mailbox = person.email.split("@", maxsplit=1)[0]
        return replace(person, email=str(rng.choice(MALFORMED_EMAILS)).format(mailbox))
    if person.phone and phone_luck < MALFORMED_SHARE:
        return replace(person, phone=str(rng.choice(MALFORMED_PHONES)))
    return person
