"""Outcomes are measured as of the moment of measuring."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from flow_shop import OPENS

from flows import _context, _tasks
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.readiness.modes import Run


def test_what_a_run_sent_after_it_began_is_in_its_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_as_of: list[datetime] = []

    def build_outcomes(_: Settings, as_of: datetime, **__: object) -> SimpleNamespace:
        measured_as_of.append(as_of)
        return SimpleNamespace(published=tmp_path)

    kept: list[tuple[Path, bool]] = []
    monkeypatch.setattr(_tasks, "build_outcomes", build_outcomes)
    monkeypatch.setattr(
        _tasks,
        "keep_decisions",
        lambda _, published, *, measured: kept.append((published, measured)),
    )
    clock = FixedClock(OPENS)
    run = Run("live", clock.now(), clock, Settings.load(home=tmp_path))
    clock.advance(timedelta(minutes=7))
    token = _context._current.set(_context.Stage(run))
    try:
        _tasks.measure.fn()
    finally:
        _context._current.reset(token)
    assert measured_as_of == [OPENS + timedelta(minutes=7)]
    assert kept == [(tmp_path, True)], "SQL knows now what could not be written"


def test_what_is_due_is_fitted_once_and_lands_where_dbt_reads_it(tmp_path: Path) -> None:
    published = tmp_path / "published"
    published.mkdir()
    counts = """
        select 'current-2026-03-01' as fit_id, 'current' as role, kind, 90 as horizon_days,
            repeats, last_week, weeks, mean_step, customers,
            date '2025-03-01' as trained_from, date '2026-03-01' as trained_until
        from (
            values
                ('orders', 0, 0.0, 40.0, null, 70), ('orders', 0, 0.0, 8.0, null, 40),
                ('orders', 1, 4.0, 40.0, null, 20), ('orders', 3, 30.0, 40.0, null, 9),
                ('orders', 9, 38.0, 40.0, null, 5),
                ('spend', 1, null, null, 690, 20), ('spend', 3, null, null, 760, 9),
                ('spend', 9, null, null, 790, 5)
        ) as t(kind, repeats, last_week, weeks, mean_step, customers)
    """
    path = published / "prediction_counts.parquet"
    duckdb.execute(f"copy ({counts}) to '{path}' (format parquet)")
    clock = FixedClock(OPENS)
    settings = Settings.load(home=tmp_path / "home")
    token = _context._current.set(_context.Stage(Run("sandbox", clock.now(), clock, settings)))
    try:
        assert _tasks.fit_predictions.fn(published) == 1
        landed = settings.landing_dir / "predictions" / "fits" / "current-2026-03-01.parquet"
        written = landed.read_bytes()
        assert _tasks.fit_predictions.fn(published) == 0
        assert _tasks.fit_predictions.fn(tmp_path) == 0, "a set of an older version has no counts"
    finally:
        _context._current.reset(token)
    assert landed.read_bytes() == written
    query = f"select customers, r > 0, orders_log_likelihood < 0 from '{landed}'"
    assert duckdb.sql(query).fetchall() == [(144, True, True)]
