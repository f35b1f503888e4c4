"""A person in other files: raw callbacks, rows set aside, the sandbox, notes and reports."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from winback.base.cells import read_cells
from winback.base.settings import Settings
from winback.inbound import parse, read_log_part
from winback.ledger import normalize
from winback.people.audiences import rows_naming
from winback.people.erasure._events import is_by_them, redacted
from winback.people.erasure._others import is_database, names_them, other_files
from winback.people.export._section import Found, Section
from winback.people.export._who import Subject
from winback.people.places import event_parts, letters, rejected
from winback.providers import Event, Record, read_print_rows


def file_sections(settings: Settings, subject: Subject) -> Iterator[Section]:
    """What an erasure finds in files that are no tables."""
    home = settings.home.resolve()
    yield _events(settings, subject, home)
    set_aside = Section("landing rejected", "rows of the shop's files that could not be read")
    for path in rejected(settings):
        rows = read_cells(path)
        for number, row in enumerate(rows[1:], start=2):
            if len(row) == 4 and _names(row[3], subject):
                told = dict(zip(rows[0], row, strict=False))
                set_aside.found.append(Found(told, str(path.relative_to(home)), number))
    yield set_aside
    printed = Section("letters", "lines of files for the print shop")
    for path in letters(settings):
        for number, line in enumerate(read_print_rows(path), start=2):
            if line["message_id"] in subject.person.message_ids:
                printed.found.append(Found(dict(line), str(path.relative_to(home)), number))
    yield printed
    yield _lists_for_ads(settings, subject, home)
    sandbox = Section("sandbox", "what the sandbox was sent in a rehearsal")
    texts = Section("other files", "lines of other files that name an address of theirs")
    for path in other_files(settings):
        file_name = str(path.relative_to(home))
        if is_database(path):
            sandbox.found += [Found(row, file_name) for row in _rows_naming(path, subject)]
        else:
            texts.found += _lines_naming(path, file_name, subject)
    yield from (sandbox, texts)


def _lists_for_ads(settings: Settings, subject: Subject, home: Path) -> Section:
    section = Section("audiences", "lists for ads with a hash of an address of theirs")
    spelled = {(group, normalize(group, it)) for group, it in subject.person.spelled}
    emails, phones = ([it for way, it in sorted(spelled) if way == wanted]
                      for wanted in ("email", "phone"))  # fmt: skip
    for path, line, row in rows_naming(settings, emails, phones):
        section.found.append(Found(dict(row), str(path.relative_to(home)), line))
    return section


def _names(text: str, subject: Subject) -> bool:
    persons = (replace(subject.person, customer_id=name) for name in subject.ids)
    return any(names_them(text, person) for person in persons)


def _events(settings: Settings, subject: Subject, home: Path) -> Section:
    section = Section("raw events", "callbacks of the providers as they came in")
    for path in event_parts(settings):
        for number, record in enumerate(read_log_part(path), start=1):
            told = list(_of_record(record, subject))
            file_name = str(path.relative_to(home))
            section.found += [Found(row, file_name, number) for row in told]
            if not told and redacted(record, subject.person) != record.body:
                section.withheld += 1
    return section


def _text(record: Record) -> str:
    return record.body.decode(errors="replace")


def _of_record(record: Record, subject: Subject) -> Iterator[dict[str, Any]]:
    """Of a post of many events those of the person alone; else the callback, if it is theirs."""
    theirs = [
        event
        for event in parse([record])
        if isinstance(event, Event) and is_by_them(event, subject.person)
    ]
    if not theirs:
        return
    head = {
        "provider": record.provider,
        "endpoint": record.endpoint,
        "received_at": record.received_at,
    }
    if (record.provider, record.endpoint) == ("sendgrid", "events"):
        items = json.loads(record.body)
        for place in sorted({int(event.ref.rpartition("#")[2]) for event in theirs}):
            yield head | {"event": items[place]}
    else:
        yield head | {"query": record.query, "body": _text(record)}


def _lines_naming(path: Path, name: str, subject: Subject) -> Iterator[Found]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if not subject.person.is_in(text):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if subject.person.is_in(line):
            yield Found({"text": line}, name, number)


def _rows_naming(path: Path, subject: Subject) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'select * from "{table}"'):
                told = {name: row[name] for name in row.keys() if row[name] is not None}  # noqa: SIM118
                if any(isinstance(it, str) and subject.person.is_in(it) for it in told.values()):
                    yield {"table": table, **told}
