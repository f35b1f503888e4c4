"""Joins of content series, and the caps of their messages; claims come sorted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_joins",
        sa.Column("join_id", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("channel_group", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("hidden_address", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_words", sa.Text(), nullable=False),
        sa.Column("asked_reply_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("confirm_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_words", sa.Text(), nullable=True),
        sa.Column("granted_reply_id", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("join_id"),
    )
    op.create_index("series_joins_by_address", "series_joins", ["channel_group", "address"])
    op.create_index(
        "series_joins_due_for_export",
        "series_joins",
        ["version"],
        sqlite_where=sa.text("version > exported_version"),
        postgresql_where=sa.text("version > exported_version"),
    )
    op.add_column("messages", sa.Column("cap_scope", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("cap_per_24h", sa.Integer(), nullable=True))
    op.add_column("messages", sa.Column("cap_per_7d", sa.Integer(), nullable=True))
    # Of one moment, the order of claims needs no sort.
    op.drop_index("messages_due", "messages")
    op.create_index("messages_due", "messages", ["state", "channel", "not_before", "message_id"])
