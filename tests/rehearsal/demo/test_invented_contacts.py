"""A loaded shop without contact data gets invented ones that reach nobody."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from demo_files import ENDS_AT, read_rows

from winback.rehearsal.demo import invent_contacts

pytestmark = pytest.mark.long

CUSTOMERS = [
    *((str(12000 + n), "GB") for n in range(2700)),
    *((str(15000 + n), "FR") for n in range(60)),
    *((str(16000 + n), "DE") for n in range(60)),
    *(("17001", "BE"), ("17002", "NO"), ("17003", "XX"), ("17004", "")),
]


def invented(directory: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    invent_contacts(CUSTOMERS, directory, consented_at=ENDS_AT)
    return read_rows(directory, "customers"), read_rows(directory, "consents")


def test_every_customer_keeps_id_and_country_and_gets_an_email(tmp_path: Path) -> None:
    people, _ = invented(tmp_path)
    assert {(row["customer_id"], row["country"]) for row in people} == set(CUSTOMERS)
    emails = [row["email"] for row in people]
    assert all(re.fullmatch(r"[a-z.]+\d+@example\.com", email) for email in emails)
    assert len(set(emails)) == len(emails)


def test_no_reserved_number_is_given_out_twice_and_other_countries_get_none(
    tmp_path: Path,
) -> None:
    people, _ = invented(tmp_path)
    phones = Counter(row["phone"] for row in people if row["phone"])
    assert max(phones.values()) == 1
    ranges = {"GB": r"\+447700900\d{3}", "FR": r"\+3363998\d{4}", "DE": r"\+491\d{9,10}"}
    for row in people:
        assert row["phone"] == "" or re.fullmatch(ranges[row["country"]], row["phone"])
    british = sum(row["country"] == "GB" and row["phone"] != "" for row in people)
    assert british == 1000, "Ofcom keeps a thousand mobile numbers for drama"


def test_zones_follow_the_country_and_stay_blank_where_it_is_unknown(tmp_path: Path) -> None:
    people, _ = invented(tmp_path)
    zones = {row["country"]: row["timezone"] for row in people}
    assert zones["GB"] == "Europe/London"
    assert zones["BE"] == "Europe/Brussels"
    assert zones["XX"] == ""
    assert all(ZoneInfo(zone) for zone in zones.values() if zone)


def test_consents_are_older_than_the_given_moment_and_texts_need_a_phone(tmp_path: Path) -> None:
    people, consents = invented(tmp_path)
    with_phone = {row["customer_id"] for row in people if row["phone"]}
    assert all(datetime.fromisoformat(row["occurred_at"]) < ENDS_AT for row in consents)
    assert {row["customer_id"] for row in consents if row["channel"] == "sms"} <= with_phone
    assert {row["basis"] for row in consents} >= {"soft_opt_in", "double_opt_in", "express"}


def test_it_returns_how_many_got_a_phone_and_repeats_itself(tmp_path: Path) -> None:
    counts = {
        name: invent_contacts(reversed(CUSTOMERS), tmp_path / name, consented_at=ENDS_AT)
        for name in ("one", "two")
    }
    people = read_rows(tmp_path / "one", "customers")
    assert counts["one"] == counts["two"] == sum(row["phone"] != "" for row in people)
    for table in ("customers", "consents", "orders"):
        one, two = ((tmp_path / name / f"{table}.csv").read_bytes() for name in ("one", "two"))
        assert one == two


def test_the_orders_file_is_there_and_empty(tmp_path: Path) -> None:
    invented(tmp_path)
    assert read_rows(tmp_path, "orders") == []
