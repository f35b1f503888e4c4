"""Every run's decisions are kept, a file a run, then a file a day."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from winback.base.settings import Settings
from winback.warehouse import Manifest, keep_decisions


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path)


def decided(
    settings: Settings, run_id: str, *people: str, decided_by: str = "", decision: str = "send"
) -> Path:
    """A published set with a decision for step 1 of each of these people."""
    published = settings.published_dir / run_id
    published.mkdir(parents=True)
    at = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]} {run_id[9:11]}:00:00+00"
    rows = " union all ".join(
        f"select 'e-{who}' as enrollment_id, 1 as step, '{who}' as customer_id, "
        f"'{decision}' as decision, '' as blocked_by, timestamptz '{at}' as decided_at, "
        f"timestamptz '{at}' as send_after_at, timestamptz '{at}' as expires_at"
        for who in people
    )
    duckdb.execute(f"copy ({rows}) to '{published}/send_decisions.parquet' (format parquet)")
    counts = {"send_decisions": len(people)}
    manifest = Manifest(run_id, at, "", counts, {}, {}, decided_by or run_id)
    (published / "manifest.json").write_text(json.dumps(asdict(manifest)))
    return published


def kept(settings: Settings) -> list[tuple[str, str, str]]:
    rows = duckdb.execute(
        "select run_id, customer_id, decision from read_parquet($files, union_by_name = true) "
        "order by all",
        {"files": f"{settings.ledger_landing_dir}/decisions/*.parquet"},
    )
    return rows.fetchall()


def names(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.ledger_landing_dir / "decisions").glob("*.*"))


def test_a_run_is_kept_once_under_the_id_of_the_build_that_decided(settings: Settings) -> None:
    published = decided(settings, "20260302T150000Z-a", "ann", "bob")
    assert keep_decisions(settings, published) == 2
    assert keep_decisions(settings, published) == 2
    measured = decided(settings, "20260302T160000Z-b", "ann", "bob", decided_by=published.name)
    keep_decisions(settings, measured)
    assert kept(settings) == [(published.name, who, "send") for who in ("ann", "bob")]


def test_a_measured_run_is_kept_as_sql_tells_it_then(settings: Settings) -> None:
    published = decided(settings, "20260302T150000Z-a", "ann")
    keep_decisions(settings, published)
    measured = decided(
        settings,
        "20260302T160000Z-b",
        "ann",
        decided_by=published.name,
        decision="render_blocked",
    )
    keep_decisions(settings, measured, measured=True)
    assert kept(settings) == [(published.name, "ann", "render_blocked")]
    # A build by hand decided nothing that a run acted on.
    by_hand = decided(settings, "20260302T170000Z-c", "bob")
    assert keep_decisions(settings, by_hand, measured=True) == 0
    assert len(kept(settings)) == 1


def test_a_day_that_is_over_becomes_one_file_with_the_same_rows(settings: Settings) -> None:
    runs = ("20260302T150000Z-a", "20260302T160000Z-b", "20260303T150000Z-c")
    for run_id in runs:
        keep_decisions(settings, decided(settings, run_id, "bob", "ann"))
    assert names(settings) == ["20260302.parquet", "20260303T150000Z-c.parquet", "fold.lock"]
    assert kept(settings) == [(run_id, who, "send") for run_id in runs for who in ("ann", "bob")]


def test_a_fold_that_was_killed_is_finished_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_decisions(settings, decided(settings, "20260302T150000Z-a", "ann"))
    tomorrow = decided(settings, "20260303T150000Z-b", "ann")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_: pytest.fail("killed here"))
        with pytest.raises(pytest.fail.Exception):
            keep_decisions(settings, tomorrow)
    assert len(names(settings)) == 4
    keep_decisions(settings, tomorrow)
    assert names(settings) == ["20260302.parquet", "20260303T150000Z-b.parquet", "fold.lock"]
    assert len(kept(settings)) == 2


def test_a_late_run_of_a_folded_day_joins_it_and_replaces_what_it_said(
    settings: Settings,
) -> None:
    first = decided(settings, "20260302T150000Z-a", "ann")
    keep_decisions(settings, first)
    keep_decisions(settings, decided(settings, "20260303T150000Z-b", "ann"))
    keep_decisions(settings, decided(settings, "20260302T170000Z-c", "bob"))
    first = decided(
        settings,
        "20260302T180000Z-m",
        "ann",
        decided_by="20260302T150000Z-a",
        decision="render_blocked",
    )
    keep_decisions(settings, first)
    keep_decisions(settings, decided(settings, "20260304T150000Z-d", "ann"))
    assert kept(settings) == [
        ("20260302T150000Z-a", "ann", "render_blocked"),
        ("20260302T170000Z-c", "bob", "send"),
        ("20260303T150000Z-b", "ann", "send"),
        ("20260304T150000Z-d", "ann", "send"),
    ]


def test_a_kept_file_is_on_the_disk_before_it_has_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("killed here"))
    with pytest.raises(pytest.fail.Exception):
        keep_decisions(settings, decided(settings, "20260302T150000Z-a", "ann"))
    assert not list((settings.ledger_landing_dir / "decisions").glob("*.parquet"))
