"""Which rows of law a person is told, from the seeds as they ship; and which set is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from winback.base.errors import WinbackError
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.measure.why import why
from winback.measure.why._sources import sources

SEEDS = ("consent_rules", "contact_caps", "legal_windows")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    for seed in SEEDS:
        path = PROJECT_DIR / "dbt_project" / "seeds" / f"{seed}.csv"
        duckdb.execute(f"copy (from '{path}') to '{folder / seed}.parquet'")
    return folder


def told(published: Path, rule: str, channel: str | None, **person: Any) -> dict[str, str]:
    with duckdb.connect() as connection:
        rows = sources(connection, published, {"country": None, "region": None, **person})
    return {
        f"{row['place']}: {row['says']}": row["source_url"]
        for row in rows
        if row["rule_id"] == rule and row["channel"] == channel
    }


def test_consent_is_told_by_the_rows_that_judge_each_basis_in_the_country(published: Path) -> None:
    german = told(published, "consent", "email", country="DE")
    assert set(german) == {
        "DE: double_opt_in, express_written, soft_opt_in can suffice",
        "DE: express, undocumented can't suffice",
        "*: implied can't suffice",
    }
    american = told(published, "consent", "email", country="US")
    assert "ftc.gov" in american["US: implied, soft_opt_in, undocumented can suffice"]
    anywhere = told(published, "consent", "email")
    assert {row.partition(":")[0] for row in anywhere} == {"*"}
    for emails in (german, american, anywhere):
        assert not any("64.1200" in url for url in emails.values())
    texts = told(published, "consent", "sms", country="US")
    assert "64.1200" in texts["*: express_written can suffice"]


def test_caps_are_told_by_state_and_by_all_of_them_where_the_address_tells_none(
    published: Path,
) -> None:
    florida = told(published, "cap_state", None, country="US", region="FL")
    assert set(florida) == {"US-FL: 3 messages in 24 hours"}
    elsewhere = told(published, "cap_state", None, country="US", region="NY")
    assert {row[:5] for row in elsewhere} == {"US-FL", "US-MD", "US-OK"}
    assert told(published, "cap_state", None, country="DE") == {}


def test_hours_are_told_by_the_country_and_the_state(published: Path) -> None:
    texas = told(published, "window", "phone", country="US", region="TX")
    assert {row.partition(":")[0] for row in texas} == {"US", "US-TX"}
    assert {row.partition(":")[0] for row in told(published, "window", "phone")} == {"*"}
    assert set(told(published, "window", "email", country="US").values()) == {None}


def test_a_set_without_the_seeds_has_no_rows(tmp_path: Path) -> None:
    assert told(tmp_path, "consent", "email", country="US") == {}


def test_without_a_build_the_set_of_a_dry_run_is_read(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    with pytest.raises(WinbackError, match="nothing is published yet"):
        why(settings, "c1")
    folder = settings.published_dir / "dry-run"
    folder.mkdir(parents=True)
    manifest = (
        '{"run_id": "r", "as_of": "2026-03-02T00:00:00+00:00", "git_sha": "", '
        '"row_counts": {}, "landed_rows": {}, "segment_hashes": {}}'
    )
    (folder / "manifest.json").write_text(manifest)
    person = "'c1' as customer_id, 'US' as country, null as region, null as last_order_at"
    numbers = "0 as order_count, 0 as net_revenue_cents, '' as rfm_segment, '' as value_tier"
    duckdb.execute(f"copy (select {person}, {numbers}) to '{folder}/customers.parquet'")
    assert why(settings, "c1").is_dry_run
    folder.rename(folder.with_name("current"))
    assert not why(settings, "c1").is_dry_run
