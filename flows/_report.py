"""The run report: one artifact under one key, which says how the shop stands after a run."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flows._artifacts import keep_page
from flows._run_report import RunReport
from flows._told import newest, sent_of, troubles
from winback import sending
from winback.measure import shop_report
from winback.measure.last_screen import (
    headline,
    read_came_back,
    read_hours,
    read_outlook,
    read_sent,
    report_page,
    tell_by_section,
    tell_next_day,
)
from winback.measure.words import tell_comparison
from winback.warehouse import BuildReport, DbtResult, read_manifest

if TYPE_CHECKING:
    from flows._context import Stage
    from flows._run_report import Sent

log = logging.getLogger(__name__)

KEY: Final = "run-report"
NEXT_KEY: Final = "next-24-hours"


def keep_report(stage: Stage, done: RunReport) -> None:
    """Write the report anew: what came in, what became of it, what is wrong, what comes next."""
    try:
        _keep(stage, done)
    except Exception as error:  # noqa: BLE001  # what was sent is sent, whether it is told or not
        log.warning("the run report could not be written (%s)", type(error).__name__)


def _keep(stage: Stage, done: RunReport) -> None:
    settings, published = stage.settings, newest(done)
    if done.outcomes is not None:
        figures = shop_report.read_figures(published, timezone=settings.shop_timezone)
        shop_report.write_report(figures, settings)
        outlook = figures.outlook
    else:
        outlook = read_outlook(published)
    sent, came_in, stops = sent_of(done, stage.run), _landed(done), list[str]()
    if stage.run.sends:
        now = stage.run.clock.now()
        with stage.ledger.read() as connection:
            rows = read_sent(connection, now=now)
            back = read_came_back(connection, now=now)
            stops = [f"{it}: {it.reason}" for it in sending.active_stops(connection, now=now)]
        others = [row for row in sent.steps if row["state"] != "accepted"]
        sent = replace(sent, steps=[*rows, *others], span="in the last 24 hours")
        counts = ", ".join(f"{count:,} {kind}" for kind, count in back.items())
        came_in += [f"Came back in the last 24 hours: {counts or 'nothing'}"]
        cost = [f"{sum(row['cost_cents'] for row in rows) / 100:,.2f} in the last 24 hours"]
    else:
        cost = [f"{sent.cost} for what would be sent"]
    who, written, *others_told = tell_by_section(outlook, sent)
    effects = shop_report.read_effects(published) if _is_out(done) else []
    verdicts = [tell_comparison(row) for row in shop_report.headline_effects(effects)]
    verdicts += shop_report.tell_variants(effects, shop_report.WINDOW_DAYS)
    sections = [
        ("What came in", came_in),
        who,
        written,
        ("What it costs", cost),
        ("What needs somebody", list(troubles(done, stage.run))),
        ("What is stopped", stops),
        ("Verdicts", verdicts),
        *others_told,
    ]
    title = f"Run report of {settings.brand_name}"
    keep_page(KEY, report_page(title, headline(sent), sections), "How the shop stands")
    day = read_hours(published, now=stage.run.as_of, is_dry_run=not stage.run.sends)
    head, *hours = tell_next_day(day, settings.shop_timezone)
    by_hour = [("By the hour", [line.strip() for line in hours])]
    keep_page(NEXT_KEY, report_page("The next 24 hours", head, by_hour), "What leaves by when")


def keep_report_of_sent(stage: Stage, sent: Sent) -> None:
    """Write the report anew after a stage that sent something."""
    published = (stage.settings.published_dir / "current").resolve()
    manifest = read_manifest(published)
    if manifest is None or not any(done.counts.total() for _, _, done in sent):
        return
    held = [str(it) for it in sending.read_held(stage.ledger, stage.settings)]
    unknown = sending.unknown_messages(stage.ledger)
    built = BuildReport(published, manifest, DbtResult(), ())
    keep_report(stage, RunReport(built, sent=sent, held=held, unknown=unknown))


def _is_out(done: RunReport) -> bool:
    return (newest(done) / "experiment_results.parquet").exists()


def _landed(done: RunReport) -> list[str]:
    manifest = done.audience.manifest
    rows = ", ".join(f"{name} {count:,}" for name, count in manifest.landed_rows.items() if count)
    return [
        f"Load {manifest.load_id or 'unknown'}: {rows or 'no row'}",
        *(f"warning: {it}" for it in done.audience.warnings),
    ]
