"""The tables that a person reads after a run: rows ready to print or to keep as artifacts.

Counts, rates and opaque ids only: whatever shows these is visible to many people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from winback.base.duck import Rows, connect, rows_of

_FUNNEL: Final = """
    select playbook_id as playbook, stage, customers, dropped, reason
    from read_parquet($path) order by playbook_id, stage_order, reason
"""
_SEGMENTS: Final = """
    select segment, count(*) as customers from read_parquet($path) group by all order by all
"""
_DECISIONS: Final = """
    select playbook_id as playbook, step, channel, decision, blocked_by, count(*) as people
    from read_parquet($path) group by all order by all
"""
_RATES: Final = """
    select
        playbook_id as playbook, arm, variant, window_days, assigned, reactivated,
        round(100 * reactivation_rate, 1) as rate_percent,
        round(net_revenue_cents / 100, 2) as net_revenue
    from read_parquet($path)
    where assigned > 0
    order by playbook_id, arm desc, variant, window_days
"""
_EXPERIMENTS: Final = """
    select
        playbook_id as playbook, contrast, window_days, n_treatment, n_control,
        open_treatment + open_control as still_open,
        round(100 * estimate, 2) as points,
        round(100 * sequential_ci_low, 2) as low, round(100 * sequential_ci_high, 2) as high,
        verdict
    from read_parquet($path)
    where metric = 'reactivation'
    order by playbook_id, contrast, window_days
"""


def funnel(published: Path) -> Rows:
    """How many are lapsed, reachable, … chosen, and what dropped the others."""
    return _rows(_FUNNEL, published / "audience_funnel.parquet")


def segments(published: Path) -> Rows:
    """How many customers each segment has; a segment nobody is in does not show."""
    return _rows(_SEGMENTS, published / "segment_members.parquet")


def decisions(published: Path) -> Rows:
    """How many people got which decision at which step, and the rules that failed."""
    return _rows(_DECISIONS, published / "send_decisions.parquet")


def reactivation_rates(published: Path) -> Rows:
    """Reactivation by playbook, arm, variant and window; rates in percent."""
    return _rows(_RATES, published / "reactivation_rates.parquet")


def experiment_results(published: Path) -> Rows:
    """What the messages caused: percentage points, always-valid interval, verdict."""
    return _rows(_EXPERIMENTS, published / "experiment_results.parquet")


def _rows(query: str, path: Path) -> Rows:
    with connect() as connection:
        return rows_of(connection.execute(query, {"path": str(path)}))
