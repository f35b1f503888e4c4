"""Homes that earlier releases left behind, unpacked where a test may go on with them."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.readiness.modes import sandbox_settings
from winback.rehearsal import sandbox

HOMES = Path(__file__).parent / "homes"
NAMES = sorted(path.name.removesuffix(".tar.xz") for path in HOMES.glob("*.tar.xz"))


@dataclass(frozen=True)
class KeptHome:
    """A home, its settings, and what the providers had accepted when it was kept."""

    home: Path
    variables: dict[str, str]
    about: dict[str, Any]

    def settings(self, **more: object) -> Settings:
        given = {key.removeprefix("WINBACK_").lower(): it for key, it in self.variables.items()}
        return Settings.load(home=self.home, **given, **more)

    @property
    def left(self) -> set[str]:
        """The ids of the messages that left."""
        return {it["message_id"] for it in self.about["left"]}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the ledger, read past its code."""
        with closing(sqlite3.connect(self.home / "ledger.db")) as ledger:
            return ledger.execute(query).fetchall()


def unpack(name: str, folder: Path) -> KeptHome:
    """Put a kept home there, as if it had been there all the time."""
    with tarfile.open(HOMES / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    lines = (folder / "settings.env").read_text().splitlines()
    kept = KeptHome(
        folder / "home",
        dict(line.split("=", 1) for line in lines),
        json.loads((folder / "about.json").read_text()),
    )
    file = kept.home / "ledger.db"
    with closing(sqlite3.connect(file)) as ledger, ledger:
        place = f"{file.resolve()}#{file.stat().st_ino}"
        ledger.execute("update meta set value = ? where key = 'place'", [place])
    return kept


def hold_account(kept: KeptHome) -> None:
    """Give the sandbox the account of before: its sender, with other keys."""
    folder = sandbox.sandbox_dir(kept.settings())
    sandbox.load_or_create(folder)
    file = folder / "credentials.json"
    [(sender,)] = kept.rows("select distinct sender from messages where channel = 'sms'")
    keys = json.loads(file.read_text()) | {"messaging_service_sid": sender}
    file.write_text(json.dumps(keys))


@contextmanager
def providers(kept: KeptHome, at: datetime, **more: object) -> Iterator[tuple[Settings, str]]:
    """The shop's accounts at both providers, whose clock stands at a moment; the settings that
    reach them, and their address."""
    hold_account(kept)
    settings = kept.settings(**more)
    with sandbox.start(settings, FixedClock(at)) as running:
        found = sandbox_settings(settings, **running.overrides())
        yield found, found.sendgrid_base_url


def accepted(address: str) -> list[dict[str, Any]]:
    """What the providers accepted, oldest first."""
    told = requests.get(f"{address}/_sandbox/messages", timeout=30)
    found: list[dict[str, Any]] = told.json()["messages"]
    return found
