"""Find a load's files, and say clearly what is missing or there twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import Reader
from winback.landing._column_names import likely_column
from winback.landing._csv import CsvReader
from winback.landing._limits import Limits
from winback.landing._parquet import ParquetReader
from winback.landing.schema import INPUT_TABLES, Table

SUFFIXES = (".csv", ".csv.gz", ".parquet")


def table_files(source: Path) -> dict[str, Path]:
    """The file of each table that the directory has."""
    if not source.is_dir():
        what = "is a file: give the directory that holds it" if source.exists() else "doesn't exist"
        raise UsageError(f"{source} {what}.")
    found: dict[str, list[Path]] = {}
    for path in sorted(source.iterdir()):
        table, dot, suffix = path.name.lower().partition(".")
        if table in INPUT_TABLES and dot + suffix in SUFFIXES:
            _refuse_what_is_no_file(path)
            found.setdefault(table, []).append(path)
    for table, paths in found.items():
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise UsageError(f"{source} holds {names}: both are the table {table}; keep one.")
    if not found:
        raise UsageError(
            f"{source} holds none of the files that a load reads: {', '.join(INPUT_TABLES)} "
            "(.csv, .csv.gz or .parquet)."
        )
    missing = [
        table.name for table in INPUT_TABLES.values() if table.required and table.name not in found
    ]
    if missing:
        files = " and ".join(f"{name}.csv (or .parquet)" for name in missing)
        raise WinbackError(f"{source} has no {files}: a load needs it.")
    return {table: found[table][0] for table in INPUT_TABLES if table in found}


def _refuse_what_is_no_file(path: Path) -> None:
    """Fail closed: what stands there and can't be read was sent, a day's refusals perhaps."""
    if path.is_file():
        return
    if path.is_dir():
        what = "a folder"
    elif not path.exists():
        what = "a link that leads nowhere"
    else:
        what = "a pipe or a device"
    raise WinbackError(
        f"{path} is {what}, not a file: nothing was loaded. "
        "Next: put the file there, or take this away if the shop has none, and load again."
    )


def not_read(source: Path, read: Collection[Path]) -> list[str]:
    """The names of files that look like tables and are none: mostly a slip in the name."""
    return sorted(
        path.name
        for path in source.iterdir()
        if path.name.lower().endswith(SUFFIXES) and path.is_file() and path not in read
    )


def one_file(source: Path, suffixes: Sequence[str], *, prefer: str | None = None) -> Path:
    """The file itself, or the only one (or the preferred one) of a directory."""
    if source.is_file():
        return source
    if not source.is_dir():
        raise UsageError(f"{source} doesn't exist.")
    files = sorted(
        path
        for path in source.iterdir()
        if path.is_file() and path.name.lower().endswith(tuple(suffixes))
    )
    preferred = [path for path in files if path.name == prefer]
    if len(files) != 1 and not preferred:
        names = f": {', '.join(path.name for path in files[:5])}" if files else ""
        raise UsageError(
            f"{source} holds {len(files)} files that could be the log{names}; "
            f"give one file ({', '.join(suffixes)})."
        )
    return (preferred or files)[0]


def open_table(path: Path, table: Table, limits: Limits) -> Reader:
    """A reader of one table's file. Raises WinbackError where a required column is absent."""
    required = {
        column.name: column.required and not column.may_lack
        for column in table.columns
        if not column.is_ours
    }
    reader: Reader = (
        ParquetReader(path, as_text=required, limits=limits)
        if path.name.lower().endswith(".parquet")
        else CsvReader(path, limits=limits)
    )
    require_columns(path, reader.columns, required)
    return reader


def require_columns(path: Path, present: Sequence[str], required: Mapping[str, bool]) -> None:
    """Raise WinbackError that names the required columns which the file lacks."""
    missing = [name for name, needed in required.items() if needed and name not in present]
    if not missing:
        return
    hint = ""
    if len(present) == 1 and any(mark in present[0] for mark in ";\t|"):
        hint = " Its fields must be separated by commas."
    for name in present:
        if name not in required and (meant := likely_column(name, missing)):
            hint += f" It has {name}: rename it to {meant} if that is meant."
    raise WinbackError(f"{path.name} has no column {', '.join(missing)}.{hint}")
