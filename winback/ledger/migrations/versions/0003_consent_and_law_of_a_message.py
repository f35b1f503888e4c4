"""A message knows the end of the consent that let it be planned, and the law's cap."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("consent_expires_at", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("max_per_24h", sa.Integer()))
