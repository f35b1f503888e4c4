"""What the provider charged for a message, told days after it left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("message_id", sa.Text(), primary_key=True),
        sa.Column(
            "cost_cents", sa.Numeric(12, 4).with_variant(sa.Text(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
    )
    due = sa.text("version > exported_version")
    op.create_index(
        "prices_due_for_export",
        "prices",
        ["version"],
        sqlite_where=due,
        postgresql_where=due,
    )
