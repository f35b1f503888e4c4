"""Which chances a step's arms were given, from what evidence, within which bounds, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bandit_moves",
        sa.Column("move_id", sa.Text(), primary_key=True),
        sa.Column("playbook_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("min_propensity", sa.Float(), nullable=False),
        sa.Column("random_control_share", sa.Float(), nullable=False),
        sa.Column("discount", sa.Float(), nullable=False),
        sa.Column("start_assigned", sa.Integer(), nullable=False),
        sa.Column("start_responders", sa.Integer(), nullable=False),
        sa.Column("max_opt_out_rate", sa.Float(), nullable=False),
        sa.Column("max_complaint_rate", sa.Float(), nullable=False),
        sa.Column("harm_alpha", sa.Float(), nullable=False),
        sa.UniqueConstraint("playbook_id", "step", "moved_at"),
        sa.CheckConstraint("phase in ('uniform', 'learning')"),
    )
    op.create_table(
        "bandit_arms",
        sa.Column("move_id", sa.Text(), primary_key=True),
        sa.Column("arm", sa.Text(), primary_key=True),
        sa.Column("assigned", sa.Integer(), nullable=False),
        sa.Column("responded", sa.Integer(), nullable=False),
        sa.Column("alpha", sa.Float(), nullable=False),
        sa.Column("beta", sa.Float(), nullable=False),
        sa.Column("value_cents", sa.Float(), nullable=False),
        sa.Column("cost_cents", sa.Float(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("opted_out", sa.Integer(), nullable=False),
        sa.Column("complained", sa.Integer(), nullable=False),
        sa.Column("best_millionths", sa.Integer(), nullable=False),
        sa.Column("millionths", sa.Integer(), nullable=False),
        sa.Column("stopped_by", sa.Text(), nullable=False),
        sa.CheckConstraint("millionths between 0 and 1000000"),
        sa.CheckConstraint("stopped_by in ('', 'opt_outs', 'complaints', 'operator')"),
    )
