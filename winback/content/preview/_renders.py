"""What a dry run wrote, as it is looked at: a message for each way in which it reads."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

from winback.base.duck import connect, rows_with
from winback.content.preview._messages import Shown

# An example a step and variant, and one a reason where it can't be written.
_EXAMPLES: Final = """
    select
        playbook_id, step, channel, coalesce(variant, '') as variant, unwritten,
        count(*) as count,
        coalesce(sum(cost_cents), 0) as cost_cents,
        min(customer_id) as customer_id,
        arg_min(payload_json, customer_id) as payload_json,
        arg_min(segments, customer_id) as sms_parts
    from read_parquet($renders)
    group by all
    order by playbook_id, step, variant, unwritten nulls first
"""


def read_renders(renders: Path) -> list[Shown]:
    """The messages of a dry run's `renders.parquet`: an example of each, with their number."""
    with connect() as connection:
        rows = rows_with(connection, _EXAMPLES, renders=renders)
    return [
        Shown(
            playbook_id=row["playbook_id"],
            step=row["step"],
            channel=row["channel"],
            variant=row["variant"],
            about=f"customer {row['customer_id']}",
            payload_json=row["payload_json"] or "",
            sms_parts=row["sms_parts"],
            cost_cents=Decimal(row["cost_cents"]),
            count=row["count"],
            unwritten=row["unwritten"] or "",
        )
        for row in rows
    ]
