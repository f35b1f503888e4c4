"""A run's last lines: everybody counts once, with what keeps them, and what comes next is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from published_tables import OUTLOOK, write_tables

from winback.measure.last_screen import Sent, read_outlook, tell_outlook

# A Sunday morning in Berlin.
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
RULES = [
    ("consent", "no consent suffices"),
    ("cap_7d", "as many as the cap allows"),
    ("holdout", "is in the holdout"),
    ("window", "the hour is closed"),
    ("in_transit", "an order is on its way"),
    ("render_missing", "the words lack a fact"),
]
MONDAY_NINE = "2026-03-02 08:00:00+00"
ROWS = {
    "customers": [(f"c{i}",) for i in range(10)],
    "entry_candidates": [
        ("first", "c0", "vip", True, ""),
        ("first", "c1", "vip", True, ""),
        ("first", "c2", "lapsed", True, ""),
        ("first", "c3", "lapsed", False, "consent,reachable"),
        ("second", "c3", "lapsed", False, "address,consent"),
        # The other playbook takes them.
        ("second", "c0", "vip", False, "other_playbook"),
    ],
    "entrants": [
        ("first", "c0", "treatment"),
        ("first", "c1", "treatment"),
        ("first", "c2", "holdout"),
    ],
    "send_decisions": [
        ("c0", "first", 1, "sms", "send", "", MONDAY_NINE),
        ("c1", "first", 1, "sms", "deferred", "window", MONDAY_NINE),
        ("c2", "first", 1, "sms", "holdout", "holdout", None),
        ("c4", "first", 2, "email", "capped", "window,cap_7d", None),
        ("c5", "first", 2, "email", "deferred", "window,in_transit", None),
        ("c6", "first", 2, "email", "render_blocked", "render_missing:offer", None),
        # A step that is over, and the next one to come.
        ("c7", "first", 1, "sms", "expired", "range", None),
    ],
    "next_steps": [("c7", "first", 2, "email", "2026-03-03 15:30:00+00")],
    "contact_rules": RULES,
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write(tmp_path, ROWS)


def write(folder: Path, rows: dict[str, list[tuple[object, ...]]]) -> Path:
    return write_tables(folder, OUTLOOK, rows)


def test_everybody_who_is_found_counts_once_with_the_rule_that_keeps_them(published: Path) -> None:
    outlook = read_outlook(published)
    assert {row["rule"]: row["customers"] for row in outlook.reasons} == {
        "consent": 1, "holdout": 1, "cap_7d": 1, "in_transit": 1, "render_missing": 1,
    }  # fmt: skip
    assert [(row["step"], row["customers"]) for row in outlook.now] == [(1, 1)]
    assert [(r["step"], r["waits_for"], r["customers"]) for r in outlook.later] == [
        (1, "window", 1), (2, "due", 1),
    ]  # fmt: skip
    assert outlook.customers == 10
    assert outlook.found_customers == 8
    assert outlook.examples == {"now": "c0", "later": "c1", "not": "c2", "none": "c8"}


def test_a_dry_run_says_what_it_would_send_and_when_the_rest_leaves(published: Path) -> None:
    sent = Sent("dry-run", NOW, "Europe/Berlin", planned=2, cost="0.08")
    assert (
        "\n".join(tell_outlook(read_outlook(published), sent))
        == """\
Dry run as of Sun 1 Mar 2026 09:00 Europe/Berlin; it sends nothing
Found: 8 of 10 customers are in a playbook or in a segment of one (lapsed 2, vip 2)
New in a playbook: 3 customers (first 3); 1 of them gets no messages, to measure by (holdout)
Would get a message now: 1 customer (first step 1 (text) 1)
Written, with what leaves later: 2 messages for 0.08
No message for 5 customers of those found. What keeps each (the first rule):
        1  as many as the cap allows
        1  no consent suffices
        1  is in the holdout
        1  an order is on its way
        1  the words lack a fact
Next messages: first step 1 (text) for 1 customer waits for its window, which opens \
Mon 2 Mar 2026 09:00 Europe/Berlin
  then: first step 2 (email) for 1 customer is due from Tue 3 Mar 2026 16:30 Europe/Berlin
Next: winback why c2              tells why somebody gets no message
      winback run --mode sandbox  sends them to providers on this machine"""
    )


def test_who_has_just_been_sent_a_step_waits_for_the_next_one(tmp_path: Path) -> None:
    rows = ROWS | {"next_steps": [("c0", "first", 2, "email", "2026-03-03 15:30:00+00")]}
    outlook = read_outlook(write(tmp_path, rows))
    assert ("due", 2, 1) in [(r["waits_for"], r["step"], r["customers"]) for r in outlook.later]
    assert sum(row["customers"] for row in outlook.now) == 1


def test_the_first_run_of_a_shop_that_sends_nothing_says_when_it_will(tmp_path: Path) -> None:
    rows = ROWS | {
        "entry_candidates": [("first", "c1", "vip", True, "")],
        "entrants": [("first", "c1", "treatment")],
        "send_decisions": [("c1", "first", 1, "sms", "deferred", "window", MONDAY_NINE)],
        "next_steps": [],
    }
    sent = Sent("sandbox", NOW, "Europe/Berlin")
    told = "\n".join(tell_outlook(read_outlook(write(tmp_path, rows)), sent))
    assert "Sent: no message in this run" in told
    assert "waits for its window, which opens Mon 2 Mar 2026 09:00 Europe/Berlin" in told
    assert "winback run --mode sandbox --as-of 2026-03-02T09:01" in told
    assert "No message for" not in told


def test_a_shop_in_which_nobody_is_found_gets_one_line_of_it(tmp_path: Path) -> None:
    folder = write(tmp_path, {"customers": [("c0",), ("c1",)]})
    told = list(tell_outlook(read_outlook(folder), Sent("sandbox", NOW, "UTC")))
    assert told[1] == "Found: none of 2 customers is in a segment of a playbook"
    assert "Next messages: none is in sight" in told
    assert any("winback why c0" in line for line in told)


def test_what_a_run_sent_stands_before_what_it_could_not_send(published: Path) -> None:
    steps = [
        {"playbook": "first", "step": 1, "state": "accepted", "messages": 3},
        {"playbook": "first", "step": 1, "state": "unknown", "messages": 1},
        {"playbook": "answers", "step": 0, "state": "accepted", "messages": 1},
    ]
    told = list(tell_outlook(read_outlook(published), Sent("live", NOW, "UTC", steps=steps)))
    assert "Sent: 4 messages (first step 1: 3, replies: 1)" in told
    assert any(line.startswith("  first step 1: 1 message may have been sent") for line in told)
    assert not any("--mode sandbox" in line for line in told)
