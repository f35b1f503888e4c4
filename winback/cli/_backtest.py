"""`winback backtest`: past days replayed, before a segment or a preset is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winback.base.clock import WallClock
from winback.base.console import print_json, print_rows, say, tell_stage, telling
from winback.base.errors import UsageError
from winback.cli._app import LOOK, app
from winback.cli._help import AsJson, examples
from winback.cli._lapse import TITLE, proposal

if TYPE_CHECKING:
    from winback.base.duck import Rows
    from winback.base.settings import Settings

# Each key of `--json`; what was not asked for is null.
_NOT_ASKED: dict[str, Any] = dict.fromkeys(
    (
        "segment", "entries", "came_back", "presets", "reach", "load", "costs", "notes",
        "headline", "report", "comparison", "switches",
    )
)  # fmt: skip


@app.command(
    "backtest",
    rich_help_panel=LOOK,
    epilog=examples(
        "winback backtest --segment lapsed_30_45 --from 2026-01-01 --to 2026-01-31",
        "winback backtest --segment vip_60 --from 2026-01-01 --to 2026-01-07 --presets personal",
        "winback backtest --compare",
        "winback backtest --switch season,expected_order --from 2026-01-01 --to 2026-01-14",
        keys="segment, entries, came_back, presets, reach, load, costs, notes, headline, report, "
        "comparison, switches",
    ),
)
def backtest_command(
    *,
    segment: Annotated[
        str | None, typer.Option(help="The segment: a file in dbt_project/models/segments.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="D", help="The first day.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="D", help="The last day, included.")
    ] = None,
    presets: Annotated[
        str | None,
        typer.Option(help="The lapse presets to compare, with commas; without it, all."),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Half a year under both lapse presets, and which to take."),
    ] = False,
    switch: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="What a switch would have meant: lapse_basis, season, channel_order, hours, "
            "expected_order, lost, several with commas, or all.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay past days of a segment, of both lapse presets or of a switch, and send nothing.

    The report page shows the entries a day, the share of people who came back
    by themselves, the load an hour beside the limits of the channels, the cost,
    and the lapse presets side by side. The page is in reports/backtest under
    WINBACK_HOME.

    --compare needs no days: it takes half a year that ends two months before the
    newest order. --switch takes the newest two weeks unless days are named.
    """
    from winback.base.running import at_work
    from winback.base.settings import Settings
    from winback.measure import backtest as room

    settings = Settings.load()
    if compare or switch is not None:
        _refuse_both(compare, switch, segment, presets)
        with at_work(settings), telling():
            other = _compared(settings) if compare else _switched(settings, switch, first, last)
        _print(other, as_json)
        return
    if segment is None or first is None or last is None:
        raise UsageError(
            "a backtest wants a segment and days. Try winback backtest --segment lapsed_30_45 "
            "--from 2026-01-01 --to 2026-01-31, or winback backtest --compare"
        )
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
        print_json(_NOT_ASKED | facts)
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


def _refuse_both(
    compare: bool, switch: str | None, segment: str | None, presets: str | None
) -> None:
    given = {
        "--compare": compare,
        "--switch": switch is not None,
        "--segment": segment is not None,
        "--presets": presets is not None,
    }
    named = [name for name, is_given in given.items() if is_given]
    if len(named) > 1:
        raise UsageError(f"{named[0]} stands alone; take out {' and '.join(named[1:])}")


@dataclass(frozen=True)
class _Other:
    """What a backtest without a segment found: its key of `--json`, facts, table and words."""

    key: str
    facts: dict[str, Any] | None
    title: str
    rows: Rows
    lines: list[str]


def _compared(settings: Settings) -> _Other:
    from winback.measure import backtest as room

    told = proposal(room.compare(settings, WallClock()))
    return _Other("comparison", told.facts, TITLE, told.rows, told.lines)


def _switched(settings: Settings, names: str | None, first: str | None, last: str | None) -> _Other:
    from winback.measure import backtest as room

    wanted = room.chosen(names or "")
    span = room.span_of(
        settings,
        None if first is None else _day("--from", first),
        None if last is None else _day("--to", last),
    )
    rows = room.switch_table(settings, span, wanted)
    return _Other(
        "switches",
        {"from": span.first, "to": span.last, "switches": rows},
        "What each switch would have meant",
        rows,
        room.tell_switches(span, wanted),
    )


def _print(found: _Other, as_json: bool) -> None:
    if as_json:
        print_json(_NOT_ASKED | {found.key: found.facts})
        return
    if found.rows:
        print_rows(found.title, found.rows)
    for line in found.lines:
        say(line)


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
