"""An enrollment knows the shares of all cells that were planned when it was dealt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("planned_shares", sa.Text(), nullable=True))
