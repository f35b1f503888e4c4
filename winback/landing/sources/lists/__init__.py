"""Lists of other tools: what they know of the shop's customers' consents.

A list is matched to the customers who are landed by their address. What a state means stands in
the seed consent_states. What can't be read is no yes, as in the generic consents.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError
from winback.landing._batch import LINE
from winback.landing._formats import Parsed
from winback.landing._stage import Work
from winback.landing.sources._exports import Export
from winback.landing.sources._texts import FILE, find_files, read_texts
from winback.landing.sources._typed import Rows, stage_all, together
from winback.landing.sources.lists._columns import KLAVIYO, LISTMONK, MAILCHIMP
from winback.landing.sources.lists._match import list_notes, match_customers, write_refused
from winback.landing.sources.lists._states import SAYS, file_states, read_states

_EXPORTS: Final[dict[str, Export]] = {
    "mailchimp": MAILCHIMP,
    "klaviyo": KLAVIYO,
    "listmonk": LISTMONK,
}


class ListFormat:
    """The lists of one tool, as a format of `winback load`."""

    def __init__(self, system: str) -> None:
        self._system, self._export = system, _EXPORTS[system]

    def files(self, source: Path) -> list[Path]:
        """Every CSV file of the folder, or the one file."""
        return find_files(source)

    def parse(self, work: Work, source: Path) -> Parsed:
        """Read the lists and find whose consents they hold."""
        paths = self.files(source)
        customers = _landed_customers(work, paths)
        states = file_states(self._system, paths)
        [texts] = read_texts(work, paths, (self._export,)).values()
        read_states(work, self._system, texts, states)
        match_customers(work, customers)
        parsed = Parsed()
        parsed.sources = stage_all(
            work, "consents", texts, lambda number: _rows(self._system, number)
        )
        for number, staged in enumerate(parsed.sources, start=1):
            staged.reject(texts.unread[number])
        parsed.tables["consents"] = together(work, "consents", [it.path for it in parsed.sources])
        parsed.refused, parsed.refused_by = write_refused(work), f"{self._system} {SAYS}"
        unread = sum(len(rows) for rows in texts.unread.values())
        parsed.notes += list_notes(work, self._system, unread)
        return parsed


def _rows(system: str, number: int) -> Rows:
    columns = "customer_id, channel, status, basis, source, occurred_at"
    return Rows(
        columns,
        columns,
        f"(select customer_id, channel, status, basis, '{system} {SAYS}' as source, occurred_at, "
        f"{LINE}, nth from matched where {FILE} = {number} and customer_id is not null)",
        key="nth",
    )


def _landed_customers(work: Work, paths: Sequence[Path]) -> Path:
    landed = work.landed("customers")
    if landed is None:
        raise WinbackError(
            f"{paths[0].name}: a list is matched to the shop's customers by their addresses, and "
            "none are landed, or --replace forgets them. Next: load the shop, then its lists "
            "without --replace"
        )
    return landed
