"""One shop in which every segment and every RFM segment has somebody."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from audience_builds import query_published
from segment_cases import AS_OF, CASES, DAY, MEMBERS

from winback.base.settings import Settings
from winback.warehouse import _dbt, replaying

pytestmark = pytest.mark.long

RFM_SEGMENTS = {
    "hibernating", "at_risk", "cant_lose", "about_to_sleep", "need_attention", "loyal",
    "promising", "new", "potential_loyalist", "champions",
}  # fmt: skip


# One side has a row for each offer, or for each holiday: it does not grow with the customers.
SMALL = {"int_offers__pools", "int_windows__law_hours", "dec_outbox__contents", "outbox"}
TRIED = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN")


@pytest.fixture(scope="module")
def members(segment_shop: Settings) -> dict[str, set[str]]:
    found = defaultdict(set)
    for segment, customer in query_published(segment_shop, "from segment_members"):
        found[segment].add(customer)
    return found


def test_every_segment_has_somebody(members: dict[str, set[str]]) -> None:
    assert sorted(members) == _dbt.segment_names()


def test_every_rfm_segment_has_somebody(segment_shop: Settings) -> None:
    found = query_published(segment_shop, "select distinct rfm_segment from rfm_scores")
    assert {segment for (segment,) in found} == RFM_SEGMENTS


@pytest.mark.parametrize("segment", sorted(MEMBERS))
def test_what_people_did_puts_them_in_the_segment_and_nobody_else(
    members: dict[str, set[str]], segment: str
) -> None:
    assert members[segment] == MEMBERS[segment]


def test_the_silent_are_those_who_bought_within_30_days_and_were_not_seen_since(
    members: dict[str, set[str]], segment_shop: Settings
) -> None:
    bought = query_published(
        segment_shop, "select customer_id from customers where days_inactive <= 30"
    )
    seen_since = {name for name, (days, events) in CASES.items() if days and events}
    # This one was seen before the order only.
    seen_since.remove("bought after the cart")
    assert members["post_purchase_silent"] == {name for (name,) in bought} - seen_since


def test_an_rfm_segment_to_win_back_is_that_of_the_map_while_lapsed(
    members: dict[str, set[str]], segment_shop: Settings
) -> None:
    for segment in ("at_risk", "cant_lose", "hibernating"):
        found = query_published(
            segment_shop,
            f"select customer_id from customers where rfm_segment = '{segment}'"
            " and lapse_stage in ('lapsed', 'dormant')",
        )
        assert members[segment] == {name for (name,) in found}


def test_the_lost_get_a_goodbye_and_no_offer(segment_shop: Settings) -> None:
    found = dict(
        query_published(
            segment_shop,
            "select playbook_id, blocked_by from entry_candidates "
            "where customer_id = 'stayed away for years'",
        )
    )
    assert found.keys() >= {"sunset_email"}
    assert {
        "lost" in blocked_by.split(",")
        for name, blocked_by in found.items()
        if name != "sunset_email"
    } <= {True}
    assert "lost" not in found["sunset_email"].split(",")


def test_a_vip_whom_the_win_back_did_not_bring_back_gets_the_vip_offer(
    segment_shop: Settings,
) -> None:
    found = {
        playbook: (offer, blocked_by.split(","))
        for playbook, offer, blocked_by in query_published(
            segment_shop,
            "select playbook_id, offer_id, blocked_by from entry_candidates "
            "where customer_id = '10 orders, 120 days, 0'",
        )
    }
    assert "enrolled" in found["sms_email"][1]
    assert found["vip_offer"] == ("vip_25", [""])


def test_a_day_that_is_replayed_has_the_members_that_its_build_has(segment_shop: Settings) -> None:
    members = "select segment, customer_id from {} order by all"
    with replaying(segment_shop, ("segment_members",)) as replay:
        replay.stand_on(AS_OF - DAY)
        replay.stand_on(AS_OF)
        replayed = replay.connection.execute(members.format("winback.segment_members")).fetchall()
    assert replayed == query_published(segment_shop, members.format("segment_members"))


def test_a_join_by_equal_columns_looks_its_rows_up(segment_shop: Settings) -> None:
    # To try each row of one table with each of another squares the cost of a shop's growth.
    compiled = segment_shop.home / "dbt" / "target" / "compiled" / "winback" / "models"
    models = sorted(compiled.rglob("*.sql"))
    assert len(models) > 300
    slow = {}
    with duckdb.connect(str(segment_shop.warehouse_path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for model in models:
            found = [it for it in _conditions(connection, model.read_text()) if _is_equal(it)]
            if found and model.stem not in SMALL:
                slow[model.stem] = found
    assert not slow


def _conditions(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    """The conditions of joins that try each row with each."""
    (plan,) = connection.execute(f"explain (format json) {query}").fetchall()
    yield from _of(json.loads(plan[1]))


def _of(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if node["name"].strip() in TRIED:
            told = node["extra_info"]
            yield str(told.get("Condition") or told.get("Conditions"))
        yield from _of(node["children"])


def _is_equal(condition: str) -> bool:
    """Whether two columns are equal in it, as `(customer_id = customer_id)`."""
    return re.search(r"\((\w+) = \w+\)", condition) is not None
