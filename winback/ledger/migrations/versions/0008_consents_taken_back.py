"""Consents that a load took back and no plan knows of yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revocations",
        sa.Column("customer_id", sa.Text(), primary_key=True),
        sa.Column("channel_group", sa.Text(), primary_key=True),
        sa.Column("load_id", sa.Text(), primary_key=True),
        sa.Column("hidden_address", sa.Text()),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("revocations_by_address", "revocations", ["hidden_address"])
