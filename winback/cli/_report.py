"""`winback report`: one page of how the shop stands and what its messages were worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from winback.base.clock import clock_at
from winback.base.console import print_json, say
from winback.cli._app import LOOK, app
from winback.cli._build import AsOf
from winback.cli._help import AsJson, examples


@app.command(
    "report",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback report",
        "winback report --out worth.html",
        "winback report --json",
        keys="as_of, in_words, funnel, shop, effects, earned, playbooks, steps, channels, weeks, "
        "returns, after, credits, fatigue, entered, lapse, grid, cohorts, curves, history, moves, "
        "reasons, arms, learned, quality, foretold, newest_order, plans, page",
    ),
)
def report_command(
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="The page's file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a page of what the messages were worth, and how the shop stands.

    The page shows what is published, and needs nothing but itself: playbooks and
    steps, tests and their verdicts, channels, customers, and what was held back.
    There is nobody on it, only counts. With --as-of it shows the set that was the
    newest then. The last line is the page's path.
    """
    from winback.base.settings import Settings
    from winback.measure import shop_report

    settings = Settings.load()
    at = clock_at(as_of, settings.shop_timezone).now() if as_of is not None else None
    published = shop_report.published_as_of(settings, at)
    figures = shop_report.read_figures(published, timezone=settings.shop_timezone)
    page = shop_report.write_report(figures, settings, out)
    facts = shop_report.facts(figures)
    if as_json:
        print_json(facts | {"page": page})
        return
    for line in facts["in_words"]:
        say(line)
    say(str(page))
