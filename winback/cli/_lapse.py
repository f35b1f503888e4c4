"""Which lapse preset to take: told once orders are loaded, by past days of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from winback.base.console import print_rows, say
from winback.base.errors import WinbackError

if TYPE_CHECKING:
    from winback.base.duck import Rows
    from winback.base.settings import Settings
    from winback.measure.backtest import Comparison

TITLE = "Lapse presets on past days"
_LATER = "Lapse preset: fixed, as shipped. With a year of orders: winback backtest --compare"
_ASKED = (
    "Lapse preset: fixed, as shipped. The orders are many, and to see both presets on past days "
    "takes minutes: winback backtest --compare"
)


@dataclass(frozen=True)
class Proposal:
    """The facts of `--json`, null where nothing was compared, the table, and the words."""

    facts: dict[str, Any] | None
    rows: Rows
    lines: list[str]


def proposal(found: Comparison) -> Proposal:
    """A comparison as it is told."""
    from winback.measure import backtest as room

    return Proposal(room.comparison_facts(found), found.rows, room.tell_comparison(found))


def propose_lapse(settings: Settings) -> Proposal:
    """What past days say of both presets; where nothing is loaded, when they will."""
    from winback.base.clock import WallClock
    from winback.base.console import telling, warn
    from winback.measure import backtest as room

    if not (settings.shop_dir / "orders.parquet").exists():
        return Proposal(None, [], [_LATER])
    if not room.is_quick(settings):
        return Proposal(None, [], [_ASKED])
    try:
        with telling():
            return proposal(room.compare(settings, WallClock()))
    except WinbackError as error:
        warn(f"the lapse presets can't be compared yet: {error}")
        return Proposal(None, [], [])


def tell_lapse(told: Proposal) -> None:
    """The table, and what it means."""
    if told.rows:
        print_rows(TITLE, told.rows)
    for line in told.lines:
        say(line)
