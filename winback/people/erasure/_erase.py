"""The story of an erasure: look, change every place, make the files forget, keep a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from winback.base.clock import Clock
from winback.base.running import alone
from winback.base.settings import Settings
from winback.inbound import collect
from winback.landing import landing_lock
from winback.ledger import Ledger, export_ledger, open_ledger
from winback.people.erasure import _others, _parquet
from winback.people.erasure._events import erase_in_events
from winback.people.erasure._find import find_person
from winback.people.erasure._ledger import erase_events, erase_in_ledger
from winback.people.erasure._letters import erase_in_letters
from winback.people.erasure._person import Person
from winback.people.erasure._records import erased_at, write_record
from winback.warehouse import forget_shared, warehouse_lock


@dataclass(frozen=True)
class ErasureReport:
    """Rows changed by place, or in a dry run to be changed; no contact data."""

    pseudonym: str
    addresses: int
    # Messages to their addresses that went to other customers: those keep what is theirs.
    shared: int
    changed: Mapping[str, int]


class _DryRun(Exception):
    pass


def erase(
    settings: Settings, clock: Clock, customer_id: str, *, dry_run: bool = False
) -> ErasureReport:
    """Erase a customer from everything under WINBACK_HOME; what is counted stays, nameless.

    Safe to kill and to repeat: their addresses are suppressed first, and what one that died has
    left the next one finds. A dry run changes nothing. Raises WinbackError while a run, a
    build or a load is under way, UsageError for a customer that is known nowhere.
    """
    with (
        alone(settings),
        warehouse_lock(settings),
        landing_lock(settings, forgets=True),
        open_ledger(settings) as ledger,
    ):
        if not dry_run:
            # What nobody has read yet may hold an opt-out, and is about to go.
            collect(ledger, settings, clock)
        person = find_person(ledger, settings, customer_id)
        first = erased_at(settings, customer_id) or clock.now()
        if not dry_run:
            write_record(settings, person, at=first, changed=None)
        changed = _in_ledger(ledger, person, at=first, dry_run=dry_run)
        taken = erase_in_events(settings, person, write=not dry_run)
        changed["raw events"] = taken.count
        changed |= _in_files(settings, person, write=not dry_run)
        if not dry_run:
            with ledger.write() as connection:
                erase_events(connection, taken.dedupe_keys)
            export_ledger(ledger, settings.ledger_landing_dir)
            _others.forget_leftovers(settings)
            _others.forget_exports(settings, person)
            ledger.compact()
            write_record(settings, person, at=clock.now(), changed=changed)
            _parquet.forget_asked(settings, customer_id)
            forget_shared(settings, settings.published_dir / "current")
    return ErasureReport(person.pseudonym, len(person.hidden), len(person.others_ids), changed)


def _in_ledger(ledger: Ledger, person: Person, *, at: datetime, dry_run: bool) -> dict[str, int]:
    changed: dict[str, int] = {}
    try:
        with ledger.write() as connection:
            changed = erase_in_ledger(connection, person, at=at)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return changed


def _in_files(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    return {
        **_parquet.erase_in_landing(settings, person, write=write),
        **_others.erase_in_rejected(settings, person, write=write),
        **_parquet.erase_in_published(settings, person, write=write),
        **erase_in_letters(settings, person, write=write),
        **_others.erase_in_other_files(settings, person, write=write),
    }
