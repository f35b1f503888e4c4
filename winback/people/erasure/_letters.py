"""A person's letters: their postal address as letters are compared by it, and the files with it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from winback.base.phones import country_code
from winback.base.settings import Settings
from winback.people.erasure._files import replace_rows
from winback.people.erasure._person import Person
from winback.people.places import letters
from winback.providers import PRINT_COLUMNS, read_print_rows

# As the macro address_line has it, by the same engine: what SQL knows again must be hashed so.
_BLANKS: Final = " \t\r\n\x85\xa0\u1680\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff"
_LINE: Final = f"nullif(trim(lower(regexp_replace({{}}, '[{_BLANKS}]+', ' ', 'g'))), '')"
_COLUMNS: Final = (
    "address_name", "first_name", "last_name", "address_line1", "address_line2", "postal_code",
    "city", "region",
)  # fmt: skip
_NAMES: Final = "concat_ws(' ', nullif(trim(first_name), ''), nullif(trim(last_name), ''))"
_LANDED: Final = f"""
    select
        coalesce({_LINE.format("address_name")}, {_LINE.format(_NAMES)}),
        {_LINE.format("address_line1")},
        coalesce({_LINE.format("address_line2")}, ''), {_LINE.format("postal_code")},
        {_LINE.format("city")}, coalesce({_LINE.format("upper(region)")}, ''), country
    from read_parquet($customers) where customer_id = $customer_id
"""


def landed_address(connection: duckdb.DuckDBPyConnection, customers: Path, customer_id: str) -> str:
    """Where letters to a customer go, as int_customers__postal_addresses has it; empty if nowhere.

    A file of an older version lacks the columns.
    """
    told = {"customers": str(customers)}
    described = connection.execute("describe from read_parquet($customers)", told).fetchall()
    if not {name for name, *_ in described} >= set(_COLUMNS):
        return ""
    row = connection.execute(_LANDED, told | {"customer_id": customer_id}).fetchone()
    if row is None:
        return ""
    lines = [*row[:-1], (country_code(row[-1]) or "").lower()]
    has_all = all(lines[place] for place in (0, 1, 3, 4, 6))
    return "\n".join(lines) if has_all else ""


def erase_in_letters(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    """Rows for the print shop, handed over or not: those of the person go."""
    changed = 0
    for path in letters(settings):
        rows = list(read_print_rows(path))
        others = [row for row in rows if row["message_id"] not in person.message_ids]
        changed += len(rows) - len(others)
        if len(others) < len(rows) and write:
            kept = ([row[name] for name in PRINT_COLUMNS] for row in others)
            replace_rows(path, [PRINT_COLUMNS, *kept])
    return {"letters": changed}
