"""Who holds claims; a PostgreSQL ledger knows its place better."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PLACE = """
    update meta set value = place.new
    from (
        select
            datname || '#' || oid as old,
            datname || '.' || current_schema() || '#' || oid || '.' || system_identifier as new
        from pg_database, pg_control_system()
        where datname = current_database()
    ) as place
    where key = 'place' and value = place.old
"""


def upgrade() -> None:
    op.create_table(
        "claim_holders",
        sa.Column("claim_token", sa.Text(), primary_key=True),
        sa.Column("alive_until", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_PLACE)
