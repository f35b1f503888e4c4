"""The command on a small shop with real dbt: its files, its page, and its refusals."""

from __future__ import annotations

import csv
import json
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli import main
from winback.landing import load

ORDERS = {
    # Day 30 is 1 March, and so on; in New York the first second of 1 February is 5:00 UTC.
    "there before": ["2026-01-25T12:00:00Z", "2026-03-10T12:00:00Z"],
    "never back": ["2026-01-30T12:00:00Z"],
    "before midnight": ["2026-02-02T04:59:59Z", "2026-03-08T12:00:00Z"],
    "after midnight": ["2026-02-02T05:00:00Z", "2026-03-30T12:00:00Z"],
    "written to": ["2026-02-02T12:00:00Z", "2026-03-09T12:00:00Z"],
    "newest": ["2026-04-20T12:00:00Z"],
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Six customers in New York who agreed to everything."""
    home = tmp_path_factory.mktemp("backtest")
    settings = Settings.load(home=home, shop_timezone="America/New_York")
    tables: dict[str, list[tuple[object, ...]]] = {
        "customers": [
            ("customer_id", "email", "phone", "country", "region"),
            *((c, f"c{n}@example.com", f"+1212555{n:04d}", "US", "NY")
              for n, c in enumerate(ORDERS, 100)),
        ],
        "orders": [
            ("order_id", "customer_id", "ordered_at", "total_amount"),
            *((f"{c} {n}", c, at, 10) for c, ats in ORDERS.items() for n, at in enumerate(ats)),
        ],
        "consents": [
            ("customer_id", "channel", "status", "basis", "occurred_at"),
            *((c, channel, "granted", "express_written", "2026-01-01T00:00:00Z")
              for c in ORDERS for channel in ("email", "sms")),
        ],
        "past_messages": [
            ("message_id", "playbook_id", "step", "customer_id", "channel", "sent_at"),
            ("m1", "newsletter", "1", "written to", "email", "2026-03-05T12:00:00Z"),
        ],
    }  # fmt: skip
    (home / "files").mkdir()
    for name, rows in tables.items():
        with (home / "files" / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    report = load(home / "files", settings, FixedClock(datetime(2026, 5, 1, tzinfo=UTC)))
    assert report.rejected == 0
    return settings


@pytest.fixture
def backtest(shop: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WINBACK_HOME", str(shop.home))
    monkeypatch.setenv("WINBACK_SHOP_TIMEZONE", shop.shop_timezone)
    monkeypatch.setenv("WINBACK_SMS_PER_SECOND", "0.0001")

    def run(segment: str, first: str, last: str, *more: str) -> int:
        arguments = ["--segment", segment, "--from", first, "--to", last, *more]
        monkeypatch.setattr(sys, "argv", ["winback", "backtest", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


# Two builds. `audience/test_backtest_cdnow.py` replays too, `test_entries_and_returns.py` counts.
@pytest.mark.slow
def test_a_range_of_days_is_counted_drawn_and_priced(backtest, shop, capsys):
    before = sorted(path.name for path in shop.home.iterdir())

    assert backtest("lapsed_30_45", "2026-03-01", "2026-03-05", "--presets", "fixed") == 0

    out = capsys.readouterr().out
    folder = shop.reports_dir / "backtest" / "lapsed_30_45-2026-03-01-2026-03-05"
    days = pq.read_table(folder / "days.parquet").to_pylist()
    assert [(row["day"], row["members"], row["entries"]) for row in days] == [
        (date(2026, 3, 1), 2, 1),
        (date(2026, 3, 2), 2, 0),
        (date(2026, 3, 3), 3, 1),
        (date(2026, 3, 4), 5, 2),
        (date(2026, 3, 5), 5, 0),
    ]
    counts = ("people", "set_aside", "watched", "came_back", "then_treated", "not_yet_known")
    returns = {
        (row["who"], row["days"]): tuple(int(row[name]) for name in counts)
        for row in rows_of(folder / "returns.csv")
    }
    assert returns["new entries", "14"] == (4, 0, 4, 1, 1, 0)
    assert returns["new entries", "30"] == (4, 0, 4, 2, 1, 0)
    assert returns["new entries", "60"] == (4, 0, 4, 2, 1, 1)
    assert returns["there before", "14"] == (1, 0, 1, 1, 0, 0)
    first_text, first_email, *_ = rows_of(folder / "costs.csv")
    # To each of four, the holdout left out: a text of two parts at 1.1 cents, an email.
    assert first_text == {
        "preset": "fixed", "playbook": "sms_email", "step": "1", "channel": "sms",
        "segments_each": "2", "messages": "4", "segments": "7", "cost": "0.08",
    }  # fmt: skip
    assert (first_email["channel"], first_email["segments_each"]) == ("email", "1")
    assert "warning: fixed: " in out
    assert "messages on sms would not get out before their windows close" in out
    assert "Of 4 entries that nobody had written to, 2 ordered again within 30 days" in out
    _check_page((folder / "report.html").read_text())
    # Nothing else stays: no warehouse, no copy of the customers.
    assert sorted(path.name for path in shop.home.iterdir()) == sorted({*before, "reports"})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def _check_page(page: str) -> None:
    """It stands by itself, and each drawing has a name and says in words what it shows."""
    assert (
        re.findall(r"""(?:src|href)\s*=\s*["'](?!#)[^"']*|url\((?!#)|<script|@import""", page) == []
    )
    assert page.count("<svg") == 4
    assert page.count('role="img"') == 4
    for number in range(1, 5):
        assert f'aria-labelledby="chart{number}-title chart{number}-desc"' in page
        assert f'<title id="chart{number}-title">' in page
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert "customers a day</text>" in page
    assert "example.com" not in page
    assert "there before" in page


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nobody", "2026-03-01", "2026-03-02"), 2, "the segments are: "),
        (("vip_60", "2026-03-02", "2026-03-01"), 2, "--from 2026-03-02 is after --to 2026-03-01"),
        (("vip_60", "March", "2026-03-01"), 2, "--from 'March' is not a date"),
        (("vip_60", "2025-12-01", "2026-03-01"), 1, "before the first order, of 2026-01-25"),
        (("vip_60", "2026-03-01", "2026-04-21"), 1, "after the newest loaded order, of 2026-04-20"),
        (("vip_60", "2026-03-01", "2026-03-02", "--presets", ","), 2, "',' names no preset"),
        (
            ("vip_60", "2026-03-01", "2026-03-02", "--presets", "monthly"),
            2,
            "--presets: 'monthly' does not exist; it may be: personal, fixed",
        ),
    ],
)
def test_what_can_not_be_replayed_is_refused_in_one_line(backtest, capsys, arguments, code, says):
    assert backtest(*arguments) == code
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err + shown.out


def test_under_a_year_of_orders_the_fixed_preset_is_proposed(shop, monkeypatch, capsys):
    monkeypatch.setenv("WINBACK_HOME", str(shop.home))
    assert command(monkeypatch, "--compare") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Proposed lapse preset: fixed, since the orders are of 85 days" in out
    assert "set this line in dbt_project/dbt_project.yml: lapse_preset: fixed" in out
    assert command(monkeypatch, "--compare", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["comparison"]["proposed"] == "fixed"
    assert (facts["comparison"]["presets"], facts["segment"], facts["switches"]) == ([], None, None)


def test_a_comparison_or_a_switch_stands_alone_and_a_backtest_wants_its_days(
    shop, monkeypatch, capsys
):
    monkeypatch.setenv("WINBACK_HOME", str(shop.home))
    assert command(monkeypatch, "--compare", "--switch", "all") == 2
    assert "--compare stands alone; take out --switch" in capsys.readouterr().err
    assert command(monkeypatch, "--segment", "vip_60") == 2
    assert "a backtest wants a segment and days" in " ".join(capsys.readouterr().err.split())


def command(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", "backtest", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
