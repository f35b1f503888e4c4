"""dbt's exposures name what the published tables and the report rest on."""

from __future__ import annotations

import json
from pathlib import Path

from winback.measure.shop_report._queries import TABLES
from winback.warehouse import PUBLIC_TABLES


def refs(manifest: Path, exposure: str) -> set[str]:
    found = json.loads(manifest.read_text())["exposures"][f"exposure.winback.{exposure}"]
    return {name.split(".")[-1] for name in found["depends_on"]["nodes"]}


def test_exposures_name_the_tables_that_are_read(dbt_manifest: Path) -> None:
    assert refs(dbt_manifest, "public_tables") == set(PUBLIC_TABLES)
    assert set(TABLES) <= refs(dbt_manifest, "worth_report")
