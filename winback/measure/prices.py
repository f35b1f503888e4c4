"""What providers charged beside what was planned, where the two are far apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from winback.base.duck import connect, rows_with

# A price list that is off by less moves no decision.
WORTH_TELLING: Final = 0.2
DAYS: Final = 60
_CHARGED: Final = """
    select
        channel, count(*) as messages,
        sum(planned_cost_cents) / 100 as planned, sum(actual_cost_cents) / 100 as actual
    from read_parquet($messages)
    where actual_cost_cents is not null and accepted_at > cast($since as timestamptz)
    group by channel order by channel
"""

_KNOWN: Final = "from parquet_schema($messages) where name = 'actual_cost_cents'"


def tell_prices(published: Path, *, as_of: datetime) -> list[str]:
    """A sentence for each channel that cost a fifth more or less than planned, of the last sixty
    days; none where no price is known."""
    path = published / "messages.parquet"
    if not path.exists():
        return []
    since = (as_of - timedelta(days=DAYS)).isoformat()
    with connect() as connection:
        if not rows_with(connection, _KNOWN, messages=path):
            return []  # an earlier version published it
        rows = rows_with(connection, _CHARGED, messages=path, since=since)
    return [
        f"{row['channel']}: {row['messages']:,} messages cost {row['actual']:,.2f}, and were "
        f"planned for {row['planned']:,.2f}. Next: put your prices into "
        "dbt_project/seeds/channel_costs.csv"
        for row in rows
        if abs(row["actual"] - row["planned"]) > WORTH_TELLING * row["planned"]
    ]
