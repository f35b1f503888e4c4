"""`winback init`: what it writes is read as it was said, and what is there stays."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from seeded import seeded

from winback.base.clock import Clock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.cli import main
from winback.content.brand import read_brand
from winback.landing import Source
from winback.readiness import first_holdout, first_source
from winback.readiness import look as room
from winback.readiness.look import Look, look

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    return tmp_path


def init(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["winback", "init", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "brand", ["Copper and Tea", """O'Neill "Tea" \\ Söhne #1""", "100 % = good"]
)
def test_settings_are_read_as_they_were_said(
    brand: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(monkeypatch, "--brand", brand, "--country", "fr", "--source", "shopify") == 0
    settings = Settings.load()
    assert settings.brand_name == brand.strip()
    assert (settings.shop_country, settings.shop_timezone) == ("FR", "Europe/Paris")
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    tomllib.loads((folder / "brand.toml").read_text())
    read_brand(settings)
    said = capsys.readouterr().out
    assert "missing before live: WINBACK_FROM_EMAIL" in said
    assert said.rstrip().endswith("Next: winback load DIR --format shopify")


def test_what_is_there_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".env").write_text("WINBACK_BRAND_NAME=Old\nOTHER=1")
    (folder / "brand.toml").write_text("[colors]\naccent = '#000000'\n")
    assert init(monkeypatch, "--brand", "New", "--country", "GB", "--json") == 0
    assert (folder / ".env").read_text().splitlines() == [
        "WINBACK_BRAND_NAME=Old",
        "OTHER=1",
        'WINBACK_SHOP_COUNTRY="GB"',
        'WINBACK_CHANNELS="email,sms"',
    ]
    assert "#000000" in (folder / "brand.toml").read_text()
    told = json.loads(capsys.readouterr().out)
    assert told["stays"] == ["WINBACK_BRAND_NAME of .env", "brand.toml"]
    assert told["written"][:2] == [".env", "winback.toml"]
    assert told["next"] == "winback load DIR"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the shop's name is missing"),
        (["--brand", " "], "the shop's name is missing"),
        (["--brand", "Tea", "--timezone", "Berlin"], "WINBACK_SHOP_TIMEZONE: 'Berlin' is not"),
        (["--brand", "Tea", "--country", "Germany"], "WINBACK_SHOP_COUNTRY: 'GERMANY' is no"),
        (["--brand", "Tea", "--channels", "fax"], "there is no channel 'fax'"),
        (["--brand", "Tea", "--from-email", "tea"], "WINBACK_FROM_EMAIL: must be an address"),
        (["--brand", "Tea", "--source", "excel"], "there is no form 'excel'"),
        (["--brand", "Tea", "--source", "shopify-api"], "needs the shop. Next: --place example"),
        (
            ["--brand", "Tea", "--source", "shopify-api", "--place", "tea.example"],
            "shop is a name like example.myshopify.com",
        ),
        (["--brand", "Tea", "--place", "s3://key@bucket"], "url is like s3://bucket/folder"),
        (["--brand", "Tea", "--holdout", "much"], "--holdout is a whole percentage from 1 to 90"),
        (["--brand", "Tea", "--holdout", "0"], "--holdout is a whole percentage from 1 to 90"),
        (["--brand", "Tea ${HOME}"], "WINBACK_BRAND_NAME can't stand in .env"),
        (["--brand", "Tea\nOTHER=1"], "WINBACK_BRAND_NAME: must be one line"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    words: list[str],
    told: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert init(monkeypatch, *words) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    assert not list(folder.iterdir())


def test_on_a_terminal_it_asks_what_no_option_says(folder: Path) -> None:
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "winback.cli",
            "init",
            "--country",
            "IT",
            "--source",
            "generic",
            "--holdout",
            "",
        ],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(theirs)
    # The name, no postal address, the proposed zone, no URL, the sender, the proposed channels,
    # no place.
    os.write(mine, b"Rame e The\n\n\n\nciao@rame.example\n\n\n")
    said = b""
    while select.select([mine], [], [], 60)[0]:
        try:
            said += os.read(mine, 4096)
        except OSError:  # it has ended
            break
    os.close(mine)
    assert process.wait(60) == 0, said.decode()
    assert b"Next: winback load DIR" in said
    assert (folder / ".env").read_text().splitlines() == [
        'WINBACK_BRAND_NAME="Rame e The"',
        'WINBACK_SHOP_COUNTRY="IT"',
        'WINBACK_SHOP_TIMEZONE="Europe/Rome"',
        'WINBACK_FROM_EMAIL="ciao@rame.example"',
        'WINBACK_CHANNELS="email,sms"',
    ]


@pytest.fixture
def seed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The seed of playbooks, to be written."""
    path = tmp_path_factory.mktemp("seeds") / "playbooks.csv"
    path.write_text(first_holdout.SEED.read_text())
    monkeypatch.setattr(first_holdout, "SEED", path)
    return path


@pytest.mark.parametrize(
    ("form", "place", "kind"),
    [
        ("shopify", "exports", {"folder": "exports"}),
        ("shopify", "C:\\Tea \"shop\"", {"folder": "C:\\Tea \"shop\""}),
        ("generic", "warehouse.duckdb", {"duckdb": "warehouse.duckdb"}),
        ("generic", "SHOP_DATABASE_URL", {"postgres": "SHOP_DATABASE_URL"}),
        ("generic", "s3://bucket/shop", {"url": "s3://bucket/shop"}),
        ("klaviyo", "lists", {"folder": "lists"}),
        ("shopify-api", "tea.myshopify.com",
         {"shop": "tea.myshopify.com", "client_id": "SHOPIFY_CLIENT_ID",
          "client_secret": "SHOPIFY_CLIENT_SECRET"}),
    ],
)  # fmt: skip
def test_a_form_and_a_place_become_a_source_that_is_read_as_it_was_said(
    form: str, place: str, kind: dict[str, str]
) -> None:
    text = first_source.source_text(form, place)
    first_source.check_source(text, Settings.load())
    [(name, told)] = tomllib.loads(text).items()
    assert told == {"format": form, **kind}
    assert name == ("newsletter" if form == "klaviyo" else "shop")


def test_a_newcomer_with_an_export_hears_who_could_be_contacted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SAMPLES / "shopify", folder / "exports")
    asked = []

    def seeded_look(sources: list[Source], settings: Settings, clock: Clock) -> Look:
        asked.append(([it.name for it in sources], settings.brand_name))
        return look(sources, settings, clock, invoke=seeded)

    monkeypatch.setattr(room, "look", seeded_look)
    words = ("--brand", "Tea", "--source", "shopify", "--place", "exports")
    assert init(monkeypatch, *words) == 0
    said = capsys.readouterr().out
    assert "written: sources.toml\n" in said
    assert "email: 1 of 4 customers could be contacted now" in said
    assert said.rstrip().endswith("Next: winback load")
    assert asked == [(["shop"], "Tea")]
    assert not (folder / "home" / "landing").exists()


def test_a_place_without_files_is_told_and_what_is_there_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sources.toml").write_text('[mine]\nformat = "shopify"\nfolder = "none"\n')
    before = (folder / "sources.toml").read_bytes()
    words = ("--brand", "Tea", "--source", "generic", "--place", "exports", "--json")
    assert init(monkeypatch, *words) == 0
    said = capsys.readouterr()
    assert "what it names can't be looked at yet" in said.err
    told = json.loads(said.out)
    assert "sources.toml" in told["stays"]
    assert told["contact"] == []
    assert (folder / "sources.toml").read_bytes() == before


def test_the_holdout_goes_to_every_playbook_that_has_one(
    seed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(csv.DictReader(seed.read_text().splitlines()))
    monkeypatch.setattr("winback.cli._init.HOUSE_DIR", Path.cwd())  # the checkout itself
    for is_written in (True, False):
        assert init(monkeypatch, "--brand", "Tea", "--holdout", "30 %", "--json") == 0
        written = json.loads(capsys.readouterr().out)["written"]
        assert ("playbooks.csv (a holdout of 30 %)" in written) == is_written
    assert not Path("winback.toml").exists()
    after = list(csv.DictReader(seed.read_text().splitlines()))
    assert [row | {"holdout_share": ""} for row in after] == [
        row | {"holdout_share": ""} for row in before
    ]
    assert [row["holdout_share"] for row in after] == [
        "0.30" if float(row["holdout_share"]) else row["holdout_share"] for row in before
    ]
    assert "0.00" in {row["holdout_share"] for row in after}


def test_a_seed_that_is_written_otherwise_is_left_to_its_shop(seed: Path) -> None:
    text = seed.read_text().replace(",0.10,true,win_back,", ',"0.10","true",win_back,', 1)
    seed.write_text(text)
    with pytest.raises(WinbackError, match="Next: set its holdout_share by hand"):
        first_holdout.write_holdout(30)
    assert seed.read_text() == text


def test_the_lapse_preset_is_told_by_what_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(monkeypatch, "--brand", "Tea") == 0
    assert "With a year of orders: winback backtest --compare" in capsys.readouterr().out
    shop = folder / "shop"
    shop.mkdir()
    (shop / "customers.csv").write_text("customer_id,email\nc1,c1@example.com\n")
    (shop / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-05,40\no2,c1,2026-03-05,40\n"
    )
    monkeypatch.setattr(sys, "argv", ["winback", "load", str(shop)])
    with pytest.raises(SystemExit):
        main()
    capsys.readouterr()
    assert init(monkeypatch, "--brand", "Tea", "--json") == 0
    lapse = json.loads(capsys.readouterr().out)["lapse"]
    assert (lapse["proposed"], lapse["line"]) == (
        "fixed",
        'lapse_preset = "fixed"',
    )
    assert "the orders are of 59 days" in lapse["because"]
