"""What Shopify has said of consents and addresses, by whichever way it came: an export, the API, or
tables that another tool has landed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.landing._consent_states import meaning
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work

# Begins the name of each source of consents that is a way from Shopify.
SYSTEM: Final = "shopify"
_KEYS: Final = ("channel", "state", "level", "collected_from", "is_dated")


def said_before(work: Work) -> str:
    """SQL for what Shopify said last of each customer and channel, and when."""
    landed = work.landed("consents")
    if landed is None:
        return (
            "select null::varchar as customer_id, null::varchar as channel, "
            "null::varchar as status, null::timestamptz as occurred_at where false"
        )
    return f"""
        select customer_id, channel, max_by(status, (occurred_at, status)) as status,
            max(occurred_at) as occurred_at
        from {parquet(landed)} where starts_with(source, '{SYSTEM} ')
        group by customer_id, channel
    """


def know_meanings(work: Work, told: str) -> None:
    """The view `meanings`: what each state becomes, and its basis, by the seed consent_states.

    `told` is SQL for the states, with the columns `channel`, `state`, `level`, `collected_from` and
    `is_dated`, by which the view is joined.
    """
    found = work.connection.execute(
        f"select distinct {', '.join(_KEYS)} from ({told}) where state is not null"
    ).fetchall()
    rows = []
    for channel, state, level, place, is_dated in found:
        means = meaning(
            SYSTEM, channel, state, opt_in_level=level, collected_from=place, is_dated=is_dated
        )
        rows.append((channel, state, level, place, is_dated, means.becomes, means.basis or None))
    schema = pa.schema(
        [
            (name, pa.bool_() if name == "is_dated" else pa.string())
            for name in (*_KEYS, "becomes", "basis")
        ]
    )
    columns = {name: [row[at] for row in rows] for at, name in enumerate(schema.names)}
    work.connection.register("meanings", pa.table(columns, schema))


def write_invalid(work: Work, told: str) -> Path | None:
    """The addresses that don't work; None without any. One without a date counts from the load.

    `told` is SQL for what consents became, with the columns `becomes`, `channel`, `address` (a key)
    and `said_at`, a text.
    """
    path = work.folder / "invalid.parquet"
    at = "coalesce(try_cast(said_at as timestamptz), getvariable('loaded_at'))"
    copy(
        work,
        f"""
        select 'email' as channel_group, address, 'hard_bounce' as reason,
            max(least({at}, getvariable('loaded_at'))) as occurred_at
        from ({told})
        where becomes = 'suppressed' and channel = 'email' and address is not null
        group by all
        """,
        path,
    )
    return path if pq.read_metadata(path).num_rows else None
