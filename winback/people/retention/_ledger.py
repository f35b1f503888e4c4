"""Old addresses and words in the ledger: each row stays, with its key, its states and its times.

A message's key is what keeps it from being sent twice, so no row goes. Of an address its keyed
hash stays: an unsubscribe link of an old message still silences the address. Opt-outs, choices
and what proves a consent stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, or_, select, update

from winback.ledger import (
    ERASED_DETAIL,
    FINAL,
    HIDDEN_PREFIX,
    AddressKey,
    ChannelGroup,
    Ledger,
    among,
    channel_group,
    normalize,
    tables,
)

# In portions: an opt-out that comes in waits for one of them, not for all.
AT_ONCE: Final = 2_000
# Evidence that an operator gave in words of their own.
_BY_HAND: Final = ("released", "settled")
_m, _r, _c, _e = (
    tables.messages.c, tables.replies.c, tables.conversations.c, tables.provider_events.c,
)  # fmt: skip
# A human still owes a reply: they need to read it and to know where it goes.
_WAITED_FOR: Final = select(_c.conversation_id).where(_c.waiting_since.is_not(None))
Counts = Iterator[tuple[str, int]]


def forget_words(ledger: Ledger, before: datetime, *, write: bool) -> Counts:
    """What messages said, what people wrote, and where links led."""
    ended = and_(_m.state.in_(FINAL), _m.updated_at < before)
    said = and_(ended, _m.payload_json != "{}")
    # First, while the messages still say which are old: the rest of a run that died is found.
    of_old = tables.links.c.message_id.in_(select(_m.message_id).where(ended))
    yield "links", _delete(ledger, tables.links, of_old, write=write)
    values = {"payload_json": "{}", "payload_sha256": ""}
    yield "message words", _change(ledger, tables.messages, said, values, write=write)
    wrote = and_(
        _r.received_at < before,
        or_(_r.text != "", _r.mail_id.is_not(None)),
        _r.conversation_id.not_in(_WAITED_FOR),
    )
    nothing = {"text": "", "mail_id": None}
    yield "reply words", _change(ledger, tables.replies, wrote, nothing, write=write)
    v = tables.evidence.c
    told = and_(v.seen_at < before, v.kind.in_(_BY_HAND), v.payload != "")
    yield "notes by hand", _change(ledger, tables.evidence, told, {"payload": ""}, write=write)


def forget_addresses(ledger: Ledger, before: datetime, *, write: bool) -> Counts:
    """The keyed hash in the place of each address of an ended message and an old thread."""
    ended = and_(_m.state.in_(FINAL), _m.updated_at < before)
    yield "message addresses", _hide(ledger, tables.messages, ended, write=write)
    quiet = and_(_c.waiting_since.is_(None), _c.last_reply_at < before)
    yield "conversation addresses", _hide(ledger, tables.conversations, quiet, write=write)
    old = and_(_r.received_at < before, _r.conversation_id.not_in(_WAITED_FOR))
    yield "reply addresses", _hide(ledger, tables.replies, old, write=write)


def forget_details(ledger: Ledger, before: datetime, *, write: bool) -> Counts:
    """The details of events, whose raw callbacks go too; kind, times and keys stay."""
    old = and_(_e.received_at < before, _e.detail_json != ERASED_DETAIL)
    values = {"detail_json": ERASED_DETAIL}
    yield "event details", _change(ledger, tables.provider_events, old, values, write=write)


def _hide(ledger: Ledger, table: Table, which: ColumnElement[bool], *, write: bool) -> int:
    plain = ~table.c.address.startswith(HIDDEN_PREFIX, autoescape=True)
    group = table.c["channel_group" if "channel_group" in table.c else "channel"]
    (key,) = table.primary_key.columns
    zones = {"zones": ""} if "zones" in table.c else {}
    statement = (
        update(table)
        .where(key == bindparam("key"))
        .values(address=bindparam("hidden"), **zones, **_version(table))
    )

    def hide(connection: Connection, rows: Sequence[Any]) -> None:
        hides = AddressKey.of(connection)
        values = [
            {
                "key": row.key,
                "hidden": hides.hide(normalize(_group(row.way), row.address)),
            }
            for row in rows
        ]
        connection.execute(statement, values)

    wanted = (key.label("key"), table.c.address, group.label("way"))
    return _in_portions(ledger, wanted, and_(which, plain), key, hide if write else None)


def _group(way: str) -> Any:
    """A channel, or the group that stands in its place."""
    return way if way in get_args(ChannelGroup) else channel_group(way)


def _change(
    ledger: Ledger,
    table: Table,
    which: ColumnElement[bool],
    values: Mapping[str, object],
    *,
    write: bool,
) -> int:
    (key,) = table.primary_key.columns

    def change(connection: Connection, rows: Sequence[Any]) -> None:
        keys = [row.key for row in rows]
        statement = update(table).where(among(key, keys))
        connection.execute(statement.values(**values, **_version(table)))

    return _in_portions(ledger, (key.label("key"),), which, key, change if write else None)


def _delete(ledger: Ledger, table: Table, which: ColumnElement[bool], *, write: bool) -> int:
    (key,) = table.primary_key.columns

    def delete(connection: Connection, rows: Sequence[Any]) -> None:
        connection.execute(table.delete().where(among(key, [row.key for row in rows])))

    return _in_portions(ledger, (key.label("key"),), which, key, delete if write else None)


def _in_portions(
    ledger: Ledger,
    wanted: Sequence[ColumnElement[Any]],
    which: ColumnElement[bool],
    key: ColumnElement[Any],
    act: Callable[[Connection, Sequence[Any]], None] | None,
) -> int:
    """Act on the rows, a portion a transaction, in the order of their keys; how many there are."""
    count, last = 0, ""
    query = select(*wanted).where(which, key > bindparam("last")).order_by(key).limit(AT_ONCE)
    while True:
        with ledger.read() as connection:
            rows = connection.execute(query, {"last": last}).all()
        if not rows:
            return count
        if act is not None:
            with ledger.write() as connection:
                if connection.dialect.name == "sqlite":
                    connection.exec_driver_sql("pragma secure_delete = on")
                act(connection, rows)
        count, last = count + len(rows), rows[-1].key


def _version(table: Table) -> dict[str, Any]:
    """Those that dbt reads are due for export."""
    return {"version": table.c.version + 1} if "version" in table.c else {}
