"""A sample of each content that is planned, so that a person sees what they approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from winback.base.settings import Settings
from winback.content import Renderer
from winback.content.preview import sample_rows
from winback.ledger import keep_samples, known_contents


class Samples:
    """Writes each content once for invented people: no customer is in it."""

    def __init__(self, renderer: Renderer, settings: Settings) -> None:
        self._renderer, self._settings = renderer, settings
        self._known: set[str] = set()

    def keep(
        self,
        connection: Connection,
        rows: Sequence[Mapping[str, Any]],
        messages: Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep samples of what these messages say that nobody has seen yet; `rows` are of the
        outbox."""
        first: dict[str, str] = {}
        for message in messages:
            first.setdefault(message["content_sha256"], message["message_id"])
        new = first.keys() - self._known
        if not new:
            return
        self._known |= new
        of = {row["message_id"]: row for row in rows}
        for content in sorted(new - known_contents(connection, new)):
            row = of[first[content]]
            keep_samples(connection, sample_rows(self._renderer, self._settings, row, content))
