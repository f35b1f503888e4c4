"""Who may be contacted on which channel, from the shop's files to the published table."""

from __future__ import annotations

import order_cases
import pytest
from audience_builds import query
from contact_cases import CASES, Case

from winback.base.settings import Settings


@pytest.fixture(scope="module")
def blocked_by(case_shop: Settings) -> dict[tuple[str, str], str]:
    rows = query(case_shop, "select customer_id, channel, blocked_by from channel_eligibility")
    return {(customer, channel): rules for customer, channel, rules in rows}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_customer_is_blocked_by_exactly_the_rules_that_fail(
    blocked_by: dict[tuple[str, str], str], case: Case
) -> None:
    assert blocked_by[case.name, "email"] == case.email
    assert blocked_by[case.name, "sms"] == case.sms


def test_every_customer_has_one_row_a_channel(blocked_by: dict[tuple[str, str], str]) -> None:
    names = [case.name for case in (*CASES, *order_cases.CASES)]
    expected = {(name, channel) for name in names for channel in ("email", "sms")}
    assert set(blocked_by) == expected


def test_caps_do_not_make_a_customer_unreachable(case_shop: Settings) -> None:
    (row,) = query(
        case_shop,
        "select is_eligible, is_reachable from channel_eligibility"
        " where customer_id = 'one message 24 hours ago' and channel = 'sms'",
    )
    assert row == (True, True)
    (row,) = query(
        case_shop,
        "select is_eligible, is_reachable from channel_eligibility"
        " where customer_id = 'one message within 24 hours' and channel = 'sms'",
    )
    assert row == (False, True)


def test_no_contact_data_reaches_a_mart(case_shop: Settings) -> None:
    for mart in ("customers", "segment_members", "channel_eligibility"):
        values = {str(value) for row in query(case_shop, f"from {mart}") for value in row}
        assert not [value for value in values if "@" in value or value.startswith("+1")]


def test_the_country_of_the_hours_falls_back_on_the_phone(case_shop: Settings) -> None:
    rows = dict(query(case_shop, "select customer_id, country from int_customers__template_facts"))
    assert rows["zone by area code alone"] == "US"
    assert rows["double opt-in in Germany"] == "DE"
