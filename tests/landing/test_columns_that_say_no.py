"""A column that is not ours, but whose name means a refusal, never leaves a clean grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_shop import ORDERS, Shop, winback_load

HEADER = "customer_id,channel,status,basis,occurred_at"
GRANT = "email,granted,express,2025-03-01T00:00:00Z"

# A column, its value beside a grant, and whether that may be a no.
CELLS = [
    ("unsubscribed", "1", True),
    ("Unsubscribed", "yes", True),
    ("unsubscribed_at", "2025-04-01T00:00:00Z", True),
    ("unsubscribe_date", "04/05/2025", True),
    ("opted_out", "x", True),
    ("opt_out", "true", True),
    ("opt_out_at", "someday", True),
    ("revoked_at", "2025-04-01", True),
    ("withdrawn_at", "1743465600", True),
    ("do_not_contact", "email", True),
    ("Email Opt-Out", "Y", True),
    ("has_opted_out_of_email", "TRUE", True),
    ("dnc", "1", True),
    ("no_sms", "1", True),
    ("bounced", "hard", True),
    ("accepts_marketing", "no", True),
    ("Buyer Accepts Marketing", "false", True),
    ("accepts_marketing", "perhaps", True),
    ("is_subscribed", "0", True),
    ("email_opt_in", "n", True),
    ("unsubscribed", "", False),
    ("unsubscribed", "0", False),
    ("opted_out", "No", False),
    ("opt_out", " FALSE ", False),
    ("unsubscribed_at", "NULL", False),
    ("unsubscribe_url", "https://example.com/u/1", False),
    ("accepts_marketing", "Yes", False),
    ("accepts_marketing", "TRUE", False),
    ("accepts_marketing", "", False),
    ("accepts_marketing", "Opted-In", False),
    ("accepts_marketing", "sí", False),
    ("unsubscribed", "não", False),
    ("opt_out", "0.0", False),
    ("opt_in_time", "2025-03-01", False),
    ("subject", "shoes", False),
]


@pytest.mark.parametrize(("column", "value", "is_no"), CELLS)
def test_a_grant_beside_a_no_is_unclear_from_the_load(
    shop: Shop, column: str, value: str, is_no: bool
) -> None:
    rows = f"{HEADER},{column}\nc1,{GRANT},{value}\nc2,{GRANT},\n"
    report = shop.load({"consents.csv": rows})
    landed = shop.landed("consents", "customer_id, status, epoch_us(occurred_at), dated_by")
    given_at = datetime(2025, 3, 1, tzinfo=UTC)
    at = shop.clock.now() if is_no else given_at
    assert [(c, s, datetime.fromtimestamp(us / 1e6, UTC), d) for c, s, us, d in landed] == [
        ("c1", "unclear" if is_no else "granted", at, "load" if is_no else None),
        ("c2", "granted", given_at, None),
    ]
    doubt = {f"landed as unclear: {column.lower()} may say no": 1}
    assert report.sources[2].doubts == (doubt if is_no else {})


def test_a_refusal_keeps_its_date_and_a_row_that_comes_again_its_instant(shop: Shop) -> None:
    rows = (
        f"{HEADER},unsubscribed\nc1,email,revoked,,2025-03-01T00:00:00Z,1\n"
        f"c2,{GRANT},1\nc2,email,pending,,2025-03-01T00:00:00Z,1\n"
    )
    for _ in range(2):
        shop.load({"consents.csv": rows})
        landed = shop.landed("consents", "customer_id, status, month(occurred_at), dated_by")
        assert landed == [
            ("c1", "revoked", 3, None),
            ("c2", "unclear", 6, "load"),
            ("c2", "unclear", 6, "load"),
        ]
        shop.clock.advance(timedelta(days=30))


def test_a_parquet_file_says_no_by_its_types(shop: Shop) -> None:
    shop.load({})
    names = HEADER.split(",")
    rows = [dict(zip(names, [c, *GRANT.split(",")], strict=True)) for c in ("c1", "c2")]
    rows[0] |= {"unsubscribed": False, "revoked_at": datetime(2025, 4, 1, tzinfo=UTC)}
    rows[1] |= {"unsubscribed": False, "revoked_at": None}
    pq.write_table(pa.Table.from_pylist(rows), shop.source / "consents.parquet")
    shop.load()
    assert shop.landed("consents", "customer_id, status") == [("c1", "unclear"), ("c2", "granted")]


def test_a_no_in_another_file_is_said_with_its_count_and_the_next_step(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(
        {
            "customers.csv": "customer_id,unsubscribed,accepts_marketing,opt_out\n"
            "c1,1,no,0\nc2,,yes,\nc3,yes,,no\n",
            "orders.csv": ORDERS,
        }
    )
    assert winback_load(home, str(shop.source)) == 0
    told = capsys.readouterr().out
    next_step = "Next: send them as rows of consents.csv with status revoked"
    for name, count in (("unsubscribed", 2), ("accepts_marketing", 1)):
        assert (
            f"note: customers.csv: {name} may say no and is not read: {count} rows are filled. "
            f"{next_step}\n"
        ) in told
    assert "opt_out may say no" not in told


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("email_consent,sms_consent", "email_consent, sms_consent"),
        ("Accepts Email Marketing", "accepts email marketing"),
        ("newsletter_opt_in", "newsletter_opt_in"),
        ("unsubscribe_url,subscription_id,note", None),
        ("unsubscribed", None),
    ],
)
def test_consents_among_the_customers_are_not_read_and_the_load_says_where_they_belong(
    shop: Shop, header: str, told: str | None
) -> None:
    cells = "," * header.count(",")
    report = shop.load({"customers.csv": f"customer_id,{header}\nc1,yes{cells}\n"})
    notes = [note for note in report.notes if "no consent is read from this file" in note]
    expected = (
        f"customers.csv: {told}: no consent is read from this file. Next: send each yes and no as "
        "a row of consents.csv"
    )
    assert notes == ([expected] if told else [])
    assert shop.landed("consents") == []


def test_a_header_that_is_not_utf8_says_what_to_do(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write({"customers.csv": "customer_id,pr\u00e9nom\n".encode("latin-1") + b"c1,A\n"})
    shop.write({"orders.csv": ORDERS})
    assert winback_load(home, str(shop.source)) == 1
    said = "customers.csv: the header can't be read as UTF-8 CSV. Next: save the file as UTF-8"
    assert said in capsys.readouterr().err
