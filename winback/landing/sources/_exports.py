"""One kind of file that a system exports: its columns, by what it is known, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from winback.base.errors import WinbackError
from winback.landing._csv import CsvReader
from winback.landing._limits import Limits


@dataclass(frozen=True)
class Export:
    """The columns that are read, by the system's lower-case names, with ours."""

    system: str
    name: str
    columns: Mapping[str, str]
    known_by: frozenset[str]
    needs: frozenset[str]
    # A file must have one of each of these.
    either: Sequence[frozenset[str]] = ()
    # Ours whose values may begin with a quote, which keeps a spreadsheet from counting with them.
    quoted: frozenset[str] = frozenset()
    # Our names of a whole header, where one name alone does not tell.
    name_all: Callable[[Sequence[str]], list[str]] | None = None

    def names(self, header: Sequence[str]) -> list[str]:
        """Our name of each column; none of one that is not read."""
        if self.name_all:
            return self.name_all(header)
        return [self.columns.get(name, "") for name in header]


def open_export(
    path: Path,
    limits: Limits,
    exports: Sequence[Export],
    tell_columns: Callable[[str, str, Mapping[str, str]], None],
) -> tuple[Path, Export, CsvReader]:
    """A file, which of the exports it is, and its reader with our names.

    Raises WinbackError for a file that is none of them, and for one that lacks a column.
    """
    seen: list[str] = []
    kinds: list[Export] = []

    def rename(header: list[str]) -> list[str]:
        seen[:] = header
        kinds[:] = [kind for kind in exports if kind.known_by & set(header)]
        if not kinds:
            names = " or ".join(kind.name for kind in exports)
            raise WinbackError(
                f"{path.name} is no export of {exports[0].system}'s {names}: nothing was loaded. "
                "Next: take it out of the folder, or export it again"
            )
        return kinds[0].names(header)

    reader = CsvReader(path, limits=limits, rename=rename)
    kind = kinds[0]
    tell_columns(path.name, kind.name, dict(zip(seen, kind.names(seen), strict=True)))
    missing = sorted(name.title() for name in kind.needs - set(seen))
    missing += [
        " or ".join(sorted(name.title() for name in names))
        for names in kind.either
        if not names & set(seen)
    ]
    if missing:
        raise WinbackError(
            f"{path.name} has no column {', '.join(missing)}, which {kind.system}'s {kind.name} "
            "export has: nothing was loaded. Next: export it again and leave its columns as they "
            "are"
        )
    return path, kind, reader
