"""`next_changes` knows of every model that reads the clock, as it reads it now."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from winback.warehouse._clock_readers import readers, unknown_readers
from winback.warehouse._dbt import DBT_DIR

pytestmark = pytest.mark.long


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the readers are found in, which a shop may edit."""
    for name in ("models", "macros"):
        shutil.copytree(DBT_DIR / name, tmp_path / name)
    return tmp_path


def test_next_changes_knows_of_every_reader() -> None:
    marks = readers(DBT_DIR)
    unknown = {name: marks[name] for name in unknown_readers(DBT_DIR)}
    told = (
        "they read the clock otherwise than when next_changes.sql was written. See that it still "
        "knows the moment at which each next changes, then put the mark into next_changes.yml"
    )
    assert unknown == {}, told


def test_the_readers_are_those_that_dbt_finds(dbt_manifest: Path) -> None:
    manifest = json.loads(dbt_manifest.read_text())
    uses = {key: set(macro["depends_on"]["macros"]) for key, macro in manifest["macros"].items()}
    clocks = {"macro.winback.as_of"}
    while more := {key for key, used in uses.items() if key not in clocks and used & clocks}:
        clocks |= more
    found = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and clocks & set(node["depends_on"]["macros"])
    }
    assert found == set(readers(DBT_DIR))


def test_a_new_model_that_reads_the_clock_is_unknown(project: Path) -> None:
    segment = project / "models" / "segments" / "recent_guests.sql"
    segment.write_text("select 1 as customer_id where now() > {{ as_of() }}")
    (project / "models" / "segments" / "timeless.sql").write_text("select 1 -- as_of() is not read")
    assert unknown_readers(project) == ["recent_guests"]


def test_a_macro_around_the_clock_does_not_hide_it(project: Path) -> None:
    macro = "{% macro an_hour_ago() %}{{ dbt.dateadd('hour', -1, as_of()) }}{% endmacro %}"
    (project / "macros" / "ours.sql").write_text(macro)
    model = project / "models" / "segments" / "recent_guests.sql"
    model.write_text("select 1 as customer_id where x > {{ an_hour_ago() }}")
    assert unknown_readers(project) == ["recent_guests"]


@pytest.mark.parametrize(
    ("old", "new"), [("'hour', -1 *", "'minute', -1 *"), ("carts.touched_at <=", "carts.put_at <=")]
)
def test_a_reader_that_was_edited_is_unknown(project: Path, old: str, new: str) -> None:
    model = project / "models" / "segments" / "abandoned_cart.sql"
    text = model.read_text()
    assert old in text
    model.write_text(text.replace(old, new))
    assert unknown_readers(project) == ["abandoned_cart"]


def test_words_and_blanks_change_nothing(project: Path) -> None:
    model = project / "models" / "segments" / "abandoned_cart.sql"
    text = model.read_text().replace("left something in a cart", "left a thing in a cart")
    model.write_text(text.replace("    where\n", "    where  -- both ends\n"))
    assert unknown_readers(project) == []


def test_every_instant_of_staging_is_among_the_moments() -> None:
    models = DBT_DIR / "models"
    cast = re.compile(r"as {{ timestamptz_type\(\) }}\)\s+as (\w+)")
    staged = {
        (path.stem, column)
        for path in (models / "staging").rglob("*.sql")
        for column in cast.findall(path.read_text())
    }
    text = (models / "intermediate" / "changes" / "int_changes__told.sql").read_text()
    listed = {
        (model, column)
        for model, columns in re.findall(r"'(stg_\w+)': \[(.*?)\]", text, re.DOTALL)
        for column in re.findall(r"'(\w+)'", columns)
    }
    assert listed == staged
