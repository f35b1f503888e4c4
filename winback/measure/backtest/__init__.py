"""Backtest: past days replayed, and what a segment and a lapse preset would have meant."""

from winback.measure.backtest._compare import (
    Comparison,
    compare,
    comparison_facts,
    is_quick,
    tell_comparison,
)
from winback.measure.backtest._page import headline, write_report
from winback.measure.backtest._run import Backtest, PresetResult, backtest
from winback.measure.backtest._switch_list import chosen
from winback.measure.backtest._switches import span_of, switch_table, tell_switches
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
    "Comparison",
    "PresetResult",
    "backtest",
    "chosen",
    "compare",
    "comparison_facts",
    "costs",
    "headline",
    "is_quick",
    "load",
    "natural_return",
    "notes",
    "overview",
    "presets",
    "reach",
    "span_of",
    "switch_table",
    "tell_comparison",
    "tell_switches",
    "write_report",
]
