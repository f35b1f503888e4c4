"""What a provider's records showed of the time since the backup that a ledger was restored from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "found_sends",
        sa.Column("provider_id", sa.Text(), primary_key=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("channel_group", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("attempt_id", sa.Text()),
        sa.Column("hidden_address", sa.Text(), nullable=False),
        sa.Column("words_sha256", sa.Text(), nullable=False),
        sa.Column("link_tokens", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound_to", sa.Text()),
    )
    op.create_index("found_sends_by_message", "found_sends", ["message_id"])
    op.create_index("found_sends_by_address", "found_sends", ["hidden_address"])
