"""The story of one person: what was decided, when, and every rule that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb

from winback.errors import WinbackError
from winback.report import Rows
from winback.settings import Settings

_PERSON: Final = """
    select
        lapse_stage, days_inactive, order_count, rfm_segment, value_tier,
        (
            select string_agg(segment, ', ' order by segment)
            from read_parquet($published || '/segment_members.parquet')
            where customer_id = $customer_id
        ) as segments
    from read_parquet($published || '/customers.parquet')
    where customer_id = $customer_id
"""
_CHANNELS: Final = """
    select channel, is_eligible, blocked_by
    from read_parquet($published || '/channel_eligibility.parquet')
    where customer_id = $customer_id order by channel
"""
# Decisions that were acted on are history; the newest published ones may be a plain build's.
_DECISIONS: Final = """
    select
        decided_at, playbook_id, step, channel, arm, decision, blocked_by,
        send_after_at, expires_at
    from read_parquet($landing || '/decisions/*.parquet', union_by_name = true)
    where customer_id = $customer_id
    order by decided_at, playbook_id, step
"""
_MESSAGES: Final = """
    select
        playbook_id, step, channel, state, accepted_at, delivered_at, clicked_at,
        replied_at, opted_out_at
    from read_parquet($published || '/messages.parquet')
    where customer_id = $customer_id order by accepted_at, playbook_id, step
"""
_ENROLLMENTS: Final = """
    select playbook_id, arm, entered_at, exited_at, exit_reason
    from read_parquet($published || '/enrollments.parquet')
    where customer_id = $customer_id order by entered_at
"""


@dataclass(frozen=True)
class Story:
    """What is known of one person, without their contact data."""

    person: dict[str, Any]
    channels: Rows
    enrollments: Rows
    decisions: Rows
    messages: Rows


def why(settings: Settings, customer_id: str) -> Story:
    """Read one person's story from what was published and decided.

    Raises WinbackError where nothing is published or the customer is not in it.
    """
    published = settings.published_dir / "current"
    if not published.exists():
        raise WinbackError("nothing is published yet. Next: winback build")
    parameters = {
        "published": str(published),
        "landing": str(settings.ledger_landing_dir),
        "customer_id": customer_id,
    }
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        person = _rows(connection, _PERSON, parameters)
        if not person:
            raise WinbackError(
                f"customer {customer_id!r} is not in the published set. "
                "Next: check the id, or load and build again"
            )
        has_history = any((settings.ledger_landing_dir / "decisions").glob("*.parquet"))
        return Story(
            person=person[0],
            channels=_rows(connection, _CHANNELS, parameters),
            enrollments=_rows(connection, _ENROLLMENTS, parameters),
            decisions=_rows(connection, _DECISIONS, parameters) if has_history else [],
            messages=_rows(connection, _MESSAGES, parameters),
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, str]) -> Rows:
    used = {name: value for name, value in parameters.items() if f"${name}" in query}
    result = connection.execute(query, used)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
