"""What the ledger remembers of the house: its mode, when each stage last ended well, and since
when the event log is whole.

None of them decides what is sent. The mode that runs go by is Prefect's variable; this is who set
it and when, kept where a watchdog finds it while Prefect is away.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from winback.ledger import _tables as t
from winback.ledger._notes import keep_note, read_note

_MODE: Final = "house_mode"
_STAGE: Final = "stage_ended:"
_CALLBACKS: Final = "callbacks_from"


@dataclass(frozen=True)
class SetMode:
    """A mode that somebody gave the house, by `winback mode`."""

    mode: str
    by: str
    at: datetime


def note_mode(connection: Connection, mode: str, *, by: str, at: datetime) -> None:
    """Keep who gave the house its mode, and when."""
    keep_note(connection, _MODE, json.dumps(asdict(SetMode(mode, by, at)) | {"at": at.isoformat()}))


def noted_mode(connection: Connection) -> SetMode | None:
    """The mode that `winback mode` last set; None: it never did."""
    kept = read_note(connection, _MODE)
    if kept is None:
        return None
    row = json.loads(kept)
    return SetMode(row["mode"], row["by"], datetime.fromisoformat(row["at"]))


def note_stage_end(connection: Connection, stage: str, *, at: datetime) -> None:
    """A stage ended well, at this moment of the machine's clock, whatever clock the run goes by."""
    keep_note(connection, f"{_STAGE}{stage}", at.isoformat())


def stage_ends(connection: Connection) -> dict[str, datetime]:
    """When each stage last ended well, by its name."""
    of_a_stage = t.meta.c.key.startswith(_STAGE, autoescape=True)
    rows = connection.execute(select(t.meta).where(of_a_stage))
    return {row.key.removeprefix(_STAGE): datetime.fromisoformat(row.value) for row in rows}


def note_callbacks_from(connection: Connection, at: datetime) -> None:
    """Older callbacks are no longer in the event log: a replay can't say anything of them."""
    if (known := callbacks_from(connection)) is None or known < at:
        keep_note(connection, _CALLBACKS, at.isoformat())


def callbacks_from(connection: Connection) -> datetime | None:
    """Since when the event log is whole; None: since its beginning."""
    kept = read_note(connection, _CALLBACKS)
    return None if kept is None else datetime.fromisoformat(kept)
