"""Records that we fetched from a provider, kept like the callbacks that it posts.

It goes through the same durable log and the same parsers, so that it is deduplicated with
the callback that may still come, and read anew by a replay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from winback.base.clock import Clock
from winback.base.settings import Settings
from winback.inbound._log import LogWriter
from winback.providers import Heard, Record, Unreadable

PROGRESS: Final = "fetched"
LISTED: Final = "listed"


@dataclass(frozen=True)
class Suppressed:
    """An address that a provider's own list suppresses, and since when."""

    address: str
    reason: str
    source: str
    occurred_at: datetime


def keep_progress(
    settings: Settings, clock: Clock, news: Iterable[tuple[str, Mapping[str, str]]]
) -> None:
    """Append Twilio's records of messages, by our id; durable when this returns."""
    now = clock.now()
    keep_records(
        settings,
        clock,
        [
            Record("twilio", PROGRESS, now, urlencode({"m": key}), {}, urlencode(fields).encode())
            for key, fields in news
        ],
    )


def keep_suppressed(settings: Settings, clock: Clock, rows: Sequence[Suppressed]) -> None:
    """Append the addresses that SendGrid's lists suppress; durable when this returns."""
    lines = [asdict(row) | {"occurred_at": row.occurred_at.isoformat()} for row in rows]
    body = json.dumps(lines).encode()
    keep_records(settings, clock, [Record("sendgrid", LISTED, clock.now(), "", {}, body)])


def keep_heard(settings: Settings, clock: Clock, texts: Sequence[Heard]) -> None:
    """Append texts that Twilio's list shows as sent to us; durable when this returns."""
    keep_records(
        settings,
        clock,
        [
            Record(
                "twilio",
                "inbound",
                it.heard_at,
                "",
                {},
                urlencode(
                    {"MessageSid": it.provider_id, "From": it.sender, "To": it.to, "Body": it.words}
                ).encode(),
            )
            for it in texts
        ],
    )


def listed(record: Record) -> Iterator[Suppressed | Unreadable]:
    """The addresses of one kept page."""
    for line in json.loads(record.body):
        at = datetime.fromisoformat(line["occurred_at"])
        yield Suppressed(line["address"], line["reason"], line["source"], at)


def keep_records(settings: Settings, clock: Clock, records: Sequence[Record]) -> None:
    """Append records; durable when this returns."""
    if not records:
        return
    writer = LogWriter(settings.events_dir, clock)
    writer.start()
    try:
        for kept in [writer.append(record) for record in records]:
            kept.result()
    finally:
        writer.stop()
