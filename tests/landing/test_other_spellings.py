"""Amounts, dates and words as other shops write them: read without doubt, or set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landing_shop import CUSTOMERS, Shop, winback_load

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.landing._words import fold, read_words

pytestmark = pytest.mark.long

HEADER = "order_id,customer_id,ordered_at,total_amount,status\n"
NOT_A_NUMBER, NOT_A_DATE = "total_amount is not a number", "ordered_at is not a date"

# Each in a file of its own: no other value helps.
AMOUNTS = [
    ("1,234.50", "1234.50"),
    ("1.234,50", "1234.50"),
    ("1 234,50", "1234.50"),
    ("1\u202f234,50", "1234.50"),
    ("1'234.50", "1234.50"),
    ("$80", "80"),
    ("80 €", "80"),
    ("EUR 80,00", "80"),
    ("R$ 1.234,56", "1234.56"),
    ("80,-", "80"),
    ("CHF 1’200.-", "1200"),  # noqa: RUF001
    ("1,23,456.50", "123456.50"),
    ("1.234.567", "1234567"),
    ("12 USD", "12"),
    ("0,125", "0.125"),
    ("1234,567", "1234.567"),
    ("1,234", None),
    ("1.234", None),
    ("£1.234", None),
    ("1,234,56", None),
    ("12 pieces", None),
    ("12-13", None),
    ("1 23", None),
    ("٣", None),
]


@pytest.mark.parametrize(("written", "amount"), AMOUNTS)
def test_an_amount_is_read_where_it_is_without_doubt(
    shop: Shop, written: str, amount: str | None
) -> None:
    rows = f'o1,c1,2026-03-05,"{written}",\no2,c2,2026-03-05,7,\n'
    report = shop.load({"orders.csv": HEADER + rows})
    landed = dict(shop.landed("orders", "order_id, total_amount"))
    assert landed.pop("o2") == 7
    assert landed == ({} if amount is None else {"o1": Decimal(amount)})
    assert report.sources[1].rejected_by_reason == ({NOT_A_NUMBER: 1} if amount is None else {})
    assert report.held_customers == (amount is None)


@pytest.mark.parametrize(
    ("others", "written", "amount"),
    [
        (["12.50"], "1,234", "1234"),
        (["12.50"], "1.234", "1.234"),
        (["12,50"], "1.234", "1234"),
        (["12,50"], "1,234", "1.234"),
        (["1.234.567"], "1.234", "1234"),
        (["0.500", "7"], "1.234", "1.234"),
        (["1234.500"], "1.234", "1.234"),
        (["7", "80"], "1,234", None),
        (["12.50", "12,50"], "1,234", None),
        (["n/a 12.50"], "1,234", None),
    ],
)
def test_the_other_values_of_the_column_tell_its_decimal_mark(
    shop: Shop, others: list[str], written: str, amount: str | None
) -> None:
    rows = [f'o{n},c2,2026-03-05,"{text}",\n' for n, text in enumerate(others, start=2)]
    first = f'o9,c2,2026-03-05,3,\no1,c1,2026-03-05,"{written}",\n'
    report = shop.load({"orders.csv": HEADER + first + "".join(rows)})
    landed = dict(shop.landed("orders", "order_id, total_amount"))
    assert landed.get("o1") == (amount and Decimal(amount))
    said = "values of total_amount may be thousands or have three decimals"
    assert any(said in note for note in report.notes) == (amount is None)


DATES = [
    ("2026-03-05 10:00:00 UTC", datetime(2026, 3, 5, 10, tzinfo=UTC)),
    ("2026-03-05 10:00:00 GMT", datetime(2026, 3, 5, 10, tzinfo=UTC)),
    ("2026-03-05 10:00:00 -0500", datetime(2026, 3, 5, 15, tzinfo=UTC)),
    ("Thu, 05 Mar 2026 10:00:00 +0100", datetime(2026, 3, 5, 9, tzinfo=UTC)),
    ("5 Mar 2026", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("Mar 5, 2026", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("March 5th, 2026 at 3:04 pm", datetime(2026, 3, 5, 20, 4, tzinfo=UTC)),
    ("5. März 2026", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("5 août 2026 10:00", datetime(2026, 8, 5, 14, tzinfo=UTC)),
    ("5 października 2026", datetime(2026, 10, 5, 4, tzinfo=UTC)),
    ("2026/03/05", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("2026-3-5", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("20260305", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("1772704800", datetime(2026, 3, 5, 10, tzinfo=UTC)),
    ("1772704800123", datetime(2026, 3, 5, 10, 0, 0, 123_000, tzinfo=UTC)),
    ("05.03.2026", datetime(2026, 3, 5, 5, tzinfo=UTC)),
    ("13/05/2026", datetime(2026, 5, 13, 4, tzinfo=UTC)),
    ("5/13/2026 10:00 PM", datetime(2026, 5, 14, 2, tzinfo=UTC)),
    ("05/05/2026", datetime(2026, 5, 5, 4, tzinfo=UTC)),
    ("03/05/2026", None),
    ("03-05-2026", None),
    ("3/5/26", None),
    ("Fri, 05 Mar 2026 10:00:00 +0000", None),  # it was a Thursday
    ("46086", None),  # an Excel serial
    ("2026030510", None),
    ("2026-03-05 10:00:00 EST", None),
    ("31/02/2026", None),
    ("yesterday", None),
]


@pytest.mark.parametrize(("written", "instant"), DATES)
def test_a_date_is_read_where_it_is_without_doubt(
    shop: Shop, written: str, instant: datetime | None
) -> None:
    rows = f'o1,c1,"{written}",1,\no2,c2,2026-03-01,1,\n'
    report = shop.load({"orders.csv": HEADER + rows})
    landed = dict(shop.landed("orders", "order_id, epoch_us(ordered_at)"))
    assert landed.get("o1") == (instant and round(instant.timestamp() * 1_000_000))
    assert report.sources[1].rejected_by_reason == ({NOT_A_DATE: 1} if instant is None else {})
    assert report.held_customers == (instant is None)


@pytest.mark.parametrize(
    ("others", "options", "day"),
    [
        (["13/05/2026"], [], "2026-05-03"),
        (["05/13/2026 9:00 AM"], [], "2026-03-05"),
        (["05/13/2026", "13/05/2026"], [], None),
        (["31/02/2026"], [], None),
        (["01/02/2026"], [], None),
        ([], ["%d/%m/%Y"], "2026-05-03"),
        ([], ["orders=%m/%d/%Y"], "2026-03-05"),
        ([], ["orders.csv=%m/%d/%Y", "%d/%m/%Y"], "2026-03-05"),
        ([], ["consents=%m/%d/%Y"], None),
    ],
)
def test_day_and_month_are_told_by_the_column_or_stated_once(
    shop: Shop, others: list[str], options: list[str], day: str | None
) -> None:
    rows = [f"o{n},c2,{text},1,\n" for n, text in enumerate(others, start=2)]
    files = {"orders.csv": f"{HEADER}o9,c2,2026-03-01,3,\no1,c1,03/05/2026,1,\n{''.join(rows)}"}
    report = shop.load(files, date_formats=options)
    landed = dict(shop.landed("orders", "order_id, strftime(ordered_at, '%Y-%m-%d')"))
    assert landed.get("o1") == day
    advice = "Next: winback load DIR --date-format orders=%d/%m/%Y (or orders=%m/%d/%Y)"
    assert any(advice in note for note in report.notes) == (day is None)


def test_a_stated_format_is_not_bent_to_fit(shop: Shop) -> None:
    dates = ["15/03/26", "03/15/2026", "2026-13-05", "5 Mar 2026", "2026-03-05", "5.3.2026"]
    rows = "".join(f"o{n},c1,{date},1,\n" for n, date in enumerate(dates))
    shop.load({"orders.csv": HEADER + rows}, date_formats=["%d/%m/%y"])
    columns = "order_id, strftime(ordered_at, '%Y-%m-%d')"
    assert shop.landed("orders", columns) == [
        ("o0", "2026-03-15"),
        ("o3", "2026-03-05"),
        ("o4", "2026-03-05"),
    ]
    rows = "o1,c1,2026-05-03,1,\no2,c1,2026-03-15,1,\no3,c1,5 Mar 2026,1,\n"
    shop.load({"orders.csv": HEADER + rows}, date_formats=["%Y-%d-%m"], replace=True)
    assert shop.landed("orders", columns) == [("o1", "2026-03-05")]


@pytest.mark.parametrize("stated", ["%d/%m", "d/m/Y", "%Q", "invoices=%d/%m/%Y", "", "orders="])
def test_a_format_that_is_none_is_wrong_usage(shop: Shop, stated: str) -> None:
    with pytest.raises(UsageError, match="--date-format"):
        shop.load({}, date_formats=[stated])


STATUSES = [
    ("paid", "completed"),
    ("Shipped", "completed"),
    ("processing", "completed"),
    ("partially_refunded", "completed"),
    ("Abgeschlossen", "completed"),
    ("PAYÉE", "completed"),
    ("voided", "cancelled"),
    ("Storniert", "cancelled"),
    ("trash", "cancelled"),
    ("zwrócone", "refunded"),
    ("charge-back", None),
    ("on-hold", "pending"),
    ("awaiting payment", "pending"),
    ("Aguardando pagamento", "pending"),
    ("in attesa", "pending"),
    ("", "completed"),
    ("unpaid?", None),
    ("mystery", None),
    ("not paid", None),
]


def test_usual_words_for_an_order_are_known_and_others_hold_its_customer(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    customers = "customer_id\n" + "".join(f"c{n}\n" for n in range(100, 100 + len(STATUSES)))
    rows = [f"o{n},c{n},2026-03-05,1,{word}\n" for n, (word, _) in enumerate(STATUSES, start=100)]
    shop.write({"customers.csv": customers, "orders.csv": HEADER + "".join(rows)})
    assert winback_load(home, str(shop.source)) == 0
    known = {f"o{n}": status for n, (_, status) in enumerate(STATUSES, start=100) if status}
    unknown = [f"c{n}" for n, (_, status) in enumerate(STATUSES, start=100) if not status]
    assert dict(shop.landed("orders", "order_id, status")) == known
    assert shop.landed("set_aside", "customer_id") == [(name,) for name in unknown]
    told = capsys.readouterr().out
    assert f"{len(unknown):,}  status is not completed, cancelled, refunded or pending" in told
    assert f"{len(unknown):,} customers are held, since rows about them were set aside" in told


def test_a_number_of_a_parquet_file_is_a_number(shop: Shop) -> None:
    shop.write({"customers.csv": CUSTOMERS})
    duckdb.sql(
        "copy (select 'o1' as order_id, 'c1' as customer_id, '2026-03-05' as ordered_at, "
        "1.234::double as total_amount, 2.345::decimal(9, 3) as refunded_amount) "
        f"to '{shop.source / 'orders.parquet'}' (format parquet)"
    )
    shop.load()
    assert shop.landed("orders", "total_amount, refunded_amount") == [
        (Decimal("1.234"), Decimal("2.345"))
    ]


def test_texts_of_a_parquet_file_are_looked_at_twice(shop: Shop) -> None:
    shop.write({"customers.csv": CUSTOMERS})
    duckdb.sql(
        "copy (from (values ('o1', 'c1', '03/05/2026', '1,234'), "
        "('o2', 'c1', '13/05/2026', '12.50')) as t (order_id, customer_id, ordered_at, "
        f"total_amount)) to '{shop.source / 'orders.parquet'}' (format parquet)"
    )
    shop.load()
    assert shop.landed("orders", "order_id, day(ordered_at), total_amount") == [
        ("o1", 3, Decimal(1234)),
        ("o2", 13, Decimal("12.5")),
    ]


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ("o1,c1,03/05/2026,1,\n", r"ordered_at is not a date: 1.*--date-format orders=%d/%m/%Y"),
        ("o1,c1,2026-03-05,1,who knows\n", "status is not completed.*rejected/orders-.*mend"),
        ("o1,c1,soon,1,\n" * 3, r"none of its 3 rows could be read \(ordered_at is not a date: 3"),
    ],
)
def test_a_load_that_lands_nothing_of_a_required_table_is_refused_and_changes_nothing(
    shop: Shop,
    home: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    orders: str,
    words: str,
) -> None:
    shop.load({})
    before = {path.name: path.read_bytes() for path in shop.settings.shop_dir.iterdir()}
    shop.write({"orders.csv": HEADER + orders})
    assert winback_load(home, str(shop.source)) == 1
    told = capsys.readouterr()
    [line] = [line for line in told.err.splitlines() if "orders.csv" in line]
    with pytest.raises(WinbackError, match=words):
        raise WinbackError(line)
    assert {path.name: path.read_bytes() for path in shop.settings.shop_dir.iterdir()} == before
    assert not list(shop.settings.landing_dir.glob(".loading-*"))


def test_words_differ_only_in_what_people_mean_by_them() -> None:
    read = read_words("consent_words")
    assert [read(word) for word in ("opted_in", "Opt-In", " OPTED IN ", "-1", "1", "no.")] == [
        "granted",
        "granted",
        "granted",
        "revoked",
        "granted",
        None,
    ]
    assert fold("Désabonné") == "desabonne"


# A shop writes all its files in one way.
WAYS = st.sampled_from(
    [
        ("{:%Y-%m-%d}", ".", ","),
        ("{:%d.%m.%Y}", ",", "."),
        ("{:%d/%m/%Y}", ",", "\u00a0"),
        ("{:%m/%d/%Y}", ".", ","),
        ("{:%d-%m-%Y %H:%M}", ",", "."),
        ("{:%m/%d/%Y %I:%M %p}", ".", ","),
        ("{:%d %b %Y}", ".", "'"),
        ("{:%A, %B %d, %Y}", ".", " "),
    ]
)
ORDERS = st.lists(
    st.tuples(
        st.datetimes(datetime(2001, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
        st.decimals(0, 9_999_999, places=2) | st.integers(0, 9_999_999).map(Decimal),
        st.sampled_from(["{}", "{} €", "$ {}", "EUR {}"]),
    ),
    min_size=1,
    max_size=12,
)


# A load each: more orders in one find as much as more loads.
@given(WAYS, ORDERS, st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_is_read_is_never_another_value_than_the_one_written(
    tmp_path_factory: pytest.TempPathFactory,
    way: tuple[str, str, str],
    orders: list[tuple[datetime, Decimal, str]],
    is_short: bool,
) -> None:
    form, mark, separator = way
    folder = tmp_path_factory.mktemp("shop")
    clock = FixedClock(datetime(2025, 6, 1, 12, tzinfo=UTC))
    shop = Shop(folder / "shop", Settings.load(home=folder / "home"), clock)
    rows = []
    for n, (at, amount, frame) in enumerate(orders):
        text = f"{amount:,f}" if is_short else f"{amount:,.2f}"
        text = text.translate({ord(","): separator, ord("."): mark})
        rows.append(f'o{n},c1,"{form.format(at)}","{frame.format(text)}",\n')
    # A good row, since a load that holds no order at all is refused.
    shop.load({"orders.csv": f"{HEADER}o,c1,2026-03-05,1,\n{''.join(rows)}"})
    columns = "order_id, epoch_us(ordered_at), total_amount"
    for name, at_us, amount in shop.landed("orders", columns):
        if name == "o":
            continue
        written_at, written, _ = orders[int(name[1:])]
        assert amount == written
        shown = timedelta(microseconds=at_us) + datetime(1970, 1, 1)  # noqa: DTZ001
        exact = "%Y-%m-%d %H:%M" if "%M" in form else "%Y-%m-%d"
        assert shown.strftime(exact) == written_at.strftime(exact)


def test_every_letter_is_folded_to_what_it_stays() -> None:
    letters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    folded = [fold(f"a{it}b") for it in letters]
    assert [it for it in folded if fold(it) != it] == []
    assert read_words("consent_words")("ᴺᴼᵀ ˢᵁᴮˢᶜᴿᴵᴮᴱᴰ") == read_words("consent_words")(
        "not subscribed"
    )
