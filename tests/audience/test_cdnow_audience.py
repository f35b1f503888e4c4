"""The audience of a real shop, against figures taken from its log without the project."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from audience_builds import build_audience, query

from winback.base.clock import parse_as_of
from winback.base.errors import BuildFailure
from winback.base.settings import Settings

pytestmark = pytest.mark.long

FREQUENCY_BANDS = (1, 2, 3, 5, 10)
UNKNOWN_TO_CDNOW = (
    "last_product_id", "top_product_id", "favorite_category", "top_tag", "held_tags",
    "view_count", "viewed_product_count", "last_viewed_product_id",
    "discount_order_share", "discount_share", "refund_order_share", "refund_share",
    "engagement_level", "web_engagement_level", "email_engagement_level", "sms_engagement_level",
    "last_engaged_at", "preferred_channel", "channel_order", "lapse_reason", "journey_stage",
    "usual_order_hour", "usual_click_hour", "usual_click_weekday", "usual_hour",
)  # fmt: skip


@pytest.fixture(scope="module")
def expected(cdnow_log: Path) -> pd.DataFrame:
    """Scores from the log by pandas: one row a customer, indexed by id."""
    log = pd.read_csv(
        cdnow_log,
        sep=r"\s+",
        names=["customer_id", "day", "discs", "amount"],
        skiprows=1,
        dtype={"customer_id": str, "day": str},
    )
    log["day"] = pd.to_datetime(log["day"], format="%Y%m%d")
    log = log[log["day"] <= "1997-09-30"]
    log["cents"] = (log["amount"] * 100).round().astype(int)
    customers = log.groupby("customer_id").agg(
        last_day=("day", "max"), frequency=("day", "size"), monetary_cents=("cents", "sum")
    )
    customers["recency_days"] = (pd.Timestamp(date(1997, 9, 30)) - customers["last_day"]).dt.days
    customers["r_score"] = _fifth(-customers["recency_days"])
    customers["m_score"] = _fifth(customers["monetary_cents"])
    customers["f_score"] = sum(
        (customers["frequency"] >= bound).astype(int) for bound in FREQUENCY_BANDS
    )
    return customers


def _fifth(values: pd.Series) -> pd.Series:
    percent_rank = (values.rank(method="min") - 1) / (len(values) - 1)
    return (percent_rank * 5).astype(int).add(1).clip(upper=5)


def test_the_published_figures_are_those_of_the_log(cdnow: Settings) -> None:
    (figures,) = query(
        cdnow,
        """
        select
            count(*),
            sum(order_count),
            sum(net_revenue_cents),
            count(case when days_inactive >= 45 then 1 end),
            count(case when days_inactive >= 90 then 1 end),
            count(case when days_inactive between 30 and 45 then 1 end)
        from customers
        """,
    )
    assert figures == (23570, 49086, 172335450, 21176, 19375, 692)


def test_scores_agree_with_pandas_for_every_customer(
    cdnow: Settings, expected: pd.DataFrame
) -> None:
    columns = ["recency_days", "frequency", "monetary_cents", "r_score", "f_score", "m_score"]
    rows = query(cdnow, f"select customer_id, {', '.join(columns)} from rfm_scores")
    built = pd.DataFrame(rows, columns=["customer_id", *columns]).set_index("customer_id")
    pd.testing.assert_frame_equal(
        built.sort_index(), expected[columns].sort_index(), check_dtype=False
    )


def test_the_upper_fifth_by_revenue_is_vip(cdnow: Settings, expected: pd.DataFrame) -> None:
    rank = expected["monetary_cents"].rank(method="min").sub(1).div(len(expected) - 1)
    rows = query(cdnow, "select customer_id from customers where value_tier = 'vip'")
    assert {customer for (customer,) in rows} == set(expected.index[rank >= 0.8])


def test_segments_follow_from_inactivity_and_tier(cdnow: Settings) -> None:
    sizes = dict(query(cdnow, "select segment, count(*) from segment_members group by segment"))
    (wanted,) = query(
        cdnow,
        """
        select
            count(case when days_inactive between 30 and 45 then 1 end),
            count(case when days_inactive > 45 then 1 end),
            count(case when value_tier = 'vip' and days_inactive >= 60 then 1 end)
        from customers
        """,
    )
    assert (sizes["lapsed_30_45"], sizes["backlog"], sizes["vip_60"]) == wanted
    # Under `fixed` by purchase the window from each one's threshold is that of the days.
    assert sizes["newly_lapsed"] == sizes["lapsed_30_45"]


def test_a_shop_without_contact_data_has_nobody_to_write_to(cdnow: Settings) -> None:
    rows = query(
        cdnow, "select distinct blocked_by from channel_eligibility where channel = 'email'"
    )
    # Who ordered a few days before has a parcel on its way, too.
    assert set(rows) == {("address,consent",), ("address,consent,in_transit",)}


def test_facts_that_the_shop_does_not_send_are_unknown(cdnow: Settings) -> None:
    """CDNOW has days, customers and totals: no products, events, discounts, refunds, messages."""
    columns = ", ".join(f"count({column})" for column in UNKNOWN_TO_CDNOW)
    (counts,) = query(cdnow, f"select {columns} from customers")
    assert dict(zip(UNKNOWN_TO_CDNOW, counts, strict=True)) == dict.fromkeys(UNKNOWN_TO_CDNOW, 0)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("lapse_preset", "lapse_preset is 'monthly'; it may be: fixed, personal"),
        ("lapse_basis", "lapse_basis is 'monthly'; it may be: purchase, engagement, either"),
    ],
)
def test_an_unknown_lapse_setting_is_refused_by_name(
    cdnow: Settings, name: str, refusal: str
) -> None:
    as_of = parse_as_of("1997-09-30", "UTC")
    with pytest.raises(BuildFailure, match=refusal):
        build_audience(cdnow, as_of, "int_customers__lapse", **{name: "monthly"})
