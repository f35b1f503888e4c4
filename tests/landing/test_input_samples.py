"""The samples of docs/input.md are a whole shop that loads without a word of doubt."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from landing_shop import Shop, winback_load

from winback.landing.schema import INPUT_TABLES

pytestmark = pytest.mark.long

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


def test_every_table_has_a_sample_with_every_column_that_it_needs() -> None:
    assert {path.stem for path in SAMPLES.glob("*.csv")} == set(INPUT_TABLES)
    for name, table in INPUT_TABLES.items():
        with (SAMPLES / f"{name}.csv").open(encoding="utf-8") as file:
            columns = csv.DictReader(file).fieldnames or []
        assert set(columns) <= set(table.input_names)
        assert {column.name for column in table.columns if column.required} <= set(columns)


def test_the_samples_load_whole(
    shop: Shop, home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert winback_load(home, str(SAMPLES)) == 0
    said = capsys.readouterr().out
    assert "0 rows rejected" in said
    assert "note:" not in said
    for path in SAMPLES.glob("*.csv"):
        rows = len(path.read_text(encoding="utf-8").splitlines()) - 1
        [line] = [line.split() for line in said.splitlines() if line.startswith(path.name)]
        assert line == [path.name, str(rows), str(rows), "0"]
    statuses = sorted(status for (status,) in shop.landed("orders", "status"))
    assert statuses == ["cancelled", "completed", "completed", "completed"]
    assert shop.landed("consents", "status").count(("revoked",)) == 1
