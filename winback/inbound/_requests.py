"""Requests about persons that came in from outside, one file each in `landing/requests`.

A file has the shop's id of the person and keyed hashes, never an address. What is done keeps its
file, under the pseudonym, so that the same post again is not done again.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from winback.base.private import open_private
from winback.base.settings import Settings
from winback.base.whole import written_whole

# `shop`: all that is held of a whole shop. A person decides of it.
Kind = Literal["erase", "export", "shop"]


@dataclass(frozen=True)
class PersonRequest:
    """One request. `done_at` is None while it waits; `outcome` says what was done."""

    request_id: str
    kind: Kind
    shop: str
    customer_id: str
    hidden: tuple[str, ...]
    received_at: datetime
    done_at: datetime | None = None
    outcome: str = ""
    # The folders in which an export was written.
    written: tuple[str, ...] = ()


# Shopify posts again for two days where it hears nothing.
SAME_WITHIN: Final = timedelta(days=7)


def keep_request(settings: Settings, request: PersonRequest) -> None:
    """Keep a request durably, unless it is known: a later one of the same words is another."""
    path = _path(settings, request.request_id)
    if path.exists():
        known = _read(path)
        if known.done_at is None or request.received_at - known.received_at < SAME_WITHIN:
            return
    write_request(settings, request)


def write_request(settings: Settings, request: PersonRequest) -> None:
    """Write a request whole and durably, in the place of what was known of it."""
    path = _path(settings, request.request_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside, open_private(beside) as file:
        json.dump(asdict(request), file, default=datetime.isoformat)
        file.flush()
        os.fsync(file.fileno())
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def requests_of(settings: Settings) -> list[PersonRequest]:
    """All requests, the oldest first."""
    found = [_read(path) for path in (settings.landing_dir / "requests").glob("*.json")]
    return sorted(found, key=lambda it: (it.received_at, it.request_id))


_TUPLES: Final = ("hidden", "written")


def _read(path: Path) -> PersonRequest:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    done_at = told["done_at"]
    moments = {
        "received_at": datetime.fromisoformat(told["received_at"]),
        "done_at": datetime.fromisoformat(done_at) if done_at else None,
    }
    return PersonRequest(**told | moments | {name: tuple(told[name]) for name in _TUPLES})


def _path(settings: Settings, request_id: str) -> Path:
    return settings.landing_dir / "requests" / f"{request_id}.json"
