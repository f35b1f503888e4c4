"""Nobody else's address leaves with a person's data.

Of an email address it is enough that it is neither theirs nor the shop's. Much else has the form of
a phone number, such as an order's id: of these the ones go that somebody else is known by here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.ledger import Ledger, among, normalize, tables
from winback.people.erasure._person import EMAIL, PHONE
from winback.people.export._section import Section
from winback.people.export._who import Subject

MASKED: Final = "[somebody else's address]"
# A mail's own id has the form of an address and is none.
_NO_ADDRESS: Final = frozenset({"mail_id"})
# Numbers are spelled in many ways: with and without the country, a zero before the area.
_LAST_DIGITS: Final = 8
_PHONES: Final = """
    select phone from read_parquet($customers)
    where list_contains($endings, right(regexp_replace(phone, '\\D', '', 'g'), $digits))
"""
_KEPT_IN: Final = (tables.messages, tables.replies, tables.conversations)


def mask_others(
    sections: list[Section], ledger: Ledger, settings: Settings, subject: Subject
) -> None:
    """Mask other people's addresses in all texts of all rows, in place."""
    texts = [text for it in sections for found in it.found for text in _texts(found.row)]
    mask = _Mask(settings, subject, _others_phones(texts, ledger, settings, subject))
    for section in sections:
        for found in section.found:
            for name, value in found.row.items():
                if name not in _NO_ADDRESS:
                    found.row[name] = mask.apply(value)


class _Mask:
    def __init__(self, settings: Settings, subject: Subject, phones: frozenset[str]) -> None:
        self._person, self._phones = subject.person, phones
        ours = (settings.from_email, settings.reply_to, settings.unsubscribe_mailto)
        domains = {address.rpartition("@")[2].lower() for address in ours if address}
        shop = (urlsplit(settings.shop_url).hostname or "").removeprefix("www.")
        self._domains = domains | {shop.lower()}

    def apply(self, value: Any) -> Any:
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        if isinstance(value, str):
            return PHONE.sub(self._phone, EMAIL.sub(self._email, value))
        if isinstance(value, Mapping):
            return {str(self.apply(name)): self.apply(it) for name, it in value.items()}
        if isinstance(value, list | tuple):
            return [self.apply(it) for it in value]
        return value

    def _email(self, found: re.Match[str]) -> str:
        text = found[0]
        is_ours = text.rpartition("@")[2].strip(".-").lower() in self._domains
        return text if "@" not in text or is_ours or self._person.owns(text) else MASKED

    def _phone(self, found: re.Match[str]) -> str:
        return MASKED if _digits(found[0])[-_LAST_DIGITS:] in self._phones else found[0]


def _others_phones(
    texts: list[str], ledger: Ledger, settings: Settings, subject: Subject
) -> frozenset[str]:
    """The last digits of numbers in the texts that are known here, and are not theirs."""
    person = subject.person
    candidates = {found[0] for text in texts for found in PHONE.finditer(text)}
    candidates = {text for text in candidates if not person.owns(text)}
    if not candidates:
        return frozenset()
    endings = {_digits(text)[-_LAST_DIGITS:] for text in candidates}
    known: set[str] = set()
    customers = settings.shop_dir / "customers.parquet"
    if customers.exists():
        with connect() as connection:
            values = {
                "customers": str(customers),
                "endings": sorted(endings),
                "digits": _LAST_DIGITS,
            }
            known |= {phone for (phone,) in connection.execute(_PHONES, values).fetchall()}
    spelled = {normalize("phone", text) for text in candidates}
    with ledger.read() as connection:
        for table in _KEPT_IN:
            query = select(table.c.address).where(among(table.c.address, spelled)).distinct()
            known |= set(connection.scalars(query))
    return frozenset(_digits(phone)[-_LAST_DIGITS:] for phone in known if not person.owns(phone))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for it in value.values():
            yield from _texts(it)
    elif isinstance(value, list | tuple):
        for it in value:
            yield from _texts(it)
