"""`winback init`: what it writes is read as it was said, and what is there stays."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from winback.base.settings import Settings
from winback.cli import main
from winback.content.brand import read_brand


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
    assert told["written"] == [".env"]
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
        [sys.executable, "-m", "winback.cli", "init", "--country", "IT", "--source", "generic"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(theirs)
    # The name, no postal address, the proposed zone, no URL, the sender, the proposed channels.
    os.write(mine, b"Rame e The\n\n\n\nciao@rame.example\n\n")
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
