"""What a source's pulls remember, beside landing: since when, and how far one has come.

It moves on after landing has succeeded, never before: what is pulled twice does no harm. No URL,
no token and nobody's data is in it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from winback.base.locks import take_lock
from winback.base.private import keep_private
from winback.base.settings import Settings
from winback.base.whole import written_whole


@dataclass
class Going:
    """A pull that is under way: its operations by kind, and the kinds whose file is here."""

    is_full: bool
    since: str | None
    has_all_orders: bool
    operations: dict[str, str] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    objects: dict[str, int] = field(default_factory=dict)


@dataclass
class State:
    """One source's. `since` is what the next pull asks for, `full_at` when all was pulled, and
    `load_id` the load that landed the last pull."""

    shop: str
    since: str | None = None
    full_at: str | None = None
    load_id: str = ""
    going: Going | None = None


@dataclass(frozen=True)
class Folder:
    """Where it is kept."""

    path: Path

    @property
    def files(self) -> Path:
        """What is downloaded, until it has landed."""
        return self.path / "files"

    def read(self, shop: str) -> State:
        """The state of a shop; another shop under this name begins anew."""
        path = self.path / "state.json"
        if not path.exists():
            return State(shop)
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if told["shop"] != shop:
            (self.path / "seen.parquet").unlink(missing_ok=True)
            return State(shop)
        going = Going(**told.pop("going")) if told.get("going") else told.pop("going")
        return State(**told, going=going)

    def write(self, state: State) -> None:
        """Keep it, whole."""
        with written_whole(self.path / "state.json") as file:
            file.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")

    def seen(self) -> set[str]:
        """The ids of the customers whom pulls have seen."""
        path = self.path / "seen.parquet"
        return set(pq.read_table(path)["customer_id"].to_pylist()) if path.exists() else set()

    def keep_seen(self, ids: set[str]) -> None:
        """Keep the ids, whole."""
        with written_whole(self.path / "seen.parquet") as file:
            pq.write_table(pa.table({"customer_id": pa.array(sorted(ids), pa.string())}), file)

    def forget_files(self) -> None:
        """What was downloaded names people: it goes when it has landed."""
        shutil.rmtree(self.files, ignore_errors=True)


@contextmanager
def open_folder(settings: Settings, source: str) -> Iterator[Folder]:
    """The folder of a source; one pull of it at a time. A dead pull holds nothing."""
    keep_private(settings.home)
    path = settings.landing_dir / "pulls" / source
    path.mkdir(parents=True, exist_ok=True)
    with (path / ".lock").open("w") as file:
        take_lock(
            file,
            f"another pull of [{source}] is under way. Next: the same command when it is done",
        )
        yield Folder(path)


def instant(text: str | None) -> datetime | None:
    """An instant of the state."""
    return datetime.fromisoformat(text) if text else None
