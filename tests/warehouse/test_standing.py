"""What is published stands while a build would read the same, and is built anew at any doubt."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from winback.base.errors import GateFailure
from winback.base.settings import Settings
from winback.ledger import export_ledger, open_ledger, suppress
from winback.warehouse import _dbt, _standing
from winback.warehouse._build import build, build_outcomes, why_build
from winback.warehouse._dbt import DbtResult, prepare_inputs
from winback.warehouse._publish import Manifest, require_recent
from winback.warehouse._standing import (
    STANDS_AT_MOST,
    find_standing,
    forget_warehouse,
    last_whole_build,
    read_inputs,
    remember_warehouse,
)

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 9, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATER = AS_OF + 5 * MINUTE
OPENS, CLOSES = AS_OF + timedelta(hours=1), AS_OF + timedelta(hours=3)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home in which a set was published at 9:40 that a window changes at 10:40."""
    settings = Settings.load(home=tmp_path / "home")
    prepare_inputs(settings)
    with duckdb.connect(str(settings.warehouse_path)):
        pass
    publish(settings, read_inputs(settings, with_entrants=True))
    remember_warehouse(settings, "run")
    return settings


def publish(settings: Settings, inputs: dict[str, str]) -> None:
    folder = settings.published_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    at = AS_OF.isoformat()
    manifest = Manifest("run", at, "", {}, {}, {}, "run", "", inputs, at)
    (folder / "manifest.json").write_text(json.dumps(asdict(manifest)))
    duckdb.execute(
        "copy (select 'ledger' as hangs_on, 'window' as what, $opens::timestamptz as changes_at"
        f" union all select 'shop', 'window', $closes) to '{folder / 'next_changes.parquet'}'",
        {"opens": OPENS, "closes": CLOSES},
    )
    if not (settings.published_dir / "current").exists():
        (settings.published_dir / "current").symlink_to("run")


def reason(settings: Settings, at: datetime = LATER) -> str | None:
    found = find_standing(settings, at, name="current")
    return found if isinstance(found, str) else None


def needs_whole(settings: Settings, at: datetime = LATER) -> bool:
    inputs = read_inputs(settings, with_entrants=True)
    return last_whole_build(settings, at, inputs, name="current") is None


def test_what_nothing_has_touched_stands(settings: Settings) -> None:
    found = why_build(settings, LATER, name="current")
    assert not isinstance(found, str)
    assert found.stands_until == OPENS
    assert found.published == settings.published_dir / "run"
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("at", "stands"),
    [
        (AS_OF - timedelta(microseconds=1), False),
        (AS_OF, True),
        (OPENS - timedelta(microseconds=1), True),
        (OPENS, False),
        (OPENS + timedelta(days=1), False),
    ],
)
def test_it_stands_from_its_time_until_the_next_change(
    settings: Settings, at: datetime, stands: bool
) -> None:
    assert (reason(settings, at) is None) == stands


def test_it_never_stands_so_long_that_nobody_may_act_on_it(settings: Settings) -> None:
    folder = settings.published_dir / "run"
    far = f"copy (select 'shop' as hangs_on, timestamptz '2027-01-01' as changes_at) to '{folder}"
    duckdb.execute(f"{far}/next_changes.parquet'")
    last = AS_OF + STANDS_AT_MOST - timedelta(microseconds=1)
    assert reason(settings, last) is None
    # A stage that follows within the next hour still may.
    require_recent(folder, last + timedelta(hours=1))
    assert reason(settings, AS_OF + STANDS_AT_MOST) == "its time is over"
    assert needs_whole(settings, AS_OF + STANDS_AT_MOST)


def load(settings: Settings) -> None:
    path = settings.shop_dir / "orders.parquet"
    again = path.with_suffix(".tmp")
    again.write_bytes(path.read_bytes())
    again.replace(path)


def opt_out(settings: Settings) -> None:
    with open_ledger(settings) as ledger:
        with ledger.write() as connection:
            suppress(
                connection,
                group="email",
                address="a@example.com",
                reason="unsubscribe",
                source="page",
                occurred_at=AS_OF,
                recorded_at=AS_OF,
            )
        export_ledger(ledger, settings.ledger_landing_dir)


def lose_moments(settings: Settings) -> None:
    (settings.published_dir / "run" / "next_changes.parquet").unlink()


def know_nothing(settings: Settings) -> None:
    publish(settings, {})


def be_old(settings: Settings) -> None:
    """A set of a winback that kept no inputs."""
    path = settings.published_dir / "run" / "manifest.json"
    kept = json.loads(path.read_text())
    del kept["inputs"], kept["whole_as_of"]
    path.write_text(json.dumps(kept))


def be_an_analysts(settings: Settings) -> None:
    """`winback build` decides for nobody who enters."""
    publish(settings, read_inputs(settings, with_entrants=False))


@pytest.mark.parametrize(
    ("happens", "why", "whole"),
    [
        (load, "a load brought something", True),
        (opt_out, "the ledger has news", False),
        (lose_moments, "its time is over", True),
        (know_nothing, "what was published last can't be relied on", True),
        (be_old, "what was published last can't be relied on", True),
        (be_an_analysts, "a setting has changed", True),
    ],
)
def test_what_is_new_is_built(
    settings: Settings, happens: Callable[[Settings], None], why: str, whole: bool
) -> None:
    assert reason(settings) is None
    assert not needs_whole(settings)
    happens(settings)
    assert reason(settings) == why
    assert needs_whole(settings) == whole


def test_nothing_published_is_a_reason(tmp_path: Path) -> None:
    assert reason(Settings.load(home=tmp_path)) == "nothing is published yet"


@pytest.mark.parametrize("name", ["shop_timezone", "channels", "brand_name", "postal_address"])
def test_a_setting_that_rules_or_words_hang_on_counts(settings: Settings, name: str) -> None:
    value = {"shop_timezone": "Europe/Berlin", "channels": "email"}.get(name, "Another")
    changed = settings.model_copy(update={name: value})
    assert reason(changed) == "a setting has changed"
    assert needs_whole(changed)


def test_where_the_providers_are_does_not(settings: Settings) -> None:
    changed = settings.model_copy(update={"sendgrid_base_url": "http://127.0.0.1:1"})
    assert reason(changed) is None


@pytest.mark.parametrize("folder", ["dbt_project/models", "dbt_project/seeds", "templates"])
def test_an_edited_project_is_built(
    settings: Settings, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "project"
    shutil.copytree(_dbt.DBT_DIR, copy / "dbt_project", ignore=shutil.ignore_patterns("target"))
    (copy / "templates").mkdir()
    monkeypatch.setattr(_standing, "PROJECT_DIR", copy)
    monkeypatch.setattr(_dbt, "DBT_DIR", copy / "dbt_project")
    publish(settings, read_inputs(settings, with_entrants=True))
    assert reason(settings) is None
    (copy / folder / "new.sql").write_text("select 1")
    assert reason(settings) == "the project was edited"
    assert needs_whole(settings)


def test_a_model_whose_moments_nobody_knows_lets_nothing_stand(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_standing, "unknown_readers", lambda _: ["recent_guests"])
    inputs = read_inputs(settings, with_entrants=True)
    assert inputs == {}
    publish(settings, inputs)
    assert reason(settings) == "what was published last can't be relied on"
    assert needs_whole(settings)


def test_only_the_warehouse_of_the_published_set_is_built_upon(settings: Settings) -> None:
    assert not needs_whole(settings)
    found = settings.warehouse_path.stat()
    # As `winback dbt run` leaves it.
    os.utime(settings.warehouse_path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    assert needs_whole(settings)
    remember_warehouse(settings, "a dry run")
    assert needs_whole(settings)
    remember_warehouse(settings, "run")
    assert not needs_whole(settings)
    # A build began and did not come to its end.
    forget_warehouse(settings)
    assert needs_whole(settings)
    remember_warehouse(settings, "run")
    settings.warehouse_path.unlink()
    assert needs_whole(settings)


def test_outcomes_that_stand_pass_their_gate_and_are_not_built(settings: Settings) -> None:
    gated: list[str] = []

    def gate(name: str, _settings: Settings, _as_of: datetime) -> list[str]:
        gated.append(name)
        return ["look"]

    def invoke(*_: object) -> DbtResult:
        raise AssertionError("built")

    report = build_outcomes(settings, LATER, gate=gate, invoke=invoke, leaves_standing=True)
    assert (report.published, report.warnings) == (settings.published_dir / "run", ("look",))
    assert gated == ["outcomes"]
    forget_warehouse(settings)
    with pytest.raises(AssertionError, match="built"):
        build_outcomes(settings, LATER, gate=gate, invoke=invoke, leaves_standing=True)


def test_a_moment_of_the_shops_own_needs_all_models(settings: Settings) -> None:
    assert not needs_whole(settings, OPENS)
    assert not needs_whole(settings, CLOSES - timedelta(microseconds=1))
    assert needs_whole(settings, CLOSES)
    assert needs_whole(settings, AS_OF - MINUTE)


def test_a_build_folds_the_ledgers_small_parts_before_it_reads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("winback.ledger._fold.FOLDED_FROM", 2)
    opt_out(settings)
    folder = settings.ledger_landing_dir / "suppressions"
    (part,) = (path for path in folder.glob("*.parquet") if "-" in path.name)
    shutil.copy(part, folder / "00000002-b.parquet")

    def refuse(*_: object) -> list[str]:
        raise GateFailure(f"{len(list(folder.glob('*.parquet')))} parts are read")

    with pytest.raises(GateFailure, match=r"^2 parts are read$"):
        build(settings, AS_OF, gate=refuse)
