"""Keep a home of this release for the upgrade drill: `python scripts/keep_home.py NAME`.

An invented shop of forty customers lives through four days with the release's own commands, its
sandbox and its receiver: messages left, one of them without a response; people replied, stopped and
came in; others wait for a step, and the last run has planned what leaves two hours later. What such
a home holds, without keys and caches, becomes `tests/upgrade/homes/NAME.tar.xz`. `--tree DIR` makes
it by the code of another checkout, such as one of an earlier release.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
HOMES: Final = ROOT / "tests" / "upgrade" / "homes"
# A Monday.
BEGIN: Final = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
# What a later release reads; all else is made anew.
KEPT: Final = ("ledger.db", "landing")
_DROPPED: Final = (".lock", ".tmp")
_WAIT: Final = 120


def write_shop(folder: Path, numbers: range) -> None:
    """Customers whose last order is a month ago; every fourth can be reached by phone alone."""
    folder.mkdir()
    people, orders, consents = [], [], []
    for n in numbers:
        key = f"K{n:03}"
        # Ofcom keeps these numbers for fiction. One is spelled as people spell it.
        phone = f"+{'440' if n == 5 else '44'}7700900{n:03}"
        email = f"{key.lower()}@example.com" if n % 4 else ""
        last = BEGIN - timedelta(days=31 + n % 8, hours=n % 5)
        joined = f"{last - timedelta(days=400):%Y-%m-%d}"
        people.append([key, email, phone, "Ada", "GB", "Europe/London", joined])
        orders += [
            [f"{kind}{n}", key, f"{last - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}", 20 + n]
            for kind, days in (("a", 200), ("b", 0))
        ]
        at = f"{last - timedelta(days=200):%Y-%m-%d}"
        consents.append([key, "sms", "granted", "express_written", at])
        if email:
            consents.append([key, "email", "granted", "express", at])
    ids = "customer_id"
    told = [ids, "email", "phone", "first_name", "country", "timezone", "created_at"]
    _write(folder, "customers", told, people)
    _write(folder, "orders", ["order_id", ids, "ordered_at", "total_amount"], orders)
    _write(folder, "consents", [ids, "channel", "status", "basis", "occurred_at"], consents)


def _write(folder: Path, name: str, header: list[str], rows: list[list[Any]]) -> None:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


class House:
    """A home, and the release that runs it: its commands, its sandbox and its receiver."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree, self.folder, self.home = tree, folder, folder / "home"
        self.sandbox, self.receiver = _free_port(), _free_port()
        self.settings = {
            "WINBACK_SHOP_TIMEZONE": "Europe/London",
            "WINBACK_BRAND_NAME": "Copper and Tea",
            "WINBACK_SHOP_URL": "https://copper.example.com",
            "WINBACK_FROM_EMAIL": "hello@copper.example.com",
            "WINBACK_POSTAL_ADDRESS": "1 High Street, Exampleton",
        }
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("WINBACK_")},
            **self.settings,
            "WINBACK_HOME": str(self.home),
            "PYTHONPATH": str(tree),
            "PREFECT_HOME": str(folder / "prefect"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "DO_NOT_TRACK": "1",
        }

    def winback(self, *words: str) -> str:
        """Run a command to its end and return what it said; end here where it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "winback.cli", *words], env=self.environment, cwd=self.folder,
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"winback {' '.join(words)}\n{done.stdout}{done.stderr}")
        sys.stderr.write(f"winback {' '.join(words)}\n")
        return done.stdout

    def run(self, at: datetime) -> None:
        """A run at that moment, and what the providers report of it."""
        self.post("clock", {"now": at.isoformat()})
        self.winback("run", "--mode", "sandbox", "--as-of", f"{at:%Y-%m-%dT%H:%M:%SZ}")
        self.post("flush", {"timeout_seconds": 60})

    def post(self, control: str, body: Mapping[str, Any]) -> None:
        """Ask the sandbox for something."""
        self._ask(f"/_sandbox/{control}", json.dumps(body).encode())

    def sent(self) -> list[dict[str, Any]]:
        """What the providers accepted, oldest first."""
        told = self._ask("/_sandbox/messages?limit=1000", None)
        found: list[dict[str, Any]] = told["messages"]
        return found

    def _ask(self, path: str, body: bytes | None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.sandbox}{path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_WAIT) as response:  # noqa: S310
            return json.loads(response.read() or b"null")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Sandbox and receiver, with the keys that the sandbox made up."""
        address = f"http://127.0.0.1:{self.receiver}"
        words = ("sandbox", "--port", str(self.sandbox), "--webhooks", address)
        with _process(self, *words) as sandbox:
            for line in sandbox.stdout or ():
                name, _, value = line.removeprefix("export ").partition("=")
                if line.startswith("export "):
                    self.environment[name] = value.partition("  #")[0].strip().strip("'\"")
                if line.startswith("# Webhooks"):
                    break
            self.environment["WINBACK_PUBLIC_BASE_URL"] = address
            _await(self.sandbox)
            with _process(self, "serve", "--port", str(self.receiver)):
                _await(self.receiver)
                yield


@contextmanager
def _process(house: House, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "winback.cli", *words], env=house.environment,
        cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=_WAIT)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _await(port: int) -> None:
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    sys.exit(f"nothing listens on port {port}")


def live(house: House) -> list[dict[str, Any]]:
    """Four days of the shop; what the providers had accepted at their end."""
    write_shop(house.folder / "shop", range(1, 37))
    house.winback("load", str(house.folder / "shop"))
    with house.serving():
        # One text leaves and its response never comes; of another the call never arrives.
        for kind in ("drop_accepted", "drop"):
            house.post("faults", {"kind": kind, "count": 1})
        house.run(BEGIN)
        texts = [it for it in house.sent() if it["provider"] == "twilio"]
        house.post("events", {"events": [
            _reply(texts[0], "STOP"), _reply(texts[1], "Who are you?"), _reply(texts[2], "Thanks!"),
        ]})  # fmt: skip
        house.post("flush", {"timeout_seconds": 60})
        house.run(BEGIN + timedelta(days=1, hours=1))
        mails = [it for it in house.sent() if it["provider"] == "sendgrid"]
        for kind, mail in zip(
            ("group_unsubscribe", "bounce", "click", "spamreport"), mails, strict=False
        ):
            # A sandbox of some releases bounces nothing that was delivered.
            with suppress(urllib.error.HTTPError):
                house.post(
                    "events", {"events": [{"event": kind, "message_id": mail["message_id"]}]}
                )
        house.post("flush", {"timeout_seconds": 60})
        write_shop(house.folder / "more", range(37, 41))
        house.winback("load", str(house.folder / "more"))
        # Before the hours of texts and of email: what is due is planned, and waits.
        house.run(BEGIN.replace(hour=5) + timedelta(days=3))
        told = ("message_id", "provider", "recipient")
        return [{name: it[name] for name in told} for it in house.sent()]


def _reply(text: Mapping[str, Any], words: str) -> dict[str, Any]:
    return {"event": "reply", "message_id": text["message_id"], "body": words}


def keep(house: House, target: Path, about: Mapping[str, Any]) -> None:
    """Write a home's archive: its files in the order of their names, without times and owners."""
    with closing(sqlite3.connect(house.home / "ledger.db")) as ledger:
        ledger.execute("pragma wal_checkpoint(truncate)")
        ledger.execute("pragma journal_mode = delete")
        ledger.execute("vacuum")
    settings = "".join(f"{name}={value}\n" for name, value in house.settings.items())
    written = {"about.json": json.dumps(about, indent=1), "settings.env": settings}
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for name, text in written.items():
            _add(archive, name, text.encode())
        for path in sorted(it for name in KEPT for it in _files(house.home / name)):
            if not any(word in path.name for word in _DROPPED):
                _add(archive, f"home/{path.relative_to(house.home)}", path.read_bytes())


def _files(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    yield from (it for it in top.rglob("*") if it.is_file() and not it.is_symlink())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _git(tree: Path, *words: str) -> str:
    git = shutil.which("git") or "git"
    return subprocess.run(
        [git, "-C", str(tree), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", help="The release, such as 0.6.0.")
    parser.add_argument("--tree", type=Path, default=ROOT, help="The checkout whose code makes it.")
    chosen = parser.parse_args()
    tree = chosen.tree.resolve()
    with tempfile.TemporaryDirectory() as name:
        house = House(tree, Path(name))
        about = {
            "release": chosen.name,
            "commit": _git(tree, "rev-parse", "--short=10", "HEAD"),
            "committed": _git(tree, "show", "-s", "--format=%cI", "HEAD"),
            "left": live(house),
        }
        keep(house, HOMES / f"{chosen.name}.tar.xz", about)


if __name__ == "__main__":
    main()
