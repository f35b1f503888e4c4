"""How a playbook's test is judged, written once when it starts: a fact that SQL joins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "experiment_plans",
        sa.Column("plan_id", sa.Text(), primary_key=True),
        sa.Column("playbook_id", sa.Text(), nullable=False),
        sa.Column("planned_shares", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("base_rate", sa.Float(), nullable=False),
        sa.Column("holdout_share", sa.Float(), nullable=False),
        sa.Column("smallest_effect", sa.Float(), nullable=False),
        sa.Column("planned_effect", sa.Float(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("alpha", sa.Float(), nullable=False),
        sa.Column("min_customers_per_arm", sa.Float(), nullable=False),
        sa.Column("min_expected_reactivations", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("playbook_id", "planned_shares"),
        sa.CheckConstraint("customers > 0 and looks > 0"),
    )
    due = sa.text("version > exported_version")
    op.create_index(
        "experiment_plans_due_for_export",
        "experiment_plans",
        ["version"],
        sqlite_where=due,
        postgresql_where=due,
    )
