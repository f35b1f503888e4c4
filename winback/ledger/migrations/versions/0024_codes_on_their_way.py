"""Codes made here that a shop has not confirmed yet, and the discounts that hold them there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_codes",
        sa.Column("code_key", sa.Text(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("offer_id", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bulk_id", sa.Text(), nullable=True),
    )
    op.create_table(
        "shop_discounts",
        sa.Column("shop", sa.Text(), primary_key=True),
        sa.Column("offer_id", sa.Text(), primary_key=True),
        sa.Column("terms", sa.Text(), primary_key=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("discount_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
