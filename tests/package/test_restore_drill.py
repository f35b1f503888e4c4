"""The disk is lost in the middle of a season: by the commands of docs/backup.md, from the wheel."""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from machine import ROOT, TUESDAY, Machine, free_port

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

EXPORT = re.compile(r"^export (WINBACK_\w+)='([^']*)'", re.MULTILINE)


class Season:
    """A shop that sends through providers of its own world, day after day."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine, self.backups = machine, folder / "backups"
        self.box = f"http://127.0.0.1:{free_port()}"
        self.public = f"http://127.0.0.1:{free_port()}"

    def at(self, day: int) -> str:
        moment = TUESDAY + timedelta(days=day)
        self._post("clock", now=moment.isoformat())
        return f"{moment:%Y-%m-%dT%H:%M}"

    def run(self, day: int) -> str:
        said = self.machine.winback("run", "--mode", "sandbox", "--as-of", self.at(day))
        self._post("flush", timeout_seconds=60)
        return said

    def messages(self) -> list[dict[str, Any]]:
        url = f"{self.box}/_sandbox/messages"
        found: list[dict[str, Any]] = httpx.get(url, timeout=60).json()["messages"]
        return found

    def act(self, **event: str) -> None:
        self._post("events", events=[event])
        self._post("flush", timeout_seconds=60)

    def _post(self, name: str, **body: object) -> None:
        httpx.post(f"{self.box}/_sandbox/{name}", json=body, timeout=120).raise_for_status()


def texts(season: Season) -> list[dict[str, Any]]:
    return [it for it in season.messages() if it["provider"] == "twilio"]


def mails(season: Season) -> list[dict[str, Any]]:
    return [it for it in season.messages() if it["provider"] == "sendgrid"]


def unsubscribe(season: Season, mail: dict[str, Any]) -> None:
    """What a mail program does: RFC 8058, at the address in the mail's header."""
    [path] = set(re.findall(r"/u/[\w-]+", str(mail)))
    form = {"List-Unsubscribe": "One-Click"}
    httpx.post(f"{season.public}{path}", data=form, timeout=60).raise_for_status()


def test_a_season_goes_on_after_the_disk_is_lost(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import_module("newcomer").write_shop(machine.shop / "files", TUESDAY - timedelta(days=10))
    season = Season(machine, tmp_path)
    world = tmp_path / "world"
    world.mkdir()
    box_port, port = season.box.rpartition(":")[2], season.public.rpartition(":")[2]
    machine.settings = {"WINBACK_HOME": str(world)}
    box = machine.serving(
        f"{season.box}/_sandbox/healthz", "sandbox", "--port", box_port,
        "--webhooks", season.public, cwd=world,
    )  # fmt: skip
    with box as log:
        machine.settings = dict(EXPORT.findall(log.read_text())) | {
            "WINBACK_BACKUP_TO": str(season.backups), "WINBACK_PUBLIC_BASE_URL": season.public,
        }  # fmt: skip
        machine.winback("init", "--brand", "Copper and Tea", "--country", "GB", "--timezone",
                        "Europe/London", "--address", "1 High Street, Exampleton")  # fmt: skip
        machine.winback("load", "files")
        live_and_lose(season, port)
        restore_and_go_on(season, port)


def live_and_lose(season: Season, port: str) -> None:
    machine = season.machine
    with machine.serving(f"{season.public}/healthz", "serve", "--port", port):
        season.run(0)
        first = texts(season)
        assert first
        machine.winback("backup")
        season.act(event="reply", message_id=first[0]["message_id"], body="STOP")
        season.run(1)
        late = [it for it in mails(season) if it not in first]
        assert late, "something left that the backup does not know"
        unsubscribe(season, late[-1])
        copies = season.backups / "since" / "events"
        deadline = time.monotonic() + 60
        while not any(b'"unsubscribe"' in it.read_bytes() for it in copies.glob("*.jsonl")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    shutil.rmtree(machine.shop / ".winback")


def restore_and_go_on(season: Season, port: str) -> None:
    machine = season.machine
    before = season.messages()
    stopped = texts(season)[0]["recipient"]
    refused = mails(season)[-1]["recipient"]
    assert "Next: winback adopt" in machine.winback("restore", str(season.backups))
    with machine.serving(f"{season.public}/healthz", "serve", "--port", port):
        machine.winback("build", "--as-of", season.at(1))
        said = machine.winback("run", "--mode", "sandbox", "--as-of", season.at(1), code=1)
        assert "winback adopt" in said
        assert season.messages() == before
        said = machine.winback("adopt", "--as-of", season.at(1))
        assert "messages had left since, and are not sent again" in said
        machine.run("doctor")
        machine.winback("run", "--as-of", season.at(1))
        assert season.messages() == before, "a dry run shows what is due"
    # Started again, so that it replies to people again.
    with machine.serving(f"{season.public}/healthz", "serve", "--port", port):
        season.run(1)
        assert season.messages() == before, "all that was due had left"
        season.run(4)  # The next texts are due, and for a day.
        later = season.messages()[len(before) :]
        assert later, "the season goes on"
        times = Counter(it["message_id"] for it in season.messages())
        assert {key: n for key, n in times.items() if n > 1} == {}
        assert not {stopped, refused} & {it["recipient"] for it in later}
        machine.winback("backup")
