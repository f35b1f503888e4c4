"""The last screen as a page in Markdown, with what the ledger knows of the last day beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from winback.base.duck import Rows
from winback.ledger import tables

DAY: Final = timedelta(hours=24)
_m, _e = tables.messages.c, tables.provider_events.c


def read_sent(connection: Connection, *, now: datetime) -> Rows:
    """What providers took in the last 24 hours, by playbook and step, with its cost in cents.

    Providers have clocks of their own, which go on while a rehearsal's stands still: what is later
    than `now` counts too.
    """
    count, cost = func.count().label("messages"), func.sum(_m.cost_cents).label("cost_cents")
    rows = connection.execute(
        select(_m.playbook_id, _m.step, count, cost)
        .where(_m.accepted_at > now - DAY)
        .group_by(_m.playbook_id, _m.step)
        .order_by(_m.playbook_id, _m.step)
    )
    return [
        {
            "playbook": row.playbook_id,
            "step": row.step,
            "state": "accepted",
            "messages": row.messages,
            "cost_cents": row.cost_cents or 0,
        }
        for row in rows
    ]


def read_came_back(connection: Connection, *, now: datetime) -> dict[str, int]:
    """How many events of each kind the providers and our pages told of in the last 24 hours."""
    rows = connection.execute(
        select(_e.kind, func.count())
        .where(_e.occurred_at > now - DAY)
        .group_by(_e.kind)
        .order_by(_e.kind)
    )
    return {str(kind): int(count) for kind, count in rows}


def report_page(title: str, head: str, sections: Iterable[tuple[str, list[str]]]) -> str:
    """The page; a part without a line is left out."""
    parts = [f"# {title}", head]
    for name, lines in sections:
        if lines:
            parts += [f"## {name}", "\n".join(_marked(lines))]
    return "\n\n".join(parts) + "\n"


def _marked(lines: list[str]) -> Iterator[str]:
    """Lines as a list, those that are set in below the one before; commands as they are typed."""
    if lines[0].startswith("Next: winback"):
        yield from ("```", *(line[6:] for line in lines), "```")
        return
    for line in lines:
        yield f"    - {line.strip()}" if line.startswith(" ") else f"- {line}"
