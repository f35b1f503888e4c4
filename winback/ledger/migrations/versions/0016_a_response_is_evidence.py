"""What a provider says to a call is a response; an answer was that, our reply and much else."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update evidence set kind = 'response' where kind = 'answer'")
