"""Who counts as an entry, as there before, and as come back: on hand-made days, without dbt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from winback.measure.backtest._entries import Span, live_through
from winback.measure.backtest._returns import ALL, natural_returns
from winback.measure.statistics import proportion_interval
from winback.warehouse import Replay
from winback.warehouse._replay import _MEANT_BY_NOBODY, _Model

AS_OF = f"timestamptz '{_MEANT_BY_NOBODY.isoformat()}'"
# A customer is a member from one day to another, in the episode of an order.
STAYS = """
    create table stays (customer_id varchar, order_id varchar, since date, until date);
    insert into stays values
        ('there before', 'a', '2026-02-01', '2026-04-01'),
        ('gone that day', 'b', '2026-02-01', '2026-02-28'),
        ('gone, then back', 'c', '2026-02-01', '2026-02-28'),
        ('gone, then back', 'c', '2026-03-03', '2026-03-04'),
        ('first day', 'd', '2026-03-01', '2026-04-01'),
        ('leaves and returns', 'e', '2026-03-02', '2026-03-02'),
        ('leaves and returns', 'e', '2026-03-04', '2026-03-05'),
        ('lapses anew', 'f', '2026-03-01', '2026-03-01'),
        ('lapses anew', 'g', '2026-03-04', '2026-03-05'),
        ('after the range', 'h', '2026-03-06', '2026-03-09');
"""


def model(name: str, sql: str) -> _Model:
    return _Model(name, f"winback.{name}", "view", sql, (), depends_on_time=True)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; attach ':memory:' as winback")
        yield connection


def test_an_entry_is_the_first_day_of_an_episodes_membership(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(STAYS)
    today = f"from stays where cast({AS_OF} as date) between since and until"
    replay = Replay(
        connection,
        [
            model("members_here", f"select customer_id {today}"),
            model(
                "int_customers__order_totals",
                f"select customer_id, order_id as last_order_id, {AS_OF} as last_order_at {today}",
            ),
            model(
                "int_customers__lapse",
                "select '' as customer_id, false as is_lapsed, '' as lapse_stage where false",
            ),
        ],
    )
    lived: list[date] = []

    live_through(
        replay,
        Span(date(2026, 3, 1), date(2026, 3, 5), "UTC"),
        "members_here",
        on_day=lambda day, _as_of: lived.append(day),
    )

    noted = replay.rows(
        "select customer_id, episode, kind, day from entries where kind <> 'before' order by all"
    )
    assert [tuple(row.values()) for row in noted] == [
        ("first day", "d", "entry", date(2026, 3, 1)),
        ("lapses anew", "f", "entry", date(2026, 3, 1)),
        ("lapses anew", "g", "entry", date(2026, 3, 4)),
        ("leaves and returns", "e", "entry", date(2026, 3, 2)),
        ("there before", "a", "standing", date(2026, 3, 1)),
    ]
    days = replay.rows("from days where population = 'segment' order by day")
    assert [(row["members"], row["entries"]) for row in days] == [
        (3, 2),
        (3, 1),
        (3, 0),
        (5, 1),
        (4, 0),
    ]
    assert len(lived) == 5


ENTERED = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# Customer, order after the entry, enrollment (arm, at), message at; what becomes of them in
# 14 days: how many are watched, are back, are lost sight of because we touched them.
CASES = [
    ("quiet", None, None, None, (1, 0, 0)),
    ("on the last second", 14 * DAY, None, None, (1, 1, 0)),
    ("a second late", 14 * DAY + timedelta(seconds=1), None, None, (1, 0, 0)),
    ("at the entry itself", 0 * DAY, None, None, (1, 0, 0)),
    ("held out", 3 * DAY, ("holdout", DAY), None, (1, 1, 0)),
    ("dealt but not written to", 3 * DAY, ("treatment", DAY), None, (1, 0, 1)),
    ("dealt as they ordered", 3 * DAY, ("treatment", 3 * DAY), None, (1, 1, 0)),
    ("dealt at the entry", 3 * DAY, ("treatment", 0 * DAY), None, (0, 0, 0)),
    ("dealt before in the episode", None, ("treatment", -20 * DAY), None, (0, 0, 0)),
    ("dealt in the episode before", None, ("treatment", -40 * DAY), None, (1, 0, 0)),
    ("dealt in the episode after", 3 * DAY, ("treatment", 10 * DAY), None, (1, 1, 0)),
    ("dealt after the window", None, ("treatment", 15 * DAY), None, (1, 0, 0)),
    ("written to", 4 * DAY, None, 3 * DAY, (1, 0, 1)),
    ("written to after they ordered", 4 * DAY, None, 5 * DAY, (1, 1, 0)),
    ("written to as the window ends", None, None, 14 * DAY, (1, 0, 0)),
    ("written to before", None, None, -DAY, (1, 0, 0)),
    ("written to after the window", None, None, 15 * DAY, (1, 0, 0)),
]


def _enter(connection: duckdb.DuckDBPyConnection, *, last_order_at: datetime | None) -> None:
    """One entry, and nothing that came later."""
    connection.execute(
        "create table entries as select 'segment' as population, 'c' as customer_id,"
        " 'o' as episode, $1::timestamptz as last_order_at, date '2026-03-01' as day,"
        " $2::timestamptz as entered_at, 'entry' as kind",
        [last_order_at, ENTERED],
    )
    later = (
        ("int_orders__valid", "customer_id varchar, ordered_at timestamptz"),
        (
            "int_messages__all",
            "customer_id varchar, has_left boolean, left_at timestamptz",
        ),
        (
            "int_enrollments__known",
            "customer_id varchar, arm varchar, entered_at timestamptz",
        ),
    )
    for table, columns in later:
        connection.execute(f"create table winback.{table} ({columns})")


@pytest.mark.parametrize(
    ("order", "enrollment", "message", "counts"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_who_came_back_by_themselves(
    connection: duckdb.DuckDBPyConnection,
    order: timedelta | None,
    enrollment: tuple[str, timedelta] | None,
    message: timedelta | None,
    counts: tuple[int, int, int],
) -> None:
    _enter(connection, last_order_at=ENTERED - 30 * DAY)
    if order is not None:
        connection.execute(
            "insert into winback.int_orders__valid values ('c', $1)", [ENTERED + order]
        )
    if enrollment is not None:
        connection.execute(
            "insert into winback.int_enrollments__known values ('c', $1, $2)",
            [enrollment[0], ENTERED + enrollment[1]],
        )
    if message is not None:
        connection.execute(
            "insert into winback.int_messages__all values ('c', true, $1), ('c', false, $2)",
            [ENTERED + message, ENTERED + DAY],
        )

    found = natural_returns(Replay(connection, []), [14, 30], ENTERED + 20 * DAY)
    known, unknown = (row for row in found if row.kind == "entry")

    assert (known.n, known.returned, known.treated) == counts
    assert known.set_aside == 1 - counts[0]
    assert known.not_yet_known == 0
    assert known.followed == unknown.followed == 1
    # The newest order is of day 20: who is neither back nor touched by then may yet come.
    assert unknown.not_yet_known == unknown.n - unknown.returned - unknown.treated
    assert [row for row in found if row.kind == ALL] == [
        replace(row, kind=ALL) for row in (known, unknown)
    ]


def test_whoever_never_ordered_and_was_dealt_to_be_written_to_is_set_aside(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _enter(connection, last_order_at=None)
    connection.execute(
        "insert into winback.int_enrollments__known values ('c', 'treatment', $1)",
        [ENTERED - 400 * DAY],
    )
    found = natural_returns(Replay(connection, []), [14], ENTERED + 20 * DAY)[0]
    assert (found.set_aside, found.n, found.rate) == (1, 0, None)


def _of_100(connection: duckdb.DuckDBPyConnection, *, launched: timedelta) -> None:
    """Of 100 people 10 order on day 5 and every fifth of the others would on day 20.

    At the launch every second one who is not back is dealt treatment.
    """
    _enter(connection, last_order_at=ENTERED - 30 * DAY)
    connection.execute(
        "insert into entries select entries.* replace (cast(i as varchar) as customer_id)"
        " from entries, range(100) as of (i)"
    )
    connection.execute("delete from entries where customer_id = 'c'")
    orders = (
        "insert into winback.int_orders__valid select i, $1::timestamptz from range({}) as o(i)"
    )
    connection.execute(orders.format("10"), [ENTERED + 5 * DAY])
    connection.execute(orders.format("10, 100, 5"), [ENTERED + 20 * DAY])
    connection.execute(
        "insert into winback.int_enrollments__known"
        " select i, if(i % 2 = 0, 'treatment', 'holdout'), $1 from range(10, 100) as e(i)",
        [ENTERED + launched],
    )


def test_a_launch_inside_the_window_does_not_change_the_natural_return(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    # 28 of 100 come back by themselves. Leaving out the dealt gave 19 of 55: 34.5 %.
    _of_100(connection, launched=10 * DAY)
    replay = Replay(connection, [])

    early, late = natural_returns(replay, [7, 30], ENTERED + 60 * DAY)[:2]

    assert (early.n, early.returned, early.treated, early.rate) == (100, 10, 0, 0.1)
    assert early.interval == proportion_interval(10, 100)
    assert (late.n, late.returned, late.treated, late.not_yet_known) == (100, 19, 45, 0)
    assert late.set_aside == 0
    assert late.rate == pytest.approx(0.28)


def test_windows_that_are_not_over_count_for_as_long_as_they_were_watched(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _of_100(connection, launched=10 * DAY)
    connection.execute("insert into entries select * replace ('new' as customer_id,"
                       " entered_at + to_days(25) as entered_at) from entries limit 1")  # fmt: skip
    (found,) = natural_returns(Replay(connection, []), [30], ENTERED + 40 * DAY)[:1]
    assert (found.n, found.returned, found.treated, found.not_yet_known) == (101, 19, 45, 1)
    # One more to be back on day 5, and lost sight of on day 15.
    assert found.rate == pytest.approx(1 - (91 / 101) * (36 / 45))


def test_a_launch_that_holds_nobody_out_leaves_the_rest_unknown(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _of_100(connection, launched=10 * DAY)
    connection.execute("update winback.int_enrollments__known set arm = 'treatment'")
    early, late = natural_returns(Replay(connection, []), [7, 30], ENTERED + 60 * DAY)[:2]
    assert (early.rate, late.rate, late.interval) == (0.1, None, None)
    assert (late.returned, late.treated) == (10, 90)
