"""An analyst's work: one more SQL file, or one more expression, and nothing else to edit."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import contact_cases
import pytest
import yaml
from audience_builds import build_audience, query

from winback.settings import Settings
from winback.warehouse import _dbt


@pytest.fixture
def own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the dbt project that the test may add files to."""
    project = tmp_path / "dbt_project"
    shutil.copytree(_dbt.DBT_DIR, project)
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    return project


def test_a_new_sql_file_is_a_new_segment(case_shop: Settings, own_project: Path) -> None:
    (own_project / "models" / "segments" / "never_ordered.sql").write_text(
        "select customer_id from {{ ref('int_customers__traits') }} where order_count = 0\n"
    )
    (own_project / "models" / "marts" / "units.sql").write_text(
        "{{ config(contract={'enforced': false}) }}\n"
        "select customer_id, {{ hash_unit('customer_id') }} as unit"
        " from {{ ref('int_customers__known') }}\n"
    )

    build_audience(case_shop, contact_cases.AS_OF, "never_ordered", "segment_members", "units")

    members = query(
        case_shop, "select customer_id from segment_members where segment = 'never_ordered'"
    )
    without = {(case.name,) for case in contact_cases.CASES if not case.ordered_at}
    assert set(members) == without | {("nothing that counts",)}
    for customer, unit in query(case_shop, "select customer_id, unit from units"):
        digest = hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()
        assert unit == int(digest[:8], 16) / 2**32


def test_the_segments_that_dbt_knows_by_itself_are_the_files() -> None:
    project = yaml.safe_load((_dbt.DBT_DIR / "dbt_project.yml").read_text())
    assert sorted(project["vars"]["segments"]) == _dbt.segment_names()


def test_every_segment_file_states_its_rule_its_grain_and_its_priority() -> None:
    with (_dbt.DBT_DIR / "seeds" / "playbook_segments.csv").open(newline="") as file:
        ranks = sorted(
            (row["segment"], f"{row['playbook_id']} {row['priority']}")
            for row in csv.DictReader(file)
        )
    for path in (_dbt.DBT_DIR / "models" / "segments").glob("*.sql"):
        header = path.read_text().partition("*/")[0]
        assert header.startswith("/*\n    Rule:     "), path.name
        assert "\n    Grain:    one row per customer" in header, path.name
        ranked = ", ".join(rank for segment, rank in ranks if segment == path.stem)
        priority = ranked or "none; no shipped playbook takes it"
        assert header.endswith(f"\n    Priority: {priority}\n"), path.name
