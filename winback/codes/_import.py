"""Pools of codes in: what the shop's system takes, one code a customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from winback.base.cells import CellWriter
from winback.base.clock import Clock, parse_as_of
from winback.base.errors import UsageError
from winback.base.private import open_private
from winback.base.settings import Settings
from winback.codes._offers import OFFERS_FILE, read_offers, require_offer
from winback.codes._read import Line, read_file
from winback.ledger import Ledger, NewCode, code_key, keep_codes, known_codes

# More than any shop's, and a text has room for less.
LONGEST: Final = 64
# So much of a row is shown of what was set aside.
_SHOWN: Final = 1_000
# Codes a transaction: an opt-out that comes in meanwhile waits for one.
PORTION: Final = 1_000


@dataclass
class ImportReport:
    """The outcome of an import. `known` codes were there before and stay as they are."""

    read: int = 0
    new: int = 0
    known: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_file: Path | None = None


def import_codes(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    file: Path,
    *,
    offer: str = "",
    until: str = "",
    offers_file: Path = OFFERS_FILE,
) -> ImportReport:
    """Add the codes of a file to the pools of their offers. Safe to repeat: it changes nothing.

    `offer` and `until` are for rows that name none. A row that can't be used is set aside with its
    file, line and reason. Raises UsageError for a wrong file or option.
    """
    from winback.landing import Limits  # 0.2 s, which every run that tells of codes would pay

    offers = read_offers(offers_file)
    shared = {code_key(row.get("code") or ""): name for name, row in offers.items()}
    if offer:
        require_offer(offer, offers)
    ends_at = end_of(until, settings) if until else None
    lines, names_offers = read_file(file, Limits.of(settings))
    if not offer and not names_offers:
        raise UsageError(f"{file.name} has no column offer_id. Next: name the offer by --offer.")
    report, bad = ImportReport(), list[tuple[int, str, str]]()
    found: dict[str, NewCode] = {}
    named: dict[str, tuple[Line, bool]] = {}
    for line in lines:
        report.read += 1
        try:
            new = _new_code(line, settings, offer, ends_at, offers)
            key = code_key(new.code)
            if key in shared:
                raise _Unusable(f"everybody has this code, of {shared[key]}")
            if key in found:
                raise _Unusable("the code stands in this file twice")
        except _Unusable as why:
            bad.append((line.number, str(why), line.text))
            continue
        found[key], named[key] = new, (line, bool(line.ends_at))
    bad += _keep(ledger, found, named, report, at=clock.now())
    path = settings.rejected_dir / f"codes-{clock.now():%Y%m%dT%H%M%S%fZ}.csv"
    _set_aside(report, path, file.name, sorted(bad))
    return report


def _keep(
    ledger: Ledger,
    found: Mapping[str, NewCode],
    named: Mapping[str, tuple[Line, bool]],
    report: ImportReport,
    *,
    at: datetime,
) -> Iterator[tuple[int, str, str]]:
    """Write the codes that are new; those that are known as something else, to be set aside.

    `named` has the line of each, and whether it names an end.
    """
    keys = iter(found)
    while portion := list(islice(keys, PORTION)):
        with ledger.write() as connection:
            known = {row.code_key: row for row in known_codes(connection, portion)}
            fresh = [found[key] for key in portion if key not in known]
            report.new += keep_codes(connection, fresh, at=at)
        for key, row in known.items():
            line, names_end = named[key]
            if row.offer_id != found[key].offer_id:
                yield line.number, f"the code is of {row.offer_id} already", line.text
            elif names_end and row.ends_at != found[key].ends_at:
                yield line.number, "the code is known with another end", line.text
            else:
                report.known += 1


def end_of(text: str, settings: Settings) -> datetime:
    """The moment at which a code ends: a date alone means the end of that day in the shop's zone.

    Raises UsageError for anything else than an ISO 8601 date or time.
    """
    try:
        return parse_as_of(text, settings.shop_timezone)
    except UsageError:
        raise UsageError(f"{text!r} is not an ISO 8601 date or time, such as 2026-03-31.") from None


class _Unusable(Exception):
    """Why a row can't be used."""


def _new_code(
    line: Line,
    settings: Settings,
    offer: str,
    ends_at: datetime | None,
    offers: Mapping[str, Mapping[str, str]],
) -> NewCode:
    offer_id = line.offer_id or offer
    if not line.code:
        raise _Unusable("there is no code")
    if not (line.code.isascii() and line.code.isprintable()):
        raise _Unusable("the code has a character that not every keyboard has")
    if len(line.code) > LONGEST:
        raise _Unusable(f"the code is longer than {LONGEST} characters")
    if not offer_id:
        raise _Unusable("the row names no offer")
    if offer_id not in offers:
        raise _Unusable("the offer is not in offers.csv")
    if line.ends_at:
        try:
            ends_at = end_of(line.ends_at, settings)
        except UsageError:
            raise _Unusable("the end is not an ISO 8601 date or time") from None
    return NewCode(line.code, offer_id, ends_at)


def _set_aside(
    report: ImportReport, path: Path, file: str, bad: Sequence[tuple[int, str, str]]
) -> None:
    if not bad:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_private(path) as stream:
        writer = CellWriter(stream)
        writer.writerow(("file", "line", "reason", "row"))
        writer.writerows((file, number, why, text[:_SHOWN]) for number, why, text in bad)
    report.rejected_file = path
    report.rejected.update(reason for _, reason, _ in bad)
