"""What Spark is told for DuckDB's SQL, and what it is never told.

That both engines then give the same values is seen on Spark itself (values_job.py).
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sqlglot")

from winback.warehouse.spark._regexes import (
    Untranslatable,
    java_literal,
    java_pattern,
    java_replacement,
)
from winback.warehouse.spark._statements import (
    Drop,
    MakeTable,
    MakeView,
    OfDuckDB,
    Rows,
    read_statement,
)
from winback.warehouse.spark._translate import Relation, translate

ORDERS = {
    "order_id": "VARCHAR",
    "total_cents": "BIGINT",
    "rate": "DOUBLE",
    "price": "DECIMAL(18,4)",
    "ordered_at": "TIMESTAMP WITH TIME ZONE",
    "ordered_date": "DATE",
    "zone": "VARCHAR",
}


class Catalog:
    """One table."""

    def table(self, schema: str, name: str) -> Relation:
        return Relation(f"wb_{schema}_{name}", ORDERS)

    def files(self, pattern: str) -> Relation:
        return Relation("wb_files", ORDERS)


def told(expression: str) -> str:
    """The expression as Spark gets it, of a row of orders."""
    query = translate(f'select {expression} as it from "winback"."main"."orders"', Catalog())
    return re.sub(r" AS `it` FROM .*", "", query).removeprefix("SELECT ").replace("`orders`.", "")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("order_id not like 'a%'", "NOT `order_id` LIKE 'a%'"),
        ("not order_id like 'a%'", "NOT `order_id` LIKE 'a%'"),
        # DuckDB rounds what becomes a whole number; a double to the even one.
        ("cast(rate as bigint)", "CAST(RINT(`rate`) AS BIGINT)"),
        ("cast(price as bigint)", "CAST(ROUND(`price`, 0) AS BIGINT)"),
        ("cast(total_cents as bigint)", "CAST(`total_cents` AS BIGINT)"),
        # It divides doubles alone, and its concat passes over nulls.
        ("total_cents / 3", "CAST(`total_cents` AS DOUBLE) / CAST(3 AS DOUBLE)"),
        (
            "rate / rate",
            (
                "CASE WHEN (`rate`) = 0e0 THEN (`rate`) * CAST('Infinity' AS DOUBLE)"
                " ELSE `rate` / `rate` END"
            ),
        ),
        ("concat('a', order_id)", "CONCAT('a', COALESCE(`order_id`, ''))"),
        ("'a' || order_id", "CONCAT('a', `order_id`)"),
        # A zone's clock and back, by functions of ours.
        ("timezone(zone, ordered_at)", "WB_TO_LOCAL(`ordered_at`, `zone`)"),
        (
            "timezone(zone, cast(ordered_date as timestamp))",
            "WB_FROM_LOCAL(CAST(`ordered_date` AS TIMESTAMP_NTZ), `zone`)",
        ),
        ("ordered_date - ordered_date", "CAST(DATEDIFF(`ordered_date`, `ordered_date`) AS BIGINT)"),
        (
            "cast('0x' || substr(md5(order_id), 1, 8) as bigint)",
            "CAST(CONV(SUBSTRING(MD5(ENCODE(`order_id`, 'UTF-8')), 1, 8), 16, 10) AS BIGINT)",
        ),
        ("chr(8234)", "'\u202a'"),  # Spark's own is a star
        ("regexp_matches(order_id, '^a$')", "REGEXP_LIKE(`order_id`, '(?d)^a\\\\z')"),
        (
            "row_number() over (order by order_id)",
            "ROW_NUMBER() OVER (ORDER BY `order_id` NULLS LAST)",
        ),
    ],
)
def test_spark_is_told_what_duckdb_means(expression: str, wanted: str) -> None:
    assert told(expression) == wanted


@pytest.mark.parametrize(
    "expression",
    [
        "hash(order_id)",  # another number on each engine
        "now()",
        "random()",
        "order_id = total_cents",
        "round(order_id)",
        "total_cents % total_cents",
        "regexp_matches(order_id, zone)",
        "regexp_matches(order_id, '(?i)a')",
        "regexp_replace(order_id, 'a', 'b')",  # the first match only
        "list(order_id order by order_id)",
        "list(order_id)",
        "order_id like 'a\\b'",
        "strftime(ordered_at, '%c')",
        "ordered_at + to_days(1)",
        "extract(epoch from ordered_at)",
        "date_trunc('decade', ordered_at)",
        "date_diff('week', ordered_at, ordered_at)",
        "encode(order_id) || order_id",
        "chr(total_cents)",
        "cast(rate as float)",
        "arg_max(order_id, total_cents)",
        "list_transform([1], x -> x + 1)",
        "first(order_id)",
    ],
)
def test_what_nobody_has_compared_is_refused(expression: str) -> None:
    with pytest.raises(Untranslatable, match="Next: "):
        told(expression)


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/a/b.csv')",
        "select * from read_parquet('/a/b.parquet', filename = true)",
        'select * from "winback"."main"."orders" qualify row_number() over (order by zone) = 1',
        "select 1 as a union by name select 2 as b",
        "with recursive t as (select 1 as n union all select n + 1 from t) select n from t",
    ],
)
def test_a_statement_of_another_form_is_refused(query: str) -> None:
    with pytest.raises(Untranslatable):
        translate(query, Catalog())


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("^[a-z]+$", r"(?d)^[a-z]+\z"),
        ("[.]$|^$", r"(?d)[.]\z|^\z"),
        ("[a&&b]", r"(?d)[a\&&b]"),
        ("[^@[]", r"(?d)[^@\[]"),
        (r"\s+", r"(?d)[\t\n\f\r ]+"),
        (r"[\s,]", r"(?d)[\t\n\f\r ,]"),
    ],
)
def test_a_pattern_means_in_java_what_it_means_in_duckdb(pattern: str, wanted: str) -> None:
    assert java_pattern(pattern) == wanted


@pytest.mark.parametrize("pattern", ["(?i)a", "(?=a)", "[[:alpha:]]", r"\bword", "[a", "[]a]"])
def test_a_pattern_that_both_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(Untranslatable):
        java_pattern(pattern)


@given(st.text("ab.*+?()[]{}|^$\\/-@ ", max_size=8))
def test_a_literal_matches_itself_alone(text: str) -> None:
    assert re.fullmatch(java_literal(text), text)


def test_a_replacement_names_groups_in_javas_way() -> None:
    assert java_replacement(r"\1 for $5") == r"$1 for \$5"
    with pytest.raises(Untranslatable):
        java_replacement(r"\10")


NAME = '"winback"."main"."t"'
CONTRACT = (
    f"create table {NAME} (a bigint not null, b varchar); "
    f"insert into {NAME} (a, b) (select 1 as a, '' as b)"
)


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        (f"create or replace table {NAME} as (select 1 as a)", MakeTable),
        ("/* of dbt */ " + CONTRACT, MakeTable),
        (f"create or replace view {NAME} as (select 1 as a)", MakeView),
        (f"drop table if exists {NAME} cascade", Drop),
        (f"select count(*) from {NAME}", Rows),
        (f"select * from (select * from {NAME}) as q where false limit 0", OfDuckDB),
        ("select table_name from system.information_schema.tables", OfDuckDB),
        ("select type from duckdb_databases()", OfDuckDB),
        (f"select column_name from (describe {NAME})", OfDuckDB),
        ("create temporary table x as (select * from (select 1 as a) as q where false limit 0)",
         OfDuckDB),
        (f"copy {NAME} from 'a.csv' (format csv)", OfDuckDB),
        ("begin", OfDuckDB),
        ("not sql at all (", OfDuckDB),
    ],
)  # fmt: skip
def test_rows_are_sparks_and_the_catalog_is_duckdbs(sql: str, kind: type) -> None:
    assert isinstance(read_statement(sql), kind)


def test_a_contract_names_what_must_have_a_value() -> None:
    made = read_statement(CONTRACT)
    assert isinstance(made, MakeTable)
    assert [it.name for it in made.declared] == ["a", "b"]
