"""A shop's own project: laid out by init, filled from ours, and looked at after an upgrade."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from winback.base.errors import UsageError
from winback.base.overlay import make_project
from winback.base.places import HOUSE_DIR
from winback.readiness import first_holdout, own_project


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ours, to be upgraded."""
    folder = tmp_path_factory.mktemp("house")
    for name in ("dbt_project/seeds", "dbt_project/models/segments", "templates/sms_email"):
        shutil.copytree(HOUSE_DIR / name, folder / name)
    shutil.copy(HOUSE_DIR / "dbt_project" / "dbt_project.yml", folder / "dbt_project")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    own_project.lay_out(tmp_path)
    return tmp_path


def own(house: Path, shop: Path) -> dict[str, own_project.Own]:
    return {it.name: it for it in own_project.everything_own(house, shop)}


def test_a_folder_becomes_a_project_once_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "README.md").write_text("mine")
    assert own_project.lay_out(tmp_path)[0] == "winback.toml"
    (tmp_path / "winback.toml").write_text("[vars]\n")
    assert own_project.lay_out(tmp_path) == []
    assert (tmp_path / "winback.toml").read_text() == "[vars]\n"
    assert (tmp_path / "templates" / "README.md").read_text() == "mine"
    assert ".env" in (tmp_path / ".gitignore").read_text().split()


def test_a_new_project_has_nothing_of_its_own(house: Path, shop: Path) -> None:
    assert own(house, shop) == {}
    make_project(house, shop, shop / "project", "1")


def test_the_holdout_becomes_rows_of_the_shop(shop: Path) -> None:
    seed = shop / "seeds" / "playbooks.csv"
    seed.write_text("playbook_id,is_enabled\nsms_email,false\nmine,true\n")
    assert first_holdout.keep_holdout(30, shop)
    assert not first_holdout.keep_holdout(30, shop)
    with seed.open(newline="") as file:
        rows = {row["playbook_id"]: row for row in csv.DictReader(file)}
    assert rows["sms_email"] == {
        "playbook_id": "sms_email", "is_enabled": "false", "holdout_share": "0.30"
    }  # fmt: skip
    with first_holdout.SEED.open(newline="") as file:
        ours = {row["playbook_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() - {"mine"} == {
        name for name, row in ours.items() if float(row["holdout_share"])
    }
    for name in rows.keys() - {"mine", "sms_email"}:
        assert (rows[name]["is_enabled"], rows[name]["holdout_share"]) == ("", "0.30")


def test_what_was_taken_is_the_shop_s_and_ours_is_seen_to_change(house: Path, shop: Path) -> None:
    taken = own_project.take(house, shop, ["templates/sms_email/1.txt", "segments/at_risk.sql"])
    assert [str(it.relative_to(shop)) for it in taken] == [
        "templates/sms_email/1.txt", "segments/at_risk.sql"
    ]  # fmt: skip
    before = own(house, shop)["templates/sms_email/1.txt"]
    assert (before.change, before.is_ours_changed, before.lines) == ("replaces ours", False, ())
    (shop / "templates/sms_email/1.txt").write_text("Hi\n")
    assert "+Hi" in own(house, shop)["templates/sms_email/1.txt"].lines
    ours = house / "templates/sms_email/1.txt"
    text = ours.read_text()
    try:
        ours.write_text(text + "more\n")
        assert own(house, shop)["templates/sms_email/1.txt"].is_ours_changed
        assert not own(house, shop)["segments/at_risk.sql"].is_ours_changed
        assert own_project.accept(house, shop) == 2
        assert not own(house, shop)["templates/sms_email/1.txt"].is_ours_changed
    finally:
        ours.write_text(text)


@pytest.mark.parametrize(
    "name",
    ["../x", "templates", "templates/../dbt_project/dbt_project.yml", "segments/../../x.sql",
     "templates/none/1.txt", "seeds/offers.csv", "/etc/passwd"],
)  # fmt: skip
def test_nothing_else_can_be_taken(house: Path, shop: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"can't be taken|no such file"):
        own_project.take(house, shop, ["segments/at_risk.sql", name])
    assert not (shop / "segments/at_risk.sql").exists()


def test_what_is_the_shop_s_is_not_written_over(house: Path, shop: Path) -> None:
    (shop / "segments/at_risk.sql").write_text("mine")
    with pytest.raises(UsageError, match=r"Next: winback project diff segments/at_risk\.sql"):
        own_project.take(house, shop, ["segments/at_risk.sql"])
    assert (shop / "segments/at_risk.sql").read_text() == "mine"


def test_rows_and_vars_are_compared_by_column(house: Path, shop: Path) -> None:
    (shop / "seeds/offers.csv").write_text("offer_id,code\nwelcome_back_20,COME\nmine,MINE\n")
    (shop / "winback.toml").write_text("[vars]\ndecision_memory_days = 9\n")
    found = own(house, shop)
    assert found["seeds/offers.csv mine"].change == "new"
    row = found["seeds/offers.csv welcome_back_20"]
    assert row.change == "replaces ours"
    assert row.lines[0].endswith("→ COME")
    assert found["winback.toml decision_memory_days"].lines == ("decision_memory_days: 7 → 9",)


def test_an_upgrade_is_told_until_it_was_looked_at(
    house: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_project.upgrade_line(None) is None
    assert own_project.upgrade_line(shop) is None
    monkeypatch.setattr(own_project, "__version__", "9.9")
    line = own_project.upgrade_line(shop)
    assert line is not None
    assert "winback project accept" in line
    own_project.take(house, shop, ["segments/at_risk.sql"])
    assert own_project.upgrade_line(shop) == line
    own_project.accept(house, shop)
    assert own_project.upgrade_line(shop) is None


def test_the_diff_of_a_release_shows_what_shops_edit(house: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(house, before)
    (before / "templates/sms_email/1.txt").write_text("Hello\n")
    (before / "dbt_project/models/segments/gone.sql").write_text("select 1\n")
    lines = list(own_project.release_diff(before, house))
    assert "-Hello" in lines
    assert "+++ dbt_project/models/segments/gone.sql" in lines
    assert list(own_project.release_diff(house, house)) == []


def test_a_lock_that_can_t_be_read_says_what_to_do(house: Path, shop: Path) -> None:
    (shop / "winback.lock.json").write_text("{")
    with pytest.raises(UsageError, match="Next: delete it, then winback project accept"):
        own_project.everything_own(house, shop)
    (shop / "winback.lock.json").unlink()
    assert own_project.accept(house, shop) == 0
    assert json.loads((shop / "winback.lock.json").read_text())["ours"] == {}
