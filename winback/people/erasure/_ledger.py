"""A person's rows in the ledger: states, times and counts stay, under their pseudonym."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, update

from winback.base.errors import WinbackError
from winback.ledger import (
    ERASED_DETAIL,
    WAITING,
    State,
    among,
    hide_address,
    is_hidden,
    normalize,
    tables,
    transition,
)
from winback.people.erasure._person import Person

_IN_HAND: Final = ("claimed", "sending")
# Evidence that an operator gave in words of their own.
_BY_HAND: Final = ("released", "settled")


def erase_in_ledger(connection: Connection, person: Person, *, at: datetime) -> dict[str, int]:
    """Erase a person in the caller's write transaction; the rows changed, by table.

    Their addresses are suppressed for good, each as its hash. Safe to repeat: what is erased
    counts no more. Raises WinbackError where a message to them is just being sent.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete = on")
    _refuse_in_hand(connection, person)
    counts: Counter[str] = Counter()
    counts["suppressions"] = _suppress(connection, person, at=at)
    # By what they are found before they bear another name.
    replies = reply_ids_of(connection, person, {person.customer_id, person.pseudonym})
    counts["provider_events"] = _events(connection, person, replies)
    counts["links"] = connection.execute(
        delete(tables.links).where(among(tables.links.c.message_id, person.message_ids))
    ).rowcount
    counts["messages"] = _messages(connection, person, at=at)
    counts["evidence"] = _by_hand(connection, person)
    counts["found_sends"] = _found(connection, person)
    counts["replies"] = _replies(connection, person, replies)
    counts["conversations"] = _conversations(connection, person, at=at)
    counts["preferences"] = _rename(connection, tables.preferences, person)
    counts["series_joins"] = _joins(connection, person)
    counts["revocations"] = _rename(connection, tables.revocations, person)
    counts["offer_codes"] = _rename(connection, tables.offer_codes, person)
    counts["enrollments"] = _rename(connection, tables.enrollments, person)
    return {f"ledger {name}": count for name, count in counts.items()}


def erase_events(connection: Connection, dedupe_keys: Collection[str]) -> None:
    """The details of events that were theirs by the address alone, once they are out of the log."""
    e = tables.provider_events.c
    theirs = among(e.dedupe_key, dedupe_keys) & (e.detail_json != ERASED_DETAIL)
    _change(connection, tables.provider_events, theirs, {"detail_json": ERASED_DETAIL})


def _refuse_in_hand(connection: Connection, person: Person) -> None:
    m = tables.messages.c
    query = select(m.message_id).where(m.customer_id == person.customer_id, m.state.in_(_IN_HAND))
    if connection.execute(query).first():
        raise WinbackError(
            "a message to this customer is just being sent. Next: the same command in a minute"
        )


def _suppress(connection: Connection, person: Person, *, at: datetime) -> int:
    """Hide what names an address of theirs, those among it that came in since an erasure."""
    s = tables.suppressions.c
    places = {(group, normalize(group, address)) for group, address in person.spelled}
    for group, address in connection.execute(select(s.channel_group, s.address).distinct()):
        if not is_hidden(address) and person.key.hide(address) in person.hidden | person.listed:
            places.add((group, address))
    return sum(
        hide_address(connection, group=group, address=address, erased_at=at)
        for group, address in sorted(places)
    )


def _messages(connection: Connection, person: Person, *, at: datetime) -> int:
    m = tables.messages.c
    theirs = m.customer_id == person.customer_id
    _end(connection, theirs, WAITING, "suppressed", at=at)
    _end(connection, theirs, ("unknown",), "unknown_final", at=at)
    _hide_column(connection, tables.messages, person, theirs)
    values = {"payload_json": "{}", "payload_sha256": "", "zones": ""}
    return _change(connection, tables.messages, theirs, values | {"customer_id": person.pseudonym})


def _by_hand(connection: Connection, person: Person) -> int:
    """What an operator wrote down when they settled a message of theirs."""
    v = tables.evidence.c
    theirs = among(v.message_id, person.message_ids) & v.kind.in_(_BY_HAND) & (v.payload != "")
    return _change(connection, tables.evidence, theirs, {"payload": ""})


def _found(connection: Connection, person: Person) -> int:
    """The hash of the words of what left to them since a backup."""
    f = tables.found_sends.c
    theirs = among(f.hidden_address, person.hidden) | among(f.message_id, person.message_ids)
    return _change(
        connection, tables.found_sends, theirs & (f.words_sha256 != ""), {"words_sha256": ""}
    )


def _end(
    connection: Connection,
    theirs: ColumnElement[bool],
    from_states: tuple[State, ...],
    to: State,
    *,
    at: datetime,
) -> None:
    """Waiting messages go to nobody any more, and unknown ones can't be settled any more."""
    m = tables.messages.c
    keys = connection.scalars(select(m.message_id).where(theirs, m.state.in_(from_states))).all()
    rows = [{"message_id": key, "state_reason": "erased"} for key in keys]
    transition(connection, rows, to, from_states=from_states, at=at)


def reply_ids_of(connection: Connection, person: Person, ids: Collection[str]) -> list[str]:
    """The ids of the replies of a person with these customer ids, also of those from addresses
    that belong to no known customer."""
    r = tables.replies.c
    query = select(r.reply_id, r.address, r.customer_id)
    return [
        row.reply_id
        for row in connection.execute(query)
        if row.customer_id in ids
        or (row.customer_id is None and person.key.hide(row.address) in person.hidden)
    ]


def _replies(connection: Connection, person: Person, reply_ids: list[str]) -> int:
    r, table = tables.replies.c, tables.replies
    theirs = among(r.reply_id, reply_ids)
    _hide_column(connection, table, person, theirs)
    not_yet = or_(r.text != "", r.mail_id.is_not(None), r.customer_id == person.customer_id)
    values: dict[str, Any] = {"text": "", "mail_id": None}
    changed = _change(connection, table, theirs & not_yet, values)
    _rename(connection, table, person)
    # And where somebody else has named them.
    for row in connection.execute(select(r.reply_id, r.text).where(~theirs)).all():
        if person.is_in(row.text):
            named = {"text": person.redacted(row.text)}
            changed += _change(connection, table, r.reply_id == row.reply_id, named)
    return changed


def _conversations(connection: Connection, person: Person, *, at: datetime) -> int:
    c, table = tables.conversations.c, tables.conversations
    theirs = or_(
        c.customer_id == person.customer_id,
        c.customer_id.is_(None) & among(c.hidden_address, person.hidden),
    )
    open_ones = theirs & c.waiting_since.is_not(None)
    _change(connection, table, open_ones, {"waiting_since": None, "resolved_at": at})
    hidden = _hide_column(connection, table, person, theirs)
    return max(hidden, _rename(connection, table, person))


def _joins(connection: Connection, person: Person) -> int:
    j, table = tables.series_joins.c, tables.series_joins
    theirs = or_(
        j.customer_id == person.customer_id,
        j.customer_id.is_(None) & among(j.hidden_address, person.hidden),
    )
    words = {"asked_words": "", "granted_words": None}
    _change(connection, table, theirs & (j.asked_words != ""), words)
    hidden = _hide_column(connection, table, person, theirs)
    return max(hidden, _rename(connection, table, person))


def _events(connection: Connection, person: Person, reply_ids: list[str]) -> int:
    e, table = tables.provider_events.c, tables.provider_events
    theirs = or_(among(e.message_id, person.message_ids), among(e.dedupe_key, reply_ids))
    details = {"detail_json": ERASED_DETAIL}
    changed = _change(connection, table, theirs & (e.detail_json != ERASED_DETAIL), details)
    # What names no message of ours, and what somebody else wrote.
    foreign = or_(e.message_id.is_(None), e.kind == "replied") & (e.detail_json != ERASED_DETAIL)
    query = select(e.dedupe_key, e.detail_json).where(foreign)
    for row in connection.execute(query).all():
        if person.is_in(row.detail_json):
            named = {"detail_json": person.redacted(row.detail_json)}
            changed += _change(connection, table, e.dedupe_key == row.dedupe_key, named)
    return changed


def _rename(connection: Connection, table: Table, person: Person) -> int:
    if "address" in table.c:
        _hide_column(connection, table, person, table.c.customer_id == person.customer_id)
    theirs = table.c.customer_id == person.customer_id
    return _change(connection, table, theirs, {"customer_id": person.pseudonym})


def _hide_column(
    connection: Connection, table: Table, person: Person, theirs: ColumnElement[bool]
) -> int:
    """Their hash in the place of each address in their rows."""
    address = table.c.address
    changed = 0
    for spelled in connection.scalars(select(address).where(theirs).distinct()).all():
        if not is_hidden(spelled):
            hidden = person.hide(spelled)
            changed += _change(
                connection, table, theirs & (address == spelled), {"address": hidden}
            )
    return changed


def _change(
    connection: Connection,
    table: Table,
    which: ColumnElement[bool],
    values: Mapping[str, Any],
) -> int:
    """Change rows; those that dbt reads are due for export."""
    version = {"version": table.c.version + 1} if "version" in table.c else {}
    return connection.execute(update(table).where(which).values(**values, **version)).rowcount
