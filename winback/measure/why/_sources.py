"""The rows of law that a person's country is judged by, from the published seeds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from winback.base.duck import Rows, rows_with

# One row per rule, channel (null: all of them), place and source. A country without a row
# of its own is judged by that for everywhere, as the models do it.
_SEEDS: Final = {
    "consent_rules": """
        with judging as (
            from read_parquet($path) where country in ($country, '*')
            qualify row_number() over (
                partition by channel, basis order by country = '*'
            ) = 1
        )
        select
            'consent' as rule_id, channel, country as place,
            string_agg(basis, ', ' order by basis)
                || if(is_accepted, ' can suffice', ' can''t suffice') as says,
            status, source_url, min(reviewed_on) as reviewed_on
        from judging
        group by channel, country, is_accepted, status, source_url
        order by channel, country = '*', is_accepted desc
    """,
    # An area code may tell of another state than the address: then all of the country's.
    "contact_caps": """
        select
            'cap_state' as rule_id, null as channel, country || '-' || region as place,
            max_per_24h || ' messages in 24 hours' as says, status, source_url, reviewed_on
        from read_parquet($path) where country = $country
        qualify
            region in ('*', $region)
            or not bool_or(region in ('*', $region)) over ()
        order by region
    """,
    "legal_windows": """
        select distinct
            'window' as rule_id, channel_group as channel,
            if(region = '*', country, country || '-' || region) as place,
            'its hours of the day' as says, status, source_url, reviewed_on
        from read_parquet($path)
        where country in ($country, '*') and region in ('*', $region)
        qualify (country = '*') = bool_and(country = '*') over (partition by channel_group)
        order by channel, place
    """,
}


def sources(
    connection: duckdb.DuckDBPyConnection, published: Path, person: Mapping[str, Any]
) -> Rows:
    """Of each seed in the published set, the rows of the person's country."""
    place = {"country": person["country"] or "*", "region": person["region"] or "*"}
    return [
        row
        for seed, query in _SEEDS.items()
        if (path := published / f"{seed}.parquet").exists()
        for row in rows_with(connection, query, path=path, **place)
    ]
