"""Both lapse presets on the same past days, each with the segment that opens playbooks by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import pyarrow.parquet as pq

from winback.base.clock import Clock
from winback.base.duck import Rows
from winback.base.overlay import SHOP_FILE
from winback.base.settings import Settings
from winback.measure.backtest._entries import Span
from winback.measure.backtest._run import PresetResult, order_days, replay_preset
from winback.warehouse import Replay

# The segment that opens the win-back playbooks under each preset.
OPENS: Final = {"personal": "newly_lapsed", "fixed": "lapsed_30_45"}
# Orders of so many days, and a curve of how people come back is more than its first weeks.
YEAR: Final = 365
# Half a year of entries, each followed for two months; a segment is open for longer than two weeks,
# so that a look in two weeks meets everybody who enters.
LOOKED_AT: Final = 182
FOLLOWED: Final = 60
EVERY: Final = 14
# A shop of 70,000 orders takes a minute of processor.
QUICK_ORDERS: Final = 50_000
# The line to set and the file that it stands in: of our project, and of a shop's own.
_OURS: Final = ("lapse_preset: {preset}", "dbt_project/dbt_project.yml")
_OWN: Final = ('lapse_preset = "{preset}"', f"{SHOP_FILE}, under [vars]")

_MET: Final = """
    select
        entries.kind, entries.customer_id, entries.episode,
        date_diff('day', entries.last_order_at, entries.entered_at) as days_silent,
        exists (
            select 1 from winback.int_orders__valid as orders
            where
                orders.customer_id = entries.customer_id
                and orders.ordered_at > entries.entered_at
                and orders.ordered_at <= entries.entered_at + to_days($days)
        ) as is_back
    from entries
    where entries.population = 'segment'
"""


@dataclass(frozen=True)
class Met:
    """A lapse episode that a preset let in, or had let in before the first day."""

    customer_id: str
    episode: str
    is_new: bool
    days_silent: int
    is_back: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.customer_id, self.episode


@dataclass(frozen=True)
class Comparison:
    """The presets side by side; `proposed` is the one to take, and `because` says why.

    `rows` is empty where the orders are of less than a year: there is nothing to follow.
    """

    proposed: str
    because: str
    span: Span | None
    rows: Rows

    @property
    def line(self) -> str:
        return self._place[0].format(preset=self.proposed)

    @property
    def file(self) -> str:
        """Where the line stands."""
        return self._place[1]

    @property
    def _place(self) -> tuple[str, str]:
        return _OWN if Path(SHOP_FILE).is_file() else _OURS


def compare(settings: Settings, clock: Clock) -> Comparison:
    """Replay half a year under both presets. Raises WinbackError where no order is loaded."""
    oldest, newest = order_days(settings)
    days = (newest - oldest).days
    if days < YEAR:
        return Comparison(
            "fixed",
            f"the orders are of {days:,} days; each customer's own rhythm wants a year of them",
            None,
            [],
        )
    last = newest - timedelta(days=FOLLOWED)
    span = Span(last - timedelta(days=LOOKED_AT), last, settings.shop_timezone, EVERY)
    found: dict[str, tuple[PresetResult, list[Met]]] = {}
    for preset, segment in OPENS.items():
        result, rows = replay_preset(
            settings, clock, segment=segment, span=span, preset=preset, afterwards=_met
        )
        found[preset] = (result, [_read(row) for row in rows])
    compared = table(found)
    if set(found["personal"][0].used) != {"personal"}:
        return Comparison(
            "fixed", "too few customers came back so far to know a rhythm by", span, compared
        )
    return Comparison("personal", _reason(oldest, newest), span, compared)


def _reason(oldest: date, newest: date) -> str:
    return f"orders of {oldest} to {newest} tell each customer's own rhythm"


def _met(replay: Replay) -> Rows:
    return replay.rows(_MET, {"days": FOLLOWED})


def _read(row: Mapping[str, Any]) -> Met:
    return Met(
        row["customer_id"],
        row["episode"],
        row["kind"] == "entry",
        row["days_silent"] or 0,
        row["is_back"],
    )


def table(found: dict[str, tuple[PresetResult, list[Met]]]) -> Rows:
    """One row a preset: whom it let in, whom it caught or missed, how early, and the messages.

    Caught is who then ordered nothing for `FOLLOWED` days; missed is whom another preset
    caught on these days and this one had not let in by their end.
    """
    caught = {
        preset: {it.key for it in met if it.is_new and not it.is_back}
        for preset, (_, met) in found.items()
    }
    every = set().union(*caught.values())
    return [
        {
            "preset": preset,
            "segment": OPENS[preset],
            "entered": (entered := sum(it.is_new for it in met)),
            "came_back": entered - len(caught[preset]),
            "caught": len(caught[preset]),
            "missed": len(every - {it.key for it in met}),
            "days_silent": _median([it for it in met if it.key in caught[preset]]),
            "messages": round(sum(batch.messages for batch in result.batches)),
        }
        for preset, (result, met) in found.items()
    ]


def _median(met: Sequence[Met]) -> int | None:
    return round(median(it.days_silent for it in met)) if met else None


def tell_comparison(found: Comparison) -> list[str]:
    """What to propose and how to take it; the table stands apart."""
    lines = [f"Proposed lapse preset: {found.proposed}, since {found.because}."]
    if found.span is not None:
        lines.append(
            f"The rows are of {found.span.first} to {found.span.last}, a look in two weeks: caught "
            f"ordered nothing in the {FOLLOWED} days after, missed were caught by the other "
            "preset alone, days_silent is in the middle of the caught."
        )
    lines.append(f"To take it, set this line in {found.file}: {found.line}")
    return lines


def comparison_facts(found: Comparison) -> dict[str, Any]:
    """What `--json` prints of it."""
    span = found.span
    return {
        "proposed": found.proposed,
        "because": found.because,
        "line": found.line,
        "from": None if span is None else span.first,
        "to": None if span is None else span.last,
        "presets": found.rows,
    }


def is_quick(settings: Settings) -> bool:
    """Whether both replays are done in a minute, so that nobody has to ask for them."""
    orders = settings.shop_dir / "orders.parquet"
    return orders.exists() and pq.read_metadata(orders).num_rows <= QUICK_ORDERS
