"""One person's story in plain words: what was decided when, and the rules' sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from winback.measure.why import Story, tell

ENTERED = datetime(2026, 3, 6, 20, 30, tzinfo=UTC)  # a Friday, 15:30 in New York
DAY = timedelta(days=1)
# US clocks go forward on the 8th: 15:00 in New York is an hour earlier in UTC.
ENTERED_AT_THREE = datetime(2026, 3, 9, 19, 0, tzinfo=UTC)


def rule(rule_id: str, kind: str, sentence: str, source_url: str | None = None) -> dict[str, Any]:
    return {
        "rule_id": rule_id, "kind": kind, "sentence": sentence, "reference": "C5",
        "held_in": f"models/{rule_id}.sql", "status": "verified", "source_url": source_url,
        "reviewed_on": "2026-11-22",
    }  # fmt: skip


RULES = {
    row["rule_id"]: row
    for row in (
        rule("consent", "standing", "no standing consent suffices", "https://law.example/consent"),
        rule("cap_24h", "cap", "too many messages in the last 24 hours"),
        rule("running", "entry", "is still in another playbook"),
        rule("in_transit", "pause", "an order is on its way"),
        rule("window", "decision", "the hour is closed", "https://law.example/hours"),
        rule("zone", "standing", "no time zone is known"),
        rule("range", "decision", "the step's range of days is over"),
        rule("purchase", "decision", "bought since entering the playbook"),
        rule("holdout", "decision", "is in the holdout"),
        rule("render_missing", "message", "a fact that the words need is not known"),
    )
}


def decided(
    step: int, days: float, decision: str, blocked_by: str = "", *, channel: str = "sms",
    send_after_at: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "decided_at": ENTERED + days * DAY, "enrollment_id": "e", "playbook_id": "sms_email",
        "step": step, "channel": channel, "decision": decision, "blocked_by": blocked_by,
        "send_after_at": send_after_at, "expires_at": None,
    }  # fmt: skip


def message(step: int, channel: str, at: datetime | None, **columns: Any) -> dict[str, Any]:
    return {
        "enrollment_id": "e", "playbook_id": "sms_email", "step": step, "channel": channel,
        "state": "accepted", "state_reason": None, "accepted_at": at, "last_held_at": at,
        "delivered_at": None, "clicked_at": None, "replied_at": None, "opted_out_at": None,
        **columns,
    }  # fmt: skip


def enrollment(**columns: Any) -> dict[str, Any]:
    return {
        "enrollment_id": "e", "playbook_id": "sms_email", "segment": "vip_60", "arm": "treatment",
        "variant": "offer", "entered_at": ENTERED, "exited_at": None, "exit_reason": None,
        "origin": "ledger",
        **columns,
    }  # fmt: skip


STORY = Story(
    customer_id="c1",
    as_of="2026-03-20T20:30:00+00:00",
    is_dry_run=False,
    person={
        "last_order_at": ENTERED - 60 * DAY, "order_count": 3, "net_revenue_cents": 123450,
        "rfm_segment": "at_risk", "value_tier": "vip",
    },
    lapse={
        "days_inactive": 74, "lapse_stage": "lapsed", "lapse_preset": "fixed",
        "lapse_threshold_days": 30, "dormant_from_days": 91, "lost_from_days": 366,
        "expected_gap_days": None,
    },
    segments=["vip_60"],
    channels=[
        {"channel": "email", "blocked_by": ""},
        {"channel": "sms", "blocked_by": "consent"},
    ],
    hours=[],
    candidates=[],
    enrollments=[enrollment()],
    decisions=[],
    messages=[],
    reactivations=[],
    joins=[],
    series=[],
    unread=[],
    rules=RULES,
    sources=[],
)  # fmt: skip


def told(**changes: Any) -> str:
    """The story without its line breaks."""
    lines = tell(replace(STORY, **changes), shop_timezone="America/New_York", width=100)
    assert all(len(line) <= 100 for line in lines)
    return " ".join(" ".join(lines).split())


def test_what_could_not_be_read_is_told_with_what_it_does() -> None:
    rows = [
        {
            "table_name": "orders", "row_key": "o7", "load_id": "20260319T020000Z-01",
            "reason": "total_amount is not a number", "effect": "held", "since_at": ENTERED,
        },
        {
            "table_name": "consents", "row_key": None, "load_id": None,
            "reason": "it is no clean yes", "effect": "counts as a no", "since_at": ENTERED,
        },
    ]  # fmt: skip
    text = told(unread=rows)
    assert (
        "What could not be read of them - orders o7: total_amount is not a number, load "
        "20260319T020000Z-01. Nobody writes to them until a load brings the row mended - "
        "consents: it is no clean yes. It counts as a no until they agree anew" in text
    )
    assert "could not be read" not in told()


def test_who_it_is_and_what_made_the_stage_are_told_with_the_shops_clock() -> None:
    text = told()
    assert "c1, as of Fri 20 Mar 2026 16:30 (all times: America/New_York, the shop's)" in text
    assert "3 orders, 1,234.50 in all; the last on Mon 5 Jan 2026, 74 days ago." in text
    assert "Stage lapsed: lapsed from day 30, dormant from day 91, lost from day 366" in text
    assert "Segments: vip_60." in text
    assert "- in sms_email now" in text


def test_what_may_have_been_sent_and_what_went_out_twice_are_told() -> None:
    twice = message(1, "sms", ENTERED, state_reason="accepted_twice")
    never = message(2, "email", None, state="unknown_final", last_held_at=ENTERED)
    text = told(messages=[twice, never])
    assert "text of step 1: sent, no delivery reported. The provider took it TWICE" in text
    assert "email of step 2: may have been sent: nobody will know. It is never sent again" in text


def test_a_personal_threshold_says_what_it_rests_on() -> None:
    lapse = {
        **(STORY.lapse or {}), "lapse_preset": "personal", "expected_gap_days": 34,
        "cooling_from_days": 34, "lapsing_from_days": 60, "lapse_threshold_days": 80,
        "gap_count": 2, "median_gap_days": 31.0, "lapse_curve": "category",
    }  # fmt: skip
    text = told(lapse=lapse)
    assert "cooling from day 34, lapsing from day 60, lapsed from day 80" in text
    assert "expected after 34 days: 2 pauses of their own, 31 days in the middle" in text


def test_each_channel_says_whether_and_by_which_rule_with_its_source() -> None:
    text = told()
    assert "- email: yes" in text
    assert "- sms: no - no standing consent suffices [consent]" in text
    assert "[consent] no standing consent suffices source: https://law.example/consent" in text
    assert "held in: models/consent.sql" in text
    assert "[window]" not in text


def test_hours_outside_of_ours_are_told_on_the_clocks_of_all_zones_and_why() -> None:
    opens = datetime(2026, 3, 24, 22, 0, tzinfo=UTC)
    text = told(
        hours=[{
            "channel_group": "phone", "zones": "America/Los_Angeles,America/New_York",
            "window_opens_at": opens, "window_closes_at": opens + timedelta(hours=3),
        }]
    )  # fmt: skip
    assert (
        "- hours of texts and calls: next Tue 24 Mar 2026 18:00 to 21:00 "
        "(15:00 to 18:00 in America/Los_Angeles, 18:00 to 21:00 in America/New_York). "
        "Our own hours are never open in all their places and time zones at once; "
        "these are the lawful ones nearest to them" in text
    )
    assert "hours of" not in told()


def test_runs_that_decided_the_same_are_one_line_and_a_passing_rule_splits_nothing() -> None:
    text = told(
        decisions=[
            decided(1, 0, "suppressed", "consent"),
            decided(1, 0.25, "suppressed", "consent,window"),
            decided(1, 1, "suppressed", "consent"),
        ]
    )
    assert (
        "15:30 text of step 1: not sent - no standing consent suffices [consent]; beside it "
        "[window] (3 runs, the last Sat 7 Mar 2026 15:30)"
    ) in text
    assert text.count("text of step 1") == 1


@pytest.mark.parametrize(
    ("before", "blocked_by", "is_told"),
    [
        ("consent", "range,consent", False),
        ("consent", "range,consent,window", False),
        # The block was lifted, or another one came: both are news.
        ("consent", "range", True),
        ("consent", "range,consent,zone", True),
        ("in_transit", "range,in_transit", True),
    ],
)
def test_the_end_of_the_range_is_news_only_where_the_block_that_was_told_changed(
    before: str, blocked_by: str, is_told: bool
) -> None:
    first = "suppressed" if before == "consent" else "deferred"
    text = told(decisions=[decided(1, 0, first, before), decided(1, 3, "expired", blocked_by)])
    assert ("text of step 1: skipped for good - the step's range" in text) is is_told


def test_a_rule_of_law_is_told_with_the_rows_of_the_channel_and_place_that_it_was_named_for() -> (
    None
):
    row = {"rule_id": "consent", "status": "verified", "reviewed_on": "2026-11-22"}
    rows = [
        {**row, "channel": "email", "place": "US", "says": "implied can suffice",
         "source_url": "https://law.example/can-spam"},
        {**row, "channel": "sms", "place": "*", "says": "implied can't suffice",
         "source_url": "https://law.example/tcpa"},
    ]  # fmt: skip
    email = told(channels=[{"channel": "email", "blocked_by": "consent"}], sources=rows)
    assert (
        "- in US by email: implied can suffice source: https://law.example/can-spam "
        "(verified, reviewed 2026-11-22) held in: models/consent.sql"
    ) in email
    assert "tcpa" not in email
    text = told(sources=rows)
    assert "- everywhere by sms: implied can't suffice source: https://law.example/tcpa" in text
    assert "can-spam" not in text
    unknown = [{**rows[1], "source_url": None}]
    assert "can't suffice source: none was found (reviewed 2026-11-22)" in told(sources=unknown)
    # The consent that a playbook asks for is that of any of its channels.
    entry = told(channels=[], candidates=[candidate("consent")], sources=rows)
    assert "can-spam" in entry
    assert "tcpa" in entry
    mail = [{"channel": "email", "blocked_by": ""}]
    entry = told(channels=mail, candidates=[candidate("consent")], sources=rows)
    assert "can-spam" in entry
    assert "tcpa" not in entry


def test_the_story_of_a_dry_run_says_so() -> None:
    assert "Of a dry run, which sent nothing" in told(is_dry_run=True)
    assert "dry run" not in told()


def test_what_waits_says_until_when_and_what_was_sent_is_told_by_its_message() -> None:
    text = told(
        decisions=[
            decided(1, 0, "deferred", "window", send_after_at=ENTERED_AT_THREE),
            decided(1, 1, "deferred", "window", send_after_at=ENTERED_AT_THREE),
            decided(1, 3, "send", send_after_at=ENTERED_AT_THREE),
            decided(2, 3, "deferred", "in_transit", channel="email"),
            decided(2, 4, "capped", "cap_24h", channel="email"),
            decided(2, 5, "render_blocked", "render_missing:offer", channel="email"),
        ],
        messages=[
            message(
                1, "sms", ENTERED_AT_THREE,
                delivered_at=ENTERED_AT_THREE + timedelta(minutes=1),
                clicked_at=ENTERED_AT_THREE + DAY,
            )
            | {"offer_id": "season_15"}
        ],
    )  # fmt: skip
    assert ", with the offer season_15" in text
    assert "waits until Mon 9 Mar 2026 15:00 - the hour is closed [window] (2 runs" in text
    assert "15:00 text of step 1: sent, delivered 15:01" in text
    assert "15:00 clicked a link in the text of step 1" in text
    assert "to be sent" not in text
    assert "email of step 2: waits - an order is on its way [in_transit]" in text
    assert "email of step 2: waits - too many messages in the last 24 hours [cap_24h]" in text
    assert "could not be written - a fact that the words need is not known" in text
    assert "[render_missing:offer]" in text
    assert text.index("waits until") < text.index("sent, delivered") < text.index("clicked")


def test_what_has_not_left_names_its_template_after_its_reason() -> None:
    words = {"template": "sms_email/2_arrivals", "content_needs": "arrivals"}
    waits = decided(1, 1, "deferred", "window", send_after_at=ENTERED_AT_THREE) | words
    blocked = decided(2, 5, "render_blocked", "render_missing:offer") | words
    text = told(decisions=[waits, blocked | {"content_needs": None}])
    assert (
        "waits until Mon 9 Mar 2026 15:00 - the hour is closed [window] "
        "(template sms_email/2_arrivals for arrivals)"
    ) in text
    assert "could not be written - a fact that the words need is not known" in text
    assert "[render_missing:offer] (template sms_email/2_arrivals)" in text
    assert "written from" not in text


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("unknown", None, "may have been sent: no response came. It is never sent again by itself"),
        ("suppressed", "consent", "stopped by the last look before the call (no standing consent"),
        ("suppressed", "guard:consent", "stopped by the last look before the call (no standing"),
        ("planned", None, "planned, not sent yet"),
        ("planned", "parked", "planned, not sent yet"),
        ("planned", "guard:cap_24h", "held it back until a run plans it anew (too many messages"),
        ("rejected", "hard", "refused by the provider ([hard])"),
    ],
)
def test_a_message_that_did_not_simply_go_out_says_so(state: str, reason: str, words: str) -> None:
    one = message(1, "sms", None, state=state, state_reason=reason, last_held_at=ENTERED)
    assert words in told(messages=[one])


def test_the_way_out_is_told_once() -> None:
    bought = ENTERED + 5 * DAY
    left = enrollment(exited_at=bought, exit_reason="purchase")
    order = {
        "enrollment_id": "e", "playbook_id": "sms_email", "reactivated_at": bought,
        "net_revenue_cents": 3000, "days_to_reactivation": 5,
    }  # fmt: skip
    later = decided(3, 6, "exited", "purchase,consent")
    text = told(enrollments=[left], reactivations=[order], decisions=[later])
    assert "came back: an order of 30.00, 5 days after entering sms_email" in text
    assert "left sms_email" not in text
    assert "not sent - bought since entering the playbook [purchase]; beside it [consent]" in text
    done = enrollment(exited_at=bought, exit_reason="completed")
    assert "came to the end of sms_email: no step is left" in told(enrollments=[done])
    assert "left sms_email: bought" in told(enrollments=[left])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no_order", "left sms_email: no valid order of their own is left"),
        ("merged", "left sms_email: the shop merged this id into another one"),
        ("other_id", "left sms_email: bought under another id (one mailbox, one phone, or merged)"),
        ("household", "left sms_email: somebody who shares their phone bought"),
    ],
)
def test_who_left_without_buying_is_told_why(reason: str, words: str) -> None:
    ended = enrollment(exited_at=ENTERED + 5 * DAY, exit_reason=reason)
    assert words in told(enrollments=[ended])
    decision = decided(3, 6, "exited", f"consent,{reason}")
    assert f"not sent - [{reason}]" in told(enrollments=[ended], decisions=[decision])


def test_the_holdout_is_told_what_it_is() -> None:
    text = told(
        enrollments=[enrollment(arm="holdout", variant="")],
        decisions=[decided(1, 0, "holdout", "holdout,window")],
    )
    assert "entered sms_email by the segment vip_60, in the holdout: gets no messages" in text
    assert "text of step 1: not sent - is in the holdout [holdout]; beside it [window]" in text


def candidate(blocked_by: str, **columns: object) -> dict[str, Any]:
    entering = {"is_entering": blocked_by == "", "blocked_by": blocked_by}
    return {"playbook_id": "p", "segment": "vip_60", **entering, **columns}


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        ([], "- none: they are in none of the segments that feed one"),
        ([candidate("")], "- p, by the segment vip_60: enters in the next run"),
        ([candidate("consent")], "vip_60: no - no standing consent suffices [consent]"),
        (
            [candidate("running", taken_by_playbook_id="carts")],
            "no - is still in another playbook [running] (taken by carts)",
        ),
    ],
)
def test_who_is_in_no_playbook_is_told_why(candidates: list[dict[str, Any]], words: str) -> None:
    assert words in told(enrollments=[], candidates=candidates)


def test_an_entry_of_another_tool_is_told_and_holds_nobody() -> None:
    before = enrollment(origin="past", segment=None, playbook_id="old_tool")
    sent = message(1, "email", ENTERED) | {"step": None, "playbook_id": "old_tool"}
    text = told(enrollments=[before], messages=[sent])
    assert "15:30 entered old_tool, variant offer 15:30 email: sent" in text
    assert "in old_tool now" not in text


def test_who_is_in_a_playbook_is_told_why_the_others_do_not_take_them() -> None:
    text = told(candidates=[candidate("running"), candidate("x", playbook_id="sms_email")])
    assert "- in sms_email now - p, by the segment vip_60: no - is still" in text
    assert "[x]" not in text


def test_who_never_ordered_and_a_set_without_a_catalog_can_be_told() -> None:
    text = told(lapse=None, enrollments=[], channels=[{"channel": "sms", "blocked_by": "consent"}],
                rules={})  # fmt: skip
    assert "No valid order yet, so not lapsed." in text
    assert "- sms: no - [consent]" in text
    assert "rules named" not in text


@pytest.mark.parametrize(("channel", "is_told"), [("mms", True), ("sms", True), ("email", False)])
def test_the_law_of_hours_is_told_for_whatever_rings_a_phone(channel, is_told):
    hours = {
        "rule_id": "window", "channel": "phone", "place": "US", "says": "its hours of the day",
        "source_url": "https://law.example/us", "status": "verified", "reviewed_on": "2026-11-22",
    }  # fmt: skip
    late = decided(1, 0, "deferred", "window", channel=channel)
    text = told(decisions=[late], sources=[hours])
    assert ("in US by phone: its hours of the day" in text) is is_told


def test_a_series_is_told_from_the_keyword_to_the_end() -> None:
    join = {
        "join_id": "j", "series_id": "tips", "status": "left", "ended_by": "left",
        "asked_at": ENTERED, "joined_at": ENTERED + DAY, "left_at": ENTERED + 4 * DAY,
    }  # fmt: skip
    text = told(
        joins=[join],
        enrollments=[
            enrollment(
                playbook_id="daily", segment="tips", exited_at=join["left_at"], exit_reason="left"
            )
        ],
        decisions=[decided(2, 2, "suppressed", "consent")],
        series=[
            {"series_id": "tips", "channel": "sms", "blocked_by": ""},
            {"series_id": "more", "channel": "sms", "blocked_by": "cap_24h"},
            {"series_id": "more", "channel": "email", "blocked_by": "consent"},
        ],
    )
    assert "sms of tips: yes, they joined it" in text
    assert "sms of more: no - too many messages in the last 24 hours [cap_24h]" in text
    assert "email of more" not in text
    parts = (
        "texted the keyword of the series tips", "entered daily by the series tips",
        "joined the series tips: their consent to it, and to nothing else",
        "no more of the series tips: ended by its own word", "left daily: left the series",
    )  # fmt: skip
    assert [part for part in parts if part not in text] == []
    stopped = told(joins=[join | {"joined_at": None, "ended_by": "stop"}])
    assert "no more of the series tips: ended by stop" in stopped
    assert "joined the series" not in stopped


PREDICTION = {
    "p_alive": 0.424, "expected_orders": 0.84, "horizon_days": 90, "value_at_risk_cents": 123456,
    "best_offer": "welcome_back_20", "is_used": True,
}  # fmt: skip


def test_a_prediction_is_told_with_what_is_at_risk_and_the_best_offer() -> None:
    story = replace(STORY, prediction=PREDICTION)
    lines = " ".join(" ".join(tell(story, shop_timezone="UTC")).split())
    assert (
        "- Still orders with a chance of 42 %; 0.8 orders to expect in 90 days, and 1,234.56 at "
        "risk. Best offer by the shop's tests: welcome_back_20."
    ) in lines
    assert "No rule reads this" not in lines


def test_a_prediction_that_no_rule_may_read_says_so() -> None:
    lacking = {"value_at_risk_cents": None, "best_offer": None, "is_used": False}
    story = replace(STORY, prediction=PREDICTION | lacking)
    lines = " ".join(" ".join(tell(story, shop_timezone="UTC")).split())
    assert (
        "in 90 days. No test found a best offer. No rule reads this: it did not beat the days "
        "since the last order by enough."
    ) in lines
    assert "at risk" not in lines.replace("at_risk", "")
