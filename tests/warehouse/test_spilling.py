"""A build that outgrows its memory spills to disk and goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from project_copies import copy_project

from winback.base.settings import Settings
from winback.warehouse import _dbt

pytestmark = pytest.mark.long

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


def test_models_are_built_after_one_that_spilled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copy_project(tmp_path / "dbt_project")
    monkeypatch.setattr(_dbt, "DBT_DIR", project)
    monkeypatch.setenv("WINBACK_MEMORY_LIMIT", "100MB")
    models = project / "models" / "intermediate"
    (models / "int_test__large.sql").write_text(
        "select md5(cast(i as varchar)) as text from range(3000000) as t(i) order by 1\n"
    )
    (models / "int_test__next.sql").write_text(
        "select count(*) as texts from {{ ref('int_test__large') }}\n"
    )
    settings = Settings.load(home=tmp_path / "home")

    result = _dbt.invoke_dbt(
        settings, ["run", "--select", "int_test__large+"], _dbt.dbt_vars(settings, AS_OF)
    )

    assert result.counts == {"success": 2}
