"""Enrollments are once and for ever; plans freeze words, move windows, park and cancel."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from winback.ledger import export_ledger, tables
from winback.sending import (
    dry_run_plan,
    end_enrollments,
    enroll,
    plan,
    send_due,
    start_experiments,
)

pytestmark = pytest.mark.both_databases

m = tables.messages


def entrant(number, **changes):
    return {
        "enrollment_id": f"e{number}", "playbook_id": "sms_email", "customer_id": f"c{number}",
        "episode_order_id": f"o{number}", "segment": "lapsed_30_45", "arm": "treatment",
        "variant": "offer", "offer_id": None, "offer_expires_at": None,
        "entered_at": changes.pop("at"), **changes,
    }  # fmt: skip


def message(ledger):
    with ledger.read() as connection:
        return connection.execute(select(m)).one()


def test_an_episode_enrolls_once_and_keeps_its_arm(ledger, clock):
    rows = [entrant(1, at=clock.at), entrant(2, at=clock.at, arm="holdout", variant="")]
    assert enroll(ledger, rows) == {"treatment": 1, "holdout": 1, "already_enrolled": 0}
    again = [entrant(1, at=clock.at, arm="holdout"), entrant(9, at=clock.at, customer_id="c1",
             episode_order_id="o1")]  # fmt: skip
    assert enroll(ledger, again) == {"treatment": 0, "holdout": 0, "already_enrolled": 2}
    with ledger.read() as connection:
        arms = connection.scalars(select(tables.enrollments.c.arm))
        assert sorted(arms) == ["holdout", "treatment"]


def test_an_enrollment_keeps_the_shares_that_were_planned_when_it_was_dealt(
    ledger, clock, tmp_path
):
    planned = "holdout:=0.1,treatment:offer=0.9"
    edited = "holdout:=0.3,treatment:offer=0.7"
    # A set that an earlier version published has no such column.
    enroll(ledger, [entrant(1, at=clock.at, planned_shares=planned), entrant(2, at=clock.at)])
    enroll(ledger, [entrant(number, at=clock.at, planned_shares=edited) for number in (1, 2, 3)])
    export_ledger(ledger, tmp_path)
    landed = pq.read_table(tmp_path / "enrollments").to_pylist()
    assert {row["enrollment_id"]: row["planned_shares"] for row in landed} == {
        "e1": planned,
        "e2": None,
        "e3": edited,
    }


def test_an_enrollment_keeps_the_share_of_the_global_holdout(ledger, clock, tmp_path):
    enroll(ledger, [entrant(1, at=clock.at, global_holdout_share=0.05), entrant(2, at=clock.at)])
    export_ledger(ledger, tmp_path)
    landed = pq.read_table(tmp_path / "enrollments").to_pylist()
    assert {row["enrollment_id"]: row["global_holdout_share"] for row in landed} == {
        "e1": 0.05,
        "e2": None,
    }


def experiment(number, **changes):
    return {
        "plan_id": f"plan{number}", "playbook_id": "sms_email", "planned_shares": f"shares{number}",
        "started_at": changes.pop("at"), "window_days": 30, "base_rate": 0.028,
        "holdout_share": 0.3, "smallest_effect": 0.005, "planned_effect": 0.012, "customers": 8206,
        "looks": 8, "alpha": 0.05, "min_customers_per_arm": 100.0,
        "min_expected_reactivations": 10.0, **changes,
    }  # fmt: skip


def test_how_a_test_is_judged_is_written_once_and_no_later_number_changes_it(
    ledger, clock, tmp_path
):
    assert start_experiments(ledger, [experiment(1, at=clock.at)]) == 1
    later = clock.at + timedelta(days=3)
    again = [
        experiment(1, at=later, alpha=0.2, customers=99),
        experiment(2, at=later, base_rate=0.1),
    ]
    assert start_experiments(ledger, again) == 1
    assert start_experiments(ledger, []) == 0
    assert export_ledger(ledger, tmp_path)["experiment_plans"] == 2
    landed = pq.read_table(tmp_path / "experiment_plans").to_pylist()
    assert [{k: v for k, v in row.items() if k != "version"} for row in landed] == [
        experiment(1, at=clock.at),
        experiment(2, at=later, base_rate=0.1),
    ]


def test_an_enrollment_ends_once_and_the_first_end_stays(ledger, clock, tmp_path):
    ends = [
        {"enrollment_id": "e1", "exit_reason": "purchase", "ended_at": clock.at},
        {"enrollment_id": "e2", "exit_reason": "no_order", "ended_at": clock.at},
    ]
    assert end_enrollments(ledger, ends) == 2
    later = clock.at + timedelta(days=3)
    again = [row | {"exit_reason": "household", "ended_at": later} for row in ends]
    assert end_enrollments(ledger, again) == 0
    assert export_ledger(ledger, tmp_path)["enrollment_ends"] == 2
    landed = pq.read_table(tmp_path / "enrollment_ends").to_pylist()
    assert sorted((row["enrollment_id"], row["exit_reason"]) for row in landed) == [
        ("e1", "purchase"),
        ("e2", "no_order"),
    ]
    assert {row["ended_at"] for row in landed} == {clock.at}
    assert end_enrollments(ledger, []) == 0


def test_a_plan_freezes_the_words_and_counts_the_cost(ledger, settings, clock, make_row):
    report = plan(ledger, [make_row(1)], settings, clock)
    assert (report.planned, report.sms_parts, report.cost_cents) == (1, 1, Decimal("0.79"))
    before = message(ledger)
    assert json.loads(before.payload_json)["body"].startswith("Example Shop: Hi Ann")
    renamed = settings.model_copy(update={"brand_name": "Other"})
    assert plan(ledger, [make_row(1)], renamed, clock).planned == 0
    assert message(ledger) == before


def test_a_later_plan_moves_windows_parks_and_confirms(ledger, settings, clock, make_row):
    row = make_row(1)
    plan(ledger, [row], settings, clock)
    assert plan(ledger, [], settings, clock).parked == 1
    assert message(ledger).not_before is None
    assert send_due(ledger, settings, clock).counts == {}
    later = row | {"window_closes_at": row["window_closes_at"] + timedelta(minutes=5)}
    assert plan(ledger, [later], settings, clock).rescheduled == 1
    assert message(ledger).not_before == row["not_before"]
    assert message(ledger).window_closes_at == later["window_closes_at"]


def test_a_message_sql_takes_back_is_cancelled_for_good(ledger, settings, clock, make_row):
    row = make_row(1)
    plan(ledger, [row], settings, clock)
    gone = row | {"action": "cancel", "decision": "exited"}
    assert plan(ledger, [gone], settings, clock).cancelled == 1
    plan(ledger, [row], settings, clock)
    assert (message(ledger).state, message(ledger).state_reason) == ("cancelled", "exited")


def test_a_message_that_cannot_be_written_is_counted_and_not_planned(
    ledger, settings, clock, make_row
):
    rows = [make_row(1, offer_kind=None), make_row(2)]
    report = plan(ledger, rows, settings, clock)
    assert (report.planned, report.render_blocked) == (1, 1)
    assert report.blocked == {"render_missing": 1}
    assert list(report.unwritten.values()) == ["render_missing:offer"]
    assert "offer" in report.hints["render_missing"]


def test_a_dry_run_prices_and_renders_without_a_ledger(settings, make_row):
    rows = [make_row(n) for n in range(3)] + [make_row(9, channel="email")]
    report = dry_run_plan(rows, settings)
    assert (report.planned, report.sms_parts) == (4, 3)
    assert report.cost_cents == Decimal("2.45")
    assert not (settings.home / "ledger.db").exists()


def test_email_without_a_postal_address_is_blocked_with_the_setting_to_set(settings, make_row):
    bare = settings.model_copy(update={"postal_address": ""})
    report = dry_run_plan([make_row(1, channel="email")], bare)
    assert report.blocked == {"no_postal_address": 1}
    assert report.hints["no_postal_address"] == "set WINBACK_POSTAL_ADDRESS"


def test_the_links_of_texts_go_by_the_short_address_and_those_of_mails_do_not(
    ledger, settings, clock, make_row
):
    short = settings.model_copy(update={"link_base_url": "https://go.example.com/"})
    plan(ledger, [make_row(1), make_row(2, channel="email")], short, clock)
    with ledger.read() as connection:
        payloads = dict(connection.execute(select(m.c.channel, m.c.payload_json)).all())
    assert "https://go.example.com/r/" in payloads["sms"]
    assert "hooks.example.com" not in payloads["sms"]
    assert "https://hooks.example.com/r/" in payloads["email"]
    assert "go.example.com" not in payloads["email"]
