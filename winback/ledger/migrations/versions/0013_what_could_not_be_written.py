"""Which messages rendering could not write, and by which rule: a fact that SQL joins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unwritten",
        sa.Column("message_id", sa.Text(), primary_key=True),
        sa.Column("enrollment_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
    )
    due = sa.text("version > exported_version")
    op.create_index(
        "unwritten_due_for_export",
        "unwritten",
        ["version"],
        sqlite_where=due,
        postgresql_where=due,
    )
