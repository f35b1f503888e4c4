"""The report of a backtest: one page that needs nothing else, and its figures as files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from winback.base.duck import Rows
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.measure.backtest import _tables as tables
from winback.measure.backtest._entries import SEGMENT
from winback.measure.backtest._plots import charts
from winback.measure.backtest._returns import Return
from winback.measure.backtest._run import Backtest
from winback.measure.paper import templates


def report_folder(found: Backtest, settings: Settings) -> Path:
    span = found.span
    return settings.reports_dir / "backtest" / f"{found.segment}-{span.first}-{span.last}"


def write_report(found: Backtest, settings: Settings) -> Path:
    """Write the page and its figures into the report's folder; returns the page's path."""
    folder = report_folder(found, settings)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _figures(found).items():
        _write_csv(rows, folder / f"{name}.csv")
    with written_whole(folder / "days.parquet") as days:
        pq.write_table(pa.Table.from_pylist(tables.daily(found)), days)
    report = folder / "report.html"
    with written_whole(report) as file:
        file.write_text(page(found), encoding="utf-8")
    return report


def _figures(found: Backtest) -> dict[str, Rows]:
    return {
        "days": tables.daily(found),
        "hours": tables.hourly(found),
        "returns": tables.natural_return(found),
        "presets": tables.presets(found),
        "load": tables.load(found),
        "costs": tables.costs(found),
    }


def _write_csv(rows: Rows, path: Path) -> None:
    if not rows:
        # What an earlier backtest of these days left would not belong to this page.
        path.unlink(missing_ok=True)
        return
    with written_whole(path) as file:
        pa_csv.write_csv(pa.Table.from_pylist(rows), file)


def page(found: Backtest) -> str:
    """The report as one HTML text."""
    environment = templates(Path(__file__).parent)
    return environment.get_template("page.html").render(
        segment=found.segment,
        first=found.span.first,
        last=found.span.last,
        zone=found.span.zone,
        known_until=f"{found.known_until:%Y-%m-%d %H:%M} UTC",
        headline=headline(found),
        worries=tables.notes(found),
        charts=charts(found),
        tables=_sections(found),
    )


def _sections(found: Backtest) -> list[tuple[str, str, Rows]]:
    return [
        ("Entries", "Entries, by lapse preset", tables.overview(found)),
        ("Natural return", "Came back without a message", tables.natural_return(found)),
        ("Lapse presets", "The presets side by side", tables.presets(found)),
        ("Reach", "Whom the playbooks would take", tables.reach(found)),
        ("Load", "Load per hour beside the channel's limit", tables.load(found)),
        ("Cost", "Cost of the range's entries, in the shop's currency", tables.costs(found)),
        ("Days", "Every day", tables.daily(found)),
    ]


def headline(found: Backtest) -> list[str]:
    """The answer in two or three sentences, under the project's own preset."""
    result, window = found.presets[0], tables.compared_window(found)
    back = result.returned(SEGMENT, "entry", window)
    (row, *_) = tables.overview(found)
    lines = [
        (
            f"{row['new_entries']:,} customers entered in {row['days']} days, "
            f"{row['entries_a_day']:,} a day and at most {row['most_in_a_day']:,}; "
            f"{row['there_before']:,} were there before."
        )
    ]
    if back.interval is not None:
        lines.append(_by_themselves(back))
    if result.batches:
        texts = sum(b.segments for b in result.batches if b.step.is_text)
        lines.append(
            f"Writing to those who entered costs at most {tables.total_cost(result):,.2f}, "
            f"{texts:,.0f} segments of texts among it."
        )
    return lines


def _by_themselves(back: Return) -> str:
    """The counts, then what they come to."""
    counts = [
        (
            f"Of {back.n:,} entries that nobody had written to, {back.returned:,} ordered again "
            f"within {back.window_days} days by themselves"
        )
    ]
    if back.treated:
        counts.append(f"{back.treated:,} watched only until we wrote to them or were to")
    if back.not_yet_known:
        counts.append(f"{back.not_yet_known:,} only until the newest order")
    assert back.rate is not None  # noqa: S101 - asked for where there is an interval
    assert back.interval is not None  # noqa: S101
    low, high = (f"{100 * end:.1f}" for end in back.interval)
    return f"{'; '.join(counts)}: {100 * back.rate:.1f}% come back ({low} to {high})."
