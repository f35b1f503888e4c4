"""Write the seeds of places and time zones from tzdata, phonenumbers and zipcodes.

Run it after upgrading one of them: `python scripts/make_zone_seeds.py`. Every seed errs
to more zones and more places: a message must be in its window in all of them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import zipcodes
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, region_code_for_number
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

SEEDS = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds"

# A country whose zones are further apart has no row of its own: only a region, a phone
# prefix or the customer's own zone can tell when it is afternoon there.
WIDEST_COUNTRY = timedelta(hours=2)

EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"
ALASKA, HAWAII = "America/Anchorage", "Pacific/Honolulu"

# Country, code, name, zones: every zone that some part of the region keeps.
REGIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("US", "AL", "Alabama", (CENTRAL,)),
    ("US", "AK", "Alaska", (ALASKA, "America/Adak")),
    ("US", "AZ", "Arizona", ("America/Phoenix", MOUNTAIN)),
    ("US", "AR", "Arkansas", (CENTRAL,)),
    ("US", "CA", "California", (PACIFIC,)),
    ("US", "CO", "Colorado", (MOUNTAIN,)),
    ("US", "CT", "Connecticut", (EASTERN,)),
    ("US", "DE", "Delaware", (EASTERN,)),
    ("US", "DC", "District of Columbia", (EASTERN,)),
    ("US", "FL", "Florida", (EASTERN, CENTRAL)),
    ("US", "GA", "Georgia", (EASTERN,)),
    ("US", "HI", "Hawaii", (HAWAII,)),
    ("US", "ID", "Idaho", ("America/Boise", PACIFIC)),
    ("US", "IL", "Illinois", (CENTRAL,)),
    ("US", "IN", "Indiana", ("America/Indiana/Indianapolis", CENTRAL)),
    ("US", "IA", "Iowa", (CENTRAL,)),
    ("US", "KS", "Kansas", (CENTRAL, MOUNTAIN)),
    ("US", "KY", "Kentucky", (EASTERN, CENTRAL)),
    ("US", "LA", "Louisiana", (CENTRAL,)),
    ("US", "ME", "Maine", (EASTERN,)),
    ("US", "MD", "Maryland", (EASTERN,)),
    ("US", "MA", "Massachusetts", (EASTERN,)),
    ("US", "MI", "Michigan", ("America/Detroit", CENTRAL)),
    ("US", "MN", "Minnesota", (CENTRAL,)),
    ("US", "MS", "Mississippi", (CENTRAL,)),
    ("US", "MO", "Missouri", (CENTRAL,)),
    ("US", "MT", "Montana", (MOUNTAIN,)),
    ("US", "NE", "Nebraska", (CENTRAL, MOUNTAIN)),
    ("US", "NV", "Nevada", (PACIFIC, MOUNTAIN)),
    ("US", "NH", "New Hampshire", (EASTERN,)),
    ("US", "NJ", "New Jersey", (EASTERN,)),
    ("US", "NM", "New Mexico", (MOUNTAIN,)),
    ("US", "NY", "New York", (EASTERN,)),
    ("US", "NC", "North Carolina", (EASTERN,)),
    ("US", "ND", "North Dakota", (CENTRAL, MOUNTAIN)),
    ("US", "OH", "Ohio", (EASTERN,)),
    ("US", "OK", "Oklahoma", (CENTRAL,)),
    ("US", "OR", "Oregon", (PACIFIC, "America/Boise")),
    ("US", "PA", "Pennsylvania", (EASTERN,)),
    ("US", "RI", "Rhode Island", (EASTERN,)),
    ("US", "SC", "South Carolina", (EASTERN,)),
    ("US", "SD", "South Dakota", (CENTRAL, MOUNTAIN)),
    ("US", "TN", "Tennessee", (CENTRAL, EASTERN)),
    ("US", "TX", "Texas", (CENTRAL, MOUNTAIN)),
    ("US", "UT", "Utah", (MOUNTAIN,)),
    ("US", "VT", "Vermont", (EASTERN,)),
    ("US", "VA", "Virginia", (EASTERN,)),
    ("US", "WA", "Washington", (PACIFIC,)),
    ("US", "WV", "West Virginia", (EASTERN,)),
    ("US", "WI", "Wisconsin", (CENTRAL,)),
    ("US", "WY", "Wyoming", (MOUNTAIN,)),
    ("US", "PR", "Puerto Rico", ("America/Puerto_Rico",)),
    ("US", "VI", "U.S. Virgin Islands", ("America/St_Thomas",)),
    ("US", "GU", "Guam", ("Pacific/Guam",)),
    ("US", "AS", "American Samoa", ("Pacific/Pago_Pago",)),
    ("US", "MP", "Northern Mariana Islands", ("Pacific/Saipan",)),
    ("CA", "AB", "Alberta", ("America/Edmonton",)),
    ("CA", "BC", "British Columbia", ("America/Vancouver", "America/Edmonton", "America/Creston")),
    ("CA", "MB", "Manitoba", ("America/Winnipeg",)),
    ("CA", "NB", "New Brunswick", ("America/Moncton",)),
    ("CA", "NL", "Newfoundland and Labrador", ("America/St_Johns", "America/Goose_Bay")),
    ("CA", "NS", "Nova Scotia", ("America/Halifax",)),
    ("CA", "NT", "Northwest Territories", ("America/Yellowknife", "America/Edmonton")),
    ("CA", "NU", "Nunavut", ("America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay")),
    ("CA", "ON", "Ontario", ("America/Toronto", "America/Winnipeg")),
    ("CA", "PE", "Prince Edward Island", ("America/Halifax",)),
    ("CA", "QC", "Quebec", ("America/Toronto", "America/Halifax", "America/Blanc-Sablon")),
    ("CA", "SK", "Saskatchewan", ("America/Regina", "America/Edmonton")),
    ("CA", "YT", "Yukon", ("America/Whitehorse",)),
    ("AU", "ACT", "Australian Capital Territory", ("Australia/Sydney",)),
    ("AU", "NSW", "New South Wales", ("Australia/Sydney", "Australia/Broken_Hill")),
    ("AU", "NT", "Northern Territory", ("Australia/Darwin",)),
    ("AU", "QLD", "Queensland", ("Australia/Brisbane",)),
    ("AU", "SA", "South Australia", ("Australia/Adelaide",)),
    ("AU", "TAS", "Tasmania", ("Australia/Hobart",)),
    ("AU", "VIC", "Victoria", ("Australia/Melbourne",)),
    ("AU", "WA", "Western Australia", ("Australia/Perth", "Australia/Eucla")),
)

# What shops write for a country beside its two letters and its English name.
COUNTRY_ALIASES: dict[str, tuple[str, ...]] = {
    "AT": ("AUT", "ÖSTERREICH"),
    "AU": ("AUS",),
    "BE": ("BEL",),
    "BR": ("BRA",),
    "CA": ("CAN",),
    "CH": ("CHE", "SCHWEIZ", "SUISSE"),
    "CN": ("CHN",),
    "CZ": ("CZE", "CZECHIA"),
    "DE": ("DEU", "DEUTSCHLAND"),
    "DK": ("DNK", "DANMARK"),
    "ES": ("ESP", "ESPAÑA"),
    "FI": ("FIN", "SUOMI"),
    "FR": ("FRA",),
    "GB": (
        "UK", "GBR", "UNITED KINGDOM", "GREAT BRITAIN", "ENGLAND", "SCOTLAND", "WALES",
        "NORTHERN IRELAND",
    ),
    "GR": ("GRC",),
    "HK": ("HKG",),
    "IE": ("IRL", "EIRE"),
    "IL": ("ISR",),
    "IN": ("IND",),
    "IT": ("ITA", "ITALIA"),
    "JP": ("JPN",),
    "KR": ("KOR", "SOUTH KOREA", "KOREA"),
    "LU": ("LUX",),
    "MX": ("MEX",),
    "NL": ("NLD", "HOLLAND", "THE NETHERLANDS"),
    "NO": ("NOR", "NORGE"),
    "NZ": ("NZL",),
    "PL": ("POL", "POLSKA"),
    "PT": ("PRT",),
    "SE": ("SWE", "SVERIGE"),
    "SG": ("SGP",),
    "TR": ("TUR",),
    "US": ("USA", "U.S.", "U.S.A.", "UNITED STATES OF AMERICA"),
    "ZA": ("ZAF", "RSA"),
}  # fmt: skip


# How the phone numbering data spells a region beside its code and name.
REGION_ALIASES = {
    "Washington State": "WA",
    "Washington D.C.": "DC",
    "British Colombia": "BC",
}

# A Canadian postal code begins with the letter of its province.
POSTAL_DISTRICTS: dict[str, tuple[str, ...]] = {
    "A": ("NL",), "B": ("NS",), "C": ("PE",), "E": ("NB",), "G": ("QC",), "H": ("QC",),
    "J": ("QC",), "K": ("ON",), "L": ("ON",), "M": ("ON",), "N": ("ON",), "P": ("ON",),
    "R": ("MB",), "S": ("SK",), "T": ("AB",), "V": ("BC",), "X": ("NT", "NU"), "Y": ("YT",),
}  # fmt: skip


@cache
def offsets(zone: str) -> tuple[timedelta, ...]:
    """A zone's offset on each day of the years that a message may be sent in."""
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    info = ZoneInfo(zone)
    days = (start + timedelta(days=day) for day in range(5 * 366))
    return tuple(day.astimezone(info).utcoffset() or timedelta() for day in days)


def distinct_clocks(zones: Iterable[str]) -> list[str]:
    """One zone for each clock: London stands for Jersey too."""
    by_clock: dict[tuple[timedelta, ...], str] = {}
    for zone in zones:
        by_clock.setdefault(offsets(zone), zone)
    return list(by_clock.values())


def spread(zones: Iterable[str]) -> timedelta:
    """How far apart the clocks of these zones ever are."""
    widest = timedelta()
    for day in zip(*(offsets(zone) for zone in zones), strict=True):
        widest = max(widest, max(day) - min(day))
    return widest


def tab_rows(name: str) -> list[list[str]]:
    """The rows of a table that the IANA database ships beside its zones."""
    text = (resources.files("tzdata") / "zoneinfo" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def country_name_rows() -> list[Sequence[str]]:
    """Every spelling of a country, in upper case, and its two letters."""
    names: dict[str, str] = {}
    for code, name in tab_rows("iso3166.tab"):
        for spelling in (code, name.upper(), *COUNTRY_ALIASES.get(code, ())):
            names.setdefault(spelling, code)
    return list(names.items())


def country_zones() -> dict[str, list[str]]:
    """Countries to their clocks, the most populous zone first, as zone.tab lists them."""
    zones: dict[str, list[str]] = defaultdict(list)
    for country, _, zone, *_ in tab_rows("zone.tab"):
        zones[country].append(zone)
    return {
        country: clocks
        for country, names in sorted(zones.items())
        if spread(clocks := distinct_clocks(names)) <= WIDEST_COUNTRY
    }


def place_rows(countries: dict[str, list[str]]) -> list[Sequence[str]]:
    """Regions of the wide countries, then `*` for each country that keeps nearly one time."""
    regions: list[Sequence[str]] = [
        (country, code, name.upper(), zone)
        for country, code, name, zones in REGIONS
        for zone in distinct_clocks(zones)
    ]
    whole = [(country, "*", "*", zone) for country, zones in countries.items() for zone in zones]
    return regions + whole


def area_country(prefix: str) -> str:
    """The country of an area code of +1; empty where the numbering plan leaves it open."""
    number = PhoneNumber(country_code=1, national_number=int(prefix[1:] + "2345678"))
    return region_code_for_number(number) or ""


def region_zones(country: str) -> dict[str, tuple[str, ...]]:
    """The regions of a country and the zones that some part of each keeps."""
    return {code: zones for land, code, _, zones in REGIONS if land == country}


def area_regions(area: str, country: str) -> list[str]:
    """The states or provinces of an area code of +1; `*` where the data names none."""
    codes = {name: code for land, code, name, _ in REGIONS if land == country}
    codes |= {code: code for code in region_zones(country)} | REGION_ALIASES
    whole = GEOCODE_DATA.get(area, {}).get("en")
    # An area without a name of its own has names for its exchanges.
    places = [whole] if whole else [t["en"] for p, t in GEOCODE_DATA.items() if p.startswith(area)]
    # "Nova Scotia/Prince Edward Island", or "San Antonio, TX"
    names = {name for place in places for name in place.split(", ")[-1].split("/")}
    return sorted({codes[name] for name in names if name in codes}) or ["*"]


def zone_countries() -> dict[str, str]:
    """Zones to their countries, also by the names that zones had before."""
    countries = {zone: country for country, _, zone, *_ in tab_rows("zone.tab")}
    text = (resources.files("tzdata") / "zoneinfo" / "tzdata.zi").read_text("utf-8")
    links = [line.split()[1:] for line in text.splitlines() if line.startswith("L ")]
    return {name: countries[zone] for zone, name in links if zone in countries} | countries


def whole_country(code: int, region: str) -> list[str]:
    """Every clock of a country, by the name that its regions go by where there is one."""
    usual = [zone for land, _, _, zones in REGIONS if land == region for zone in zones]
    names = [zone for country, _, zone, *_ in tab_rows("zone.tab") if country == region]
    # Kosovo and two islands have no zone of their own.
    return distinct_clocks([*usual, *names] or TIMEZONE_DATA[str(code)])


def phone_rows(countries: dict[str, list[str]]) -> list[Sequence[str]]:
    """Area codes of +1, then the country codes: those of wide countries point to all of it."""
    by_area: dict[str, list[str]] = defaultdict(list)
    for prefix, zones in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            by_area[prefix[:4]].extend(zones)
    rows: list[Sequence[str]] = [
        (prefix, country, region, zone, "false")
        for prefix, zones in sorted(by_area.items())
        for country in [area_country(prefix)]
        for region in area_regions(prefix, country)
        for zone in distinct_clocks(sorted(set(zones)))
    ]
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        # Satellite phones and the like (001) are of no country.
        if code == 1 or regions == ("001",):
            continue
        zones = [
            zone
            for region in regions
            for zone in countries.get(region) or whole_country(code, region)
        ]
        is_wide = spread(zones) > WIDEST_COUNTRY
        rows.extend(
            (str(code), regions[0], "*", zone, str(is_wide).lower())
            # Of a wide country each zone stands for itself: Almaty is none of Russia.
            for zone in (zones if is_wide else distinct_clocks(zones))
        )
    return rows


def usual_name(zone: str, usual: Sequence[str]) -> str:
    """The one of a region's usual zones that keeps the same time, else the zone itself."""
    return next((name for name in usual if offsets(name) == offsets(zone)), zone)


def zip_rows() -> list[Sequence[str]]:
    """The first three digits of a ZIP code, a sorting office's, with its states and zones.

    Three of five: an office's zones hold for codes that are newer than the data.
    """
    usual, names = region_zones("US"), available_timezones()
    rows = {
        (place["zip_code"][:3], place["state"], usual_name(place["timezone"], zones))
        for place in zipcodes.list_all()
        for zones in [usual.get(place["state"], ())]
        # Armed forces overseas have a US code and may be anywhere.
        if place["timezone"] in names
    }
    return [("US", prefix, state, zone) for prefix, state, zone in sorted(rows)]


def postal_rows() -> list[Sequence[str]]:
    provinces = region_zones("CA")
    return [
        *zip_rows(),
        *(
            ("CA", letter, province, zone)
            for letter, codes in POSTAL_DISTRICTS.items()
            for province in codes
            for zone in distinct_clocks(provinces[province])
        ),
    ]


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with (SEEDS / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    countries = country_zones()
    # `Factory` and `localtime` name no place, and differ from machine to machine.
    names = sorted(available_timezones() - {"Factory", "localtime"})
    write("country_names", ("country_name", "country"), country_name_rows())
    write("timezones", ("zone",), [(name,) for name in names])
    write("place_zones", ("country", "region", "region_name", "zone"), place_rows(countries))
    write(
        "phone_zones",
        ("prefix", "country", "region", "zone", "is_wide_country"),
        phone_rows(countries),
    )
    write("zone_countries", ("zone", "country"), sorted(zone_countries().items()))
    write("postal_zones", ("country", "prefix", "region", "zone"), postal_rows())


if __name__ == "__main__":
    main()
