"""The story of an export: find the person, read every place, mask others, write two files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from winback.base.clock import Clock
from winback.base.private import keep_private, open_private
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.ledger import open_ledger
from winback.people.erasure._records import erased_at
from winback.people.export._files import file_sections
from winback.people.export._ledger import ledger_sections
from winback.people.export._mask import mask_others
from winback.people.export._page import page
from winback.people.export._section import Section
from winback.people.export._tables import table_sections
from winback.people.export._who import Subject, find_subject


@dataclass(frozen=True)
class Exported:
    """What was written: the rows by place, and how often somebody else's words name the person."""

    customer_id: str
    # All ids that the shop has merged.
    ids: tuple[str, ...]
    data: Path
    page: Path
    rows: Mapping[str, int]
    withheld: int


def export_person(
    settings: Settings, clock: Clock, customer_id: str, *, out: Path | None = None
) -> Exported:
    """Write all that is held of a person to `out`/person.json and `out`/person.html.

    Only their owner can read them. Without `out` they are under WINBACK_HOME, from where an
    erasure of the person takes them. Raises UsageError for a customer that is known nowhere.
    """
    with open_ledger(settings) as ledger:
        subject = find_subject(ledger, settings, customer_id)
        with ledger.read() as connection:
            sections = list(ledger_sections(connection, subject))
        sections += table_sections(settings, subject)
        sections += file_sections(settings, subject)
        sections = [it for it in sections if it.found or it.withheld]
        mask_others(sections, ledger, settings, subject)
    facts = _facts(settings, clock.now(), subject, sections)
    folder = out or settings.people_dir / subject.person.pseudonym
    if out is None:
        keep_private(settings.home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    data, shown = folder / "person.json", folder / "person.html"
    _write(data, json.dumps(facts, default=_plain, ensure_ascii=False, indent=1) + "\n")
    _write(shown, page(facts, sections, brand=settings.brand_name))
    return Exported(
        customer_id=customer_id,
        ids=_shop_ids(subject),
        data=data,
        page=shown,
        rows={it.place: len(it.found) for it in sections if it.found},
        withheld=sum(it.withheld for it in sections),
    )


def _facts(
    settings: Settings, now: datetime, subject: Subject, sections: list[Section]
) -> dict[str, Any]:
    erased = {name: erased_at(settings, name) for name in _shop_ids(subject)}
    return {
        "customer_id": subject.customer_id,
        "ids": _shop_ids(subject),
        "addresses": sorted({address for _, address in subject.person.spelled}),
        "exported_at": now.isoformat(),
        "shop": settings.brand_name,
        "erased": {name: at.isoformat() for name, at in erased.items() if at},
        "places": [
            {
                "place": it.place,
                "holds": it.holds,
                "withheld": it.withheld,
                "rows": [
                    {"file": row.file, "line": row.line, "row": row.row}
                    if row.file
                    else {"row": row.row}
                    for row in it.found
                ],
            }
            for it in sections
        ],
    }


def _shop_ids(subject: Subject) -> tuple[str, ...]:
    """The ids without the pseudonyms."""
    return subject.ids[::2]


def _write(path: Path, text: str) -> None:
    with written_whole(path) as beside, open_private(beside) as file:
        file.write(text)


def _plain(value: object) -> object:
    """Numbers as they are kept, to the last digit; instants in ISO 8601, UTC."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return str(value)
