"""`winback backtest`: past days replayed, before a segment or a preset is trusted."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, print_rows, say, tell_stage, telling
from winback.base.errors import UsageError
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples


@app.command(
    "backtest",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback backtest --segment lapsed_30_45 --from 2026-01-01 --to 2026-01-31",
        "winback backtest --segment vip_60 --from 2026-01-01 --to 2026-01-07 --presets personal",
        keys="segment, entries, came_back, presets, reach, load, costs, notes, headline, report",
    ),
)
def backtest_command(
    *,
    segment: Annotated[
        str, typer.Option(help="The segment: a file in dbt_project/models/segments.")
    ],
    first: Annotated[str, typer.Option("--from", metavar="D", help="The first day.")],
    last: Annotated[str, typer.Option("--to", metavar="D", help="The last day, included.")],
    presets: Annotated[
        str | None,
        typer.Option(help="The lapse presets to compare, with commas; without it, all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay past days of a segment, and send nothing.

    The report page shows the entries a day, the share of people who came back
    by themselves, the load an hour beside the limits of the channels, the cost,
    and the lapse presets side by side. The page is in reports/backtest under
    WINBACK_HOME.
    """
    from winback.base.running import at_work
    from winback.base.settings import Settings
    from winback.measure import backtest as room

    settings = Settings.load()
    with at_work(settings), telling():
        found = room.backtest(
            settings,
            WallClock(),
            segment=segment,
            first=_day("--from", first),
            last=_day("--to", last),
            presets=_presets(presets),
        )
        tell_stage("Writing the report")
        page = room.write_report(found, settings)
    if as_json:
        facts = {
            "segment": found.segment,
            "entries": room.overview(found),
            "came_back": room.natural_return(found),
            "presets": room.presets(found),
            "reach": room.reach(found),
            "load": room.load(found),
            "costs": room.costs(found),
            "notes": room.notes(found),
            "headline": list(room.headline(found)),
            "report": page,
        }
        print_json(facts)
        return
    print_rows("Entries", room.overview(found))
    print_rows("Came back by themselves, percent", room.natural_return(found))
    print_rows("Lapse presets", room.presets(found))
    if any(result.takers for result in found.presets):
        print_rows("Whom the playbooks would take", room.reach(found))
        print_rows("Load, hours of the shop", room.load(found))
        print_rows("Cost, in the shop's currency", room.costs(found))
    for line in room.notes(found):
        say(f"warning: {line}")
    for line in room.headline(found):
        say(line)
    say(f"Report: {page}")


def _presets(text: str | None) -> list[str]:
    """Those that are named, each once; none where the option was not given."""
    if text is None:
        return []
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--presets {text!r} names no preset. Try --presets fixed,personal")
    return list(dict.fromkeys(names))


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a date. Try {option} 2026-01-31.") from None
