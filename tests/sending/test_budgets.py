"""Budgets of a run, a day and a month: nothing is spent beyond them, whoever sends and dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import crash_runs
import pytest
from outbox_rows import NOW, outbox_row
from sqlalchemy import select, update

from winback.base.clock import FixedClock
from winback.ledger import open_ledger, spent_since, tables
from winback.sending import plan, send_due
from winback.sending.guard._budgets import Budgets

pytestmark = pytest.mark.long

m = tables.messages.c
PRICE = Decimal(10)  # cents a part; each of these texts has one or two


def rows_of(count: int, first: int = 0, **changes: object) -> list[dict[str, object]]:
    made = [outbox_row(first + n, cost_cents_per_part=PRICE) for n in range(count)]
    return [row | changes for row in made]


def reasons(ledger) -> Counter[tuple[str, str]]:
    with ledger.read() as connection:
        return Counter(tuple(row) for row in connection.execute(select(m.state, m.state_reason)))


def spent(ledger) -> Decimal:
    with ledger.read() as connection:
        return spent_since(connection, datetime(2026, 1, 1, tzinfo=UTC))


def price(ledger) -> Decimal:
    """What each message costs; all cost the same."""
    with ledger.read() as connection:
        (cost,) = set(connection.scalars(select(m.cost_cents)))
    return cost


def run(ledger, settings, clock, rows=None, **budgets):
    limited = settings.model_copy(update={f"budget_{name}_cents": n for name, n in budgets.items()})
    if rows is not None:
        plan(ledger, rows, limited, clock)
    return send_due(ledger, limited, clock, sleep=lambda _: None)


@pytest.mark.both_databases
def test_a_day_spends_its_budget_to_the_cent_and_holds_the_rest(
    ledger, settings, clock, provider, plan_all
):
    plan_all(rows_of(9))
    each = price(ledger)
    done = run(ledger, settings, clock, day=int(4 * each))
    assert len(provider.accepted) == 4
    assert (done.counts["accepted"], done.refused_by_guard["budget"]) == (4, 5)
    assert spent(ledger) == 4 * each
    assert reasons(ledger)["planned", "guard:budget"] == 5
    assert "5 held for lack of budget" in done.summary()


def test_who_gets_through_is_who_is_due_first_and_the_same_each_time(
    ledger, settings, clock, provider, plan_all
):
    early = rows_of(2, first=50, not_before=NOW - timedelta(hours=2))
    plan_all(rows_of(5) + early)
    run(ledger, settings, clock, day=int(2 * price(ledger)))
    assert set(provider.accepted) == {row["message_id"] for row in early}


def test_a_run_has_a_budget_of_its_own_that_begins_anew_with_each_plan(
    ledger, settings, clock, provider, plan_all
):
    plan_all(rows_of(7))
    each = price(ledger)
    assert run(ledger, settings, clock, run=int(3 * each)).counts["accepted"] == 3
    later = FixedClock(NOW + timedelta(minutes=10))
    # Another stage of the same run finds nothing left.
    assert run(ledger, settings, later, rows_of(7), run=int(3 * each)).counts["accepted"] == 3
    assert run(ledger, settings, later, run=int(3 * each)).counts["accepted"] == 0
    assert len(provider.accepted) == 6


def test_what_a_day_held_goes_out_on_the_next_and_a_month_counts_all_its_days(
    ledger, settings, provider
):
    # The shop's day ends at five in the morning of UTC.
    shop = settings.model_copy(update={"shop_timezone": "America/New_York"})
    hours = {
        "not_before": NOW - timedelta(days=1), "window_closes_at": NOW + timedelta(days=60),
        "expires_at": NOW + timedelta(days=60), "local_opens_minute": 0,
        "local_closes_minute": 1440,
    }  # fmt: skip
    rows = rows_of(8, **hours)
    evening = datetime(2026, 3, 30, 23, 30, tzinfo=UTC)
    plan(ledger, rows, shop, FixedClock(evening))
    each = int(price(ledger))
    budgets = {"day": 2 * each, "month": 5 * each}
    sent = [
        run(ledger, shop, FixedClock(at), rows, **budgets).counts["accepted"]
        for at in (
            evening,
            datetime(2026, 3, 31, 3, 59, tzinfo=UTC),  # the same day in New York
            datetime(2026, 3, 31, 4, 1, tzinfo=UTC),
            datetime(2026, 3, 31, 20, 0, tzinfo=UTC),
            datetime(2026, 4, 1, 4, 1, tzinfo=UTC),
        )
    ]
    assert sent == [2, 0, 2, 0, 2]
    lone = run(ledger, shop, FixedClock(datetime(2026, 4, 2, 5, tzinfo=UTC)), rows, month=3 * each)
    assert lone.counts["accepted"] == 1, "two of this month's three were spent on its first day"


def test_replies_and_confirmations_are_counted_and_never_held(
    ledger, settings, clock, provider, plan_all
):
    plan_all(rows_of(3))
    with ledger.write() as connection:
        first = connection.scalar(select(m.message_id).order_by(m.message_id))
        change = update(tables.messages).where(m.message_id == first)
        connection.execute(change.values(purpose="reply", written_by="human"))
    done = run(ledger, settings, clock, day=0)
    assert list(provider.accepted) == [first]
    assert done.refused_by_guard == {"budget": 2}
    assert spent(ledger) == price(ledger)


def test_a_message_without_a_price_fits_no_budget(ledger, settings, clock, provider, plan_all):
    plan_all(rows_of(1))
    with ledger.write() as connection:
        connection.execute(update(tables.messages).values(cost_cents=None))
    assert run(ledger, settings, clock, day=10_000).refused_by_guard == {"budget": 1}
    # Without a budget its price is nobody's question.
    plan(ledger, rows_of(1), settings, clock)
    assert run(ledger, settings, clock).counts["accepted"] == 1


def test_emails_of_one_request_are_held_one_by_one(ledger, settings, clock, provider, plan_all):
    mails = [outbox_row(n, channel="email", cost_cents_per_part=PRICE) for n in range(6)]
    plan_all(mails)
    done = run(ledger, settings, clock, day=int(4 * price(ledger)))
    assert (done.counts["accepted"], done.refused_by_guard["budget"]) == (4, 2)


@pytest.mark.both_databases
def test_two_workers_spend_one_budget(settings, clock, provider, ledger, plan_all):
    plan_all(rows_of(30) + rows_of(30, first=30, step=3))
    each = price(ledger)
    limited = settings.model_copy(update={"budget_day_cents": int(11 * each)})
    provider.fault = lambda _ids: time.sleep(0.01)

    def work(step):
        with open_ledger(limited) as mine:
            send_due(mine, limited, clock, step=step, sleep=lambda _: None)

    workers = [threading.Thread(target=work, args=(step,)) for step in (1, 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(provider.accepted) == 11
    assert spent(ledger) == 11 * each


@pytest.mark.both_databases
def test_a_run_that_is_killed_has_spent_what_was_under_way(
    settings, clock, provider, ledger, plan_all
):
    plan_all(rows_of(40))
    each = price(ledger)
    limited = settings.model_copy(update={"budget_day_cents": int(12 * each)})
    provider.fault = lambda _ids: time.sleep(0.05)
    worker = crash_runs.start_run(limited, clock.at, "none")
    while len(provider.accepted) < 4:
        time.sleep(0.005)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(60)
    send_due(ledger, limited, clock, sleep=lambda _: None)
    assert set(provider.accepted.values()) == {1}
    # What the dead run had begun is of unknown fate, and counts as spent.
    assert len(provider.accepted) <= 12
    assert spent(ledger) == 12 * each


def test_the_month_begins_at_its_first_midnight_of_the_shop(ledger) -> None:
    at = datetime(2026, 4, 1, 3, tzinfo=UTC)  # still March in New York
    with ledger.read() as connection:
        left = Budgets(month=5, zone="America/New_York").left(connection, now=at)
    assert left.cents == 5
