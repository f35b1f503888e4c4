"""A human's answer is a message like any other, and a mail that is answered keeps its id.

What a human answered before is not carried over: no release has had that table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("answers")
    with op.batch_alter_table("replies") as table:
        table.add_column(sa.Column("mail_id", sa.Text(), nullable=True))
