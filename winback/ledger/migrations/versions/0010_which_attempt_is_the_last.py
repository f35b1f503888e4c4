"""Which attempt of a message an attempt is: clocks don't tell which was the last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt_messages", sa.Column("attempt_no", sa.Integer(), nullable=True))
