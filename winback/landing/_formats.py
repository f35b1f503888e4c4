"""What every input format gives: its files, and their rows as staged tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from winback.landing._stage import Staged, Work


@dataclass
class Parsed:
    """The files read, the staged Parquet of each landed table, and figures worth telling."""

    sources: list[Staged] = field(default_factory=list)
    tables: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    # Refusals of addresses that are no customer's: channel_group, address, reason, occurred_at.
    refused: Path | None = None
    refused_by: str = ""
    refused_note: str = "refusals of people who are no customers are kept by their addresses"
    # Whom the shop's system has deleted, a column customer_id: nothing of them lands.
    deleted: Path | None = None
    # Whom its orders name and its customers don't have, the same column: an erased one stays so.
    absent: Path | None = None


class Format(Protocol):
    """A module per format."""

    def files(self, source: Path) -> list[Path]:
        """The files a load would read. Raises a WinbackError where one is missing."""
        ...

    def parse(self, work: Work, source: Path) -> Parsed:
        """Read them into the workshop."""
        ...
