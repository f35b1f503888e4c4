"""A gate knows why it is open and what all were asked; events are found by kind and time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("channel_gates") as batch:
        for name in ("refilled_at", "paused_until", "opened_at", "counts_from"):
            batch.add_column(sa.Column(name, sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("kind", sa.Text()))
    op.create_index("provider_events_by_kind", "provider_events", ["kind", "occurred_at"])
