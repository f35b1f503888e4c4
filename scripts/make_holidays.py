"""Write the seed of public holidays: `python scripts/make_holidays.py`.

Only for places whose law of hours names holidays (`legal_windows.csv`). Run it after
upgrading `holidays`, and with later years well before the last one is over: what lies
outside the years counts as a holiday.
"""

from __future__ import annotations

import csv
from datetime import date
from importlib.metadata import version
from pathlib import Path

from holidays import country_holidays

SEED = Path(__file__).resolve().parents[1] / "dbt_project" / "seeds" / "holidays.csv"
YEARS = range(2000, 2036)

# The states that forbid solicitation on holidays; the nation's hold in each of them.
STATES = ("AL", "LA", "MS", "PA", "RI", "UT")

# Good Friday and the day after Christmas, holidays in Alsace and Moselle only: a French
# address isn't read that far, so they count everywhere.
FRENCH_REGIONS = ("57", "6AE")


def days(country: str, region: str | None = None) -> dict[date, str]:
    """Dates and names, the days included on which a holiday of a weekend is observed."""
    return dict(country_holidays(country, subdiv=region, years=YEARS, language="en_US"))


def rows() -> list[tuple[str, str, date, str]]:
    nation = days("US")
    found = [("US", "*", day, name) for day, name in nation.items()]
    for state in STATES:
        own = days("US", state)
        found += [("US", state, day, name) for day, name in own.items() if day not in nation]
    french = days("FR")
    for region in FRENCH_REGIONS:
        french |= days("FR", region)
    found += [("FR", "*", day, name) for day, name in french.items()]
    return sorted(found)


def main() -> None:
    source = f"holidays {version('holidays')}"
    with SEED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("country", "region", "holiday_on", "name", "status", "source"))
        # Computed by a library, not read in the law itself.
        writer.writerows((*row, "unverified", source) for row in rows())


if __name__ == "__main__":
    main()
