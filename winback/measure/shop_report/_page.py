"""The report as one page that needs nothing else; counts, money and rules, and nobody on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from winback.base.clock import shop_time
from winback.base.duck import Rows
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.measure import power
from winback.measure.paper import templates
from winback.measure.shop_report._charts import charts
from winback.measure.shop_report._learning import tell_learning
from winback.measure.shop_report._predictions import tell_predictions
from winback.measure.shop_report._read import WINDOW_DAYS, Figures
from winback.measure.shop_report._sentences import (
    tell_after,
    tell_credits,
    tell_effects,
    total_brought,
)
from winback.measure.shop_report._shop import tell_shop
from winback.measure.shop_report._tests import tell_checks, tell_variants
from winback.measure.words import channel_word
from winback.warehouse import read_manifest


def published_as_of(settings: Settings, as_of: datetime | None) -> Path:
    """The published set that the report shows: the newest, or the last one up to `as_of`.

    Raises UsageError where none is that old.
    """
    root = settings.published_dir
    if as_of is None:
        return (root / "current").resolve()
    stamped = {
        path: datetime.fromisoformat(found.as_of)
        for path in root.glob("2*")
        if (found := read_manifest(path)) is not None
    }
    known = [(at, path.name, path) for path, at in stamped.items() if at <= as_of]
    if not known:
        since = ""
        if stamped:
            oldest = shop_time(min(stamped.values()), settings.shop_timezone)
            since = f"The oldest that is kept stands on {oldest}. "
        raise UsageError(
            f"No published set is as old as {shop_time(as_of, settings.shop_timezone)}. {since}"
            "Next: winback report"
        )
    # Of two with one moment the later published.
    return max(known)[2]


def write_report(figures: Figures, settings: Settings, out: Path | None = None) -> Path:
    """Write the page; returns its path."""
    path = out or settings.report_page
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write_text(_page(figures, settings), encoding="utf-8")
    return path


def _page(figures: Figures, settings: Settings) -> str:
    manifest = figures.manifest
    as_of = datetime.fromisoformat(manifest.as_of)
    return (
        templates(Path(__file__).parent)
        .get_template("page.html")
        .render(
            brand=settings.brand_name or "The shop",
            as_of=shop_time(as_of, settings.shop_timezone),
            timezone=settings.shop_timezone,
            window_days=WINDOW_DAYS,
            effects=list(tell_effects(figures)),
            variants=list(tell_variants(figures.effects, WINDOW_DAYS)),
            checks=list(tell_checks(figures.checks)),
            shop=list(tell_shop(figures)),
            learning=list(tell_learning(figures.arms, figures.learned)),
            credited=tell_credits(figures),
            after=tell_after(figures),
            predictions=list(tell_predictions(figures.quality, figures.foretold)),
            tiles=list(_tiles(figures)),
            charts=charts(figures, manifest.run_id),
            arms=[{k: v for k, v in row.items() if k != "why"} for row in figures.arms],
            held_back=_held_back(figures),
            grid=_grid(figures.grid),
            plans=[[line.strip() for line in power.tell(plan)] for plan in figures.plans],
            fresh=list(_fresh(figures, as_of.astimezone(ZoneInfo(settings.shop_timezone)))),
            channel=channel_word,
            it=figures,
        )
    )


def facts(figures: Figures) -> dict[str, Any]:
    """What `--json` prints: the sentences, and the tables that they rest on."""
    tables = {
        name: value
        for name, value in vars(figures).items()
        if name not in {"manifest", "outlook", "plans", "prices"}
    }
    return {
        "as_of": figures.manifest.as_of,
        "in_words": [
            *tell_effects(figures),
            *tell_shop(figures),
            *tell_variants(figures.effects, WINDOW_DAYS),
            *tell_checks(figures.checks),
            *tell_learning(figures.arms, figures.learned),
            *tell_predictions(figures.quality, figures.foretold),
            *figures.prices,
        ],
        **tables,
        "plans": [plan.as_dict() for plan in figures.plans],
    }


def _tiles(figures: Figures) -> Iterator[tuple[str, str, str]]:
    """A figure, what it counts, and what to know of it."""
    if found := total_brought(figures):
        best, least, most = found
        yield (
            f"{best:+,}",
            "customers brought back",
            f"{least:+,} to {most:+,}, within {WINDOW_DAYS} days",
        )
    lapsed = sum(row["customers"] for row in figures.lapse if row["is_lapsed"])
    customers = sum(row["customers"] for row in figures.lapse)
    if customers:
        yield f"{lapsed:,}", "customers have lapsed", f"{100 * lapsed / customers:.0f}% of buyers"
    sent = sum(row["messages"] for row in figures.weeks)
    cost = float(sum(row["cost"] for row in figures.weeks))
    yield f"{sent:,}", "messages sent", f"for {cost:,.2f}"
    opted_out = sum(row["opted_out"] for row in figures.steps)
    share = f"{100 * opted_out / sent:.2f}% of messages" if sent else "no message yet"
    yield f"{opted_out:,}", "opted out by them", share


def _held_back(figures: Figures) -> Rows:
    return [
        {"customers": row["customers"], "what keeps them": row["sentence"], "rule": row["rule"]}
        for row in figures.outlook.reasons
    ]


def _grid(rows: Rows) -> list[tuple[int, list[dict[str, Any] | None]]]:
    """The cells of recency by frequency, the best first, each with its share of the fullest."""
    cells = {(row["r_score"], row["f_score"]): row for row in rows}
    most = max((row["customers"] for row in rows), default=1)
    scores = range(5, 0, -1)
    return [
        (
            r,
            [
                {**cell, "share": round(45 * cell["customers"] / most)}
                if (cell := cells.get((r, f)))
                else None
                for f in scores
            ],
        )
        for r in scores
    ]


def _fresh(figures: Figures, as_of: datetime) -> Iterator[str]:
    """What the figures are of; `as_of` is on the shop's clock."""
    manifest = figures.manifest
    rows = ", ".join(f"{name} {count:,}" for name, count in manifest.landed_rows.items() if count)
    yield f"Rows landed: {rows or 'none'}, by load {manifest.load_id or 'unknown'}."
    if figures.newest_order is not None:
        age = (as_of.date() - figures.newest_order).days
        when = "today" if age <= 0 else "yesterday" if age == 1 else f"{age:,} days before"
        yield f"The newest order is of {figures.newest_order}: {when}."
    yield f"The figures are those of run {manifest.run_id}."
