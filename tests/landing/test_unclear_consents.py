"""A row about a consent that is no clean grant lands as a refusal, and it is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from landing_shop import ORDERS, Shop, winback_load

from winback.base.clock import WallClock

pytestmark = pytest.mark.long

HEADER = "customer_id,channel,status,basis,occurred_at\n"
AT = datetime(2026, 3, 5, tzinfo=UTC)
AT_TEN = datetime(2026, 3, 5, 10, tzinfo=UTC)
FIRST = datetime(2001, 1, 2, tzinfo=UTC)
AHEAD = datetime(2199, 1, 1, tzinfo=UTC)
# From the load's moment.
LOAD = None
NO_WORD = "landed as unclear: status is no word of consent_words.csv"
NO_DATE = "a refusal that counts from this load: occurred_at is not a date"
NO_GRANT_DATE = "landed as unclear: a grant whose occurred_at is not a date"
EARLY = "a refusal that counts from this load: occurred_at is before 2001-01-02"
EARLY_GRANT = "landed as unclear: a grant whose occurred_at is before 2001-01-02"
NO_BASIS = (
    "landed without basis, which is none of express_written, express, soft_opt_in, "
    "double_opt_in, implied, undocumented"
)
SPELLED = "1 refusals stand under another spelling of an id and count for that customer"

# What a shop wrote; what lands: status, date; what a person reads.
ROWS = [
    ("email,revoked,,5 Mar 2026", "revoked", AT, ""),
    ("email,unsubscribed,,1772704800", "revoked", AT_TEN, ""),
    ("email,Opted-Out,,2026-03-05 10:00:00 UTC", "revoked", AT_TEN, ""),
    ("sms,opted_out,,2026-03-05", "revoked", AT, ""),
    ("email,false,,2026/03/05", "revoked", AT, ""),
    ("email,0,,05.03.2026", "revoked", AT, ""),
    ("email,hard bounce,,2026-03-05", "revoked", AT, ""),
    ("email,Complained,,2026-03-05", "revoked", AT, ""),
    ("email,désabonné,,5 mars 2026", "revoked", AT, ""),
    ("email,Não,,5 de março de 2026", "revoked", AT, ""),
    ("email,wypisany,,5 marca 2026", "revoked", AT, ""),
    ("email,-1,,2026-03-05", "revoked", AT, ""),
    ("email,cleaned,,someday", "revoked", LOAD, NO_DATE),
    ("email,revoked,,03/05/2026", "revoked", LOAD, NO_DATE),
    (
        "email,revoked,,",
        "revoked",
        LOAD,
        "a refusal that counts from this load: occurred_at is missing",
    ),
    (
        "email,revoked,,2199-01-01",
        "revoked",
        AHEAD,
        "a refusal that counts from this load: occurred_at is after it",
    ),
    (",revoked,,2026-03-05", "revoked", AT, "a refusal of every channel: channel is missing"),
    ("email,pending,,2026-03-05", "unclear", AT, NO_WORD),
    ("email,not granted,,2026-03-05", "unclear", AT, NO_WORD),
    ("email,granted?,,2026-03-05", "unclear", AT, NO_WORD),
    ("email,,,2026-03-05", "unclear", AT, "landed as unclear: status is missing"),
    ("email,granted,express,03/05/2026", "unclear", LOAD, NO_GRANT_DATE),
    ("email,granted,express,0001-01-01", "unclear", LOAD, EARLY_GRANT),
    # The zeros of Unix, Excel, old Macs, GPS, new Macs, and of who knows no date.
    ("email,revoked,,1970-01-01", "revoked", LOAD, EARLY),
    ("email,revoked,,1900-01-01 00:00:00", "revoked", LOAD, EARLY),
    ("email,revoked,,1904-01-01", "revoked", LOAD, EARLY),
    ("email,unsubscribed,,1980-01-06T00:00:00Z", "revoked", LOAD, EARLY),
    ("email,revoked,,2000-01-01", "revoked", LOAD, EARLY),
    ("email,revoked,,978307200", "revoked", LOAD, EARLY),
    ("email,revoked,,01.01.1970", "revoked", LOAD, EARLY),
    ("email,revoked,,1899-12-30", "revoked", LOAD, EARLY),
    ("email,revoked,,0001-01-01T00:00:00Z", "revoked", LOAD, EARLY),
    ("email,granted,express,1970-01-01", "unclear", LOAD, EARLY_GRANT),
    ("email,pending,,1970-01-01", "unclear", LOAD, NO_WORD),
    ("email,revoked,,0", "revoked", LOAD, NO_DATE),
    ("email,revoked,,2001-01-02T00:00:00Z", "revoked", FIRST, ""),
    (
        "email,granted,express,",
        "unclear",
        LOAD,
        "landed as unclear: a grant whose occurred_at is missing",
    ),
    (
        ",granted,express,2026-03-05",
        "unclear",
        AT,
        "landed as unclear: a grant whose channel is missing",
    ),
    ("email,granted,express,2026-03-05", "granted", AT, ""),
    ("email,YES,express,5 Mar 2026", "granted", AT, ""),
    ("email,1.0,express,2026-03-05", "granted", AT, ""),
    ("email,Suscrito,express,2026-03-05", "granted", AT, ""),
    (
        "email,granted,it seemed fine,2026-03-05",
        "granted",
        AT,
        NO_BASIS,
    ),
]


def test_a_row_that_is_no_clean_grant_lands_as_a_refusal_and_it_is_said(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = "customer_id\n" + "".join(f"c{n}\n" for n in range(100, 100 + len(ROWS)))
    rows = "".join(f"c{n},{row[0]}\n" for n, row in enumerate(ROWS, start=100))
    shop.write({"customers.csv": customers, "orders.csv": ORDERS, "consents.csv": HEADER + rows})
    before = WallClock().now()
    assert winback_load(home, str(shop.source)) == 0
    told = capsys.readouterr().out
    landed = shop.landed(
        "consents", "customer_id, status, basis, dated_by, epoch_us(occurred_at) as at"
    )
    for (_, status, basis, dated_by, at_us), row in zip(landed, ROWS, strict=True):
        written, expected, at, _ = row
        assert status == expected, written
        occurred_at = datetime.fromtimestamp(at_us / 1_000_000, UTC)
        if at is LOAD:
            assert dated_by == "load", written
            assert before - timedelta(seconds=1) <= occurred_at <= WallClock().now(), written
        else:
            assert (dated_by, occurred_at) == ("load" if at == AHEAD else None, at), written
        assert basis in {None, "express"}, written
    for message in {row[3] for row in ROWS if row[3]}:
        count = sum(row[3] == message for row in ROWS)
        assert f"{count:>14,}  {message}\n" in told
    assert "consents-" in told


def test_a_refusal_without_a_customer_is_counted(shop: Shop) -> None:
    report = shop.load({"consents.csv": f"{HEADER},email,revoked,,2026-03-05\n"})
    assert report.sources[2].rejected_by_reason == {"customer_id is missing": 1}


@pytest.mark.parametrize("column", ["occurred_at", "channel"])
def test_a_file_without_dates_or_channels_lands_as_refusals_and_says_so(
    shop: Shop, column: str
) -> None:
    rows = [line.split(",") for line in (HEADER + "c1,email,granted,express,2025-03-01\n").split()]
    at = rows[0].index(column)
    text = "".join(",".join(row[:at] + row[at + 1 :]) + "\n" for row in rows)
    report = shop.load({"consents.csv": text})
    assert shop.landed("consents", "customer_id, status") == [("c1", "unclear")]
    said = f"consents.csv has no {column}: no row of it is a clean grant, and each counts as "
    assert report.notes == (f"{said}a refusal",)


@pytest.mark.parametrize(
    ("written", "note"),
    [
        ("C1", SPELLED),
        ("'c1", SPELLED),
        (
            "c\u00a01",
            "1 refusals stand under another spelling of an id and count for that customer",
        ),
        ("c9", "1 refusals name no customer we know: check their ids"),
    ],
)
def test_a_refusal_under_another_id_is_counted_and_said_once(
    shop: Shop, written: str, note: str
) -> None:
    rows = {"consents.csv": f"{HEADER}{written},email,revoked,,2025-03-05\n"}
    assert shop.load(rows).notes == (note,)
    assert shop.load(rows).notes == ()


def instants(shop: Shop) -> list[datetime]:
    rows = shop.landed("consents", "epoch_us(occurred_at) as at")
    return [datetime.fromtimestamp(at / 1_000_000, UTC) for (at,) in rows]


def test_the_same_row_in_the_next_load_is_no_new_refusal(shop: Shop) -> None:
    unclear = {"consents.csv": f"{HEADER}c1,email,pending,,\nc2,email,no,,soon\n"}
    first = shop.clock.now()
    for _ in range(3):
        shop.load(unclear)
        assert instants(shop) == [first, first]
        shop.clock.advance(timedelta(days=1))


def test_a_row_that_was_gone_and_comes_again_is_a_new_refusal(shop: Shop) -> None:
    no = f"{HEADER}c1,email,no,,\n"
    yes = f"{HEADER}c1,email,granted,express,2025-06-02T12:00:00Z\n"
    first = shop.clock.now()
    shop.load({"consents.csv": no})
    shop.clock.advance(timedelta(days=2))
    shop.load({"consents.csv": yes})
    shop.clock.advance(timedelta(days=2))
    shop.load({"consents.csv": no})
    assert instants(shop) == [first, first + timedelta(days=1), first + timedelta(days=4)]


def test_a_load_without_consents_breaks_no_line_of_loads(shop: Shop) -> None:
    first = shop.clock.now()
    shop.load({"consents.csv": f"{HEADER}c1,email,no,,\n"})
    (shop.source / "consents.csv").rename(shop.source / "later.txt")
    shop.clock.advance(timedelta(days=1))
    shop.load()
    (shop.source / "later.txt").rename(shop.source / "consents.csv")
    shop.load()
    assert instants(shop) == [first]


def test_a_slip_that_dates_rows_ahead_leaves_them_in_their_order(shop: Shop) -> None:
    """A feed whose times are of another zone than it says: the no came after the yes."""
    rows = "c1,email,granted,express,2025-06-01T14:00:00Z\nc1,email,no,,2025-06-01T15:00:00Z\n"
    for _ in range(2):
        shop.load({"consents.csv": HEADER + rows})
        assert shop.landed("consents", "hour(occurred_at), status, dated_by") == [
            (14, "granted", None),
            (15, "revoked", "load"),
        ]
