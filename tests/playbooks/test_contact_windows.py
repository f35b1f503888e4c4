"""The window model against zoneinfo: all zones, days around both changes of the clocks.

dbt compiles the model; its SQL then runs for many as-ofs over a table of zone sets.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from playbook_runs import utc

from winback.settings import Settings
from winback.warehouse import _dbt

SENTINEL = utc(2001, 2, 3, 4, 5, 6)
STEP = timedelta(minutes=15)
# US and European clocks go forward and back between these days of 2026.
AS_OFS = [
    start + timedelta(hours=hours)
    for start in (utc(2026, 3, 7), utc(2026, 3, 28), utc(2026, 10, 24), utc(2026, 10, 31))
    for hours in range(0, 48, 7)
]
PAIRS = [
    "America/Chicago,America/New_York",
    "America/Los_Angeles,America/New_York",
    "Asia/Kolkata,Europe/London",
    "Pacific/Honolulu,Pacific/Kiritimati",
    "America/Denver,America/Phoenix",
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> str:
    """The model's SQL for the sentinel as-of."""
    settings = Settings.load(home=tmp_path_factory.mktemp("windows"))
    _dbt.invoke_dbt(
        settings,
        ["compile", "--select", "int_decisions__windows"],
        _dbt.dbt_vars(settings, SENTINEL),
    )
    folder = settings.home / "dbt" / "target" / "compiled"
    return next(folder.rglob("int_decisions__windows.sql")).read_text()


@pytest.fixture(scope="module")
def rules() -> dict[tuple[str, str, int], tuple[int, int]]:
    """contact_windows by channel group, country and weekday."""
    with (_dbt.DBT_DIR / "seeds" / "contact_windows.csv").open() as file:
        return {
            (row["channel_group"], row["country"], int(row["iso_weekday"])): (
                int(row["opens_minute"]),
                int(row["closes_minute"]),
            )
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    """Every zone by itself and some pairs, for email and for phones here and in the US."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("attach ':memory:' as winback")
    seeds = _dbt.DBT_DIR / "seeds"
    connection.execute(
        f"create table winback.contact_windows as from read_csv('{seeds}/contact_windows.csv',"
        " types = {'opens_minute': 'bigint', 'closes_minute': 'bigint', 'country': 'varchar'})"
    )
    zones = connection.sql(f"select zone from '{seeds}/timezones.csv'").fetchall()
    agreed = _zones_on_which_both_clocks_agree(connection, [zone for (zone,) in zones])
    assert len(agreed) > 0.95 * len(zones)
    sets = agreed + PAIRS
    connection.execute(
        "create table winback.int_decisions__zone_sets as select"
        " zones as customer_id, channel_group, window_country, zones"
        " from (select unnest($sets) as zones),"
        " (values ('email', '*'), ('phone', '*'), ('phone', 'US'))"
        " as w(channel_group, window_country)",
        {"sets": sets},
    )
    connection.execute(
        "create table winback.int_customers__zones as select distinct customer_id,"
        " unnest(string_split(zones, ',')) as zone from winback.int_decisions__zone_sets"
    )
    return connection


def _zones_on_which_both_clocks_agree(connection, zones):
    """DuckDB and Python carry time zone data of different dates, and laws change.

    Where they differ the guard before a send is the stricter; here only the model counts.
    """
    rows = connection.execute(
        "select zone, moment, timezone(zone, moment) from (select unnest($zones) as zone)"
        " cross join (select unnest($moments::timestamptz[]) as moment)",
        {
            "zones": zones,
            "moments": [as_of + timedelta(days=7 * n) for as_of in AS_OFS for n in (0, 1)],
        },
    ).fetchall()
    differing = {
        zone
        for zone, moment, local in rows
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
    }
    return [zone for zone in zones if zone not in differing]


def test_no_window_leaves_the_local_hours_and_none_is_missed(compiled, warehouse, rules):
    checked = 0
    for as_of in AS_OFS:
        sql = compiled.replace(SENTINEL.isoformat(), as_of.isoformat())
        sql = sql.replace('"winback"."main".', "winback.")
        rows = warehouse.execute(
            f"select channel_group, window_country, zones, opens_at, closes_at from ({sql})"
        ).fetchall()
        found = {row[:3]: (row[3], row[4]) for row in rows}
        for group, country, zones in _sample(warehouse, as_of):
            window = found.get((group, country, zones))
            place = _Place(group, country, tuple(zones.split(",")), rules)
            _check(window, as_of, place)
            checked += 1
    assert checked > 5_000


def _sample(warehouse, as_of):
    """All sets in turn: a quarter at each as-of keeps the test short."""
    turn = AS_OFS.index(as_of) % 4
    sets = warehouse.execute(
        "select channel_group, window_country, zones from winback.int_decisions__zone_sets"
        " order by all"
    ).fetchall()
    return [row for place, row in enumerate(sets) if place % 4 == turn]


@dataclass(frozen=True)
class _Place:
    """A set of zones with the hours that hold there, by zoneinfo alone."""

    group: str
    country: str
    zones: tuple[str, ...]
    rules: dict[tuple[str, str, int], tuple[int, int]]

    def allows(self, moment: datetime) -> bool:
        return all(self._zone_allows(moment.astimezone(ZoneInfo(zone))) for zone in self.zones)

    def _zone_allows(self, local: datetime) -> bool:
        key = (self.group, self.country, local.isoweekday())
        opens, closes = self.rules.get(key, (0, 0))
        return opens <= local.hour * 60 + local.minute < closes

    def first_allowed(self, as_of: datetime) -> datetime | None:
        quarters = (as_of + count * STEP for count in range(7 * 96))
        return next((moment for moment in quarters if self.allows(moment)), None)


def _check(window, as_of, place):
    """Every quarter of an hour inside is allowed, and the first allowed one is inside."""
    first = place.first_allowed(as_of)
    if window is None:
        assert first is None, (as_of, place.zones)
        return
    opens_at, closes_at = (moment.astimezone(UTC) for moment in window)
    assert closes_at > as_of
    assert first == max(opens_at, as_of), (as_of, place.zones)
    moment = opens_at
    while moment < closes_at:
        assert place.allows(moment), (moment, place.zones)
        moment += STEP
    assert not place.allows(closes_at), (closes_at, place.zones)
