"""One row of a list of opt-outs: which addresses, why, since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from winback.base.cells import plain
from winback.base.phones import country_code
from winback.ledger import ChannelGroup
from winback.people.optouts._addresses import Address, Cell, read_cell, read_whole
from winback.people.optouts._line import Line
from winback.people.optouts._told import STATED, Defaults, Told, allowed, occurred_at, reason_for
from winback.people.optouts._words import NAMING, fold, is_empty, kind_of, may_be_header, may_hash
from winback.replies import classify

# Twilio refuses to send to whom it knows to have opted out.
OPTED_OUT_CODE: Final = "21610"


@dataclass(frozen=True)
class OptOut:
    """One address of a row; `occurred_at` is None where the row doesn't say it readably."""

    groups: tuple[ChannelGroup, ...]
    address: str
    reason: str
    source: str
    occurred_at: datetime | None


@dataclass
class Row:
    """The reading of a row: opt-outs, parts that can't be read, or why it is no opt-out."""

    opt_outs: list[OptOut] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left_out: str = ""


class Columns:
    """The columns of a list by what they hold; none of a bare list of addresses.

    With `guessed`, addresses may stand in any column whose name tells nothing else.
    """

    def __init__(self, header: Sequence[str], *, guessed: bool = False) -> None:
        self.is_guessed = guessed
        self.names = [name.strip().lower() for name in header]
        self.kinds = [kind_of(name) or ("maybe" if guessed else "") for name in header]
        self.name_addresses = bool(NAMING & set(self.kinds))
        in_log = {"body", "error_code"} & set(self.kinds)
        # Columns of a message log, which is no list of opt-outs by itself.
        self.is_message_log = bool(in_log and any(map(self._is_end, self.names)))

    @staticmethod
    def _is_end(name: str, ends: Sequence[str] = ("from", "to")) -> bool:
        """Whether a column of a message log says who wrote, or to whom."""
        return fold(name).removesuffix("number") in ends

    def read(self, line: Line, defaults: Defaults) -> Row:
        """What one row says."""
        cells = list(line.cells or ())
        while len(cells) > len(self.kinds) and not cells[-1].strip():
            cells.pop()
        if line.cells is None or len(cells) > len(self.kinds):
            return _row_of(_read_loosely(line.text, defaults.country), {}, defaults)
        told: dict[str, list[str]] = {}
        for kind, cell in zip(self.kinds, cells, strict=False):
            if cell.strip() if kind in STATED else kind and not is_empty(cell):
                told.setdefault(kind, []).append(plain(cell.strip()))
        if self.is_message_log:
            return self._of_log(cells, told, defaults)
        if word := allowed(told):
            return Row(left_out=f"say {word}")
        found = self._addresses(cells, told, defaults)
        if self.is_guessed and not found.addresses:
            found = _read_loosely(line.text, *told.get("country", ()), defaults.country)
        return _row_of(found, told, defaults)

    def _end(self, end: str) -> str:
        return end if any(self._is_end(name, [end]) for name in self.names) else ""

    def _addresses(
        self,
        cells: Sequence[str],
        told: Told,
        defaults: Defaults,
        only: str = "",
    ) -> Cell:
        countries = _countries(*told.get("country", ()), defaults.country)
        row, maybe = Cell(), []
        for name, kind, cell in zip(self.names, self.kinds, cells, strict=False):
            if is_empty(cell) or (only and not self._is_end(name, [only])):
                continue
            if kind not in NAMING | {"maybe"}:
                whole = read_whole(cell, hashes=may_hash(name))
                row.addresses += [own for own in whole if own not in row.addresses]
                continue
            found = read_cell(cell, kind, countries, loose=kind == "maybe")
            row.addresses += [own for own in found.addresses if own not in row.addresses]
            problems = [f"{name} {problem}" for problem in found.problems]
            if kind == "any" and not found.addresses:
                maybe += problems
            else:
                row.problems += problems
        # A street, or the name of a sender.
        row.problems += [] if row.addresses else maybe
        return row

    def _of_log(self, cells: Sequence[str], told: Told, defaults: Defaults) -> Row:
        """Who wrote a stop, and to whom nothing could be sent since they had written one."""
        if OPTED_OUT_CODE in told.get("error_code", ()):
            found = self._addresses(cells, told, defaults, self._end("to"))
            return _row_of(found, {**told, "reason": ["opted_out"]}, defaults)
        is_ours = any(own.lower().startswith("out") for own in told.get("direction", ()))
        intent = "" if is_ours else classify(" ".join(told.get("body", ())))
        if intent not in {"stop", "hold"}:
            return Row(left_out="of a message log ask for no stop")
        found = self._addresses(cells, told, defaults, self._end("from"))
        return _row_of(found, {**told, "reason": [intent]}, defaults)


def header_above(above: Sequence[Line], first: Line) -> Columns | None:
    """The columns that the line before the first address tells, if it is a header."""
    header, cells = (above[-1].cells if above else None) or [], first.cells or []
    if len(header) != len(cells) or not may_be_header(header):
        return None
    # A word that stands in the row below it is no name of a column.
    if any(fold(name) == fold(cell) != "" for name, cell in zip(header, cells, strict=True)):
        return None
    return Columns(header, guessed=True)


def read_bare(line: Line, defaults: Defaults) -> Row:
    """What a line of a list without a header says: whom it names."""
    return _row_of(_read_loosely(line.text, defaults.country), {}, defaults)


def _read_loosely(text: str, *countries: str) -> Cell:
    cell = read_cell(text, "any", _countries(*countries), loose=True)
    cell.problems = [f"a line {problem}" for problem in cell.problems]
    return cell


def _countries(*told: str) -> list[str]:
    """Two-letter codes, each once, of countries by their code or name."""
    codes = (country_code(own) or own.upper() for own in told)
    return list(dict.fromkeys(own for own in codes if len(own) == 2))


def _row_of(found: Cell, told: Told, defaults: Defaults) -> Row:
    if not found.addresses and not found.problems:
        return Row(problems=["no address"])
    reason = reason_for(told, defaults)
    source = next(iter(told.get("source", ())), defaults.source)
    at = occurred_at(told, defaults)

    def opt_out(address: Address) -> OptOut:
        return OptOut(address.groups, address.text, reason, source, at)

    return Row([opt_out(own) for own in found.addresses], found.problems)
