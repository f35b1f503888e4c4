"""Reconciling keeps its polls and finds its evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_polls", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("evidence_by_attempt", "evidence", ["attempt_id"])
    op.create_index("evidence_by_message", "evidence", ["message_id"])
    op.create_index("messages_by_acceptance", "messages", ["accepted_at"])
