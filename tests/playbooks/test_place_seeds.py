"""Seeds of places that a script wrote from libraries, against facts known otherwise."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date

import pytest

from winback.warehouse._dbt import DBT_DIR


def rows(seed: str) -> list[dict[str, str]]:
    with (DBT_DIR / "seeds" / f"{seed}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("area", "regions"),
    [
        ("1212", {"NY"}), ("1305", {"FL"}), ("1205", {"AL"}), ("1401", {"RI"}), ("1203", {"CT"}),
        ("1210", {"TX"}), ("1202", {"DC"}), ("1206", {"WA"}), ("1416", {"ON"}), ("1604", {"BC"}),
        ("1902", {"NS", "PE"}), ("1867", {"NT", "NU", "YT"}), ("1787", {"*"}), ("44", {"*"}),
    ],
)  # fmt: skip
def test_a_phone_prefix_names_its_regions(area, regions):
    assert {row["region"] for row in rows("phone_zones") if row["prefix"] == area} == regions


def test_every_area_code_of_the_us_and_canada_names_a_region_that_has_zones():
    known = {(row["country"], row["region"]) for row in rows("place_zones")}
    areas = [row for row in rows("phone_zones") if row["country"] in {"US", "CA"}]
    assert len({row["prefix"] for row in areas}) > 380
    assert {(row["country"], row["region"]) for row in areas} <= known


def test_no_phone_prefix_begins_another_one():
    prefixes = {row["prefix"] for row in rows("phone_zones")}
    assert not [p for p in prefixes if any(p[:n] in prefixes for n in range(1, len(p)))]


def test_a_calling_code_of_a_country_points_to_zones():
    known = {row["prefix"] for row in rows("phone_zones")}
    codes = {row["calling_code"] for row in rows("phone_plans") if row["country"] != "*"}
    assert codes - known == {"1"}  # Its area codes do.


@pytest.mark.parametrize(
    ("code", "zones"),
    [
        ("7", {"Europe/Kaliningrad", "Asia/Kamchatka", "Asia/Almaty"}),
        ("52", {"America/Cancun", "America/Tijuana"}),
        ("55", {"America/Noronha", "America/Eirunepe"}),
        ("56", {"America/Santiago", "Pacific/Easter"}),
        ("61", {"Australia/Sydney", "Australia/Perth", "Australia/Lord_Howe", "Indian/Cocos"}),
        ("299", {"America/Nuuk", "America/Thule"}),
        ("383", {"Europe/Belgrade"}),
        ("247", {"Atlantic/St_Helena"}),
    ],
)
def test_a_country_of_many_zones_points_to_all_of_them(code, zones):
    found = [row for row in rows("phone_zones") if row["prefix"] == code]
    assert zones <= {row["zone"] for row in found}
    assert {row["is_wide_country"] for row in found} == {str(len(zones) > 1).lower()}
    countries = {row["zone"]: row["country"] for row in rows("zone_countries")}
    assert {row["zone"] for row in found} <= countries.keys()


def test_postal_prefixes_agree_with_the_regions_they_name():
    """Each of its zones is one that the state keeps, by a list typed by hand."""
    zones = defaultdict(set)
    for row in rows("place_zones"):
        zones[row["country"], row["region"]].add(row["zone"])
    postal = [row for row in rows("postal_zones") if (row["country"], row["region"]) in zones]
    assert len({row["prefix"] for row in postal}) > 900
    assert {row["region"] for row in postal if row["country"] == "US"} == {
        region for country, region in zones if country == "US"
    }
    strangers = [row for row in postal if row["zone"] not in zones[row["country"], row["region"]]]
    assert strangers == []


def test_law_that_names_holidays_knows_them_for_years_to_come():
    closed = {
        (r["country"], r["region"]) for r in rows("legal_windows") if r["is_for_holidays"] == "true"
    }
    days = defaultdict(set)
    for row in rows("holidays"):
        days[row["country"]].add(date.fromisoformat(row["holiday_on"]))
    assert {country for country, _ in closed} == set(days)
    for country in days:
        assert {day.year for day in days[country]} == set(range(2000, 2036))
    assert date(2026, 11, 26) in days["US"]  # Thanksgiving
    assert date(2026, 7, 14) in days["FR"]


def test_a_country_with_law_of_its_own_has_a_row_for_the_whole_of_it():
    """Only from the day of such a row on are the rows of its regions looked at."""
    everywhere = {(r["channel_group"], r["country"], r["region"]) for r in rows("legal_windows")}
    assert {(group, country, "*") for group, country, _ in everywhere} <= everywhere
