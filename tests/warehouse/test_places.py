"""A failure of the project is one line that begins with the file and line to mend."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from winback.base.errors import BuildFailure
from winback.base.settings import Settings
from winback.warehouse import _dbt
from winback.warehouse._places import placed, placed_parse, seed_rows

MODEL = """\
{# the head of the file #}
with customers as (
    select * from {{ ref('known') }}
)
select customer_id from customers
where days_inactiv between
    {{ var('from_days') }} and 3
"""
# As dbt writes it: other line numbers, and what the braces came to.
COMPILED = MODEL.replace("{# the head of the file #}\n", "").replace(
    "{{ ref('known') }}", "(select 1 as customer_id, 2 as days_inactive)"
)
HEAD = "Runtime Error in model lapsed (models/segments/lapsed.sql)\n  "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of one model and one seed."""
    folder = tmp_path / "dbt_project"
    (folder / "models/segments").mkdir(parents=True)
    (folder / "models/segments/lapsed.sql").write_text(MODEL)
    (folder / "seeds").mkdir()
    (folder / "seeds/steps.csv").write_text(
        'playbook,step,text,is_on\na,1,"x\ny",true\na,2,z,false\nb,1,,true\n'
    )
    return folder


def says(sql: str) -> str:
    with pytest.raises(duckdb.Error) as error:
        duckdb.execute(sql)
    return str(error.value)


def test_a_model_with_an_unknown_column_is_named_by_the_line_of_its_file(folder: Path) -> None:
    said = says("create view lapsed as (\n" + COMPILED.replace("{{ var('from_days') }}", "1") + ")")
    line = placed(folder, "models/segments/lapsed.sql", HEAD + said)
    assert line.startswith("dbt_project/models/segments/lapsed.sql:6: Binder Error: ")
    assert 'column "days_inactiv" not found' in line
    assert '"days_inactive"' in line, "DuckDB names what was meant"
    assert "\n" not in line
    assert "^" not in line


def test_without_a_line_the_file_alone_is_named(folder: Path) -> None:
    line = placed(folder, "models/segments/lapsed.sql", HEAD + says("select from customers"))
    assert line.startswith("dbt_project/models/segments/lapsed.sql: Parser Error: SELECT clause")


def test_what_can_not_be_parsed_is_named_by_its_line(folder: Path) -> None:
    where = "(models/segments/lapsed.sql)"
    absent = f"Compilation Error Model 'model.winback.lapsed' {where} depends on a node named"
    assert placed_parse(folder, f"{absent} 'known' which was not found") == (
        "dbt_project/models/segments/lapsed.sql:3: there is no model, seed or source known"
    )
    jinja = (
        f"Compilation Error in model lapsed {where}\n  unexpected '}}', expected ')'\n    line 7"
    )
    assert placed_parse(folder, f"{jinja}\n      {{{{ var('from_days' }}}} and 3") == (
        "dbt_project/models/segments/lapsed.sql:7: unexpected '}', expected ')'"
    )
    assert placed_parse(folder, "something\n else") == "something else"


def test_a_cell_of_a_seed_that_is_of_another_kind_is_named_by_its_line(folder: Path) -> None:
    seed = folder / "seeds/steps.csv"
    said = says(f"select * from read_csv('{seed}', header = true, types = {{'is_on': 'INTEGER'}})")
    line = placed(
        folder, "seeds/steps.csv", f"Runtime Error in seed steps (seeds/steps.csv)\n{said}"
    )
    place = "dbt_project/seeds/steps.csv:2: column is_on: "
    assert line == place + "Could not convert string \"true\" to 'INTEGER'"


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"playbook": "a", "step": 2}, 4),
        ({"playbook": "b", "text": None}, 5),
        ({"playbook": "a", "is_on": True}, 2),
        ({"playbook": "nobody"}, 0),
        ({"elsewhere": "a"}, 0),
    ],
)
def test_a_row_that_broke_a_test_is_found_in_its_seed(
    folder: Path, row: dict[str, Any], line: int
) -> None:
    words = " ".join(f"{name}={value}" for name, value in row.items())
    place = f"dbt_project/seeds/steps.csv:{line}: " if line else ""
    assert seed_rows(folder, ["steps"], [row]) == place + words


def test_a_seed_that_dbt_could_not_load_is_told_and_not_looked_into(tmp_path: Path) -> None:
    node = SimpleNamespace(
        name="steps", unique_id="seed.winback.steps", original_file_path="seeds/steps.csv",
        depends_on=SimpleNamespace(macros=[]),
    )  # fmt: skip
    result = SimpleNamespace(node=node, status="error", message="CSV Error on Line: 4\nno")
    outcome = SimpleNamespace(
        result=SimpleNamespace(results=[result]), exception=None, success=False
    )
    with pytest.raises(BuildFailure, match=r"dbt_project/seeds/steps.csv: CSV Error on Line: 4 no"):
        _dbt._result(Settings.load(home=tmp_path), outcome)
