"""What each of Twilio's refusals means: the table of codes is whole, and every row is read."""

from __future__ import annotations

import json

import pytest

from winback.providers import HttpResponse, classify
from winback.providers._classify import twilio_codes

BAD_ADDRESS = ("21211", "21614", "21635", "21217")
# By the class, what a refusal makes of the message and what it stops.
TABLE = {
    ("rejected", "bad_address", "nothing", True): BAD_ADDRESS,
    ("rejected", "opted_out", "nothing", True): ("21610",),
    ("rejected", "config", "nothing", False): ("21408", "21612", "21215"),
    ("rejected", "config", "channel", False): ("21606",),
    ("refused", "config", "channel", False): (
        "21603", "21703", "21210", "21212", "21213", "63007",
    ),
    ("rejected", "content", "step", False): (
        "21617", "21602", "21620", "21623", "63021", "21205", "21655", "63016",
    ),
    ("rejected", "content", "nothing", False): ("21656",),
    # Not on one app says nothing of the number.
    ("rejected", "bad_address", "nothing", False): ("63003",),
    ("rejected", "policy", "nothing", False): ("63018", "63024", "63032", "63049"),
    ("refused", "auth", "channel", False): ("20003", "20008", "20404", "21701", "21705"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("expected", "code"), [(row, code) for row, codes in TABLE.items() for code in codes]
)
def test_a_refusal_is_read_by_its_code(expected, code):
    outcome = classify("twilio", HttpResponse(400, {}, json.dumps({"code": int(code)}).encode()))
    assert (outcome.kind, outcome.reason, outcome.stops, outcome.suppresses) == expected
    assert outcome.code == code


def test_the_table_has_no_code_beside_these():
    assert set(twilio_codes()) == {code for codes in TABLE.values() for code in codes}
