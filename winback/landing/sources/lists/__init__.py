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
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.schema import numbered
from winback.landing.sources._exports import Export
from winback.landing.sources._languages import write_languages
from winback.landing.sources._texts import FILE, find_files, read_texts
from winback.landing.sources._typed import Rows, stage_rows, together
from winback.landing.sources.lists._columns import KLAVIYO, LISTMONK, MAILCHIMP, SUPPRESSIONS
from winback.landing.sources.lists._match import list_notes, match_customers, write_refused
from winback.landing.sources.lists._states import SAYS, file_states, read_states

_EXPORTS: Final[dict[str, tuple[Export, ...]]] = {
    "mailchimp": (MAILCHIMP,),
    "klaviyo": (KLAVIYO, SUPPRESSIONS),
    "listmonk": (LISTMONK,),
}


class ListFormat:
    """The lists of one tool, as a format of `winback load`."""

    def __init__(self, system: str) -> None:
        self._system, self._exports = system, _EXPORTS[system]

    def files(self, source: Path) -> list[Path]:
        """Every CSV file of the folder, or the one file."""
        return find_files(source)

    def parse(self, work: Work, source: Path) -> Parsed:
        """Read the lists and find whose consents they hold."""
        paths = self.files(source)
        customers = _landed_customers(work, paths)
        states = file_states(self._system, paths)
        texts = read_texts(work, paths, self._exports)
        kinds = list(texts.values())
        read_states(work, self._system, kinds, states)
        match_customers(work, customers)
        parsed = Parsed()
        files = [
            (path, own.unread[n]) for own in kinds for n, path in enumerate(own.files, start=1)
        ]
        for number, (path, unread) in enumerate(files, start=1):
            rows = _rows(self._system, number)
            staged = stage_rows(work, "consents", numbered("consents", number), path, rows)
            staged.reject(unread)
            parsed.sources.append(staged)
        parsed.tables["consents"] = together(work, "consents", [it.path for it in parsed.sources])
        if profiles := texts.get(KLAVIYO.name):
            told = f"select email, language from {parquet(profiles.path)}"
            if languages := write_languages(work, customers, told):
                parsed.tables["customers"] = languages
        parsed.refused, parsed.refused_by = write_refused(work), f"{self._system} {SAYS}"
        lost = sum(len(unread) for _, unread in files)
        parsed.notes += list_notes(work, self._system, lost)
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
