"""Outcomes are measured as of the moment of measuring."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

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
