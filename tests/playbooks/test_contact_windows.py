"""The window models against hours typed by hand: zones, clock changes, places, holidays.

dbt compiles the models; their SQL then runs for many as-ofs over a table of sets of places
and zones. What is expected comes from zoneinfo, the tables below and `holidays` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from holidays import country_holidays
from numpy.typing import NDArray
from playbook_runs import utc

from winback.base.settings import Settings
from winback.sending.guard._guard import Hours, is_local_hour
from winback.warehouse import _dbt

pytestmark = pytest.mark.long

# The vars shortest_window_minutes and window_horizon_days, as shipped.
AN_HOUR = timedelta(hours=1)
HORIZON_DAYS = 15
SENTINEL = utc(2001, 2, 3, 4, 5, 6)
QUARTER = timedelta(minutes=15)
QUARTERS_A_DAY = 96
# Days looked at: two before the first as-of of a week, two weeks after the last.
DAYS = 24
# US and European clocks go forward and back in these weeks; the others have holidays of
# the nation, of a state, of France, and one that is observed on a Friday.
WEEKS = [
    utc(2026, 3, 6), utc(2026, 3, 27), utc(2026, 10, 23), utc(2026, 10, 30),
    utc(2026, 11, 24), utc(2026, 7, 1), utc(2026, 2, 15), utc(2026, 4, 30),
]  # fmt: skip
# The windows that follow these are of every weekday, and of the days in question.
HOURS = (0, 31, 55)
AS_OFS = [week + timedelta(hours=hours) for week in WEEKS for hours in HOURS]
# Clocks forward and back, and holidays of a nation and of a state. The other weeks, and windows of
# all weekdays, are for `make test-slow`.
SOME_WEEKS = [WEEKS[place] for place in (0, 3, 4, 6)]

EVERY_DAY, WORKING_DAYS, WEEKEND = range(1, 8), range(1, 6), range(6, 8)
SUNDAY = (7,)
NEVER = (0, 0)
# The hours of each place's law as published, typed from the design's rules, not the seeds.
LAW: Mapping[str, Sequence[tuple[Iterable[int], tuple[float, float]]]] = {
    "*": [(EVERY_DAY, (8, 21))],
    "US": [(EVERY_DAY, (8, 21))],
    "US-AL": [(EVERY_DAY, (8, 20)), (SUNDAY, NEVER)],
    "US-CT": [(EVERY_DAY, (9, 20))],
    "US-FL": [(EVERY_DAY, (8, 20))],
    "US-KY": [(EVERY_DAY, (10, 21))],
    "US-LA": [(EVERY_DAY, (8, 20)), (SUNDAY, NEVER)],
    "US-MA": [(EVERY_DAY, (8, 20))],
    "US-MD": [(EVERY_DAY, (8, 20))],
    "US-MI": [(EVERY_DAY, (9, 21))],
    "US-MN": [(EVERY_DAY, (9, 21))],
    "US-MS": [(EVERY_DAY, (8, 20)), (SUNDAY, NEVER)],
    "US-NJ": [(EVERY_DAY, (8, 20))],
    "US-NM": [(EVERY_DAY, (9, 21))],
    "US-NV": [(EVERY_DAY, (9, 20))],
    "US-NY": [],
    "US-OK": [(EVERY_DAY, (8, 20))],
    "US-PA": [((6,), (8, 12))],
    "US-RI": [(WORKING_DAYS, (9, 18)), (WEEKEND, (10, 17))],
    "US-TX": [(range(1, 7), (9, 21)), (SUNDAY, (12, 21))],
    "US-UT": [(SUNDAY, NEVER)],
    "US-WA": [(EVERY_DAY, (8, 20))],
    "CA": [(EVERY_DAY, (8, 21)), (WORKING_DAYS, (9, 21.5)), (WEEKEND, (10, 18))],
    "FR": [(EVERY_DAY, (8, 22)), (SUNDAY, NEVER)],
    "GB": [(EVERY_DAY, (8, 21))],
}
HOLIDAY_STATES = ("AL", "LA", "MS", "PA", "RI", "UT")
# A group of channels of a shop that would write at any hour: only the law holds it.
ANY_HOUR = "phone at any hour"
# Of one that writes in the morning to Britain, and in the afternoon elsewhere.
MORNINGS = "phone, mornings in Britain"
# In the order in which they read each other.
MODELS = (
    "place_days", "own_hours", "law_hours", "set_days", "set_zones", "next_windows",
    "lawful_windows", "nearest_windows",
)  # fmt: skip
STRICT_PAIRS = [
    ("US-NY", "US-RI"), ("US-AL", "US-CT"), ("US-PA", "US-KY"), ("US-TX", "US-LA"),
    ("FR", "US-FL"), ("CA-ON", "US-UT"), ("US-AL", "US-LA", "US-TX"),
]  # fmt: skip
ZONE_SETS = [
    "America/Chicago,America/New_York",
    "America/Los_Angeles,America/New_York",
    "Asia/Kolkata,Europe/London",
    "Pacific/Honolulu,Pacific/Kiritimati",
    "America/Denver,America/Phoenix",
    "America/Chicago,America/Denver,America/Los_Angeles,America/New_York",
]


@dataclass(frozen=True)
class Contact:
    """A set that the models answer for: by which channel, where, and on which clocks."""

    group: str
    places: tuple[str, ...]
    zones: tuple[str, ...]
    # The zone they state, or the first by name.
    stated: str = ""

    @property
    def clock(self) -> str:
        return self.stated or self.zones[0]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.group, ",".join(self.places), ",".join(self.zones)


def own_hours(group: str, country: str, weekday: int) -> tuple[float, float]:
    """When the shop wants to write there, as shipped."""
    if group == "email":
        return 8, 20
    if group == ANY_HOUR:
        return 0, 24
    if group == MORNINGS and country == "GB":
        return 9, 10
    if country != "US" or weekday <= 5:
        return 15, 18
    return (15, 17) if weekday == 6 else NEVER


def laws(place: str) -> Iterator[str]:
    """The keys of LAW that hold at a place: of its country, and of its region or of all."""
    country = place.partition("-")[0]
    yield country if country in LAW else "*"
    yield from (key for key in LAW if key.startswith(f"{country}-") and place in {country, key})


@cache
def holidays_of(country: str, region: str | None = None) -> frozenset[date]:
    return frozenset(country_holidays(country, subdiv=region, years=range(2025, 2028)))


def is_closed_holiday(place: str, day: date) -> bool:
    if place == "FR":
        return any(day in holidays_of("FR", region) for region in (None, "57"))
    return any(
        day in holidays_of("US") or day in holidays_of("US", state)
        for state in HOLIDAY_STATES
        if place in {"US", f"US-{state}"}
    )


@cache
def open_quarters(group: str, place: str, day: date) -> NDArray[np.bool_]:
    """Which quarters of a local day are open at one place."""
    own = own_hours(group, place.partition("-")[0], day.isoweekday())
    return lawful_quarters(group, place, day) & quarters_of([own])


@cache
def lawful_quarters(group: str, place: str, day: date) -> NDArray[np.bool_]:
    """Which quarters of a local day the law leaves open at one place."""
    hours = [(0.0, 24.0)]
    if group != "email":
        hours += [
            when for key in laws(place) for days, when in LAW[key] if day.isoweekday() in days
        ]
        hours += [NEVER] if is_closed_holiday(place, day) else []
    return quarters_of(hours)


def quarters_of(hours: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    quarters = np.arange(QUARTERS_A_DAY) / 4
    opens, closes = max(hour for hour, _ in hours), min(hour for _, hour in hours)
    return (quarters >= opens) & (quarters < closes)


class Calendar:
    """The quarters of an hour around a week: which are open, and what clocks show then."""

    def __init__(self, week: datetime) -> None:
        self.start = week - timedelta(days=2)
        # Local days: a zone's may be the one before or after.
        self.days = [self.start.date() + timedelta(days=n) for n in range(-1, DAYS + 2)]
        self._clocks: dict[str, NDArray[np.int64]] = {}
        self._open: dict[tuple[str, tuple[str, ...]], NDArray[np.bool_]] = {}

    def clock(self, zone: str) -> NDArray[np.int64]:
        """What a zone's clocks show at each quarter, counted from the first local day."""
        if zone not in self._clocks:
            offsets = np.concatenate([self._offsets(ZoneInfo(zone), day) for day in range(DAYS)])
            first = datetime.combine(self.days[0], datetime.min.time(), tzinfo=UTC)
            elapsed = (self.start - first) // QUARTER + np.arange(DAYS * QUARTERS_A_DAY)
            self._clocks[zone] = elapsed + offsets
        return self._clocks[zone]

    def _offsets(self, zone: ZoneInfo, day: int) -> NDArray[np.int64]:
        """How many quarters the clocks are ahead of UTC at each quarter of a day."""
        quarters = self.start + timedelta(days=day) + QUARTER * np.arange(QUARTERS_A_DAY + 1)
        ahead = {at: _offset(quarters[at], zone) for at in (0, QUARTERS_A_DAY)}
        if ahead[0] == ahead[QUARTERS_A_DAY]:
            return np.full(QUARTERS_A_DAY, ahead[0])
        return np.array([_offset(quarter, zone) for quarter in quarters[:-1]])

    def open_at(self, group: str, places: tuple[str, ...]) -> NDArray[np.bool_]:
        """The local quarters that are open at all places."""
        if (group, places) not in self._open:
            by_place = [
                np.concatenate([open_quarters(group, place, day) for day in self.days])
                for place in places
            ]
            self._open[group, places] = np.logical_and.reduce(by_place)
        return self._open[group, places]

    def window(self, as_of: datetime, contact: Contact) -> tuple[datetime, datetime] | None:
        """The open window or the next one: its first quarter, and the first closed one."""
        by_clock = self.open_at(contact.group, contact.places)
        is_open = np.logical_and.reduce([by_clock[self.clock(zone)] for zone in contact.zones])
        edges = np.flatnonzero(np.diff(is_open.astype(np.int8), prepend=0, append=0))
        moments = (self.start + int(edge) * QUARTER for edge in edges)
        return next(
            ((first, end) for first, end in zip(moments, moments, strict=True) if end > as_of), None
        )

    def nearest(self, as_of: datetime, contact: Contact) -> tuple[datetime, datetime] | None:
        """Where our own hours leave nothing: the part of the lawful ones nearest to them."""
        last_day = as_of.date() + timedelta(days=HORIZON_DAYS + 1)
        pieces = [
            (*self._preferred(contact, piece[0]), *piece)
            for piece in self._pieces(contact, last_day)
        ]
        ends = []
        for day, first, last, opens, closes in pieces:
            if _gap(first, last, opens, closes) > min(
                _gap(*other[1:]) for other in pieces if other[0] == day
            ):
                continue
            start, end = (min(max(moment, opens), closes) for moment in (first, last))
            end = min(max(end, start + AN_HOUR), closes)
            ends.append((max(min(start, end - AN_HOUR), opens), end))
        return next((window for window in ends if window[1] > as_of), None)

    def _pieces(self, contact: Contact, last_day: date) -> list[tuple[datetime, datetime]]:
        """What is lawful in all zones at once, on days on which we write, cut at midnights."""
        by_clock = np.concatenate(
            [self._lawful(contact, day) & (day <= last_day) for day in self.days]
        )
        clocks = [self.clock(zone) for zone in contact.zones]
        is_open = np.logical_and.reduce([by_clock[clock] for clock in clocks])
        days = np.stack([clock // QUARTERS_A_DAY for clock in clocks])
        is_cut = np.append(np.any(np.diff(days, axis=1) != 0, axis=0), False)
        found: list[tuple[datetime, datetime]] = []
        first = None
        for quarter in np.flatnonzero(is_open):
            first = quarter if first is None else first
            if is_cut[quarter] or quarter + 1 == len(is_open) or not is_open[quarter + 1]:
                found.append(
                    (self.start + int(first) * QUARTER, self.start + int(quarter + 1) * QUARTER)
                )
                first = None
        return found

    def _lawful(self, contact: Contact, day: date) -> NDArray[np.bool_]:
        is_ours = all(
            own_hours(contact.group, place.partition("-")[0], day.isoweekday()) != NEVER
            for place in contact.places
        )
        places = [lawful_quarters(contact.group, place, day) for place in contact.places]
        return np.logical_and.reduce(places) & is_ours

    def _preferred(self, contact: Contact, opens: datetime) -> tuple[date, datetime, datetime]:
        """Our own hours on the person's clock, of the day of a moment."""
        zone = ZoneInfo(contact.clock)
        day = opens.astimezone(zone).date()
        hours = [
            own_hours(contact.group, place.partition("-")[0], day.isoweekday())
            for place in contact.places
        ]
        bounds = sorted([max(hour for hour, _ in hours), min(hour for _, hour in hours)])
        midnight = datetime.combine(day, datetime.min.time())
        moments = (
            (midnight + timedelta(hours=hour)).replace(tzinfo=zone).astimezone(UTC)
            for hour in bounds
        )
        return (day, *moments)  # type: ignore[return-value]


def _gap(first: datetime, last: datetime, opens: datetime, closes: datetime) -> timedelta:
    return max(opens - last, first - closes, timedelta())


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset // QUARTER


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict[str, str]:
    """The models' SQL for the sentinel as-of."""
    models = [f"int_windows__{name}" for name in MODELS]
    settings = Settings.load(home=tmp_path_factory.mktemp("windows"))
    _dbt.invoke_dbt(settings, ["compile", "--select", *models], _dbt.dbt_vars(settings, SENTINEL))
    folder = settings.home / "dbt" / "target" / "compiled"
    return {model: next(folder.rglob(f"{model}.sql")).read_text() for model in models}


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    """The seeds, and the shop that would write at any hour."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("attach ':memory:' as winback")
    for seed in ("contact_windows", "legal_windows", "holidays", "timezones"):
        connection.execute(f"create table winback.{seed} as from '{_dbt.DBT_DIR}/seeds/{seed}.csv'")
    connection.execute(
        "insert into winback.contact_windows values ($group, '*', 1, 7, 0, 1440, '')",
        {"group": ANY_HOUR},
    )
    connection.execute(
        "insert into winback.contact_windows by name select * replace ($group as channel_group)"
        " from winback.contact_windows where channel_group = 'phone'",
        {"group": MORNINGS},
    )
    connection.execute(
        "insert into winback.contact_windows values ($group, 'GB', 1, 7, 540, 600, '')",
        {"group": MORNINGS},
    )
    for group in (ANY_HOUR, MORNINGS):
        connection.execute(
            "insert into winback.legal_windows by name select * replace ($group as channel_group)"
            " from winback.legal_windows where channel_group = 'phone'",
            {"group": group},
        )
    return connection


@pytest.fixture(scope="module")
def zones(warehouse) -> list[str]:
    """DuckDB and Python carry time zone data of different dates, and laws change.

    Where they differ the guard before a send is the stricter; here only the models count.
    """
    names = [name for (name,) in warehouse.sql("from winback.timezones order by 1").fetchall()]
    rows = warehouse.execute(
        "select zone, moment, timezone(zone, moment) from (select unnest($zones) as zone)"
        " cross join (select unnest($moments::timestamptz[]) as moment)",
        {"zones": names, "moments": AS_OFS},
    ).fetchall()
    differing = {
        zone
        for zone, moment, local in rows
        if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
    }
    agreed = [zone for zone in names if zone not in differing]
    assert len(agreed) > 0.95 * len(names)
    return agreed


def contacts(zones: Sequence[str], turn: int) -> list[Contact]:
    """Every place on some clocks, and every clock at one place, another one each turn."""
    places = [(place,) for place in LAW] + STRICT_PAIRS
    grid = [
        Contact(group, place, tuple(names.split(",")))
        for group in ("phone", ANY_HOUR)
        for place in places
        for names in ZONE_SETS
    ]
    around = [
        Contact(("phone", ANY_HOUR)[turn % 2], places[(number + turn) % len(places)], (zone,))
        for number, zone in enumerate(zones)
    ]
    emails = [Contact("email", ("*",), (zone,)) for zone in zones[turn % 4 :: 4]]
    return list(dict.fromkeys(grid + around + emails))


def place_contacts(warehouse: duckdb.DuckDBPyConnection, asked: Sequence[Contact]) -> None:
    """One customer for each set, as the models upstream would describe them."""
    tables = {
        "int_windows__zone_sets": {
            "customer_id": [str(number) for number in range(len(asked))],
            "channel_group": [contact.group for contact in asked],
            "places": [contact.key[1] for contact in asked],
            "zones": [contact.key[2] for contact in asked],
            "range_zone": [contact.clock for contact in asked],
        },
        "int_customers__places": _unnested(asked, "place", lambda contact: contact.places),
        "int_customers__zones": _unnested(asked, "zone", lambda contact: contact.zones),
    }
    for name, columns in tables.items():
        frame = pa.table(columns)  # noqa: F841 - duckdb finds it by its name
        warehouse.execute(f"create or replace table winback.{name} as from frame")
    warehouse.execute(
        "create or replace table winback.int_customers__places as select *,"
        " split_part(place, '-', 1) as country,"
        " case when place like '%-%' then split_part(place, '-', 2) else '*' end as region"
        " from winback.int_customers__places where place != '*'"
    )


def _unnested(
    asked: Sequence[Contact], name: str, values: Callable[[Contact], Iterable[str]]
) -> dict[str, list[str]]:
    pairs = [(str(n), value) for n, contact in enumerate(asked) for value in values(contact)]
    return {"customer_id": [n for n, _ in pairs], name: [value for _, value in pairs]}


def windows(warehouse, compiled, as_of: datetime) -> dict[tuple[str, ...], tuple[datetime, ...]]:
    """What the models answer, by set."""
    for model, sql in compiled.items():
        now = sql.replace(SENTINEL.isoformat(), as_of.isoformat())
        now = now.replace('"winback"."main".', "winback.")
        warehouse.execute(f"create or replace table winback.{model} as {now}")
    rows = warehouse.execute(
        "select channel_group, places, zones, opens_at, closes_at"
        " from winback.int_windows__next_windows"
    ).fetchall()
    return {row[:3]: tuple(moment.astimezone(UTC) for moment in row[3:]) for row in rows}


@pytest.mark.parametrize(
    "weeks",
    [
        pytest.param(SOME_WEEKS, id="some weeks"),
        pytest.param(WEEKS, id="all weeks", marks=pytest.mark.slow),
    ],
)
def test_no_window_leaves_the_strictest_places_hours_and_none_is_missed(
    compiled, warehouse, zones, weeks
):
    calendars = {week: Calendar(week) for week in weeks}
    weekdays, checked = set(), 0
    as_ofs = [(week, week + timedelta(hours=hours)) for week in weeks for hours in HOURS]
    for turn, (week, as_of) in enumerate(as_ofs):
        asked = contacts(zones, turn)
        place_contacts(warehouse, asked)
        found = windows(warehouse, compiled, as_of)
        calendar = calendars[week]
        for contact in asked:
            expected = calendar.window(as_of, contact)
            assert found.get(contact.key) == expected, (as_of, contact)
            checked += 1
            if expected and contact.zones == ("America/New_York",):
                weekdays.add((contact.group, expected[0].isoweekday()))
    assert checked > 3_125 * len(weeks)
    days = {day for group, day in weekdays if group == ANY_HOUR}
    assert days == set(EVERY_DAY) or (weeks is SOME_WEEKS and len(days) >= 5)


def pairs_of_zones(zones: Sequence[str]) -> list[tuple[str, str]]:
    """Of the zones that show the same time in all the weeks, the first; each with each."""
    by_offsets = {
        tuple(as_of.astimezone(ZoneInfo(zone)).utcoffset() for as_of in AS_OFS): zone
        for zone in reversed(zones)
    }
    some = sorted(by_offsets.values())
    return [(one, other) for number, one in enumerate(some) for other in some[number + 1 :]]


def apart(zones: Sequence[str]) -> list[Contact]:
    """Pairs of zones at one place or another, by the clock of either of the two."""
    places = [("*",), ("US-NY",), ("GB",), ("US-AL", "US-RI"), ("FR", "US-KY"), ("US",)]
    phones = [
        Contact("phone", places[number % len(places)], pair, pair[number % 2])
        for number, pair in enumerate(pairs_of_zones(zones))
    ]
    emails = [Contact("email", ("*",), it.zones, it.stated) for it in phones[::3]]
    clocks = ("Europe/London",), ("Europe/London", "Europe/Paris"), ("Asia/Tokyo", "Europe/Paris")
    mornings = [Contact(MORNINGS, ("FR", "GB"), names) for names in clocks]
    many = [Contact("phone", ("US-NY",), tuple(names.split(","))) for names in ZONE_SETS]
    return phones + emails + mornings + many


# In the weeks in which clocks change: the day before, the day of it, and one without.
@pytest.mark.parametrize(
    "week",
    [WEEKS[0], WEEKS[2], *(pytest.param(WEEKS[place], marks=pytest.mark.slow) for place in (1, 3))],
)
def test_where_our_hours_meet_in_no_zone_the_nearest_lawful_ones_count(
    compiled, warehouse, zones, week
):
    as_of = week + timedelta(hours=31)
    asked, calendar = apart(zones), Calendar(week)
    place_contacts(warehouse, asked)
    found = windows(warehouse, compiled, as_of)
    rows = warehouse.execute(
        "select channel_group, places, zones, opens_at, closes_at, opens_minute, closes_minute"
        " from winback.int_windows__nearest_windows"
    ).fetchall()
    nearest = {row[:3]: row[3:] for row in rows}
    assert not found.keys() & nearest.keys()
    checked = 0
    for contact in asked:
        if contact.key in found:
            continue
        expected = calendar.nearest(as_of, contact)
        row = nearest.get(contact.key)
        assert (row and tuple(at.astimezone(UTC) for at in row[:2])) == expected, contact
        if row is None:
            continue
        checked += 1
        opens_at, closes_at, *minutes = row
        assert closes_at - opens_at >= QUARTER
        # The guard, which knows nothing of what we would like, agrees all the time.
        hours = Hours("sms", contact.key[2], *minutes)
        while opens_at < closes_at:
            assert is_local_hour(hours, opens_at, "UTC"), (contact, opens_at)
            opens_at += QUARTER
    assert checked > 500
