"""A seed that can't be read is told in one line: its file, its line, what is wrong."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.warehouse import _dbt
from winback.warehouse._seeds import broken_rows, check_seeds


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a,b\n1,2\n3\n", "3: 1 columns instead of 2"),
        ("a,b\n1,2,3\n", "2: 3 columns instead of 2"),
        # The line where a row of several lines begins.
        ('a,b\n"1\n1"\n', "2: 1 columns instead of 2"),
        ('a,b\n1,2\n1,"2\n3,4\n', "3: unexpected end of data"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "hours.csv").write_text(text)
    with pytest.raises(BuildFailure) as failure:
        check_seeds(tmp_path)
    assert f"dbt_project/seeds/hours.csv:{where}. Next:" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_quotes_lines_inside_them_and_empty_lines_are_fine(tmp_path: Path) -> None:
    (tmp_path / "hours.csv").write_text('a,b\n1,"x, ""y""\nz"\n\n3,\n')
    check_seeds(tmp_path)
    check_seeds(_dbt.DBT_DIR / "seeds")


@pytest.mark.parametrize(
    ("stands_on", "words"),
    [
        (["seed.winback.hours"], "dbt_project/seeds/hours.csv:2: name=x; name=None"),
        # Rows of people are never shown.
        (["seed.winback.hours", "model.winback.customers"], ""),
        ([], ""),
    ],
)
def test_only_rows_of_seeds_are_shown(tmp_path: Path, stands_on: list[str], words: str) -> None:
    folder = tmp_path / "dbt_project"
    (folder / "seeds").mkdir(parents=True)
    (folder / "seeds/hours.csv").write_text("name\nx\n")
    with duckdb.connect() as connection:
        connection.execute("create table hours as select unnest(['x', null]) as name")
        assert broken_rows(connection, "select * from hours", stands_on, folder) == words
        assert broken_rows(connection, "select * from nowhere", stands_on, folder) == ""
