"""A seed that can't be read is told in one line: its file, its line, what is wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.warehouse import _dbt
from winback.warehouse._seeds import check_seeds, failing_rows


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 columns instead of 2"),
        ("a,b\n1,2,3\n", "line 2: 3 columns instead of 2"),
        # The line where a row of several lines begins.
        ('a,b\n"1\n1"\n', "line 2: 1 columns instead of 2"),
        ('a,b\n1,2\n1,"2\n3,4\n', "line 3: unexpected end of data"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "hours.csv").write_text(text)
    with pytest.raises(BuildFailure) as failure:
        check_seeds(tmp_path)
    assert f"seed hours.csv, {where}. Next:" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_quotes_lines_inside_them_and_empty_lines_are_fine(tmp_path: Path) -> None:
    (tmp_path / "hours.csv").write_text('a,b\n1,"x, ""y""\nz"\n\n3,\n')
    check_seeds(tmp_path)
    check_seeds(_dbt.DBT_DIR / "seeds")


@pytest.mark.parametrize(
    ("stands_on", "status", "words"),
    [
        (["seed.winback.hours"], "fail", ": name=x; name=None"),
        (["seed.winback.hours"], "error", ""),
        # Rows of people are never shown.
        (["seed.winback.hours", "model.winback.customers"], "fail", ""),
        ([], "fail", ""),
    ],
)
def test_only_rows_of_seeds_are_shown(
    tmp_path: Path, stands_on: list[str], status: str, words: str
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table hours as select unnest(['x', null]) as name")
    node = SimpleNamespace(
        compiled_code="select * from warehouse.main.hours",
        depends_on=SimpleNamespace(nodes=stands_on),
    )
    result: Any = SimpleNamespace(node=node, status=status)
    assert failing_rows(warehouse, result) == words
