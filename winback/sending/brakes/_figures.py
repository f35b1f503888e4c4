"""Stops by the ledger's own figures: reports of spam, and texts that carriers filter.

Reports come back after the calls: no call fails while the domain or the campaign is being ruined.
So the rates of what came back are looked at before each portion is claimed. The numbers are vars of
dbt_project.yml; complaints are counted as int_contact__complaints counts them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from winback.base.project import project_vars
from winback.ledger import tables
from winback.sending.brakes._breakers import Trip

_e, _m = tables.provider_events.c, tables.messages.c


def find_trip_in_figures(
    connection: Connection, channel: str, *, now: datetime, counts_from: datetime | None
) -> Trip | None:
    """The rate that stops a channel, if one does; events before `counts_from` don't count."""
    found = _complaints(connection, channel, now=now, counts_from=counts_from)
    if found is not None or channel == "email":
        return found
    return _filtered(connection, channel, now=now, counts_from=counts_from)


def _complaints(
    connection: Connection, channel: str, *, now: datetime, counts_from: datetime | None
) -> Trip | None:
    given = project_vars()
    since = _since(now, given["complaint_window_hours"], counts_from)

    def count(kind: str, *, up_to: int | None = None) -> int:
        events = _events(channel, kind, since=since, until=now).subquery()
        messages = select(events.c.message_id).distinct().limit(up_to).subquery()
        return connection.scalar(select(func.count()).select_from(messages)) or 0

    # Rare, and counted first; then no more is counted than makes the rate a sound one.
    complained = count("complained")
    if complained < given["complaint_min_count"]:
        return None
    enough = int(complained / given["complaint_stop_rate"]) + 1
    delivered = count("delivered", up_to=enough)
    if delivered == enough:
        return None
    return Trip(
        "complaints",
        f"{complained:,} of {delivered:,} {channel} messages delivered in the last "
        f"{given['complaint_window_hours']} hours were reported as spam, "
        f"{given['complaint_stop_rate']:.1%} or more. Next: find out who complains and why, "
        f"then winback go {channel}, or wait until they are older.",
    )


def _filtered(
    connection: Connection, channel: str, *, now: datetime, counts_from: datetime | None
) -> Trip | None:
    """Of the latest texts whose end is known, how many a carrier took for unwanted."""
    given = project_vars()
    since = _since(now, given["filtered_window_hours"], counts_from)
    size = given["filtered_last_messages"]

    def latest(*kinds: str) -> dict[str, tuple[datetime, bool]]:
        """By message: when it ended, and whether a carrier filtered it."""
        ends = {}
        for kind in kinds:
            query = _events(channel, kind, since=since, until=now)
            for row in connection.execute(query.order_by(_e.occurred_at.desc()).limit(size)):
                is_filtered = row.error_code in given["filtered_codes"]
                ends[row.message_id] = (row.occurred_at, is_filtered)
        return ends

    # Rare, and looked at first: most runs never read what arrived.
    undelivered = latest("undelivered", "failed")
    if sum(is_filtered for _, is_filtered in undelivered.values()) < given["filtered_min_count"]:
        return None
    recent = sorted((latest("delivered") | undelivered).values(), reverse=True)[:size]
    filtered = sum(is_filtered for _, is_filtered in recent)
    if filtered < given["filtered_min_count"]:
        return None
    if filtered <= given["filtered_stop_rate"] * len(recent):
        return None
    return Trip(
        "undelivered",
        f"carriers filtered {filtered:,} of the last {len(recent):,} {channel} messages (codes "
        f"{', '.join(given['filtered_codes'])}), more than {given['filtered_stop_rate']:.0%}. "
        f"Next: check the campaign's registration and the words, then winback go {channel}.",
    )


def _since(now: datetime, hours: int, counts_from: datetime | None) -> datetime:
    since = now - timedelta(hours=hours)
    return since if counts_from is None else max(since, counts_from)


def _events(channel: str, kind: str, *, since: datetime, until: datetime) -> Select[Any]:
    return (
        select(_e.message_id, _e.occurred_at, _e.error_code)
        .join(tables.messages, _m.message_id == _e.message_id)
        .where(_e.kind == kind, _e.occurred_at > since, _e.occurred_at <= until)
        .where(_m.channel == channel)
    )
