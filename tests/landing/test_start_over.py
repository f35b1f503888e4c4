"""`--replace` forgets what is landed, but nobody's no."""

from __future__ import annotations

from datetime import timedelta

import pytest
from landing_shop import Shop, winback_load

from winback.people.erasure import erase

pytestmark = pytest.mark.long

HEADER = "customer_id,channel,status,basis,occurred_at\n"
GRANT = "c1,sms,granted,express_written,2024-06-01T00:00:00Z\n"
NO = "c1,sms,revoked,,2025-03-01T00:00:00Z\n"
STAYS = "1 refusals of earlier loads stay, though these files lack them"
LANDED = "customer_id, channel, status, cast(occurred_at as date)::varchar as at"


# The row of the first load, and whether it outlives a replacing one that lacks it.
@pytest.mark.parametrize(
    ("row", "stays"),
    [
        (NO, True),
        ("c1,sms,unsubscribed,,5 Mar 2025\n", True),
        ("c1,email,hard bounce,,2025-03-01\n", True),
        ("c1,,revoked,,2025-03-01\n", True),
        ("C1,sms,revoked,,2025-03-01\n", True),
        ("nobody,sms,no,,2025-03-01\n", True),
        ("c1,sms,revoked,,soon\n", False),
        ("c1,sms,revoked,,\n", False),
        ("c1,sms,revoked,,1970-01-01\n", False),
        ("c1,sms,revoked,,2062-03-01\n", False),
        ("c1,sms,pending,,2025-03-01\n", False),
        ("c2,sms,granted,express,2025-03-01\n", False),
    ],
)
def test_a_refusal_with_a_date_of_its_own_stays_and_it_is_said(
    shop: Shop, row: str, stays: bool
) -> None:
    shop.load({"consents.csv": f"{HEADER}{GRANT}{row}"})
    [before] = [r for r in shop.landed("consents") if r[2] != "granted"] or [None]
    shop.clock.advance(timedelta(days=1))
    report = shop.load({"consents.csv": HEADER + GRANT}, replace=True)
    rows = shop.landed("consents")
    assert len(rows) == 1 + stays
    assert (before in rows) == stays
    assert (STAYS in report.notes) == stays


def test_refusals_outlive_a_replacing_load_without_consents_and_one_after_it(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.load({"consents.csv": f"{HEADER}{GRANT}{NO}{NO}c2,email,no,,2025-03-02\n"})
    (shop.source / "consents.csv").unlink()
    for _ in range(2):
        assert winback_load(home, str(shop.source), "--replace") == 0
        told = capsys.readouterr().out
        assert "note: 3 refusals of earlier loads stay, though these files lack them\n" in told
        assert [row[2] for row in shop.landed("consents", LANDED)] == ["revoked"] * 3


def test_a_refusal_that_the_new_files_bring_again_is_neither_doubled_nor_counted(
    shop: Shop,
) -> None:
    shop.load({"consents.csv": f"{HEADER}{GRANT}{NO}"})
    report = shop.load({"consents.csv": f"{HEADER}{GRANT}{NO}"}, replace=True)
    assert not report.notes
    assert [row[2:] for row in shop.landed("consents", LANDED)] == [
        ("granted", "2024-06-01"),
        ("revoked", "2025-03-01"),
    ]


def test_what_was_erased_does_not_come_back(shop: Shop) -> None:
    no = "c2,sms,revoked,,2025-03-01T00:00:00Z\n"
    shop.load({"consents.csv": f"{HEADER}{NO}{no}"})
    erase(shop.settings, shop.clock, "c1")
    shop.load({"consents.csv": HEADER}, replace=True)
    assert [row[0] for row in shop.landed("consents", LANDED)] == ["c2"]
