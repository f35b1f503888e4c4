"""The same expressions on both engines, over values at which they could part: `make test-spark`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from winback.warehouse.spark._dialect import Read
from winback.warehouse.spark._questions import answers
from winback.warehouse.spark._session import Engine, stop_session
from winback.warehouse.spark._tables import Column, Tables

# The nights on which clocks change, on either side of the world and by half an hour, and a usual
# one; each with the quarters of an hour around the change.
NIGHTS = (
    ("Europe/Berlin", "2025-03-30 01:00"),
    ("Europe/Berlin", "2025-10-26 01:00"),
    ("America/New_York", "2026-03-08 01:00"),
    ("America/New_York", "2026-11-01 00:00"),
    ("Australia/Lord_Howe", "2025-04-06 01:00"),
    ("Asia/Kolkata", "2026-01-01 00:00"),
    ("UTC", "2026-02-28 23:00"),
)

NUMBERS = """
    select * from (values
        (0.5::double, 12345.6789::decimal(18, 4), 7::bigint), (1.5, 0.5, -7), (2.5, 1.5, 0),
        (-0.5, 2.5, 24), (-1.5, -2.5, null), (1.005, -0.00005, 100), (2.675, null, 3),
        (1e6 + 0.5, 99999.99995, 2147483648), (0.1, 0.1, 1), (null, 1, 2)
    ) as t (d, p, n)
"""
TEXTS = """
    select * from (values
        ('Ann@Example.com ', 'a,b;;c'), (' x+tag@gmail.com', ''),
        ('Straße 5' || chr(10), 'Tea, eco'),
        ('', null), (null, ','), ('a\\b%_', 'b,a,b'), ('+49 (0)30 123-456', 'ÄÖÜ'), ('été', 'π'),
        ('line' || chr(10) || 'two', 'a|b'), (chr(133) || 'x' || chr(8232), ' a '), ('0012.0', '1')
    ) as t (a, b)
"""
ARITHMETIC = (
    *("cast(d as bigint)", "cast(p as bigint)", "round(d, 0)", "round(d, 2)", "round(p, 2)"),
    *("round(d * 100, 0)", "cast(round(p * 100, 0) as bigint)", "n / 3", "p / 7", "d / 3"),
    *("d / n", "p / n", "n / n", "n / d", "d / (n - n)", "1.0 / n"),
    *("floor(d)", "ceil(d)", "floor(p)", "abs(n)", "n % 5", "-n", "exp(d / 1e6)"),
    *("cast(d as decimal(12, 4))", "cast(n as double)", "cast(p as double)", "n * 1.5", "n - p"),
    *("cast(p as varchar)", "cast(n as varchar)", "coalesce(n, 5)", "greatest(n, 3)"),
    *("least(d, p)", "nullif(n, 7)", "case when n > 2 then d else p end", "n between 1 and 7"),
)
SPELLING = (
    *("lower(a)", "upper(b)", "trim(a)", "nullif(trim(a), '')", "length(a)", "substr(a, 2)"),
    *("substr(a, 2, 3)", "concat(a, '-', b)", "a || b", "concat_ws('|', a, b)"),
    "replace(a, '@', 'at')",
    *("translate(a, 'aeé', 'xy')", "md5(a)", "sha256(a)", "position('@' in a)", "a like '%@%'"),
    "a not like '%@%'",
    *("b like concat('%', a, '%')", "regexp_matches(a, '^[a-z0-9+@. ]+$')"),
    *("regexp_matches(a, '5$')", "regexp_matches(a, 'e.t')", "regexp_matches(a, '^.*x')"),
    *("regexp_replace(a, '[ ().-]', '', 'g')", "regexp_replace(a, '^0+([1-9][0-9]*)$', '\\1')"),
    *("regexp_replace(a, '[\\p{Z}\\p{Cc}]', '', 'g')", "regexp_extract(b, '^([a-z]+),', 1)"),
    *("string_split(b, ',')[1]", "string_split(b, '|')[2]", "string_split_regex(b, '[,;|]')[3]"),
    *(
        "cast('0x' || substr(md5(a), 1, 8) as bigint)",
        "chr(10)",
        "regexp_replace(a, '$', '!', 'g')",
    ),
    *("'hmac:' || sha256(unhex('00ff') || unhex(sha256(encode(a))))", "a = b", "coalesce(a, b)"),
)
TIME = (
    *("timezone(zone, t)", "timezone(zone, timezone('UTC', t))", "cast(timezone(zone, t) as date)"),
    *("date_trunc('month', timezone(zone, t))", "date_trunc('week', t)", "date_trunc('day', t)"),
    *("t + cast(k as bigint) * interval 1 hour", "t + interval 1 month", "t - interval 36 hours"),
    *("t + cast(-1 as bigint) * interval 1 microsecond", "cast(t as date) + interval 1 day"),
    *("date_diff('day', t, u)", "date_diff('hour', t, u)", "date_diff('month', t, u)"),
    *("date_diff('minute', t, u)", "date_sub('hour', t, u)"),
    *("date_sub('day', u, t)", "cast(u as date) - cast(t as date)", "extract(isodow from t)"),
    *("extract(hour from timezone(zone, t))", "extract(doy from u)"),
    *("strftime(t, '%Y-%m-%dT%H:%M:%SZ')", "cast(cast(t as date) as varchar)"),
    *("make_timestamp(epoch_us(t))", "t < u", "cast(t as date) <= u"),
    *("timezone(zone, t) - timezone('UTC', t)", "cast('2026-03-02T15:30:00+02:00' as timestamptz)"),
)
JSON = """cast(to_json(list_sort(list(struct_pack(pick := coalesce(a, 'none'), x := b))
    filter (where struct_pack(pick := coalesce(a, 'none'), x := b) is not null))) as varchar)"""
# Of all rows together.
AGGREGATES = {
    "numbers": (
        *("sum(n)", "sum(p)", "avg(n)", "avg(p)", "median(n)", "median(d)", "min(d)", "max(p)"),
        *("count(distinct n)", "count(*) filter (where n > 1)"),
        "percentile_cont(0.9) within group (order by d)",
        "struct_extract(max(struct_pack(c1 := n > 0, c2 := n)), 'c2')",
        "struct_extract(max(struct_pack(c1 := 1, c2 := n)), 'c2')",
        "struct_extract(min(struct_pack(c1 := 1, c2 := n)), 'c2')",
    ),
    "texts": (
        "array_to_string(list_sort(list_distinct(list(b) filter (where b is not null))), ',')",
        "array_to_string(list_sort(list_distinct(list(a) filter (where a is not null))), '|')",
        *("max(a)", "min(b)"),
        JSON,
    ),
}  # fmt: skip


class Both:
    """One table on both engines."""

    def __init__(self, folder: Path, landing_bytes: int) -> None:
        self.duck = duckdb.connect()
        self.duck.execute("set timezone = 'UTC'")
        self.duck.execute(f"create table numbers as {NUMBERS}")
        self.duck.execute(f"create table texts as {TEXTS}")
        nights = ", ".join(
            f"('{zone}', timezone('{zone}', timestamp '{night}') + {15 * k} * interval 1 minute, "
            f"timestamptz '2026-02-28 23:59:59.5+00' + {k} * interval 1 day, {k})"
            for zone, night in NIGHTS
            for k in range(13)
        )
        self.duck.execute(
            f"create table moments as select * from (values {nights}) as t (zone, t, u, k)"
        )
        self.tables = Tables(self.duck, folder, Engine("local[2]", landing_bytes))

    def differing(self, expressions: tuple[str, ...], table: str, order: str = "") -> list[Any]:
        """The expressions that differ, with both engines' values."""
        names = [f"c{n}" for n in range(len(expressions))]
        selected = ", ".join(f"{e} as {n}" for e, n in zip(expressions, names, strict=True))
        query = f'select {selected} from "main"."{table}" {order}'
        own = self.duck.execute(query).fetchall()
        _, theirs = self.tables.rows(sqlglot.parse_one(query, read=Read))
        assert len(own) == len(theirs)
        return [
            (expression, apart)
            for n, expression in enumerate(expressions)
            if (apart := [pair for a, b in zip(own, theirs, strict=True)
                          if not same(*(pair := (a[n], b[n])))])
        ]  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equal; instants as UTC, since Spark gives them without a zone."""
    if hasattr(one, "tzinfo") and hasattr(other, "tzinfo"):
        return bool(one.replace(tzinfo=None) == other.replace(tzinfo=None))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


@pytest.fixture(scope="module", params=[0, 10**9], ids=["set for few rows", "set for many"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    yield Both(tmp_path_factory.mktemp("spark") / "tables", request.param)
    stop_session()


@pytest.mark.parametrize(
    ("expressions", "table", "order"),
    [
        (ARITHMETIC, "numbers", "order by d, p, n"),
        (SPELLING, "texts", "order by a, b"),
        (TIME, "moments", "order by zone, t, k"),
        (AGGREGATES["numbers"], "numbers", ""),
        (AGGREGATES["texts"], "texts", ""),
    ],
    ids=["arithmetic", "spelling", "time", "numbers together", "texts together"],
)
def test_an_expression_has_the_same_value_on_both_engines(
    both: Both, expressions: tuple[str, ...], table: str, order: str
) -> None:
    assert both.differing(expressions, table, order) == []


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.floats(-1e9, 1e9, allow_subnormal=False),
            st.text("abz09 @.+-_\\%$[]()éß\n\t", max_size=12),
            st.integers(-(10**9), 4 * 10**9),
        ),
        min_size=1,
        max_size=50,
    )
)
def test_any_value_becomes_the_same_on_both_engines(
    both: Both, rows: list[tuple[float, str, int]]
) -> None:
    both.duck.execute("create or replace table anything (d double, a varchar, s bigint)")
    both.duck.executemany("insert into anything values (?, ?, ?)", rows)
    both.tables.forget()
    expressions = (
        *("cast(d as bigint)", "round(d, 2)", "floor(d)", "d / 7", "cast(d as decimal(18, 4))"),
        *("trim(a)", "lower(a)", "length(a)", "md5(a)", "a like concat('%', trim(a), '%')"),
        *("regexp_matches(a, '^[a-z]+[.]?$')", "regexp_replace(a, '[ ().-]', '', 'g')"),
        "timezone('Europe/Berlin', make_timestamp(s * 1000000))",
        "timezone('America/New_York', timezone('UTC', make_timestamp(s * 1000000)))",
    )
    assert both.differing(expressions, "anything", "order by d, a, s") == []


def test_questions_asked_together_have_their_own_answers(both: Both) -> None:
    numbers = sqlglot.parse_one('select n from "main"."numbers"', read=Read)
    held = both.tables.written("main", "on_spark", numbers, [Column("n", "BIGINT")])
    place = held.rpartition("read_parquet('")[2].partition("/*.parquet")[0]
    both.duck.execute(f"create or replace view on_spark as {held}")
    both.duck.execute(f"comment on view on_spark is 'spark:{place}'")

    def asked(table: str, condition: str) -> str:
        return (
            "select count(*) as failures, count(*) != 0 as should_warn, "
            "count(*) > 3 as should_error "
            f'from (select n from "main"."{table}" where {condition}) as dbt_internal_test'
        )

    limits = range(-8, 40)
    together = [asked("numbers" if it % 5 == 0 else "on_spark", f"n > {it}") for it in limits]
    wanted = [both.duck.execute(it).fetchone() for it in together]
    assert list(answers(both.tables, together)) == wanted
    # One that stops does not stop the others, and says nothing of a row.
    broken = asked("on_spark", "cast('secret' || cast(n as varchar) as bigint) > 1")
    *others, stopped = answers(both.tables, [*together[1:4], broken])
    assert others == wanted[1:4]
    assert isinstance(stopped, str)
    assert stopped.startswith("Spark: ")
    assert "secret" not in stopped
