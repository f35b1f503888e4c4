"""What was spent since a day is added up before each call, from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("messages_by_acceptance", table_name="messages")
    op.create_index("messages_by_acceptance", "messages", ["accepted_at", "cost_cents"])
