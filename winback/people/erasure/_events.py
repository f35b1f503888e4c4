"""A person's callbacks in the event log: each is taken out, its place stays.

The ledger has long counted what it says. A place that stays keeps the numbers of the lines, and
the events of others in the same post. Where somebody else names them, the address goes alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from winback.base.settings import Settings
from winback.inbound import ERASED, copy_again, parse, read_log_part
from winback.people.erasure._files import replace_file
from winback.people.erasure._person import Person
from winback.people.places import event_parts
from winback.providers import Event, Record


@dataclass
class Taken:
    """The lines taken out of the log: how many, and the keys of their events."""

    count: int = 0
    dedupe_keys: list[str] = field(default_factory=list)


def erase_in_events(settings: Settings, person: Person, *, write: bool) -> Taken:
    """Take a person's callbacks, and their events among those of a post, out of the log."""
    taken = Taken()
    for path in event_parts(settings):
        before = taken.count
        lines = [_without(record, person, taken).to_line() for record in read_log_part(path)]
        if write and taken.count > before:
            with replace_file(path) as target:
                target.write_text("".join(lines), encoding="ascii")
            copy_again(settings, path)
    return taken


def _without(record: Record, person: Person, taken: Taken) -> Record:
    """The part of a callback that stays."""
    theirs = [
        event for event in parse([record]) if isinstance(event, Event) and is_by_them(event, person)
    ]
    taken.dedupe_keys += [event.dedupe_key for event in theirs]
    if theirs and (record.provider, record.endpoint) != ("sendgrid", "events"):
        taken.count += 1
        return replace(record, endpoint=ERASED, query="", headers={}, body=b"")
    if theirs:
        taken.count += len(theirs)
        places = {int(event.ref.rpartition("#")[2]) for event in theirs}
        items = json.loads(record.body)
        left = [{"event": ERASED} if n in places else item for n, item in enumerate(items)]
        record = replace(record, body=json.dumps(left).encode())
    body = redacted(record, person)
    if body == record.body:
        return record
    taken.count += 1
    return replace(record, body=body)


def is_by_them(event: Event, person: Person) -> bool:
    """By the message that it names; by the address where that is none of another customer's."""
    if event.message_id in person.message_ids:
        return True
    addresses = (event.address, event.other_address)
    return event.message_id not in person.others_ids and any(map(person.owns, addresses))


def redacted(record: Record, person: Person) -> bytes:
    """Another person's words, with the hash in the place of each address of the erased person."""
    if record.provider == "twilio":
        form = parse_qsl(record.body.decode(errors="replace"), keep_blank_values=True)
        named = [(name, person.redacted(value)) for name, value in form]
        return record.body if named == form else urlencode(named).encode()
    return person.redacted(record.body.decode("latin-1")).encode("latin-1")
