"""Write the seeds of the world's numbering plans from the metadata of phonenumbers.

Run it after upgrading the package: `python scripts/make_phone_seeds.py`. SQL and Python read the
same seeds, so that one phone has one spelling on both sides.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import regex
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"
NON_GEOGRAPHIC = "001"
# The whole of a calling code, whichever of its countries a number is of.
ALL = "*"
MOBILE = "mobile"
# What a text can't reach as a person's own phone.
KINDS = (
    "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "pager", "uan", "voicemail",
)  # fmt: skip
# A personal number (070 in the UK) forwards calls to any phone, often at the caller's cost.
PERSONAL = "personal_number"
EVERY_KIND = (MOBILE, *KINDS, PERSONAL)
# How many national digits may tell a kind: +1 has areas of three, and more would cost thousands of
# rows, most of them fixed lines of India and South Africa.
DEEPEST = 4
DEEPEST_OF_AREAS = 6
# How many beginnings to try when looking for one number of a length.
PATIENCE = 2000

Row = Sequence[str]

BRAZIL_CARRIERS = (
    "12", "14", "15", "21", "23", "25", "31", "41", "43", "55",
)  # fmt: skip
# Vietnam gave its eleven-digit mobiles ten digits in September 2018.
VIETNAM = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78", "123": "83", "124": "84",
    "125": "85", "127": "81", "129": "82", "162": "32", "163": "33", "164": "34", "165": "35",
    "166": "36", "167": "37", "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip


@cache
def regions(code: int) -> tuple[PhoneMetadata, ...]:
    """What is known of the countries of a calling code, the main one first."""
    names = COUNTRY_CODE_TO_REGION_CODE[code]
    if names == (NON_GEOGRAPHIC,):
        return (PhoneMetadata.metadata_for_nongeo_region(code),)
    return tuple(PhoneMetadata.metadata_for_region(name) for name in names)


def description(region: PhoneMetadata, kind: str) -> PhoneNumberDesc | None:
    """What is known of a kind of numbers; None where a country has none."""
    found: PhoneNumberDesc | None = getattr(region, kind)
    return found if found and found.national_number_pattern else None


@cache
def pattern(text: str) -> regex.Pattern[str]:
    return regex.compile(text)


def lengths(plan: Iterable[PhoneMetadata], kinds: Iterable[str]) -> set[int]:
    """How many digits a national number of one of these kinds may have."""
    found: set[int] = set()
    for region in plan:
        for kind in kinds:
            if told := description(region, kind):
                own = told.possible_length or region.general_desc.possible_length
                found |= {length for length in own if length > 0}
    return found


def can_begin(plan: Iterable[PhoneMetadata], prefix: str, kinds: Iterable[str]) -> bool:
    """Whether a number of one of these kinds can begin so."""
    return any(
        pattern(told.national_number_pattern).fullmatch(prefix, partial=True)
        for region in plan
        for kind in kinds
        if (told := description(region, kind))
    )


def can_be(plan: Sequence[PhoneMetadata], prefix: str, length: int) -> bool:
    """Whether a whole number of this length can begin so; what is too long to try can.

    Toll-free numbers of India and Indonesia begin with 00: they are dialled there only.
    """
    patterns = [
        pattern(told.national_number_pattern)
        for region in plan
        for kind in EVERY_KIND
        if length in lengths((region,), (kind,)) and (told := description(region, kind))
    ]
    waiting, tried = [prefix + digit for digit in "9876543210" if prefix + digit != "00"], 0
    while waiting and tried < PATIENCE:
        tried, begun = tried + 1, waiting.pop()
        if any(it.fullmatch(begun, partial=len(begun) < length) for it in patterns):
            if len(begun) == length:
                return True
            waiting += [begun + digit for digit in "9876543210"]
    return bool(waiting)


def listed(numbers: Iterable[int]) -> str:
    return " ".join(str(number) for number in sorted(numbers))


def international_prefix(region: PhoneMetadata) -> str:
    """What is dialled for the plus; what is no plain number of two digits or more is 00."""
    told = (region.preferred_international_prefix or region.international_prefix or "00").replace(
        "~", ""
    )
    return told if told.isdigit() and len(told) >= 2 else "00"


def plan_row(country: str, code: int, plan: Sequence[PhoneMetadata]) -> Row:
    trunk = plan[0].national_prefix or ""
    # Short numbers of companies (+1 310-XXXX) are dialled inside the country only.
    possible = lengths(plan, (kind for kind in EVERY_KIND if kind != "uan"))
    possible = possible or lengths(plan, EVERY_KIND)
    with_trunk = {n for n in possible if trunk and can_be(plan, trunk, n)}
    return (
        str(code),
        country,
        trunk,
        listed(possible),
        listed(with_trunk),
        listed(lengths(plan, (MOBILE,)) or possible),
        international_prefix(plan[0]),
    )


def plan_rows() -> Iterator[Row]:
    for code, names in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        plan = regions(code)
        yield plan_row(ALL, code, plan)
        if names != (NON_GEOGRAPHIC,):
            for name, region in sorted(zip(names, plan, strict=True)):
                yield plan_row(name, code, (region,))


def prefixes_of_no_mobile(code: int, prefix: str = "") -> Iterator[Row]:
    """The shortest beginnings under which other kinds of numbers exist, and no mobile."""
    plan = regions(code)
    others = [kind for kind in KINDS if can_begin(plan, prefix, (kind,))]
    if not others:
        return
    if not can_begin(plan, prefix, (MOBILE, PERSONAL)):
        kind = others[0] if "fixed_line" in others or len(others) == 1 else "service"
        yield (str(code), prefix, kind)
    elif len(prefix) < (DEEPEST_OF_AREAS if code == 1 else DEEPEST):
        for digit in "0123456789":
            yield from prefixes_of_no_mobile(code, prefix + digit)


def personal_prefixes(code: int, prefix: str = "") -> Iterator[Row]:
    """The shortest beginnings under which personal numbers exist, and nothing else.

    At the deepest a personal number may share one with a fixed line, never with a mobile.
    """
    plan = regions(code)
    if not can_begin(plan, prefix, (PERSONAL,)):
        return
    if not can_begin(plan, prefix, (MOBILE, *KINDS)):
        yield (str(code), prefix, PERSONAL)
    elif len(prefix) < DEEPEST:
        for digit in "0123456789":
            yield from personal_prefixes(code, prefix + digit)
    elif not can_begin(plan, prefix, (MOBILE,)):
        yield (str(code), prefix, "fixed_line" if can_begin(plan, prefix, KINDS[:1]) else "service")


def kind_rows() -> Iterator[Row]:
    for code in sorted(COUNTRY_CODE_TO_REGION_CODE):
        found = list(prefixes_of_no_mobile(code))
        # The personal numbers of +1 (500) lie beside the ranges that tests use (555).
        if code != 1:
            found += personal_prefixes(code)
        yield from sorted(found)


def argentine_areas() -> list[str]:
    """The areas after which the plan puts 15 when a mobile is dialled inside the country."""
    parsing = pattern(PhoneMetadata.metadata_for_region("AR").national_prefix_for_parsing)
    found = []
    for area in (str(number) for number in range(11, 4000)):
        match = parsing.match(area + "15")
        if match and match.group(1) == area:
            found.append(area)
    return found


def rewrite_rows() -> Iterator[Row]:
    """Other spellings of one line: calling code, length and beginning → what it begins with."""
    # Mexico's 1 for mobiles ended in August 2019, and with it the prefixes inside the country.
    for prefix in ("1", "01", "02", "044", "045"):
        yield ("52", str(10 + len(prefix)), prefix, "")
    # Brazil's mobiles have nine digits since 2016; a carrier may stand before the area.
    mobiles = PhoneMetadata.metadata_for_region("BR").mobile
    for area in (str(number) for number in range(11, 100)):
        if pattern(mobiles.national_number_pattern).fullmatch(area + "987654321"):
            for digit in "6789":
                yield ("55", "10", area + digit, area + "9" + digit)
    for carrier in BRAZIL_CARRIERS:
        yield ("55", "13", carrier, "")
    # Ten digits name a subscriber of Argentina; 9 before and 15 amid them only say: a mobile.
    for digit in "123":
        yield ("54", "10", digit, "9" + digit)
    for area in argentine_areas():
        yield ("54", "12", area + "15", "9" + area)
        yield ("54", "13", "9" + area + "15", "9" + area)
    for old, new in sorted(VIETNAM.items()):
        yield ("84", "10", old, new)
    # In Belarus 8 is dialled first, and then 0.
    yield ("375", "10", "0", "")
    yield ("375", "11", "80", "")
    # Benin put 01 before every number in November 2024.
    for digit in "24569":
        yield ("229", "8", digit, "01" + digit)


def write(name: str, header: Row, rows: Iterable[Row]) -> None:
    with (SEEDS / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    write(
        "phone_plans",
        (
            "calling_code", "country", "trunk", "lengths", "lengths_with_trunk", "mobile_lengths",
            "international_prefix",
        ),
        plan_rows(),
    )  # fmt: skip
    write("phone_rewrites", ("calling_code", "length", "prefix", "instead"), rewrite_rows())
    write("phone_kinds", ("calling_code", "prefix", "kind"), kind_rows())


if __name__ == "__main__":
    main()
