"""Held requests without an answer are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UNANSWERED = sa.text("outcome = 'unknown' and sg_batch_id is not null")


def upgrade() -> None:
    op.create_index(
        "attempts_unanswered",
        "attempts",
        ["sg_send_at"],
        sqlite_where=_UNANSWERED,
        postgresql_where=_UNANSWERED,
    )
