"""Two weeks of the shipped playbooks, decided by the real models day after day."""

import csv
from datetime import timedelta

import pytest
from playbook_runs import query

from winback.warehouse._dbt import DBT_DIR

# Ten builds; `make test` lives four days of another shop (test_one_person_several_ids.py).
pytestmark = pytest.mark.slow


def test_four_texts_go_out_at_the_published_offsets(season, people, days):
    sent = season.sent_days(people.four, days[0])
    assert list(sent) == [1, 2, 3, 4]
    assert sent[1] == 0
    assert 3 <= sent[2] <= 7
    assert 6 <= sent[3] <= 14
    assert 11 <= sent[4] <= 21


def test_texts_and_emails_go_out_at_the_published_offsets(season, people, days):
    assert season.sent_days(people.both, days[0]) == {1: 0, 2: 1, 3: 4, 4: 7, 6: 12}
    channels = {
        row["step"]: row["channel"]
        for row in season.messages.values()
        if row["customer_id"] == people.both
    }
    assert channels == {1: "sms", 2: "email", 3: "sms", 4: "email", 6: "sms"}


def test_a_text_due_on_a_us_sunday_waits_for_monday_and_moves_the_later_ones(season, people, days):
    assert season.decided(people.four)[days[3], 2] == ("deferred", "window")
    monday_at_three = days[4].replace(hour=19, minute=0)
    sent = season.sent_days(people.four, days[0])
    assert days[0] + timedelta(days=sent[2]) == monday_at_three
    assert sent[3] - sent[2] >= 3


def test_without_phone_consent_the_emails_go_out_in_order_and_each_text_says_why(
    season, people, days
):
    assert season.sent_days(people.mail_only, days[0]) == {2: 1, 4: 7}
    decided = season.decided(people.mail_only)
    assert decided[days[0], 1][0] == "suppressed"
    assert {"address", "consent"} <= set(decided[days[0], 1][1].split(","))
    assert decided[days[4], 3][0] == "suppressed"
    assert decided[days[12], 6][0] == "suppressed"


def test_who_enters_takes_along_the_shares_of_all_cells(season, people):
    found = {
        row["planned_shares"]
        for row in season.enrollments.values()
        if row["playbook_id"] == "sms_email"
    }
    assert found == {"holdout:=0.1,treatment:arrivals=0.45,treatment:offer=0.45"}


def test_a_purchase_ends_the_sequence(season, people, days):
    assert season.sent_days(people.buyer, days[0]) == {1: 0, 2: 1}
    assert season.decided(people.buyer)[days[4], 3] == ("exited", "purchase,in_transit")


def test_the_holdout_gets_a_row_for_each_due_step_and_no_message(season, people, days):
    assert season.sent_days(people.held_out, days[0]) == {}
    decided = season.decided(people.held_out)
    assert {decision for decision, _ in decided.values()} == {"holdout"}
    assert decided[days[0], 1] == ("holdout", "holdout")
    assert (days[12], 6) in decided


def test_of_two_owners_of_an_address_one_enters_and_gets_each_step_once(season, people, days):
    first, second = sorted(people.twins)
    assert season.sent_days(first, days[0]) == {2: 1, 4: 7}
    assert season.sent_days(second, days[0]) == {}
    assert season.decided(second) == {}


def test_an_answer_to_the_feedback_step_is_thanked_once_with_what_was_promised(
    season, people, days
):
    thanks = [
        row
        for row in season.messages.values()
        if (row["customer_id"], row["playbook_id"]) == (people.answers, "feedback_thanks")
    ]
    assert [(row["channel"], row["accepted_at"]) for row in thanks] == [("sms", days[7])]
    steps = [
        row["step"]
        for row in season.messages.values()
        if (row["customer_id"], row["playbook_id"]) == (people.answers, "sms_email")
    ]
    assert steps == [1, 2, 3, 6]


def test_a_step_that_caps_held_back_past_its_range_expires_and_is_never_sent(season, people, days):
    decided = season.decided(people.capped)
    assert decided[days[0], 1] == ("capped", "cap_7d")
    assert decided[days[4], 1][0] == "expired"
    assert "range" in decided[days[4], 1][1].split(",")
    assert 1 not in season.sent_days(people.capped, days[0])


def test_who_can_be_emailed_enters_the_first_playbook_and_nobody_enters_two(season, people):
    entries = [(row["customer_id"], row["playbook_id"]) for row in season.enrollments.values()]
    assert entries.count((people.answers, "feedback_thanks")) == 1
    entries.remove((people.answers, "feedback_thanks"))
    entered = dict(entries)
    # Of two who share a mailbox, one.
    expected = sorted({*people.everybody} - {max(people.twins)})
    assert sorted(entered) == sorted(name for name, _ in entries) == expected
    assert {name for name, book in entered.items() if book == "sms_four_step"} == {
        people.four,
        people.capped,
    }


def test_python_and_sql_deal_the_same_arms_and_variants(season, people):
    arms = {row["customer_id"]: (row["arm"], row["variant"]) for row in season.enrollments.values()}
    assert arms[people.held_out] == ("holdout", "")
    assert arms[people.both] == ("treatment", "offer")
    assert arms[people.four] == ("treatment", "base")


def test_every_planned_message_carries_its_code_and_ends_before_the_code_does(season):
    for row in query(season.settings, "from outbox where action = 'plan'"):
        assert row["offer_code"] == "WELCOME20"
        assert row["expires_at"] <= row["offer_expires_at"]
        assert row["template"].startswith(row["playbook_id"])


def test_a_replay_of_a_past_hour_knows_nothing_of_what_came_after(season, people, days):
    """The evening of the second day: one more run, that changes nothing but --as-of."""
    evening = days[1] + timedelta(hours=4)
    before = len(season.decisions), dict(season.messages), dict(season.enrollments)
    try:
        season.live(evening)
        replayed = season.decided(people.both), season.decided(people.buyer)
        known = query(season.settings, "select message_id, left_at from int_messages__all")
    finally:
        del season.decisions[before[0] :]
        season.messages, season.enrollments = before[1], before[2]
        season.export()
    past = {f"past-{number}" for number in range(3)}
    sent = {key for key, row in before[1].items() if row["accepted_at"] <= evening}
    assert {row["message_id"] for row in known if row["left_at"]} == sent | past
    # Nobody bought before the third day, and the text of step 3 is not due yet.
    for decided in replayed:
        assert not [step for at, step in decided if at == evening]


@pytest.fixture
def edited_season(season, edited_project):
    return season, edited_project


def test_adding_and_removing_a_step_row_changes_the_run(edited_season, people, days):
    season, project = edited_season
    seed = project / "seeds" / "playbook_steps.csv"
    kept = [line for line in seed.read_text().splitlines() if "sms_four_step,4" not in line]
    kept.append(
        "sms_email,5,4,1,9,email,sms_email/4,true,,offer_presentation,social_proof,One more"
    )
    seed.write_text("\n".join(kept) + "\n")
    # One variant gets it under another subject.
    variants = project / "seeds" / "step_variants.csv"
    lines = variants.read_text()
    variants.write_text(f"{lines}sms_email,5,offer,0.5,,,,sms_email/2_arrivals,,,\n")
    enrollments, messages = dict(season.enrollments), dict(season.messages)
    last_day = {key: row for key, row in messages.items() if row["accepted_at"] < days[12]}
    season.messages = last_day
    season.export()
    before = len(season.decisions)
    season.enrollments = {}
    try:
        season.live(days[12])
    finally:
        edited = season.decisions[before:]
        planned = query(season.settings, "from outbox where step = 5 and action = 'plan'")
        del season.decisions[before:]
        season.enrollments, season.messages = enrollments, messages
        season.export()
    steps = {(row["customer_id"], row["step"]): row["decision"] for row in edited}
    assert (people.four, 4) not in steps
    assert steps[people.both, 5] == "send"
    subjects = {"offer": "sms_email/2_arrivals", "arrivals": "sms_email/4"}
    assert planned
    assert {row["template"] for row in planned} == {"sms_email/4"}
    assert all(row["subject_template"] == subjects[row["variant"]] for row in planned)
    assert (people.both, 6) not in steps


def test_every_reason_of_a_season_stands_in_the_catalog_of_rules(season):
    with (DBT_DIR / "seeds/contact_rules.csv").open() as file:
        catalog = {row["rule_id"] for row in csv.DictReader(file)}
    named = {rule for row in season.decisions for rule in row["blocked_by"].split(",") if rule}
    assert len(named) > 5
    assert named <= catalog
