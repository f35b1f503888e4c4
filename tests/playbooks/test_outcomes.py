"""From messages, events and orders to credits, rates and verdicts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import known_before
import planned_tests
import pytest
from playbook_runs import land, query, utc
from seeded import NO_SEEDS, give_seeds
from unit_tests_of_dbt import run_unit_tests

from tests.audience.audience_builds import AUDIENCE
from winback.base.settings import Settings
from winback.ledger import _export
from winback.warehouse import _dbt

ENTERED = utc(2026, 1, 5, 16)
AS_OF = utc(2026, 3, 1, 12)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MARTS = (
    "messages",
    "reactivations",
    "reactivation_rates",
    "experiment_results",
    "experiment_checks",
    "experiment_looks",
    "enrollments",
)


def order(customer, at, amount=50, **columns):
    return {
        "order_id": f"{customer}-{at:%Y%m%dT%H%M%S%f}",
        "customer_id": customer,
        "ordered_at": at,
        "total_amount": amount,
        **columns,
    }


def past(customer, arm, variant, share):
    return {
        "playbook_id": "old_tool",
        "customer_id": customer,
        "arm": arm,
        "variant": variant,
        "planned_share": share,
        "entered_at": ENTERED,
    }


def crowd():
    """600 treated in two variants and 400 held out, of whom 90, 60 and 20 come back."""
    sizes = {
        ("treatment", "a"): (300, 90),
        ("treatment", "b"): (300, 60),
        ("holdout", ""): (400, 20),
    }
    shares = {"a": 0.3, "b": 0.3, "": 0.4}
    entries, orders = [], []
    for (arm, variant), (size, back) in sizes.items():
        names = [f"{arm}-{variant}-{number}" for number in range(size)]
        entries += [past(name, arm, variant, shares[variant]) for name in names]
        orders += [order(name, ENTERED + 5 * DAY) for name in names[:back]]
    return entries, orders


def edge_orders():
    """At the edges of windows, refunds, and other reasons not to count."""
    return [
        order("at_entry", ENTERED),
        order("last_instant", ENTERED + 14 * DAY),
        order("too_late", ENTERED + 14 * DAY + timedelta(microseconds=1)),
        order("refunded", ENTERED + DAY, refunded_amount=50),
        order("twice", ENTERED + DAY, amount=10),
        order("twice", ENTERED + 2 * DAY, amount=15, refunded_amount=5),
    ]


EDGES = ("at_entry", "last_instant", "too_late", "refunded", "twice")


def enrollment(name, **columns):
    return {
        "enrollment_id": f"e-{name}",
        "playbook_id": "sms_email",
        "customer_id": name,
        "episode_order_id": f"old-{name}",
        "segment": "lapsed_30_45",
        "arm": "treatment",
        "variant": "offer",
        "entered_at": ENTERED,
        "version": 1,
        **columns,
    }


def message(name, step, channel, at, **columns):
    return {
        "message_id": f"m-{name}-{step}",
        "enrollment_id": f"e-{name}",
        "playbook_id": "sms_email",
        "step": step,
        "customer_id": name,
        "channel": channel,
        "variant": "offer",
        "state": "accepted",
        "cost_cents": Decimal("1.2500"),
        "attempt_no": 1,
        "accepted_at": at,
        "planned_at": at,
        "updated_at": at,
        "expires_at": at + DAY,
        "version": 2,
        **columns,
    }


def event(message_id, kind, at, *, machine=False):
    key = f"{message_id}-{kind}-{at:%H%M%S}-{machine}"
    return {
        "dedupe_key": key,
        "semantic_key": key,
        "provider": "sendgrid",
        "message_id": message_id,
        "kind": kind,
        "occurred_at": at,
        "received_at": at,
        "is_machine": int(machine),
        "version": 1,
    }


# Buyer by buyer: when each message went out, and what came back.
MAIL_AT = ENTERED + DAY
TEXT_AT = ENTERED + 4 * DAY
LEDGER = {
    "enrollments": [
        enrollment(name) for name in ("clicker", "reader", "scanned", "slow", "late_text", "nobody")
    ],
    "messages": [
        message("clicker", 2, "email", MAIL_AT),
        message("clicker", 3, "sms", TEXT_AT),
        message("reader", 2, "email", MAIL_AT),
        message("reader", 3, "sms", TEXT_AT),
        message("scanned", 2, "email", MAIL_AT),
        message("slow", 2, "email", MAIL_AT),
        message("late_text", 3, "sms", TEXT_AT),
        message("nobody", 2, "email", MAIL_AT, state="rejected", accepted_at=None),
        message("nobody", 3, "sms", MAIL_AT, state="planned", version=1, accepted_at=None),
    ],
    "provider_events": [
        event("m-clicker-2", "delivered", MAIL_AT + HOUR),
        event("m-clicker-2", "clicked", TEXT_AT - HOUR),
        event("m-reader-2", "opened", MAIL_AT + HOUR),
        event("m-reader-3", "replied", TEXT_AT + HOUR),
        event("m-reader-3", "opted_out", TEXT_AT + 2 * HOUR),
        event("m-scanned-2", "opened", MAIL_AT, machine=True),
        event("m-scanned-2", "clicked", MAIL_AT, machine=True),
    ],
    "suppressions": [],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Settings:
    """The shop after one build of its outcomes."""
    settings = Settings.load(home=tmp_path_factory.mktemp("outcomes"))
    entries, orders = crowd()
    known, placed = known_before.shop(ENTERED)
    tested, returned = planned_tests.shop(ENTERED)
    land(
        settings,
        {
            "past_enrollments": entries
            + known
            + [past(name, "treatment", "c", None) | {"playbook_id": "edges"} for name in EDGES],
            "past_messages": [
                {
                    "message_id": "past-1",
                    "playbook_id": "old_tool",
                    "step": "first",
                    "customer_id": "treatment-a-0",
                    "channel": "email",
                    "sent_at": ENTERED + 4 * DAY,
                }
            ],
            "orders": [
                *orders,
                *placed,
                *returned,
                *edge_orders(),
                order("clicker", TEXT_AT + HOUR),
                order("reader", TEXT_AT + HOUR),
                order("scanned", MAIL_AT + 2 * HOUR),
                order("slow", MAIL_AT + 121 * HOUR),
                order("late_text", TEXT_AT + 25 * HOUR),
                order("nobody", MAIL_AT + HOUR),
            ],
        },
    )
    ledger = LEDGER | {
        "enrollments": LEDGER["enrollments"] + tested,
        "experiment_plans": planned_tests.plans(ENTERED),
    }
    for name, rows in ledger.items():
        _export.write_part(rows, name, settings.ledger_landing_dir / name / "00000001.parquet")
    stale = message("clicker", 2, "email", MAIL_AT, state="sending", version=1)
    _export.write_part(
        [stale], "messages", settings.ledger_landing_dir / "messages" / "00000002.parquet"
    )
    give_seeds(settings)
    _dbt.invoke_dbt(
        settings,
        [
            "build",
            *NO_SEEDS,
            "--select",
            *(f"+{mart}" for mart in MARTS),
            "--exclude-resource-type",
            "unit_test",
            # A test that also stands on a table that is not built here waits for a whole build.
            "--indirect-selection",
            "buildable",
        ],
        _dbt.dbt_vars(settings, AS_OF),
    )
    return settings


def test_a_window_holds_its_last_instant_and_not_the_moment_of_entry(shop):
    rates = query(
        shop,
        "from reactivation_rates where playbook_id = 'edges' and variant = 'all'"
        " order by window_days",
    )
    assert [(r["window_days"], r["assigned"], r["reactivated"]) for r in rates] == [
        (14, 5, 2),
        (30, 5, 3),
        (60, 5, 3),
        (90, 5, 3),
    ]
    assert rates[0]["net_revenue_cents"] == 5_000 + 1_000 + 1_000
    assert [r["assigned_mature"] for r in rates] == [5, 5, 0, 0]


def test_rates_roll_up_the_variants_and_leave_the_holdout_whole(shop):
    rows = query(
        shop, "from reactivation_rates where playbook_id = 'old_tool' and window_days = 30"
    )
    rates = {(r["arm"], r["variant"]): (r["assigned"], r["reactivation_rate"]) for r in rows}
    assert rates == {
        ("treatment", "a"): (300, 0.3),
        ("treatment", "b"): (300, 0.2),
        ("treatment", "all"): (600, 0.25),
        ("holdout", "all"): (400, 0.05),
    }


def test_the_click_is_credited_before_a_later_message(shop):
    assert credits(shop)["clicker"] == "m-clicker-2"


def test_without_a_click_the_last_message_is_credited(shop):
    assert credits(shop)["reader"] == "m-reader-3"
    assert credits(shop)["treatment-a-0"] == "past-1"


def test_a_machine_click_credits_as_the_delivery_it_is(shop):
    assert credits(shop)["scanned"] == "m-scanned-2"
    row = query(shop, "from messages where message_id = 'm-scanned-2'")[0]
    assert row["clicked_at"] is None
    assert row["opened_at"] is None


def test_an_order_after_the_credit_time_or_without_a_sent_message_has_no_credit(shop):
    found = credits(shop)
    assert (found["slow"], found["late_text"], found["nobody"]) == (None, None, None)


def credits(shop):  # noqa: A001 - the word of the domain
    rows = query(shop, "select customer_id, credited_message_id from reactivations")
    return {row["customer_id"]: row["credited_message_id"] for row in rows}


def test_a_message_shows_its_latest_state_what_came_back_and_what_it_cost(shop):
    rows = {row["message_id"]: row for row in query(shop, "from messages")}
    assert rows["m-clicker-2"]["state"] == "accepted"
    assert rows["m-clicker-2"]["delivered_at"] == MAIL_AT + HOUR
    assert rows["m-reader-3"]["replied_at"] == TEXT_AT + HOUR
    assert rows["m-reader-3"]["opted_out_at"] == TEXT_AT + 2 * HOUR
    assert str(rows["m-reader-2"]["cost_cents"]) == "1.2500"
    assert rows["m-nobody-2"]["cost_cents"] == 0
    assert rows["past-1"]["state"] == "accepted"


def test_the_past_is_compared_like_the_ledger(shop):
    rows = query(
        shop,
        "from experiment_results where playbook_id = 'old_tool' and window_days = 30"
        " and metric = 'reactivation'",
    )
    found = {row["contrast"]: row for row in rows}
    assert set(found) == {"treatment-vs-holdout", "a-vs-holdout", "b-vs-holdout", "a-vs-b"}
    all_treated = found["treatment-vs-holdout"]
    assert all_treated["estimate"] == pytest.approx(0.2)
    assert all_treated["verdict"] == "winner"
    assert all_treated["srm_p_value"] == pytest.approx(1.0)


def test_what_was_known_before_the_entry_is_taken_out_as_by_least_squares(shop):
    (row,) = query(
        shop,
        "from experiment_results where playbook_id = 'known_before' and window_days = 30"
        " and metric = 'reactivation' and contrast = 'treatment-vs-holdout'",
    )
    expected = known_before.adjusted(*known_before.shop(ENTERED), ENTERED)
    assert row["is_adjusted"]
    assert row["adjusted_estimate"] == pytest.approx(expected["estimate"], rel=1e-9)
    assert row["adjusted_standard_error"] == pytest.approx(expected["error"], rel=1e-9)
    assert row["variance_reduction"] == pytest.approx(expected["variance_reduction"])
    assert row["variance_reduction"] > 0.02
    assert row["adjusted_ci_high"] - row["adjusted_ci_low"] < row["ci_high"] - row["ci_low"]
    (weights,) = query(
        shop, "from int_experiments__index_weights where playbook_id = 'known_before'"
    )
    assert weights["explained"] == pytest.approx(expected["explained"])


def test_a_large_spender_counts_up_to_the_cap_that_history_gives(shop):
    (row,) = query(
        shop,
        "from experiment_results where playbook_id = 'known_before' and window_days = 30"
        " and metric = 'revenue_per_customer' and contrast = 'treatment-vs-holdout'",
    )
    expected = known_before.adjusted(*known_before.shop(ENTERED), ENTERED)
    (cap,) = query(
        shop,
        "from int_experiments__caps where playbook_id = 'known_before' and window_days = 30",
    )
    assert expected["back_before"] >= 50
    assert cap["revenue_cap_cents"] == pytest.approx(expected["cap_cents"], abs=1)
    spent = query(
        shop,
        "select arm, avg(least(net_revenue_cents, revenue_cap_cents)) as mean"
        " from int_enrollments__windows join int_experiments__caps using (playbook_id, window_days)"
        " where playbook_id = 'known_before' and window_days = 30 group by arm",
    )
    means = {it["arm"]: it["mean"] for it in spent}
    assert row["winsorized_estimate"] == pytest.approx(means["treatment"] - means["holdout"])
    assert row["winsorized_estimate"] != row["estimate"]


def test_customers_of_whom_nothing_was_known_are_compared_as_they_are(shop):
    rows = query(shop, "from experiment_results where playbook_id = 'old_tool'")
    assert {(it["is_adjusted"], it["adjusted_estimate"]) for it in rows} == {(False, None)}


def test_an_order_is_worth_what_the_raw_orders_say(shop):
    (row,) = query(
        shop,
        "from experiment_results where playbook_id = 'known_before' and window_days = 30"
        " and metric = 'order_value' and contrast = 'treatment-vs-holdout'",
    )
    entries, orders = known_before.shop(ENTERED)
    arms = {it["customer_id"]: it["arm"] for it in entries}
    cents = {"treatment": [], "holdout": []}
    for it in orders:
        if ENTERED < it["ordered_at"] <= ENTERED + 30 * DAY:
            net = it["total_amount"] - it["refunded_amount"]
            cents[arms[it["customer_id"]]].append(round(100 * net))
    means = {arm: sum(found) / len(found) for arm, found in cents.items()}
    assert (row["rate_treatment"], row["rate_control"]) == pytest.approx(
        (means["treatment"], means["holdout"])
    )


def test_the_arms_are_checked_by_what_was_known_of_those_who_entered(shop):
    rows = query(shop, "from experiment_checks where playbook_id = 'sms_email' order by dimension")
    # The six of the ledger have no address and no country.
    assert [(it["dimension"], it["dimension_value"]) for it in rows] == [
        ("day", "2026-01-05"), ("segment", "lapsed_30_45"), ("week", "2026-01-05"),
    ]  # fmt: skip
    assert {(it["playbook_id"], it["n_treatment"], it["n_holdout"]) for it in rows} == {
        ("sms_email", 6, 0)
    }
    assert {round(it["expected_treatment"], 9) for it in rows} == {5.4}
    # 0.6 to be left alone are too few to judge by.
    assert {(it["srm_p_value"], it["is_off"]) for it in rows} == {(None, False)}


def looks_of(shop, plan_id):
    return query(shop, f"from experiment_looks where plan_id = '{plan_id}' order by look")


def result_of(shop, playbook):
    (row,) = query(
        shop,
        f"from experiment_results where playbook_id = '{playbook}' and window_days = 30"
        " and metric = 'reactivation' and contrast = 'treatment-vs-holdout'",
    )
    return row


def test_looks_fall_when_windows_end_and_a_verdict_stays_with_its_day(shop):
    """One build, long after: the looks are those that a machine would have made day by day."""
    looks = looks_of(shop, f"worked {planned_tests.HALF}")
    assert [(it["look"], it["n_treatment"], it["n_control"]) for it in looks] == [
        (number, 100 * number, 100 * number) for number in (1, 2, 3, 4)
    ]
    entered = [ENTERED - day * DAY for day in (4, 3, 2, 1)]
    assert [it["looked_at"] for it in looks] == [at + 30 * DAY for at in entered]
    assert [it["verdict"] for it in looks] == ["not yet decidable", "winner", "winner", "winner"]
    row = result_of(shop, "worked")
    assert (row["verdict"], row["decided_at"]) == ("winner", entered[1] + 30 * DAY)
    assert row["estimate"] == pytest.approx(0)


def test_people_of_other_shares_are_another_test_and_never_added_up(shop):
    """Of 900 against 100, 5 % came back; of 500 against 500 in a busier season, 20 %."""
    row = result_of(shop, "changed")
    assert (row["n_treatment"], row["n_control"]) == (1_400, 600)
    assert row["estimate"] == pytest.approx(0)
    assert (row["verdict"], row["decided_at"]) == ("not yet decidable", None)
    before, since = (
        looks_of(shop, f"changed {it}") for it in (planned_tests.TENTH, planned_tests.HALF)
    )
    assert [it["n_treatment"] for it in before] == [450, 900]
    assert [it["n_treatment"] for it in since] == [250, 500]
    assert [it["look"] for it in since] == [2, 4]


def test_a_customer_who_bought_has_left(shop):
    row = query(shop, "from enrollments where enrollment_id = 'e-clicker'")[0]
    assert (row["exit_reason"], row["exited_at"]) == ("purchase", TEXT_AT + HOUR)


def test_an_order_is_credited_to_one_message_at_most(shop):
    rows = query(
        shop,
        "select order_id from reactivations where credited_message_id is not null"
        " group by order_id having count(*) > 1",
    )
    assert rows == []


def test_every_dbt_unit_test_that_the_audience_leaves_passes(shop):
    """They need the tables that their models read, for the types."""
    variables = _dbt.dbt_vars(shop, AS_OF)
    _dbt.invoke_dbt(shop, ["run", "--exclude", *(f"+{mart}" for mart in MARTS)], variables)
    counts = run_unit_tests(shop, variables, "--exclude", *AUDIENCE[1:])
    assert set(counts) == {"pass"}
    assert counts["pass"] >= 40
