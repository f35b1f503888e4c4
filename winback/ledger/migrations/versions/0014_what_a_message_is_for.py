"""What a message is for and who wrote it, which its playbook, variant and tag stood for before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("purpose", "campaign"), ("written_by", "template")):
        op.add_column(
            "messages", sa.Column(name, sa.Text(), nullable=False, server_default=default)
        )
    # The version makes the warehouse read them anew.
    op.execute(
        """
        update messages
        set
            purpose = case
                when content_tag = 'series_ask' then 'series_ask'
                when variant = 'confirmation' then 'confirmation'
                else 'reply'
            end,
            written_by = case variant
                when 'human' then 'human'
                when 'confirmation' then 'template'
                else 'responder'
            end,
            version = version + 1
        where playbook_id = 'answers'
        """
    )
