"""A shop's own files over ours: one project, and each line of it can be found again."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.base._seed_rows import merge_seed, seed_key
from winback.base.errors import UsageError
from winback.base.overlay import MADE_FILE, make_project, own_place
from winback.base.places import HOUSE_DIR

SEEDS = HOUSE_DIR / "dbt_project" / "seeds"
OFFERS = 'offer_id,kind,value,code\nten,percent,0.10,TEN\n"ship",free_shipping,,SHIP\n'
ABOUT_OFFERS = (
    "seeds:\n  - name: offers\n    columns:\n      - name: offer_id\n        data_tests: [unique]\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house: one model, one segment, one template, one seed, two vars."""
    files = {
        "dbt_project/dbt_project.yml": "name: winback\nvars:\n  lapse_preset: fixed\n  days: 30\n",
        "dbt_project/models/segments/at_risk.sql": "select 1 as customer_id",
        "dbt_project/models/marts/messages.sql": "select 1",
        "dbt_project/seeds/offers.csv": OFFERS,
        "dbt_project/seeds/offers.yml": ABOUT_OFFERS,
        "dbt_project/target/manifest.json": "{}",
        "templates/sms_email/1.txt": "Hello",
    }
    for name, text in files.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "house"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "winback.toml").write_text("")
    return folder


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def rows_in(seed: Path) -> list[dict[str, str]]:
    with seed.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made(house: Path, shop: Path, release: str = "1.0") -> Path:
    project = shop / ".winback" / "project"
    make_project(house, shop, project, release)
    return project


def test_files_of_the_shop_stand_beside_ours_and_over_them(house: Path, shop: Path) -> None:
    put(shop, "segments/at_risk.sql", "select 2 as customer_id")
    put(shop, "segments/regulars.sql", "select 3 as customer_id")
    put(shop, "segments/README.md", "words")
    put(shop, "models/reports/weekly.sql", "select 4")
    put(shop, "templates/sms_email/1.txt", "Hi")
    project = made(house, shop)
    models = project / "dbt_project" / "models"
    assert {path.name for path in (models / "segments").iterdir()} == {
        "at_risk.sql",
        "regulars.sql",
    }
    assert (models / "segments/at_risk.sql").read_text() == "select 2 as customer_id"
    assert (models / "own/reports/weekly.sql").read_text() == "select 4"
    assert (models / "marts/messages.sql").read_text() == "select 1"
    assert (project / "templates/sms_email/1.txt").read_text() == "Hi"
    assert not (project / "dbt_project" / "target").exists()
    assert (house / "templates/sms_email/1.txt").read_text() == "Hello"


def test_what_the_shop_takes_away_is_ours_again(house: Path, shop: Path) -> None:
    put(shop, "segments/at_risk.sql", "select 2 as customer_id")
    put(shop, "segments/regulars.sql", "select 3 as customer_id")
    segments = made(house, shop) / "dbt_project" / "models" / "segments"
    (shop / "segments/at_risk.sql").unlink()
    (shop / "segments/regulars.sql").unlink()
    made(house, shop)
    assert [path.name for path in segments.iterdir()] == ["at_risk.sql"]
    assert (segments / "at_risk.sql").read_text() == "select 1 as customer_id"


def test_nothing_is_written_where_nothing_was_edited(house: Path, shop: Path) -> None:
    project = made(house, shop)
    before = (project / MADE_FILE).stat().st_mtime_ns
    target = project / "dbt_project" / "target"
    target.mkdir()
    (target / "manifest.json").write_text("dbt's own")
    made(house, shop)
    assert (project / MADE_FILE).stat().st_mtime_ns == before
    put(shop, "templates/sms_email/1.txt", "Hi")
    made(house, shop)
    assert (target / "manifest.json").read_text() == "dbt's own"


def test_a_row_changes_the_cells_that_it_fills_and_another_is_new(house: Path, shop: Path) -> None:
    put(
        shop,
        "seeds/offers.csv",
        "\ufeffoffer_id,value,code\nfive,0.05,null\nten,0.15,\nship,,null\n",
    )
    seed = made(house, shop) / "dbt_project" / "seeds" / "offers.csv"
    assert rows_in(seed) == [
        {"offer_id": "ten", "kind": "percent", "value": "0.15", "code": "TEN"},
        {"offer_id": "ship", "kind": "free_shipping", "value": "", "code": ""},
        {"offer_id": "five", "kind": "", "value": "0.05", "code": ""},
    ]


def test_a_line_of_the_project_is_told_as_the_shop_knows_it(house: Path, shop: Path) -> None:
    put(shop, "seeds/offers.csv", 'offer_id,code\nfive,"A\nB"\nten,TEN10\n')
    put(shop, "segments/regulars.sql", "select 3")
    project = made(house, shop)
    assert own_place(project, "dbt_project/seeds/offers.csv", "2") == "seeds/offers.csv:4"
    assert own_place(project, "dbt_project/seeds/offers.csv", "4") == "seeds/offers.csv:2"
    ours = "dbt_project/seeds/offers.csv"
    assert own_place(project, ours, "3") == f"{ours}:3"
    assert own_place(project, "dbt_project/models/segments/regulars.sql", "7") == (
        "segments/regulars.sql:7"
    )
    assert own_place(house, ours, "3") == f"{ours}:3"


def test_vars_of_the_shop_stand_over_ours(house: Path, shop: Path) -> None:
    put(shop, "winback.toml", '[vars]\nlapse_preset = "personal"\n')
    project = yaml.safe_load((made(house, shop) / "dbt_project/dbt_project.yml").read_text())
    assert project["vars"] == {"lapse_preset": "personal", "days": 30}


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("seeds/offrs.csv", "a\n", r"seeds/offrs.csv: .* \(is offers.csv meant\?\)"),
        ("seeds/offers.csv", "offer_id,vlue\nten,1\n",
         r"seeds/offers.csv:1: the seed has no column 'vlue' \(is value meant\?\)"),
        ("seeds/offers.csv", "value\n1\n", "seeds/offers.csv:1: the column offer_id"),
        ("seeds/offers.csv", "offer_id,value\nten,1,2\n", "seeds/offers.csv:2: 3 columns inst"),
        ("seeds/offers.csv", "offer_id\nten\nten\n", "seeds/offers.csv:3: ten stands in line 2"),
        ("seeds/offers.csv", "offer_id\n\"ten\n", "seeds/offers.csv can't be read"),
        ("winback.toml", "[vars]\nlapse_presett = 1\n", r"no var lapse_presett \(is lapse_preset"),
        ("winback.toml", "vars = 3\n", "vars is a table"),
        ("winback.toml", "[vars\n", "winback.toml can't be read"),
    ],
)  # fmt: skip
def test_what_can_t_be_read_is_told_and_leaves_the_project_as_it_was(
    house: Path, shop: Path, name: str, text: str, line: str
) -> None:
    project = made(house, shop)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    put(shop, name, text)
    with pytest.raises(UsageError, match=line):
        made(house, shop)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_an_upgrade_keeps_what_the_last_release_made_beside_it(house: Path, shop: Path) -> None:
    put(shop, "templates/sms_email/1.txt", "Hi")
    project = made(house, shop)
    put(house, "templates/sms_email/2.txt", "New")
    made(house, shop, "1.1")
    before = project.with_name("project-before")
    assert (project / "templates/sms_email/1.txt").read_text() == "Hi"
    assert (project / "templates/sms_email/2.txt").read_text() == "New"
    assert not (before / "templates/sms_email/2.txt").exists()
    put(shop, "templates/sms_email/1.txt", "Hey")
    made(house, shop, "1.1")
    assert (before / "templates/sms_email/1.txt").read_text() == "Hi"


def test_a_write_that_was_cut_short_is_made_good(house: Path, shop: Path) -> None:
    project = made(house, shop)
    (project / "templates/sms_email/1.txt").write_text("half")
    (project / MADE_FILE).unlink()  # it is written last
    made(house, shop)
    assert (project / "templates/sms_email/1.txt").read_text() == "Hello"
    assert json.loads((project / MADE_FILE).read_text())["release"] == "1.0"


@pytest.mark.parametrize("seed", sorted(SEEDS.glob("*.csv")), ids=lambda it: it.stem)
def test_each_seed_of_ours_has_a_key_that_names_one_row(seed: Path) -> None:
    key = seed_key(seed)
    rows = [tuple(row[column] for column in key) for row in rows_in(seed)]
    assert len(set(rows)) == len(rows)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=8)
NAMES = st.sampled_from([f"o{number}" for number in range(6)])
ROWS = st.dictionaries(NAMES, st.tuples(CELL, CELL), max_size=6)


@settings(max_examples=60, deadline=None)
@given(ours=ROWS, own=ROWS)
def test_any_rows_are_merged_by_key_and_found_again(
    ours: dict[str, tuple[str, str]],
    own: dict[str, tuple[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"rows-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    (folder / "own").mkdir(exist_ok=True)
    (folder / "offers.yml").write_text(ABOUT_OFFERS)
    for path, rows, head in (
        (folder / "offers.csv", ours, ("offer_id", "kind", "code")),
        (folder / "own" / "offers.csv", {k: (v[1],) for k, v in own.items()}, ("offer_id", "code")),
    ):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *((name, *it) for name, it in rows.items())])
    text, lines = merge_seed(folder / "offers.csv", folder / "own" / "offers.csv")
    merged = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
    added = [name for name in own if name not in ours]
    assert [row["offer_id"] for row in merged] == [*ours, *added]
    for row in merged:
        name = row["offer_id"]
        said = own[name][1] if name in own else ""
        kept = ours[name][1] if name in ours else ""
        assert row["code"] == ("" if said == "null" else said or kept)
        assert row["kind"] == (ours[name][0] if name in ours else "")
    own_text = (folder / "own" / "offers.csv").read_text().split("\n")
    for line, own_line in lines.items():
        name = text.decode().split("\n")[line - 1].split(",")[0]
        assert own_text[own_line - 1].split(",")[0] == name
    assert len(lines) == len(own)
