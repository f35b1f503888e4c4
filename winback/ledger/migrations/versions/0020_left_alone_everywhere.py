"""An enrollment knows the share of customers that was in the global holdout when it was dealt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrollments", sa.Column("global_holdout_share", sa.Float(), nullable=True))
