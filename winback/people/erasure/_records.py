"""The record of each erasure: when, and how much, of whom only the keyed hashes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winback.base.settings import Settings

if TYPE_CHECKING:
    from winback.people.erasure._person import Person


def folder(settings: Settings) -> Path:
    return settings.landing_dir / "erased"


def read_record(settings: Settings, name: str) -> dict[str, Any]:
    """The record of a pseudonym; empty where there is none."""
    path = folder(settings) / f"{name}.json"
    if not path.exists():
        return {}
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def write_record(
    settings: Settings, person: Person, *, at: datetime, changed: Mapping[str, int] | None
) -> None:
    """Keep what is known of an erasure; `changed` is None for one that has only begun.

    It appears under its name only when it is whole.
    """
    record = read_record(settings, person.pseudonym)
    record.setdefault("erased_at", at.isoformat())
    record |= {"pseudonym": person.pseudonym, "addresses": sorted(person.hidden)}
    record["listed"] = sorted(person.listed)
    if changed is not None:
        record.setdefault("done", []).append({"at": at.isoformat(), "changed": dict(changed)})
    path = folder(settings) / f"{person.pseudonym}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(record, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def erased_at(settings: Settings, customer_id: str) -> datetime | None:
    """When a customer was erased; None for whom no record speaks of."""
    if not folder(settings).is_dir():
        return None
    from winback.ledger import AddressKey, open_ledger

    with open_ledger(settings) as ledger, ledger.read() as connection:
        name = AddressKey.of(connection).pseudonym(customer_id)
    record = read_record(settings, name)
    return datetime.fromisoformat(record["erased_at"]) if record else None
