"""A click knows its link's place in the message, and its address without what may be a person's.

The clicks that are there are carried over from what they were told with.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from winback.base.addresses import page_of

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_EVENTS = sa.table(
    "provider_events",
    *map(sa.column, ("dedupe_key", "message_id", "provider", "kind", "detail_json", "link_pos")),
    *map(sa.column, ("link_address", "version")),
)
_LINKS = sa.table("links", *map(sa.column, ("message_id", "pos", "url")))


def upgrade() -> None:
    op.add_column("provider_events", sa.Column("link_pos", sa.Integer(), nullable=True))
    op.add_column("provider_events", sa.Column("link_address", sa.Text(), nullable=True))
    connection, e = op.get_bind(), _EVENTS.c
    clicks = sa.select(e.dedupe_key, e.message_id, e.detail_json)
    clicks = clicks.where(e.provider == "winback", e.kind == "clicked")
    for click in connection.execute(clicks).all():
        url = json.loads(click.detail_json or "{}").get("url")
        if not url:
            continue
        of_it = (_LINKS.c.message_id == click.message_id) & (_LINKS.c.url == url)
        pos = connection.scalar(sa.select(sa.func.min(_LINKS.c.pos)).where(of_it))
        # It is exported again, since it says more.
        told = {"link_pos": pos, "link_address": page_of(url), "version": e.version + 1}
        connection.execute(sa.update(_EVENTS).where(e.dedupe_key == click.dedupe_key).values(told))
