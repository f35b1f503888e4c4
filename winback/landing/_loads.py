"""The loads that were: their reports in `landing/loads`, one a load."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from winback.base.clock import Clock
from winback.base.errors import WinbackError
from winback.base.settings import Settings


def newest_load(settings: Settings) -> str:
    """The name of the last load that is whole; names sort by time. Empty before the first."""
    return max((path.stem for path in _folder(settings).glob("*.json")), default="")


def require_loaded(settings: Settings) -> Path:
    """The file of the shop's orders. Raises WinbackError before the first load."""
    orders = settings.shop_dir / "orders.parquet"
    if not orders.exists():
        raise WinbackError("nothing is loaded yet. Next: winback load DIR")
    return orders


def next_load_id(settings: Settings, clock: Clock) -> str:
    """Sorts by time; the counter tells loads of one second apart."""
    second = clock.now().strftime("%Y%m%dT%H%M%SZ")
    taken = {path.stem for path in _folder(settings).glob(f"{second}-*.json")}
    return next(
        name for n in range(1, len(taken) + 2) if (name := f"{second}-{n:02d}") not in taken
    )


def load_before(settings: Settings, table: str, source: str) -> str:
    """The newest load of a source that brought a table; empty where none did."""
    for load_id, told in _reports(settings):
        if _source_of(told) == source and any(it["name"] == table for it in told["tables"]):
            return load_id
    return ""


def loads_of_others(settings: Settings, source: str) -> list[str]:
    """The loads of the other named sources; none where a person loads a folder."""
    if not source:
        return []
    return [load_id for load_id, told in _reports(settings) if _source_of(told) not in {"", source}]


def was_replaced(settings: Settings, *, since: str) -> bool:
    """Whether a load after this one has forgotten what it landed, by `--replace`."""
    return any(told["replace"] for load_id, told in _reports(settings) if load_id > since)


def _reports(settings: Settings) -> Iterator[tuple[str, Any]]:
    """The newest first."""
    for path in sorted(_folder(settings).glob("*.json"), reverse=True):
        yield path.stem, json.loads(path.read_text())


def _source_of(told: Any) -> str:
    return str(told.get("source", ""))  # reports of an earlier version say none


def _folder(settings: Settings) -> Path:
    return settings.landing_dir / "loads"
