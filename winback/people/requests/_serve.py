"""Erasures and exports that wait, done one by one; what a person has to decide is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from winback.base.clock import Clock
from winback.base.duck import connect
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.inbound import PersonRequest, requests_of, write_request
from winback.ledger import AddressKey, Ledger, has_ledger, note_stage_end, open_ledger
from winback.people.erasure import erase
from winback.people.erasure._deleted import are_too_many
from winback.people.erasure._find import find_person
from winback.people.erasure._parquet import hidden_in
from winback.people.export import export_person

# Its name for the watchdog, once all was done that needs no person.
STAGE: Final = "requests"
_NEXT: Final = "Next: winback requests --run"


@dataclass(frozen=True)
class Told:
    """A request as people see it."""

    request_id: str
    asks: str
    received: str
    # What was done, or why it waits.
    state: str
    is_done: bool
    # An export that is still there to be handed over.
    is_ready: bool = False


@dataclass(frozen=True)
class Served:
    """How many requests were done, and how many wait; `notes` says why."""

    done: int
    waiting: int
    notes: tuple[str, ...]


def serve_requests(settings: Settings, clock: Clock, *, is_confirmed: bool = False) -> Served:
    """Do each erasure and export that waits. Safe to kill and to repeat.

    Very many erasures at once wait until a person has confirmed them: a secret may have leaked.
    What asks to forget a whole shop always waits for a person.
    """
    waiting = [it for it in requests_of(settings) if it.done_at is None and it.kind != "shop"]
    erasures = sum(it.kind == "erase" for it in waiting)
    done, notes = 0, list[str]()
    if are_too_many(settings, erasures) and not is_confirmed:
        notes.append(
            f"{erasures:,} erasures are asked for at once, and wait until somebody has looked. "
            "Next: winback requests --run --confirm"
        )
        waiting = [it for it in waiting if it.kind != "erase"]
    for request in waiting:
        try:
            outcome = _do(settings, clock, request)
        except WinbackError as error:
            notes.append(
                f"request {request.request_id} waits: {str(error).partition('. Next:')[0]}"
            )
            continue
        _finish(settings, clock, request, *outcome)
        done += 1
    left = sum(it.done_at is None for it in requests_of(settings))
    if not notes and has_ledger(settings):
        with open_ledger(settings) as ledger, ledger.write() as connection:
            note_stage_end(connection, STAGE, at=clock.now())
    return Served(done, left, tuple(notes))


def finish_request(settings: Settings, clock: Clock, request_id: str) -> None:
    """Note that a person has done what a request asks. Raises WinbackError where none waits."""
    for request in requests_of(settings):
        if request.request_id == request_id and request.done_at is None:
            _finish(settings, clock, request, "done by hand")
            return
    raise WinbackError(f"no request {request_id!r} waits. Next: winback requests")


def tell_requests(settings: Settings) -> list[Told]:
    """Every request, the oldest first."""
    return [_told(it) for it in requests_of(settings)]


def _told(request: PersonRequest) -> Told:
    who = request.customer_id
    asks = {
        "erase": f"erase customer {who}",
        "export": f"export what is held of customer {who}",
        "shop": f"forget all that is held of the shop {request.shop}",
    }[request.kind]
    state = request.outcome or (
        f"a person decides. Next: docs/persons-data.md, then winback requests --done "
        f"{request.request_id}"
        if request.kind == "shop"
        else f"waits. {_NEXT}"
    )
    received = f"{request.received_at:%Y-%m-%d}"
    is_ready = any(folder and Path(folder).exists() for folder in request.written)
    return Told(request.request_id, asks, received, state, request.done_at is not None, is_ready)


def _do(settings: Settings, clock: Clock, request: PersonRequest) -> tuple[str, ...]:
    """What was done, and the folders that were written. Raises WinbackError where it has to
    wait."""
    customers = list(_whose(settings, request))
    if not customers:
        return ("nothing is held of them",)
    if request.kind == "export":
        pages = (export_person(settings, clock, it).page for it in customers)
        folders = [str(page.parent) for page in pages]
        return (f"written to {', '.join(folders)}: hand it over", *folders)
    for customer_id in customers:
        erase(settings, clock, customer_id)
    return ("erased",)


def _whose(settings: Settings, request: PersonRequest) -> Iterator[str]:
    """The customer of the id that Shopify names; where nobody has it, those of its address, as
    guests are known by an address alone."""
    with open_ledger(settings) as ledger:
        try:
            find_person(ledger, settings, request.customer_id)
        except UsageError:
            yield from _at_their_addresses(ledger, settings, request.hidden)
        else:
            yield request.customer_id


def _at_their_addresses(
    ledger: Ledger, settings: Settings, hidden: tuple[str, ...]
) -> Iterator[str]:
    path = settings.shop_dir / "customers.parquet"
    if not hidden or not path.exists():
        return
    with ledger.read() as connection:
        key = AddressKey.of(connection)
    theirs, values = hidden_in("lower(trim(email))", key, hidden)
    query = f"select customer_id from read_parquet($path) where {theirs} order by customer_id"
    with connect() as duck:
        found = duck.execute(query, {"path": str(path), **values}).fetchall()
    yield from (customer_id for (customer_id,) in found)


def _finish(
    settings: Settings, clock: Clock, request: PersonRequest, outcome: str, *written: str
) -> None:
    """Keep that it is done; of an erased person only under the pseudonym."""
    name = request.customer_id
    if request.kind == "erase":
        with open_ledger(settings) as ledger, ledger.read() as connection:
            name = AddressKey.of(connection).pseudonym(name)
    done = replace(request, customer_id=name, done_at=clock.now(), outcome=outcome, written=written)
    write_request(settings, done)
