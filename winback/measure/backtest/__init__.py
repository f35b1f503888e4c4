"""Backtest: past days replayed, and what a segment and a lapse preset would have meant."""

from winback.measure.backtest._page import headline, write_report
from winback.measure.backtest._run import Backtest, PresetResult, backtest
from winback.measure.backtest._tables import (
    costs,
    load,
    natural_return,
    notes,
    overview,
    presets,
    reach,
)

__all__ = [
    "Backtest",
    "PresetResult",
    "backtest",
    "costs",
    "headline",
    "load",
    "natural_return",
    "notes",
    "overview",
    "presets",
    "reach",
    "write_report",
]
