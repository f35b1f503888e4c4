"""Codes that the shop uploaded: each is given once, to one enrollment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer_codes",
        sa.Column("code_key", sa.Text(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrollment_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("enrollment_id", "offer_id", name="one_code_per_enrollment"),
    )
    free = sa.text("given_at is null")
    op.create_index(
        "offer_codes_free",
        "offer_codes",
        ["offer_id", "ends_at", "code_key"],
        sqlite_where=free,
        postgresql_where=free,
    )
    due = sa.text("version > exported_version")
    op.create_index(
        "offer_codes_due_for_export",
        "offer_codes",
        ["version"],
        sqlite_where=due,
        postgresql_where=due,
    )
