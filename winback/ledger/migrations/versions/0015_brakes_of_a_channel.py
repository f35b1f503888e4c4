"""What stops or slows a channel is a brake: a gate is a check of data, and opens to let it pass."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("channel_gates", "channel_brakes")
    for before, now in (("opened_at", "stopped_at"), ("open_until", "stopped_until")):
        op.execute(f"alter table channel_brakes rename column {before} to {now}")
