"""What a person must approve before it leaves, and what each content reads like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("content_sha256", sa.Text()))
    op.create_table(
        "approvals",
        sa.Column("approval_id", sa.Text(), primary_key=True),
        sa.Column("playbook_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("contents_json", sa.Text(), nullable=False),
        sa.Column("n_messages", sa.Integer(), nullable=False),
        sa.Column(
            "cost_cents", sa.Numeric(12, 4).with_variant(sa.Text(), "sqlite"), nullable=False
        ),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint("decision in ('yes', 'no')", name="known_decision"),
    )
    op.create_index("approvals_by_step", "approvals", ["playbook_id", "step"])
    op.create_table(
        "content_samples",
        sa.Column("content_sha256", sa.Text(), primary_key=True),
        sa.Column("pos", sa.Integer(), primary_key=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("payload_json", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer()),
    )
