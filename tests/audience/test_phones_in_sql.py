"""SQL and Python give one phone the same spelling, in a real load and build."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest
from audience_builds import build_audience, load_tables, query
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from winback.base.phones import canonical, is_possible
from winback.base.settings import Settings

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 31, 12, tzinfo=UTC)
RANDOM = random.Random(7)  # noqa: S311  # the same each time
# As people, files and spreadsheets write what stands between the digits, and the digits.
BETWEEN = ("", "", "", " ", "-", ".", "\u00a0", "\u2011", "\u200b", "\u202a", "/", ")(", "\t")
ODD = ("x", "a", ",", "+", "#", "ext", ";", "'", "[", "\u0301", "\uff11", "\u0661", ".0", "tel:")
ZEROS = ("0", "0", "0", "\uff10", "\u0660", "\u06f0", "\u0966", "\u09e6")


def written(digits: str) -> str:
    zero = ord(RANDOM.choice(ZEROS))
    return "".join(chr(zero + int(digit)) + RANDOM.choice(BETWEEN) for digit in digits)


def examples() -> Iterator[tuple[str, str]]:
    """Numbers of every kind of every country, as written at home and abroad, and beyond."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            abroad = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
            home = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            yield home, region
            yield RANDOM.choice(("+", "00", "tel:+", "")) + written(abroad), region
            code = str(number.country_code)
            yield f"+{code} (0){abroad[len(code) :]}", ""
            yield written(home) if home.isdigit() else home[1:], region


def noise(count: int) -> Iterator[tuple[str, str]]:
    countries = ["", "AR", "BR", "MX", "GB", "DE", "RU", "IT", "US", "HU", "LT", "BY", "JP", "BJ"]
    for _ in range(count):
        digits = "".join(RANDOM.choice("0123456789") for _ in range(RANDOM.randrange(3, 17)))
        text = RANDOM.choice(("", "+", "00", "+54", "+55", "+52", "+7", "0", "+44")) + digits
        if RANDOM.random() < 0.3:
            place = RANDOM.randrange(len(text) + 1)
            text = text[:place] + RANDOM.choice(ODD) + text[place:]
        yield text, RANDOM.choice(countries)


@pytest.fixture(scope="module")
def phones() -> list[tuple[str, str]]:
    return [*examples(), *noise(4000)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, phones: list[tuple[str, str]]) -> Settings:
    home: Path = tmp_path_factory.mktemp("phones")
    settings = Settings.load(home=home)
    customers = [
        {"customer_id": str(number), "phone": phone, "country": country}
        for number, (phone, country) in enumerate(phones)
    ]
    order = {
        "order_id": "1", "customer_id": "0", "ordered_at": "2026-01-01", "total_amount": 1,
    }  # fmt: skip
    load_tables(settings, {"customers": customers, "orders": [order]}, home / "shop")
    build_audience(settings, AS_OF, "+int_customers__contact_points")
    return settings


def test_sql_reads_each_phone_as_python_does(shop: Settings) -> None:
    rows = query(
        shop,
        "select known.phone, known.country, contact_points.address"
        " from int_customers__known as known"
        " inner join int_customers__contact_points as contact_points using (customer_id)"
        " where contact_points.channel = 'sms' and known.phone is not null",
    )
    assert len(rows) > 6000
    read = {(phone, country): address for phone, country, address in rows}
    differ = {
        case: (address, canonical(*case))
        for case, address in read.items()
        if address != canonical(*case)
    }
    assert differ == {}
    assert sum(address is not None for address in read.values()) > 2500
    assert sum(address is None for address in read.values()) > 500


def test_sql_tells_impossible_lengths_as_python_does(shop: Settings) -> None:
    rows = query(shop, "select distinct address, is_possible from int_phones__numbers")
    assert [row for row in rows if is_possible(row[0]) != row[1]] == []
    assert {possible for _, possible in rows} == {True, False}
