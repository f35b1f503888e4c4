"""Which enrollments ended before their last step: an order taken back doesn't revive them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrollment_ends",
        sa.Column("enrollment_id", sa.Text(), primary_key=True),
        sa.Column("exit_reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
    )
    due = sa.text("version > exported_version")
    op.create_index(
        "enrollment_ends_due_for_export",
        "enrollment_ends",
        ["version"],
        sqlite_where=due,
        postgresql_where=due,
    )
