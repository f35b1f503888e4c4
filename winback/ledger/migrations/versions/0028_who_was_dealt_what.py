"""Who was dealt which arm of a step, and within which bounds of each arm; what SQL reads of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_TABLES = ("bandit_moves", "bandit_arms", "bandit_choices")


def upgrade() -> None:
    for table in _TABLES[:2]:
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        op.add_column(
            table, sa.Column("exported_version", sa.Integer(), nullable=False, server_default="0")
        )
    for name, share in (("least_share", "0.1"), ("most_share", "1.0")):
        op.add_column(
            "bandit_arms", sa.Column(name, sa.Float(), nullable=False, server_default=share)
        )
    # An arm's least was that of its move before it had one of its own.
    op.execute(
        "update bandit_arms set least_share = (select min_propensity from bandit_moves "
        "where bandit_moves.move_id = bandit_arms.move_id)"
    )
    op.create_table(
        "bandit_choices",
        sa.Column("enrollment_id", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("move_id", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("dealt_by", sa.Text(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exported_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("dealt_by in ('bandit', 'random')"),
        sa.CheckConstraint("propensity > 0 and propensity <= 1"),
    )
    due = sa.text("version > exported_version")
    for table in _TABLES:
        op.create_index(
            f"{table}_due_for_export",
            table,
            ["version"],
            sqlite_where=due,
            postgresql_where=due,
        )
