"""The print shop's list of cards that came back."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from winback.base.cells import plain
from winback.base.clock import Clock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.inbound._collect import collect
from winback.inbound._fetched import keep_records
from winback.ledger import Ledger, among, tables
from winback.providers import returned_record

_m, _e = tables.messages.c, tables.provider_events.c


@dataclass(frozen=True)
class ReturnedReport:
    """The cards of a list: how many, the news among them, and those that are none of ours."""

    read: int
    new: int
    unknown: int


def take_returned(ledger: Ledger, settings: Settings, clock: Clock, file: Path) -> ReturnedReport:
    """Keep that these cards came back, as a bounce: their addresses get no more. Safe to repeat.

    Raises UsageError for a file that is not there or has no column message_id.
    """
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    with file.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        reader = csv.DictReader(stream)
        if "message_id" not in (reader.fieldnames or ()):
            raise UsageError(f"{file.name} has no column message_id, as the files for the shop do")
        named = {plain((row["message_id"] or "").strip()) for row in reader}
    with ledger.read() as connection:
        cards = select(_m.message_id).where(
            among(_m.message_id, named), _m.channel == "direct_mail"
        )
        ours = set(connection.scalars(cards))
        told = select(_e.message_id).where(
            among(_e.message_id, ours), _e.provider == "print", _e.kind == "bounced"
        )
        new = ours - set(connection.scalars(told))
    keep_records(settings, clock, [returned_record(it, clock.now()) for it in sorted(new)])
    collect(ledger, settings, clock)
    return ReturnedReport(len(named), len(new), len(named - ours))
