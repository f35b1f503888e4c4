"""The last look before a send and before a report: each rule stops on its own fault."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from quality import gate
from quality._rules import title_of
from winback.base.errors import GateFailure
from winback.base.settings import Settings

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)

SOUND = """
    create table send_decisions as
    select 'e1' as enrollment_id, 'p' as playbook_id, 1 as step, 'c1' as customer_id,
        'sms' as channel, 'treatment' as arm, 'send' as decision, '' as blocked_by,
        timestamptz '2026-03-02 15:00:00+00' as send_after_at,
        timestamptz '2026-03-02 18:00:00+00' as expires_at;
    create table dec_steps__states as
    select 'e1' as enrollment_id, step, step = 1 as is_due, false as has_message,
        false as is_passed, timestamptz '2026-03-05 00:00:00+00' as expires_at
    from range(1, 3) as steps(step);
    create table outbox as
    select 'plan' as action, 'e1' as enrollment_id, 1 as step, 'someone' as address;
    create table channel_eligibility as
    select 'c1' as customer_id, 'sms' as channel, true as is_eligible;
    create table enrollments as
    select 'e1' as enrollment_id, 'p' as playbook_id, 'c1' as customer_id,
        'o1' as episode_order_id, cast(null as timestamptz) as exited_at, 'ledger' as origin;
    create table messages as
    select 'm1' as message_id, 'e1' as enrollment_id, 1 as step, 'sms' as channel,
        'accepted' as state, cast(null as varchar) as state_reason,
        timestamptz '2026-03-02 15:30:00+00' as accepted_at, 'ledger' as origin;
    create table int_playbooks__entry as
    select playbook_id, playbook_id not in ('p', 'q') as runs_beside,
        case playbook_id when 'daily' then 'tips' end as series_id
    from (values ('p'), ('q'), ('thanks'), ('daily')) as playbooks(playbook_id);
    create table series_eligibility as
    select 'j1' as join_id, 'tips' as series_id, 'sms' as channel, true as is_eligible;
    create table reactivation_rates as
    select 'p' as playbook_id, 'treatment' as arm, 'all' as variant, 10 as assigned,
        1 as reactivated;
    create table consent_rules as select date '2025-09-03' as reviewed_on;
    create table contact_caps as from consent_rules;
    create table unreached_numbers as from consent_rules;
    create table contact_rules as from consent_rules;
    create table legal_windows as from consent_rules;
    create table int_contact__complaints as
    select 'email' as channel, 3 as complained_count, 1000 as delivered_count,
        false as is_warned;
    create table int_customers__locales as
    select 'c1' as customer_id, 'en' as locale, false as is_language_unread
    union all select 'c2', 'de', false;
"""
SECOND_DECISION = """
    insert into send_decisions
    select * replace ({}) from send_decisions;
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(home=tmp_path)
    settings.warehouse_path.parent.mkdir(parents=True)
    fill(settings, SOUND)
    return settings


def fill(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute(sql)


@pytest.mark.parametrize("name", ["decisions", "outcomes"])
def test_sound_tables_pass(settings: Settings, name: str) -> None:
    assert gate(sends=True)(name, settings, AS_OF) == []


def test_history_from_another_tool_stops_nothing(settings: Settings) -> None:
    fill(
        settings,
        "insert into enrollments select * replace ('q' as playbook_id, 'past' as origin)"
        " from enrollments;"
        "insert into messages select * replace ('m2' as message_id, 'past' as origin)"
        " from messages",
    )
    assert gate(sends=True)("decisions", settings, AS_OF) == []
    assert gate(sends=True)("outcomes", settings, AS_OF) == []


def test_a_playbook_that_runs_beside_another_stops_nothing(settings: Settings) -> None:
    fill(
        settings,
        "insert into enrollments select * replace ('thanks' as playbook_id) from enrollments",
    )
    assert gate(sends=True)("decisions", settings, AS_OF) == []


TIP = """
    insert into send_decisions
    select * replace ('e2' as enrollment_id, 'daily' as playbook_id) from send_decisions;
    insert into enrollments
    select * replace ('e2' as enrollment_id, 'daily' as playbook_id, 'j1' as episode_order_id)
    from enrollments;
    insert into outbox select * replace ('e2' as enrollment_id) from outbox;
"""


def test_a_series_goes_out_beside_another_message_and_by_its_own_consent(
    settings: Settings,
) -> None:
    fill(settings, TIP)
    assert gate(sends=True)("decisions", settings, AS_OF) == []
    fill(settings, "update series_eligibility set is_eligible = false")
    with pytest.raises(GateFailure, match=r"Sends to the ineligible: 1, .*: e2"):
        gate(sends=True)("decisions", settings, AS_OF)
    fill(settings, "delete from send_decisions where enrollment_id = 'e1'")
    fill(settings, "update series_eligibility set series_id = 'other', is_eligible = true")
    with pytest.raises(GateFailure, match="Sends to the ineligible: 1"):
        gate(sends=True)("decisions", settings, AS_OF)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (SECOND_DECISION.format("'deferred' as decision"), "decisions_made_twice"),
        ("update dec_steps__states set is_due = true", "due_steps_without_a_decision"),
        ("update send_decisions set blocked_by = 'consent'", "sends_with_a_failed_rule"),
        ("update send_decisions set blocked_by = null", "sends_with_a_failed_rule"),
        ("update send_decisions set arm = 'holdout'", "sends_to_the_holdout"),
        (
            "update send_decisions set send_after_at = timestamptz '2026-03-02 15:30:01+00'",
            "sends_outside_their_window",
        ),
        (
            "update send_decisions set expires_at = timestamptz '2026-03-02 15:30:00+00'",
            "sends_outside_their_window",
        ),
        ("update send_decisions set expires_at = null", "sends_outside_their_window"),
        ("update channel_eligibility set is_eligible = false", "sends_to_the_ineligible"),
        ("delete from channel_eligibility", "sends_to_the_ineligible"),
        ("delete from outbox", "sends_without_an_address"),
        (SECOND_DECISION.format("'e2' as enrollment_id"), "people_with_two_sends"),
        (
            "insert into enrollments select * replace ('q' as playbook_id) from enrollments",
            "people_in_two_playbooks",
        ),
    ],
)
def test_a_faulty_send_stops_the_run_and_names_its_rule(
    settings: Settings, fault: str, rule: str
) -> None:
    fill(settings, fault)
    with pytest.raises(
        GateFailure, match=f"the decisions gate stopped the run.*{title_of(rule)}: 1"
    ):
        gate(sends=True)("decisions", settings, AS_OF)


def test_two_people_at_one_address_do_not_both_get_a_step(settings: Settings) -> None:
    fill(
        settings,
        SECOND_DECISION.format("'e2' as enrollment_id, 'c2' as customer_id")
        + "insert into outbox select * replace ('e2' as enrollment_id) from outbox;"
        + "insert into channel_eligibility values ('c2', 'sms', true)",
    )
    with pytest.raises(GateFailure, match="Addresses with two sends: 1"):
        gate(sends=True)("decisions", settings, AS_OF)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (
            "insert into messages select * replace ('m2' as message_id) from messages",
            "steps_accepted_twice",
        ),
        ("update messages set accepted_at = null", "accepted_without_a_time"),
        ("update reactivation_rates set reactivated = 11", "reactivated_above_assigned"),
    ],
)
def test_an_impossible_outcome_stops_the_report(settings: Settings, fault: str, rule: str) -> None:
    fill(settings, fault)
    with pytest.raises(GateFailure, match=f"{title_of(rule)}: 1"):
        gate(sends=True)("outcomes", settings, AS_OF)


def test_messages_of_unknown_outcome_are_named_as_a_warning(settings: Settings) -> None:
    fill(settings, "update messages set state = 'unknown'")
    (warning,) = gate(sends=True)("outcomes", settings, AS_OF)
    assert warning.startswith("Messages of unknown outcome: 1, at most 0 ")
    assert "m1" in warning


def test_a_message_that_went_out_twice_is_named_as_a_warning(settings: Settings) -> None:
    fill(settings, "update messages set state_reason = 'accepted_twice'")
    (warning,) = gate(sends=True)("outcomes", settings, AS_OF)
    assert warning.startswith("Messages accepted twice: 1, at most 0 ")


def test_law_that_nobody_reviewed_for_half_a_year_is_a_warning(settings: Settings) -> None:
    fill(
        settings,
        "insert into consent_rules values (date '2025-09-02'), (null);"
        "insert into legal_windows values (date '2024-01-01')",
    )
    (warning,) = gate(sends=True)("decisions", settings, AS_OF)
    assert warning.startswith("Law not reviewed lately: 3, at most 0 ")
    assert "consent_rules 2, legal_windows 1" in warning


def test_every_seed_that_says_when_it_was_reviewed_is_looked_at() -> None:
    root = Path(__file__).parents[2]
    gate_sql = (root / "quality/decisions.sql").read_text()
    seeds = sorted((root / "dbt_project/seeds").glob("*.csv"))
    reviewed = [s.stem for s in seeds if "reviewed_on" in s.read_text().partition("\n")[0]]
    assert reviewed
    assert [seed for seed in reviewed if f"from warehouse.{seed}\n" not in gate_sql] == []


def test_complaints_are_a_warning_before_they_stop_a_channel(settings: Settings) -> None:
    fill(settings, "update int_contact__complaints set is_warned = true")
    (warning,) = gate(sends=True)("decisions", settings, AS_OF)
    assert warning.startswith("Channels with complaints: 1, at most 0 ")
    assert "email 3 of 1000" in warning


def test_languages_that_nobody_can_read_are_a_warning_where_there_are_several(
    settings: Settings,
) -> None:
    fill(settings, "update int_customers__locales set is_language_unread = customer_id = 'c1'")
    (warning,) = gate(sends=True)("decisions", settings, AS_OF)
    assert warning.startswith("Customers whose language is unread: 1, at most 0 ")
    assert "c1" in warning
    fill(settings, "update int_customers__locales set locale = 'en'")
    assert gate(sends=True)("decisions", settings, AS_OF) == []
