"""Lists of opt-outs as APIs give them: SendGrid's suppressions, and Twilio's log of messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from winback.base.errors import UsageError, WinbackError
from winback.ledger import suppressions_in_force

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
DAY = 86_400
CREATED = 1_767_225_600  # 2026-01-01


@pytest.fixture
def kept(ledger):
    def run():
        with ledger.read() as connection:
            return {
                row.address: (row.reason, row.occurred_at.date().isoformat())
                for row in suppressions_in_force(connection)
            }

    return run


def bounce(number, email, **own):
    return {
        "created": CREATED + number * DAY, "email": email, "status": "5.1.1",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
    } | own  # fmt: skip


# Of SendGrid's API: GET /v3/suppression/{bounces,blocks,invalid_emails,spam_reports,unsubscribes}.
SENDGRID = [
    bounce(0, "a@example.com"),
    bounce(1, "B@Example.com"),
    bounce(2, "c@example.com", status="", reason=""),
    bounce(3, "d@example.com", reason="Mail domain mentioned in email address is unknown"),
    bounce(4, "e@example.com", created=None),
    bounce(5, "f@example.com", created="soon"),
    bounce(6, "not an address"),
    bounce(7, ""),
    bounce(8, "g@example.com", created=CREATED * 1000),
    bounce(9, "h@example.com", ip="192.0.2.1"),
    {"email": "i@example.com", "created": CREATED},
    {"created": CREATED, "email": "j@example.com", "reason": "spam report"},
    {"created": CREATED + 400 * DAY, "email": "ahead@example.com"},
]


def message(body, sender, to, **own):
    return {
        "sid": "SM1", "account_sid": "AC1", "direction": "inbound", "status": "received",
        "body": body, "from": sender, "to": to, "error_code": None, "error_message": None,
        "date_sent": "Fri, 02 Jan 2026 17:44:46 +0000", "num_segments": "1", "price": None,
        "subresource_uris": {"media": "/x.json"},
    } | own  # fmt: skip


OURS, PEOPLE = "+12015550100", [f"+1201555{number:04}" for number in range(120, 150)]
TWILIO = [
    message("STOP", PEOPLE[0], OURS),
    message("stop please", PEOPLE[1], OURS),
    message("Do you have it in blue?", PEOPLE[2], OURS),
    message("Thanks!", PEOPLE[3], OURS),
    message("Our sale begins", OURS, PEOPLE[4], direction="outbound-api", status="delivered"),
    message("Our sale begins", OURS, PEOPLE[5], direction="outbound-api", status="failed",
            error_code=21610),
    message("Our sale begins", OURS, PEOPLE[6], direction="outbound-api", error_code=30005),
    message("Reply STOP to end", OURS, PEOPLE[7], direction="outbound-api", status="sent"),
    message("UNSUBSCRIBE", f"whatsapp:{PEOPLE[8]}", f"whatsapp:{OURS}"),
    message("Stop", PEOPLE[9], OURS, date_sent="2026-01-03 10:00:00 UTC"),
    message("STOP", PEOPLE[10], OURS, date_sent="yesterday"),
    message("STOP", "", OURS),
    message(None, PEOPLE[11], OURS),
    message("START", PEOPLE[12], OURS),
    message("END", PEOPLE[13], OURS, date_sent=None),
    *(message("Our sale begins", OURS, PEOPLE[n], direction="outbound-api", error_code="21610",
              date_sent=f"Sat, {n - 10:02} Jan 2026 10:00:00 +0100") for n in range(14, 28)),
]  # fmt: skip


def test_the_lists_are_as_messy_as_real_ones():
    assert len(SENDGRID) + len(TWILIO) >= 40


@pytest.mark.parametrize("indent", [None, 2])
def test_suppressions_of_sendgrid(bring_in, kept, indent):
    report = bring_in(json.dumps(SENDGRID, indent=indent), name="bounces.json")
    assert kept() == {
        "a@example.com": ("hard_bounce", "2026-01-01"),
        "b@example.com": ("hard_bounce", "2026-01-02"),
        "c@example.com": ("opted_out", "2026-01-03"),
        "d@example.com": ("hard_bounce", "2026-01-04"),
        "e@example.com": ("hard_bounce", "2026-03-10"),
        "f@example.com": ("hard_bounce", "2026-03-10"),
        "g@example.com": ("hard_bounce", "2026-01-01"),
        "h@example.com": ("hard_bounce", "2026-01-10"),
        "i@example.com": ("opted_out", "2026-01-01"),
        "j@example.com": ("spam_report", "2026-01-01"),
        "ahead@example.com": ("opted_out", "2026-03-10"),
    }
    assert report.read == len(SENDGRID)
    assert report.rejected.total() == 2


def test_a_log_of_twilios_messages_names_who_wrote_stop_and_who_had(bring_in, kept):
    wrapped = {"messages": TWILIO, "page": 0, "next_page_uri": None}
    report = bring_in(json.dumps(wrapped), name="messages.json")
    stopped = {
        PEOPLE[0]: ("stop", "2026-01-02"),
        PEOPLE[1]: ("stop", "2026-01-02"),
        PEOPLE[5]: ("opted_out", "2026-01-02"),
        PEOPLE[8]: ("stop", "2026-01-02"),
        PEOPLE[9]: ("stop", "2026-01-03"),
        PEOPLE[10]: ("stop", "2026-03-10"),
        PEOPLE[13]: ("stop", "2026-03-10"),
        **{PEOPLE[n]: ("opted_out", f"2026-01-{n - 10:02}") for n in range(14, 28)},
    }
    assert kept() == stopped
    assert report.rejected == {"no address": 1}
    assert report.left_out.total() == 7


def test_addresses_alone_records_a_line_and_one_record_are_lists_too(bring_in, kept):
    bring_in('["a@example.com", "b@example.com"]', name="group.json")
    bring_in('{"email": "c@example.com"}\n\n{"email": "d@example.com"}\n', name="lines.jsonl")
    bring_in('\ufeff{"email": "e@example.com", "tags": ["x"]}', name="one.json")
    # A bracket alone does not make a file JSON.
    bring_in("[f@example.com]\n[g@example.com]\n", name="list.txt")
    assert set(kept()) == {f"{letter}@example.com" for letter in "abcdefg"}


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ('[{"email": "a@example.com"}, {"em', WinbackError, "is cut off or no JSON"),
        ("[]", UsageError, "is an empty list"),
        ('{"errors": [{"message": "access forbidden"}]}', UsageError, "has none of the columns"),
        (b'[{"email": "a@example.com", "reason": "\xe9"}]', WinbackError, "is JSON and not UTF-8"),
        ("[" * 100_000, WinbackError, "is cut off or no JSON"),
    ],
)
def test_what_is_no_whole_list_is_refused_in_one_line(bring_in, kept, text, error, words):
    with pytest.raises(error, match=words) as caught:
        bring_in(text, name="list.json")
    assert "\n" not in str(caught.value)
    assert "example.com" not in str(caught.value)
    assert kept() == {}
