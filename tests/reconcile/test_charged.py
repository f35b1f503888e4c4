"""What Twilio charged: asked for by the day, kept once, and told where it is far from the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from reconcile_parts import NOW, House

from winback.measure.prices import tell_prices

pytestmark = pytest.mark.long

DAY = timedelta(days=1)


def prices(house: House) -> dict[str, tuple[Decimal, str]]:
    return {r["message_id"]: (r["cost_cents"], r["currency"]) for r in house.rows("prices")}


@pytest.mark.both_databases
def test_a_days_texts_are_priced_by_one_call_once_the_day_is_long_over(house: House) -> None:
    house.behave(price="0.0083")
    first, second = house.add(1, 2)
    house.send()
    for hours in (2, 30):
        assert house.reconcile(after=timedelta(hours=hours)).priced == 0
    done = house.reconcile(after=2 * DAY)
    assert (done.priced, done.summary()) == (2, "what 2 messages cost")
    assert prices(house) == {key: (Decimal("0.8300"), "USD") for key in (first, second)}
    house.behave(price="0.0099")
    assert house.reconcile(after=DAY).priced == 0
    assert set(prices(house).values()) == {(Decimal("0.8300"), "USD")}


def test_what_was_never_ours_and_what_has_no_price_is_left_alone(house: House) -> None:
    (ours,) = house.add(1)
    house.send()
    house.twilio().messages.create(
        to="+15550009999", body="Of another program", messaging_service_sid=house.service
    )
    assert house.reconcile(after=4 * DAY).priced == 0, "no record has a price"
    house.behave(price="0.01")
    house.add(
        2,
        not_before=house.clock.now(),
        planned_at=house.clock.now(),
        window_closes_at=house.clock.now() + DAY,
        expires_at=house.clock.now() + DAY,
    )
    house.send()
    house.reconcile(after=4 * DAY)
    assert len(prices(house)) == 1
    assert ours not in prices(house), "a day is asked for once"


def test_a_list_that_cannot_be_read_is_asked_for_again(house: House) -> None:
    house.behave(price="0.0083")
    house.add(1)
    house.send()
    house.fail("error", method="GET", path="Messages.json")
    done = house.reconcile(after=4 * DAY)
    assert (done.priced, list(done.unreadable)) == (0, ["sms"])
    assert house.reconcile().priced == 1


@pytest.mark.parametrize(("actual", "is_told"), [(1.2, False), (1.21, True), (0.79, True)])
def test_a_fifth_more_or_less_than_planned_is_told(
    tmp_path: Path, actual: float, is_told: bool
) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                from (values
                    ('sms', 1.0, {actual}, timestamptz '{NOW}'),
                    ('sms', 1.0, null, timestamptz '{NOW}'),
                    ('email', 0.08, null, timestamptz '{NOW}'),
                    ('sms', 1.0, 90.0, timestamptz '{NOW - 90 * DAY}')
                ) as m(channel, planned_cost_cents, actual_cost_cents, accepted_at)
            ) to '{tmp_path / "messages.parquet"}' (format parquet)
        """)
    told = tell_prices(tmp_path, as_of=datetime(2026, 3, 20, tzinfo=UTC))
    assert [line.partition(":")[0] for line in told] == ["sms"] * is_told


def test_a_set_of_an_earlier_version_tells_nothing(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select 'sms' as channel) to '{tmp_path / 'messages.parquet'}' (format parquet)"
        )
    assert tell_prices(tmp_path, as_of=NOW) == []
