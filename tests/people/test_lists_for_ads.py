"""Lists for ads: hashes as each platform wants them, and whoever left is named until taken out."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from published_tables import Rows, write_tables
from traces import hashes_of, traces
from typer.testing import CliRunner

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli import _audience
from winback.cli._app import app
from winback.people import audiences
from winback.warehouse import Manifest

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
TABLES = {
    "ad_people": "customer_id varchar, list_kind varchar, reason varchar, email varchar, "
    "phone varchar",
    "segment_members": "segment varchar, customer_id varchar",
}
PEOPLE: Rows = [
    ("agreed", "include", None, "a.da@gmail.com", "+447700900001"),
    ("mail alone", "include", None, "b.en@example.com", None),
    ("no member", "include", None, "cy@example.com", None),
    ("nothing", "include", None, None, None),
    ("held", "exclude", "holdout", "held@example.com", None),
    ("opted out", "exclude", "opted_out", None, "+447700900002"),
    ("refused", "none", "refused", None, None),
    ("silent", "none", "consent", None, None),
]


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path)


def publish(home: Settings, people: Rows = PEOPLE, at: datetime = NOW) -> None:
    members: Rows = [("at_risk", row[0]) for row in people if row[0] != "no member"]
    folder = home.published_dir / "current"
    write_tables(folder, TABLES, {"ad_people": people, "segment_members": members})
    told = Manifest("run", at.isoformat(), "", {}, {}, {})
    (folder / "manifest.json").write_text(json.dumps(asdict(told)))


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def export(home: Settings, platform: str = "meta", at: datetime = NOW) -> audiences.Audience:
    return audiences.export_audience(home, FixedClock(at), "at_risk", platform)[0]


@pytest.mark.parametrize(
    ("platform", "head", "mails", "phone"),
    [
        ("meta", ["email", "phone"], ("a.da@gmail.com", "b.en@example.com"), "447700900001"),
        ("google", ["Email", "Phone"], ("ada@gmail.com", "b.en@example.com"), "+447700900001"),
        ("csv", ["email_sha256", "phone_sha256"], ("a.da@gmail.com", "b.en@example.com"),
         "+447700900001"),
    ],
)  # fmt: skip
def test_each_platform_gets_hashes_of_its_own_spelling(
    home: Settings, platform: str, head: list[str], mails: tuple[str, str], phone: str
) -> None:
    publish(home)
    it = export(home, platform)
    told = rows(it.folder / "include.csv")
    assert told[0] == head
    assert sorted(told[1:]) == sorted([[hashed(mails[0]), hashed(phone)], [hashed(mails[1]), ""]])
    assert (it.included, it.excluded, it.to_remove) == (2, 2, 0)
    assert rows(it.folder / "exclude.csv")[0] == head


def test_the_exclusion_list_is_the_whole_shop_s_and_why_the_others_are_in_none_is_counted(
    home: Settings,
) -> None:
    publish(home)
    it, left_out = audiences.export_audience(home, FixedClock(NOW), "at_risk", "meta")
    assert sorted(rows(it.folder / "exclude.csv")[1:]) == sorted(
        [[hashed("held@example.com"), ""], ["", hashed("447700900002")]]
    )
    assert left_out == {"consent": 1, "holdout": 1, "opted_out": 1, "refused": 1}
    text = "".join(path.read_text() for path in it.folder.iterdir())
    assert "@" not in text
    assert "4477" not in text


def test_files_are_their_owner_s_alone(home: Settings) -> None:
    publish(home)
    for path in export(home).folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_who_leaves_is_named_until_a_person_has_taken_them_out(home: Settings) -> None:
    publish(home)
    export(home)
    left = hashed("a.da@gmail.com"), hashed("447700900001")
    later = NOW + timedelta(days=1)
    # Erased, or without a consent: SQL says so, and no address is there any more.
    publish(home, [("agreed", "none", "refused", None, None), *PEOPLE[1:]], later)
    [it] = audiences.refresh_audiences(home, FixedClock(later))
    assert (it.to_remove, it.remove_since) == (1, later.isoformat())
    assert rows(it.folder / "remove.csv")[1:] == [list(left)]
    even_later = later + timedelta(days=1)
    publish(home, [("agreed", "none", "refused", None, None), *PEOPLE[2:]], even_later)
    it = export(home, at=even_later)
    assert (it.to_remove, it.remove_since) == (2, later.isoformat())
    assert audiences.note_removed(home, "at_risk", "meta", until=later) == 1
    [it] = audiences.audiences(home)
    assert (it.to_remove, it.remove_since) == (1, even_later.isoformat()), "who left since"
    assert rows(it.folder / "remove.csv")[1:] != [list(left)]
    it = export(home, at=even_later)
    assert (it.to_remove, it.remove_since) == (1, even_later.isoformat())
    assert audiences.note_removed(home, "at_risk", "meta", until=even_later) == 1
    it = export(home, at=even_later)
    assert (it.to_remove, it.remove_since) == (0, "")
    assert all(left[0] not in path.read_text() for path in it.folder.iterdir())


def test_who_is_erased_is_to_be_taken_out_and_then_in_no_file(home: Settings) -> None:
    publish(home)
    folder = export(home).folder
    theirs = hashes_of("b.en@example.com")
    assert traces(folder, *theirs) == [f"include.csv: {theirs[0]}"]
    later = NOW + timedelta(hours=9)
    publish(home, [row for row in PEOPLE if row[0] != "mail alone"], later)
    [it] = audiences.refresh_audiences(home, FixedClock(later))
    assert traces(folder, *theirs) == [f"remove.csv: {theirs[0]}"]
    audiences.note_removed(home, it.segment, it.platform)
    assert traces(folder, *theirs) == []


def test_everybody_has_left_the_list_of_a_segment_that_is_gone(home: Settings) -> None:
    publish(home)
    folder = export(home).folder
    members = rows(folder / "include.csv")[1:]
    write_tables(home.published_dir / "current", TABLES, {"ad_people": PEOPLE})
    [it] = audiences.refresh_audiences(home, FixedClock(NOW + timedelta(hours=1)))
    assert (it.included, it.to_remove) == (0, len(members))
    assert rows(folder / "remove.csv")[1:] == members


def test_who_comes_back_is_not_to_be_taken_out(home: Settings) -> None:
    publish(home)
    export(home)
    publish(home, PEOPLE[1:])
    assert export(home).to_remove == 1
    publish(home)
    it = export(home)
    assert (it.included, it.to_remove) == (2, 0)


def test_an_export_that_was_cut_short_still_names_who_left(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home)
    export(home)
    publish(home, PEOPLE[1:])
    real = audiences.open_private
    written = []

    def cut(path: Path) -> object:
        written.append(path)
        if len(written) == 3:  # remove.csv and exclude.csv are there, include.csv is the old one
            raise KeyboardInterrupt
        return real(path)

    monkeypatch.setattr(audiences, "open_private", cut)
    with pytest.raises(KeyboardInterrupt):
        export(home)
    monkeypatch.setattr(audiences, "open_private", real)
    audiences.note_removed(home, "at_risk", "meta", until=NOW + timedelta(days=9))
    assert export(home).to_remove == 1, "since when that one is in it, nobody knows"


def test_old_tables_make_no_list(home: Settings) -> None:
    publish(home, at=NOW - timedelta(days=1))
    with pytest.raises(WinbackError, match="Next: winback build"):
        export(home)
    assert not home.audiences_dir.exists()


def test_a_segment_that_is_none_is_named(home: Settings) -> None:
    publish(home)
    with pytest.raises(UsageError, match=r"no segment at_rsk \(is at_risk meant\?\)"):
        audiences.export_audience(home, FixedClock(NOW), "at_rsk", "meta")
    with pytest.raises(UsageError, match="never exported"):
        audiences.note_removed(home, "at_risk", "meta")


def test_the_commands_say_who_is_in_no_list_and_what_comes_next(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(home.home))
    monkeypatch.setattr(_audience, "WallClock", lambda: FixedClock(NOW))
    publish(home)
    run = CliRunner().invoke
    said = run(app, ["audience", "export", "at_risk", "--for", "google"]).output
    assert "not included: 1 are kept aside by a playbook" in said
    assert "Next: upload both from" in said
    publish(home, PEOPLE[1:])
    said = run(app, ["audience", "export", "at_risk", "--for", "google"]).output
    assert "remove.csv: 1 who left the list. Next, within a day" in said
    told = json.loads(run(app, ["audience", "list", "--json"]).output)
    assert [it["to_remove"] for it in told["audiences"]] == [1]
    words = said.rpartition("winback ")[2].split()
    assert words[-2:] == ["--until", NOW.isoformat()]
    assert "noted: 0" in run(app, [*words[:-1], "2026-03-01T00:00"]).output
    assert "noted: 1" in run(app, words).output
    assert "2 excluded" in run(app, ["audience", "list"]).output
