"""The event log read anew: its events as they read today, compared with the ledger.

Every collected part is applied again to an empty set of events and opt-outs, in a ledger of
its own beside a copy of the messages. It differs from the real one where rows were lost, or
where a parser, a phrase list or the list of machines has changed since.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, insert, or_, select, update

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._apply import Parsed, apply
from winback.inbound._collect import parse, reader
from winback.inbound._log import log_part_path, read_log_part, writers
from winback.ledger import (
    ERASED_DETAIL,
    HIDDEN_PREFIX,
    LIFTED_BY_START,
    NEW,
    Ledger,
    callbacks_from,
    forget_key,
    insert_new,
    open_ledger,
    suppress,
    tables,
)
from winback.providers import Event

ROWS_PER_QUERY: Final = 500
# The sources of opt-outs that came as events; the others joined from elsewhere.
EVENT_SOURCES: Final = ("sendgrid_", "twilio_", "winback_")
# Columns that are no part of the event: how often its row was exported, and which copy was read
# first.
_OWN: Final = {"version", "exported_version", "raw_ref"}
# Of an opt-out its id says the rest, and survives the erasure of its address; when the ledger
# heard of it is no part of what happened.
_OF_SUPPRESSIONS: Final = ("reason", "source", "occurred_at", "lifted_at")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


@dataclass
class Difference:
    """How the rows of one table compare: keys of those that differ, and by which columns."""

    same: int = 0
    only_in_ledger: int = 0
    missing: set[str] = field(default_factory=set)
    different: set[str] = field(default_factory=set)
    columns: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.only_in_ledger + len(self.missing) + len(self.different)


@dataclass
class ReplayReport:
    """What was read and how it compares; `missing_parts` were collected and are not there."""

    parts: int = 0
    missing_parts: int = 0
    unreadable: int = 0
    events: Difference = field(default_factory=Difference)
    suppressions: Difference = field(default_factory=Difference)

    @property
    def differences(self) -> int:
        return self.events.total + self.suppressions.total

    @property
    def can_be_written(self) -> int:
        """Repairs that a replay may make: it takes nothing away from the ledger and ends no
        opt-out."""
        events = len(self.events.missing) + len(self.events.different)
        return events + len(self.suppressions.missing)


@dataclass(frozen=True)
class _Part:
    received_at: datetime
    events: list[Parsed]


def replay_events(
    ledger: Ledger, settings: Settings, clock: Clock, *, write: bool = False
) -> ReplayReport:
    """Compare the ledger with what the event log says; with `write`, bring it up to that.

    Writing adds what is missing, with all that an event does, and corrects what is different.
    It removes no row and ends no opt-out.
    """
    report, folder = ReplayReport(), settings.events_dir
    settings.home.mkdir(parents=True, exist_ok=True)
    # Beside the ledger, since it holds what the ledger holds, and only for its owner's eyes.
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".replay-") as name:
        url = f"sqlite:///{name}/ledger.db"
        empty = settings.model_copy(update={"ledger_url": url, "adopt_ledger": NEW})
        with open_ledger(empty) as replayed:
            with ledger.read() as real:
                _rebuild(real, replayed, folder, clock, report)
                with replayed.read() as copy:
                    report.events = _compare_events(real, copy)
                    report.suppressions = _compare_suppressions(real, copy)
            if write and report.can_be_written:
                with ledger.write() as real, replayed.read() as copy:
                    _write(real, copy, folder, clock, report)
    return report


def _rebuild(
    real: Connection, replayed: Ledger, folder: Path, clock: Clock, report: ReplayReport
) -> None:
    elsewhere = _copy(real, replayed, _from_events(callbacks_from(real)))
    for part in _parts(real, folder, report):
        with replayed.write() as copy:
            heard = [row for row in elsewhere if row["recorded_at"] <= part.received_at]
            insert_new(copy, tables.suppressions, heard)
            elsewhere = elsewhere[len(heard) :]
            applied = apply(copy, part.events, clock)
        report.parts += 1
        report.unreadable += applied.unreadable


def _write(
    real: Connection, copy: Connection, folder: Path, clock: Clock, report: ReplayReport
) -> None:
    missing, e = report.events.missing, tables.provider_events
    for part in _parts(real, folder, ReplayReport()) if missing else ():
        events = [p for p in part.events if isinstance(p, Event) and p.dedupe_key in missing]
        apply(real, events, clock)
    for theirs in _rows(copy, e, report.events.different):
        changed = {name: value for name, value in theirs.items() if name not in _OWN}
        statement = update(e).where(e.c.dedupe_key == theirs["dedupe_key"])
        real.execute(statement.values(**changed, version=e.c.version + 1))
    for theirs in _rows(copy, tables.suppressions, report.suppressions.missing):
        if theirs["lifted_at"] is not None:
            insert_new(real, tables.suppressions, [theirs])
            continue
        suppress(
            real,
            group=theirs["channel_group"],
            address=theirs["address"],
            reason=theirs["reason"],
            source=theirs["source"],
            occurred_at=theirs["occurred_at"],
            recorded_at=clock.now(),
        )


def _copy(real: Connection, replayed: Ledger, from_events: ColumnElement[bool]) -> list[Row]:
    """Messages and keys, as they are; the opt-outs from elsewhere, oldest first, are returned.

    Only events end a stop, so that the replay must end it again.
    """
    with replayed.write() as copy:
        copy.execute(tables.address_keys.delete())
        forget_key(copy)
        for table in (tables.address_keys, tables.messages):
            for rows in real.execute(select(table)).mappings().partitions(ROWS_PER_QUERY):
                copy.execute(insert(table), [dict(row) for row in rows])
    s = tables.suppressions
    statement = select(s).where(~from_events).order_by(s.c.recorded_at, s.c.suppression_id)
    return [
        {**row, "lifted_at": None if row["reason"] in LIFTED_BY_START else row["lifted_at"]}
        for row in real.execute(statement).mappings()
    ]


def _parts(real: Connection, folder: Path, report: ReplayReport) -> Iterator[_Part]:
    """All that the ledger has collected, in the order in which it came in."""

    def of(writer: str) -> Iterator[_Part]:
        p = tables.positions.c
        last = real.scalar(select(p.position).where(p.reader == reader(writer)))
        for number in range(1, int(last or 0) + 1):
            path = log_part_path(folder, writer, number)
            if not path.exists():
                report.missing_parts += 1
                continue
            records = list(read_log_part(path))
            came_in = max((record.received_at for record in records), default=_LONG_AGO)
            yield _Part(came_in, list(parse(records)))

    return heapq.merge(*map(of, writers(folder)), key=lambda part: part.received_at)


def _from_events(since: datetime | None) -> ColumnElement[bool]:
    """Opt-outs that a part tells of; of an erased person, and of old ones, no part does any more.

    `since` is when the log begins to be whole. An event is in the ledger within a day.
    """
    s = tables.suppressions.c
    by_source = or_(*(s.source.startswith(name, autoescape=True) for name in EVENT_SOURCES))
    is_told = by_source & ~s.address.startswith(HIDDEN_PREFIX, autoescape=True)
    return is_told if since is None else is_told & (s.recorded_at >= since + timedelta(days=1))


def _compare_events(real: Connection, copy: Connection) -> Difference:
    columns = [c.name for c in tables.provider_events.columns if c.name not in _OWN]
    is_told = tables.provider_events.c.detail_json != ERASED_DETAIL
    return _compare(real, copy, tables.provider_events, is_told, lambda _: columns)


def _compare_suppressions(real: Connection, copy: Connection) -> Difference:
    def columns(row: Row) -> Sequence[str]:
        # A person may release a hold by hand: no event says so.
        return _OF_SUPPRESSIONS[:-1] if row["reason"] == "hold" else _OF_SUPPRESSIONS

    is_told = _from_events(callbacks_from(real))
    return _compare(real, copy, tables.suppressions, is_told, columns)


def _compare(
    real: Connection,
    copy: Connection,
    table: Table,
    which: ColumnElement[bool],
    columns: Callable[[Row], Sequence[str]],
) -> Difference:
    """Look up each row of the replay in the ledger by its key."""
    found, (key,) = Difference(), table.primary_key.columns
    replayed = copy.execute(select(table).where(which)).mappings()
    for rows in replayed.partitions(ROWS_PER_QUERY):
        ours = {row[key.name]: row for row in _rows(real, table, {r[key.name] for r in rows})}
        for row in map(dict, rows):
            name = row[key.name]
            if name not in ours:
                found.missing.add(name)
                continue
            if ours[name].get("detail_json") == ERASED_DETAIL:
                continue  # a later copy of an event whose first one is no longer kept
            changed = [c for c in columns(row) if row[c] != ours[name][c]]
            found.columns.update(changed)
            if changed:
                found.different.add(name)
            else:
                found.same += 1
    n_real = real.scalar(select(func.count()).select_from(table).where(which)) or 0
    found.only_in_ledger = n_real - found.same - len(found.different)
    return found


def _rows(connection: Connection, table: Table, keys: Collection[str]) -> Iterator[Row]:
    (key,), names = table.primary_key.columns, sorted(keys)
    for start in range(0, len(names), ROWS_PER_QUERY):
        chunk = names[start : start + ROWS_PER_QUERY]
        found = connection.execute(select(table).where(key.in_(chunk))).mappings().all()
        yield from (dict(row) for row in found)
