"""How a shop says that its dates are written: `--date-format`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import duckdb

from winback.base.errors import UsageError
from winback.landing.schema import INPUT_TABLES

_NEEDED = (("%d", "%-d"), ("%m", "%-m", "%b", "%B"), ("%Y", "%y"))


def read_date_formats(stated: Iterable[str]) -> Mapping[str, str]:
    """Formats by table, under "" the one for all. Raises UsageError for one that is none."""
    formats = {}
    for text in stated:
        file, sign, format_ = text.partition("=")
        if "%" in file or not sign:
            file, format_ = "", text
        table = file.strip().lower().partition(".")[0]
        if table and table not in INPUT_TABLES:
            raise UsageError(
                f"--date-format {text!r}: {file} is none of {', '.join(INPUT_TABLES)}."
            )
        _check(text, format_)
        formats[table] = format_
    return formats


def _check(text: str, format_: str) -> None:
    """Both readers of dates know the format, and it holds a day, a month and a year."""
    at = datetime(2026, 3, 15, tzinfo=UTC)
    is_whole = all(any(part in format_ for part in parts) for parts in _NEEDED)
    try:
        written = at.strftime(format_)
        datetime.strptime(written, format_)  # noqa: DTZ007
        duckdb.execute("select strptime(?, ?)", [written, format_])
    except (ValueError, re.error, duckdb.Error):  # re: a part of it stands there twice
        is_whole = False
    if not is_whole:
        raise UsageError(
            f"--date-format {text!r} is no format of a date: write it like %d/%m/%Y or "
            "orders=%m/%d/%Y %H:%M"
        )
