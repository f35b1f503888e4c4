"""Which offer a message makes and until when, and which one an arm of a step that learns deals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null in old rows: what they made follows from their step and their enrollment.
    for table in ("messages", "bandit_choices"):
        op.add_column(table, sa.Column("offer_id", sa.Text()))
        op.add_column(table, sa.Column("offer_expires_at", sa.DateTime(timezone=True)))
    # Every arm could be dealt before arms had offers.
    op.add_column(
        "bandit_choices",
        sa.Column("barred_arms", sa.Text(), nullable=False, server_default=""),
    )
