"""Which orders count, and from which of the shop's days: from its files to the marts."""

from __future__ import annotations

from typing import Any

import order_cases
import pytest
from audience_builds import query
from order_cases import OrderCase

from winback.base.settings import Settings


@pytest.fixture(scope="module")
def found(case_shop: Settings) -> dict[str, list[Any]]:
    rows = query(
        case_shop,
        """
        select
            customer_id, order_count, customers.days_inactive, customers.lapse_stage,
            lapse_status.days_inactive, lapse_status.lapse_stage, lapse_status.is_lapsed,
            customer_id in (
                select customer_id from segment_members where segment = 'lapsed_30_45'
            )
        from customers left join lapse_status using (customer_id)
        """,
    )
    return {customer: rest for customer, *rest in rows}


@pytest.mark.parametrize("case", order_cases.CASES, ids=lambda case: case.name)
def test_an_order_counts_from_its_day_in_the_shop_or_not_at_all(
    found: dict[str, list[Any]], case: OrderCase
) -> None:
    inactivity = (case.days_inactive, case.stage)
    is_lapsed = None if case.stage is None else case.stage == "lapsed"
    assert found[case.name] == [
        case.order_count,
        *inactivity,
        *inactivity,
        is_lapsed,
        case.is_in_entry_window,
    ]
