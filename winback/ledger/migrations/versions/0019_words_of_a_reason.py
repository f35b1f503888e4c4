"""An event of a reply knows the listed phrase that its lapse reason was coded by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("provider_events", sa.Column("lapse_words", sa.Text(), nullable=True))
