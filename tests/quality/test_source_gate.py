"""Bad or stale data stops a run; a thin shop is only warned about."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shopify_files import ORDERS, order, written

from quality import gate
from winback.base.clock import FixedClock
from winback.base.errors import GateFailure
from winback.base.settings import Settings
from winback.landing import ensure_tables, load
from winback.warehouse import landed_rows

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
ORDER_COLUMNS = ("order_id", "customer_id", "ordered_at", "total_amount", "refunded_amount")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


def land(
    settings: Settings, orders: Sequence[tuple[object, ...]], *, phone: str = "+12025550101"
) -> None:
    folder = settings.home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    customers = sorted({str(order[1]) for order in orders if order[1]})
    write(folder / "customers.csv", ("customer_id", "phone"), [(c, phone) for c in customers])
    write(folder / "orders.csv", ORDER_COLUMNS, orders)
    consent = ("email", "granted", "express", "2025-01-01")
    header = ("customer_id", "channel", "status", "basis", "occurred_at")
    write(folder / "consents.csv", header, [(c, *consent) for c in customers])
    write(folder / "products.csv", ("product_id",), [("p1",)])
    load(folder, settings, FixedClock(AS_OF), replace=True)
    ensure_tables(settings)


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def daily_orders(count: int, *, newest_days_ago: int = 0) -> list[tuple[object, ...]]:
    return [
        (f"o{i}", f"c{i}", (AS_OF - timedelta(days=i + newest_days_ago)).isoformat(), 20, 0)
        for i in range(count)
    ]


def remember_run(settings: Settings, rows: dict[str, int]) -> None:
    folder = settings.published_dir / "r1"
    folder.mkdir(parents=True)
    manifest = {
        "run_id": "r1",
        "as_of": AS_OF.isoformat(),
        "git_sha": "",
        "row_counts": {},
        "landed_rows": rows,
        "segment_hashes": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (settings.published_dir / "current").symlink_to("r1")


def test_a_sound_feed_passes_without_a_word_and_leaves_data_docs(settings: Settings) -> None:
    land(settings, daily_orders(40))
    assert gate(sends=True)("sources", settings, AS_OF) == []
    assert (settings.reports_dir / "data_docs" / "sources" / "index.html").exists()


def test_a_gate_that_passes_says_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    land(settings, daily_orders(40))
    assert gate(sends=True)("sources", settings, AS_OF) == []
    assert caplog.messages == []


def test_a_stale_feed_stops_and_names_its_newest_day(settings: Settings) -> None:
    land(settings, daily_orders(40, newest_days_ago=8))
    with pytest.raises(GateFailure, match=r"Days since the newest order: 8, at most 7.*--as-of"):
        gate(sends=True)("sources", settings, AS_OF)


def test_a_shop_that_rests_for_weeks_is_not_stale_after_one(settings: Settings) -> None:
    weekly = [
        (f"o{i}", "c1", (AS_OF - timedelta(days=8 + 7 * i)).isoformat(), 20, 0) for i in range(30)
    ]
    land(settings, weekly)
    assert gate(sends=True)("sources", settings, AS_OF) == []


@pytest.mark.parametrize(("days", "stops"), [(60, False), (61, True)])
def test_with_too_few_days_to_know_a_rhythm_sixty_days_are_allowed(
    settings: Settings, days: int, stops: bool
) -> None:
    land(settings, daily_orders(3, newest_days_ago=days))
    if stops:
        with pytest.raises(GateFailure, match="days_since_the_newest_order"):
            gate(sends=True)("sources", settings, AS_OF)
    else:
        assert gate(sends=True)("sources", settings, AS_OF) == []


@pytest.mark.parametrize(("days", "stops"), [(120, False), (121, True)])
def test_a_build_that_sends_nothing_may_look_back_a_season(
    settings: Settings, days: int, stops: bool
) -> None:
    land(settings, daily_orders(40, newest_days_ago=days))
    if stops:
        with pytest.raises(GateFailure, match="days_since_the_newest_order"):
            gate(sends=False)("sources", settings, AS_OF)
    else:
        assert gate(sends=False)("sources", settings, AS_OF) == []


def test_a_day_before_the_first_order_can_be_built_but_not_sent_on(settings: Settings) -> None:
    land(settings, daily_orders(40))
    early = AS_OF - timedelta(days=400)
    assert gate(sends=False)("sources", settings, early) == []
    with pytest.raises(GateFailure, match="newest order: none"):
        gate(sends=True)("sources", settings, early)


def test_a_shop_without_products_and_consents_is_warned_of_each(settings: Settings) -> None:
    land(settings, daily_orders(40))
    for table in ("consents", "products"):
        (settings.shop_dir / f"{table}.parquet").unlink()
    ensure_tables(settings)
    warnings = gate(sends=True)("sources", settings, AS_OF)
    assert [line.split(": ")[0] for line in warnings] == [
        "Customers without a consent",
        "Products missing",
    ]


def test_an_order_after_as_of_does_not_make_a_feed_fresh(settings: Settings) -> None:
    future = ("late", "c1", (AS_OF + timedelta(days=1)).isoformat(), 20, 0)
    land(settings, [*daily_orders(40, newest_days_ago=20), future])
    with pytest.raises(GateFailure, match="Days since the newest order: 20"):
        gate(sends=True)("sources", settings, AS_OF)


def test_a_shrunken_feed_stops_until_it_is_accepted(settings: Settings) -> None:
    land(settings, daily_orders(40))
    remember_run(settings, {**landed_rows(settings), "orders": 100, "consents": 400})
    with pytest.raises(GateFailure) as stopped:
        gate(sends=True)("sources", settings, AS_OF)
    assert "Orders lost: 60 %" in str(stopped.value)
    assert "Consents lost: 90 %" in str(stopped.value)
    warnings = gate(sends=True, accept_volume=True)("sources", settings, AS_OF)
    assert [line.split(": ")[0] for line in warnings] == [
        "Orders lost",
        "Consents lost",
    ]


def test_a_refund_above_the_total_is_a_warning_that_names_the_order(settings: Settings) -> None:
    refunded_twice = [(*order[:4], 40) for order in daily_orders(1)]
    land(settings, [*refunded_twice, *daily_orders(40)[1:]])
    (warning,) = gate(sends=True)("sources", settings, AS_OF)
    assert warning.startswith("Orders refunded above their total: 1")
    assert "o0" in warning


def test_impossible_amounts_stop_and_name_the_orders(settings: Settings) -> None:
    absurd = [(*order[:3], 20_000_000, 0) for order in daily_orders(1)]
    land(settings, [*absurd, *daily_orders(40)[1:]])
    with pytest.raises(GateFailure, match=r"Impossible amounts: 2\.5 %.*o0"):
        gate(sends=True)("sources", settings, AS_OF)


def test_a_load_that_lost_most_of_its_orders_stops(settings: Settings) -> None:
    unreadable = [(f"x{i}", "c1", "yesterday", 20, 0) for i in range(50)]
    land(settings, [*daily_orders(40), *unreadable])
    with pytest.raises(GateFailure, match=r"Orders rejected: 55.*landing/rejected"):
        gate(sends=True)("sources", settings, AS_OF)


def test_bad_rows_count_from_the_first_in_a_small_shop_too(settings: Settings) -> None:
    unreadable = [(f"x{i}", "c1", "yesterday", 20, 0) for i in range(3)]
    land(settings, [*daily_orders(2), *unreadable])
    with pytest.raises(GateFailure, match=r"Orders rejected: 60 %, .*3 rows"):
        gate(sends=True)("sources", settings, AS_OF)


def test_the_rows_of_every_file_of_an_export_count(settings: Settings) -> None:
    rows = [order(n, f"c{n}@example.com", created_at=f"{AS_OF:%Y-%m-%d} 09:00:00 +0000")
            for n in range(1, 9)]  # fmt: skip
    broken = [order(n, f"c{n}@example.com", total="ten") for n in range(10, 19)]
    folder = settings.home / "files"
    folder.mkdir(parents=True)
    files = {"orders_1.csv": [*rows[:7], broken[0]], "orders_2.csv": [rows[7], *broken[1:]]}
    for name, orders in files.items():
        (folder / name).write_text(written(ORDERS, [row for rows in orders for row in rows]))
    load(folder, settings, FixedClock(AS_OF), format="shopify")
    ensure_tables(settings)
    with pytest.raises(GateFailure, match="Orders rejected: 52"):
        gate(sends=True)("sources", settings, AS_OF)


def test_orders_without_a_customer_are_a_warning_with_their_share(settings: Settings) -> None:
    nobodys = [(f"x{i}", "", AS_OF.isoformat(), 20, 0) for i in range(60)]
    land(settings, [*daily_orders(40), *nobodys])
    (warning,) = gate(sends=True)("sources", settings, AS_OF)
    assert warning.startswith("Lines without a customer: 60 %,")


def test_a_shop_without_contact_data_is_a_warning(settings: Settings) -> None:
    land(settings, daily_orders(40), phone="")
    (warning,) = gate(sends=True)("sources", settings, AS_OF)
    assert warning.startswith("Customers without a contact point: 100 %")


def test_no_contact_data_reaches_the_data_docs(settings: Settings) -> None:
    land(settings, daily_orders(40, newest_days_ago=30), phone="+12025550123")
    with pytest.raises(GateFailure):
        gate(sends=True)("sources", settings, AS_OF)
    pages = (settings.reports_dir / "data_docs").rglob("*.html")
    assert not any("2025550123" in page.read_text() for page in pages)
