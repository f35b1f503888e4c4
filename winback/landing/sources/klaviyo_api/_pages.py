"""The pages of Klaviyo's API: which there are, and their events as texts.

A page has its events or profiles under `data`, and the events' metrics and profiles under
`included`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import literal
from winback.base.errors import UsageError, WinbackError
from winback.landing._batch import LINE
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE

PAGE: Final = "page"
# What is read of an event, with ours; docs/sources.md has the same, and a test holds them together.
FIELDS: Final[Mapping[str, str]] = {
    "attributes.datetime": "occurred_at",
    "attributes.timestamp": "timestamp",
    "event_properties.$flow": "flow",
    "event_properties.$message": "message",
    "event_properties.$variation": "variation",
    "event_properties.Bounce Type": "bounce",
    "event_properties.ProductID": "product",
    "event_properties.SKU": "sku",
    "event_properties.ProductName": "product_name",
}
_PATHS: Final = {
    "attributes": "$.attributes",
    "event_properties": "$.attributes.event_properties",
}


def find_event_pages(source: Path) -> list[Path]:
    """The pages of a folder in the order of their names, or the one that is named."""
    if not source.exists():
        raise UsageError(f"{source} doesn't exist.")
    if source.is_file():
        return [source]
    inside = (path for path in sorted(source.iterdir()) if not path.name.startswith("."))
    found = [path for path in inside if path.suffix.lower() == ".json"]
    if not found:
        raise UsageError(
            f"{source} holds no .json file. Next: save the pages of "
            "https://a.klaviyo.com/api/events?include=metric,profile or /api/profiles there"
        )
    if wrong := [path for path in found if not path.is_file()]:
        raise _refusal(wrong[0], "it is not a file", "put the file there")
    return found


def label_of(pages: Sequence[Path]) -> str:
    """What reports call them."""
    others = f" and {len(pages) - 1:,} more" if len(pages) > 1 else ""
    return pages[0].name + others


def read_pages(work: Work, pages: Sequence[Path]) -> None:
    """The temp table `records`, one row a record of a page; one on two pages counts once.

    Raises WinbackError for a page that is none.
    """
    work.connection.execute(
        f"create or replace temp table pages ({FILE} integer, {PAGE} varchar, data json, "
        "included json)"
    )
    for number, path in enumerate(pages, start=1):
        work.progress("pages: reading", work.done_bytes, work.total_bytes)
        _read_page(work, number, path)
        work.done_bytes += path.stat().st_size
    work.connection.execute(
        f"""
        create or replace temp table records as
        with told as (
            select {FILE}, {PAGE}, unnest(json_extract(data, '$[*]')) as record,
                generate_subscripts(json_extract(data, '$[*]'), 1)::bigint as {LINE}
            from pages
        ),
        named as (
            select *, json_extract_string(record, '$.type') as type,
                nullif(trim(json_extract_string(record, '$.id')), '') as id
            from told
        )
        from named qualify row_number() over (
            partition by type, coalesce(id, {FILE} || '/' || {LINE}) order by {FILE}, {LINE}
        ) = 1
        """
    )


def read_events(work: Work, pages: Sequence[Path]) -> None:
    """The temp table `events`: a row an event, with its metric and the addresses of its profile."""
    fields = ", ".join(
        f"json_extract_string(record, {literal(_path(it))}) as {name}"
        for it, name in FIELDS.items()
    )
    work.connection.execute(
        f"""
        create or replace temp table events as
        with included as (
            select unnest(json_extract(included, '$[*]')) as item from pages
        ),
        named as (
            select json_extract_string(item, '$.type') as type,
                json_extract_string(item, '$.id') as id,
                any_value(json_extract_string(item, '$.attributes.name')) as name,
                any_value(json_extract_string(item, '$.attributes.email')) as email,
                any_value(json_extract_string(item, '$.attributes.phone_number')) as phone
            from included group by all
        ),
        read as (
            select {FILE}, {PAGE}, {LINE}, id as event_id, {fields},
                json_extract_string(record, '$.relationships.metric.data.id') as metric_id,
                json_extract_string(record, '$.relationships.profile.data.id') as profile_id
            from records where type = 'event'
        )
        select read.* exclude (metric_id, profile_id, timestamp, occurred_at),
            coalesce(
                nullif(trim(occurred_at), ''), to_timestamp(try_cast(timestamp as bigint))::varchar
            ) as occurred_at,
            lower(trim(metrics.name)) as metric,
            nullif(trim(profiles.email), '') as email, nullif(trim(profiles.phone), '') as phone
        from read
        left join named as metrics on metrics.type = 'metric' and read.metric_id = metrics.id
        left join named as profiles
            on profiles.type = 'profile' and read.profile_id = profiles.id
        """
    )
    _refuse_bare_records(work, pages)


def _path(field: str) -> str:
    """The JSON path of a field, whose own name may have a sign or a blank in it."""
    where, _, name = field.partition(".")
    return f'{_PATHS[where]}."{name}"'


def _read_page(work: Work, number: int, path: Path) -> None:
    try:
        found = work.connection.execute(
            f"select data, included, errors from read_json({literal(path)}, format = 'unstructured'"
            ", columns = {data: 'JSON', included: 'JSON', errors: 'JSON'}, "
            f"maximum_object_size = {work.limits.line_bytes})"
        ).fetchall()
    except duckdb.Error as error:
        if "maximum_object_size" in str(error):
            raise WinbackError(
                f"{path.name}: it is over {work.limits.line_megabytes:,} MB: nothing was loaded. "
                "Next: raise WINBACK_INPUT_LINE_MEGABYTES if it is right"
            ) from None
        raise _refusal(path, "it is cut off or no JSON") from None
    if any(errors for _, _, errors in found):
        raise _refusal(path, "it holds an error of Klaviyo's")
    if not found or any(data is None or not data.startswith("[") for data, _, _ in found):
        raise _refusal(path, "it has no list of records under data")
    work.connection.executemany(
        "insert into pages values (?, ?, ?, ?)",
        [(number, path.name, data, included) for data, included, _ in found],
    )


def _refuse_bare_records(work: Work, pages: Sequence[Path]) -> None:
    """Raise WinbackError where nothing says what happened, or to whom, or what a profile agreed to,
    and for records that are neither."""
    found = work.connection.execute(
        "select count(*) filter (type = 'profile'), count(*) filter (type = 'profile' and "
        "json_extract_string(record, '$.attributes.subscriptions') is not null), "
        "count(*) filter (coalesce(type, '') not in ('profile', 'event')) from records"
    ).fetchone()
    profiles, told, others = found or (0, 0, 0)
    if others:
        raise _refusal(pages[0], f"{others:,} records are no events and no profiles")
    if profiles and not told:
        raise _refusal(
            pages[0],
            "its profiles have no subscriptions",
            "fetch it with ?additional-fields[profile]=subscriptions",
        )
    found = work.connection.execute(
        "select count(*), count(metric), count(coalesce(email, phone)) from events"
    ).fetchone()
    count, named, owned = found or (0, 0, 0)
    if count and not (named and owned):
        lacking = "profile" if named else "metric"
        raise _refusal(
            pages[0], f"its events have no {lacking}", "fetch it with ?include=metric,profile"
        )


def _refusal(path: Path, what: str, then: str = "fetch this page again") -> WinbackError:
    return WinbackError(f"{path.name}: {what}: nothing was loaded. Next: {then}")
