"""Where tables are that no folder holds: a DuckDB file, a PostgreSQL schema, a bucket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from winback.base.errors import UsageError
from winback.landing._sources_file import Source
from winback.landing._stage import Work


def bring_tables(_work: Work, source: Source, names: Sequence[str]) -> Path:
    """Copy the source's tables of these names into the workshop, one Parquet file a table.

    Raises UsageError where the source's form is no tables.
    """
    where = f"{source.file}: [{source.name}]"
    if not names:
        raise UsageError(f"{where} {source.format} is files: give the folder that holds them")
    raise UsageError(f"{where} can be a folder only, so far")
