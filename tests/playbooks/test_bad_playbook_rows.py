"""A row that can't work stops the build, under the name of the rule it breaks."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.warehouse import _dbt

pytestmark = pytest.mark.whole

# Per seed, lines to add; each breaks the rule named beside it and no other build step.
BAD_ROWS = {
    "playbook_steps.csv": [
        ("every_step_anchor_exists", "sms_email,7,5,1,2,email,t,true,,inactivity,offer,x"),
        (
            "every_step_anchor_is_an_earlier_step",
            "sms_email,8,9,1,2,email,t,true,,inactivity,offer,x",
        ),
        (
            "every_step_anchor_is_an_earlier_step",
            "sms_email,9,8,1,2,email,t,true,,inactivity,offer,x",
        ),
        ("every_step_range_runs_forward", "sms_email,10,1,5,2,email,t,true,,inactivity,offer,x"),
        ("every_step_range_runs_forward", "sms_email,11,1,-1,2,email,t,true,,inactivity,offer,x"),
        ("every_step_channel_is_known", "sms_email,12,1,1,2,pigeon,t,true,,inactivity,offer,x"),
        ("every_step_belongs_to_a_playbook", "nobody,1,,1,2,email,t,true,,inactivity,offer,x"),
        ("every_step_offer_exists", "sms_email,13,1,1,2,email,t,true,free_car,inactivity,offer,x"),
        ("every_step_is_listed_once", "sms_email,2,1,1,2,email,t,true,,inactivity,offer,x"),
        ("every_step_has_a_template", "sms_email,14,1,1,2,email,,true,,inactivity,offer,x"),
        ("every_step_content_has_its_stages", "sms_email,16,1,1,2,email,t,true,,inactivity,x,x"),
        (
            "no_playbook_has_more_steps_than_max_steps_per_playbook",
            "sms_email,15,1,1,2,email,t,true,,inactivity,offer,x",
        ),
    ],
    "playbook_segments.csv": [
        ("every_playbook_segment_belongs_to_a_playbook", "nobody,vip_60,1,,vip_25"),
        ("every_playbook_segment_exists", "sms_email,no_such_segment,9,,vip_25"),
        ("every_playbook_segment_is_listed_once", "sms_email,vip_60,8,,vip_25"),
        ("every_playbook_segment_offer_exists", "sms_four_step,vip_60,7,,free_car"),
    ],
    "step_variants.csv": [
        ("every_variant_belongs_to_a_step", "sms_email,99,offer,0.5,,,,,,,"),
        ("every_variant_has_one_name_and_weight", "sms_email,3,offer,0.4,,,,,,,"),
        ("variant_weights_of_every_playbook_sum_to_one", "sms_four_step,1,more,0.5,,,,,,,"),
        ("every_step_range_runs_forward", "sms_email,4,offer,0.5,,9,,,,,"),
        ("every_variant_offer_exists", "cart_reminder,2,base,1.0,,,,,,free_car,"),
        ("every_variant_subject_is_of_an_email", "sms_email,1,offer,0.5,,,,s,,,"),
        ("every_variant_channel_is_one_of_its_playbook", "sms_four_step,2,base,1.0,t,,,,email,,"),
    ],
    "playbooks.csv": [
        ("every_holdout_share_is_between_zero_and_one", "odd,x,8,email,1.5,true,win_back,"),
        ("every_enabled_playbook_has_steps", "empty,x,9,email,0.1,true,,"),
        ("every_playbook_belongs_to_a_family", "astray,x,10,email,0.1,false,no_such_family,"),
        (
            "every_series_has_a_playbook_of_its_own_without_holdout",
            "alone,x,21,phone,0.0,false,series,",
        ),
        (
            "every_series_has_a_playbook_of_its_own_without_holdout",
            "held,x,22,phone,0.1,false,series,",
        ),
    ],
    "offers.csv": [
        ("every_offer_has_a_code_of_one_source", "no_code,percent,5,,shared,,30,,,,,Five off"),
        ("every_offer_has_a_code_of_one_source", "two,percent,5,,own,FIVE,30,,,,,Five off"),
        ("every_offer_has_what_its_kind_needs", "no_money,amount,500,,own,,30,,,,,Five off"),
        ("every_offer_has_what_its_kind_needs", "half_cents,amount,0.5,EUR,own,,30,,,,,Five off"),
        ("every_offer_has_what_its_kind_needs", "no_name,gift,0,,own,,30,,,,,A gift"),
        ("every_offer_has_what_its_kind_needs", "none,points,0,,own,,30,,,,,Points"),
        ("every_offer_has_what_its_kind_needs", "all,percent,101,,own,,30,,,,,All off"),
        ("every_offer_has_what_its_kind_needs", "odd,free_shipping,0,EUR,own,,30,,,,,Free"),
        ("every_offer_limit_lets_it_be_offered", "wary,percent,5,,own,,30,,,,0,Five off"),
        ("every_offer_limit_lets_it_be_offered", "never,percent,5,,own,,30,0,,,,Five off"),
    ],
    "bandit_steps.csv": [
        ("every_bandit_arm_is_a_variant_of_its_step", "sms_email,2,pigeon,true,,,,,,,,,,"),
        ("every_bandit_arm_is_a_variant_of_its_step", "sms_email,2,nothing,true,,,,,,,,,,"),
        ("every_bandit_arm_is_a_variant_of_its_step", "sms_email,2,nothing,true,,,,,,,,,,"),
        ("every_bandit_step_can_send_nothing", "vip_text,1,base,true,,,,,,,,,,"),
        ("every_bandit_bound_leaves_a_choice", "voice_call,1,base,true,,0.05,,,,,,,,"),
        ("every_bandit_bound_leaves_a_choice", "voice_call,1,nothing,true,,0.6,0.5,,,,,,,"),
        ("every_bandit_step_has_one_set_of_numbers", "after_return,1,base,true,,,,0.1,,,,,,"),
        ("every_bandit_step_has_one_set_of_numbers", "after_return,1,nothing,false,,,,0.2,,,,,,"),
        ("no_bandit_arm_has_an_offer_dealt_at_entry", "cart_reminder,1,base,true,,,,,,,,,,"),
        ("no_bandit_step_is_of_a_series", "daily_tips,1,base,true,,,,,,,,,,"),
        ("no_bandit_step_is_of_a_series", "daily_tips,1,nothing,true,,,,,,,,,,"),
        ("every_bandit_offer_can_be_made", "before_season,1,base,true,,,,,,,,,pigeon,"),
        ("every_bandit_offer_can_be_made", "browse_offer,1,base,true,,,,,,,,,none,300"),
        ("every_bandit_offer_can_be_made", "browse_offer,1,nothing,true,,,,,,,,,cart_10,"),
    ],
    "content_series.csv": [
        ("every_series_has_caps_that_let_it_send", "a,cart_reminder,en,A,AA,a,1,0,8,3,Text A"),
        ("every_series_has_caps_that_let_it_send", "b,held,en,B,BB,b,1,3,2,3,Text B"),
        (
            "every_series_without_a_yes_says_what_its_keyword_is_advertised_by",
            "c,sms_email,en,C,CC,c,1,1,1,,",
        ),
        (
            "no_step_of_a_series_is_an_email_or_carries_an_offer",
            "d,before_season,en,D,DD,d,1,1,1,3,D",
        ),
    ],
}
NAMES = [rule for rows in BAD_ROWS.values() for rule, _ in rows]


@pytest.fixture(scope="module")
def failed_build(tmp_path_factory) -> tuple[Settings, str]:
    """One build over seeds with every kind of bad row: its home and its message."""
    from playbook_runs import project_copy

    folder = tmp_path_factory.mktemp("bad_rows")
    settings = Settings.load(home=folder / "home")
    with project_copy(folder) as project:
        for seed, rows in BAD_ROWS.items():
            path = project / "seeds" / seed
            path.write_text(path.read_text() + "".join(f"{line}\n" for _, line in rows))
        variables = _dbt.dbt_vars(settings, datetime(2026, 3, 1, tzinfo=UTC))
        selected = ["+int_playbooks__steps", "+int_playbooks__variants", "playbook_segments"]
        selected += ["content_series", "consent_channels", "playbook_families"]
        selected += ["journey_contents", "bandit_steps"]
        with pytest.raises(BuildFailure) as failure:
            _dbt.invoke_dbt(
                settings,
                ["build", "--select", *selected, "--exclude-resource-type", "unit_test"],
                variables,
            )
    return settings, str(failure.value)


@pytest.mark.parametrize("rule", sorted(set(NAMES)))
def test_a_bad_row_fails_the_build_by_the_name_of_its_rule(failed_build, rule):
    assert line_of(failed_build, rule)


def test_the_rows_that_broke_a_rule_are_shown_with_their_place(failed_build):
    line = line_of(failed_build, "every_step_range_runs_forward")
    assert re.search(r"seeds/playbook_steps.csv:\d+: playbook_id=sms_email step=10 ", line)
    assert "pigeon" in line_of(failed_build, "every_step_channel_is_known")


def line_of(failed_build, rule):
    """The one line of the message that names the rule."""
    _, message = failed_build
    lines = message.splitlines()
    (line,) = (it for it in lines if f"({rule})" in it or it.startswith(f"  {rule}:"))
    return line


def test_nothing_is_built_on_bad_rows(failed_build):
    settings, _ = failed_build
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("show tables").fetchall()}
    assert {"playbook_steps", "step_variants"} <= tables
    assert not {"int_playbooks__steps", "int_playbooks__variants"} & tables
