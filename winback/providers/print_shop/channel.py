"""Direct mail: one file for all messages of a request, which a print shop takes from there."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.base.settings import Settings
from winback.content.payloads import Postcard
from winback.providers._look_up import Finding, Listed, Question, Search
from winback.providers._seam import NotPreparedError, Outcome, Outgoing, Request
from winback.providers.print_shop.files import LINES, PrintFile, forget_old

# A run hands over one file, unless it has more than that.
MOST_PIECES: Final = 10_000


class PrintChannel:
    """Files for a print shop, under WINBACK_HOME."""

    name = "direct_mail"
    provider = "print"
    batch_size = MOST_PIECES
    concurrency = 1
    unknowns_in_a_row = 1
    per_second: float | None = None

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.print_dir
        self._keep_days = settings.print_keep_days
        self._zone = ZoneInfo(settings.shop_timezone)
        self._prepared: dict[str, PrintFile] = {}

    def prepare(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Request]:
        """Write the file under a hidden name; `send` shows it."""
        if not messages:
            return []
        attempt_id, today = secrets.token_hex(16), now.astimezone(self._zone).date()
        file = PrintFile(self._folder, attempt_id, today)
        rows = [_row(message) for message in messages]
        try:
            forget_old(self._folder, today=today, days=self._keep_days)
            file.write(rows)
        except OSError as error:
            raise NotPreparedError(_not_sent(error)) from None
        self._prepared[attempt_id] = file
        sha256 = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        return [Request(attempt_id, tuple(row["message_id"] for row in rows), {}, sha256)]

    def send(self, request: Request) -> Outcome:
        """Hand the file over, all of it or nothing."""
        file = self._prepared[request.attempt_id]
        try:
            file.hand_over()
        except OSError as error:
            # Others called it unknown and took it back, or it can't be shown.
            return _not_sent(error)
        try:
            file.keep()
        except OSError as error:
            return Outcome("unknown", type(error).__name__)
        return Outcome("accepted", "accepted")

    def look_up(self, question: Question) -> Finding:
        """Look for the file of an attempt; one that was not handed over is taken back first."""
        match question:
            case Search(attempt_id=str(attempt_id), message=message) if attempt_id:
                return self._search(PrintFile(self._folder, attempt_id), attempt_id, message)
            case _:
                return Finding("unreadable", reason="a print shop reports nothing by itself")

    def _search(self, file: PrintFile, attempt_id: str, message: Outgoing) -> Finding:
        try:
            if file.take_back():
                return Finding("absent")
            shown_at = file.shown_at(message.message_id)
        except OSError as error:
            return Finding("unreadable", reason=type(error).__name__)
        if shown_at is None:
            return Finding("unreadable", reason="its file is not on this machine")
        # One file has one attempt and many messages: each is told by both.
        name = f"{attempt_id}.{message.message_id}"
        return Finding("found", (Listed(name, shown_at, attempt_id=attempt_id),))

    def close(self) -> None:
        """Take back what was prepared and not handed over."""
        for file in self._prepared.values():
            file.take_back()


def _not_sent(error: OSError) -> Outcome:
    return Outcome("not_sent", type(error).__name__)


def _row(message: Outgoing) -> dict[str, Any]:
    """A line of the file; the address is in capitals, which post offices read best."""
    card = message.payload_as(Postcard)
    lines = (line.upper() for line in message.address.split("\n"))
    return {
        "message_id": message.message_id,
        **dict(zip(LINES, lines, strict=True)),
        "design": card.design,
        "language": card.language,
        "headline": card.headline,
        "body": card.body,
        "code": card.code,
        "code_until": card.until,
        "link": card.link,
        "opt_out": card.opt_out,
        "sender": card.sender,
    }
