"""A person's rows in Parquet: landing, what was published, the ledger's export.

A row stays, under the pseudonym, so that what is counted stays true. Its facts about the person go,
except those that the measures need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import duckdb

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.landing import DELETED
from winback.landing.schema import TABLES
from winback.ledger import AddressKey
from winback.people.erasure._files import replace_file
from winback.people.erasure._person import Person
from winback.people.places import NAMING, landed, ledger_parts, published, pulled

# What stays of a customer, a consent, a row set aside and points; of the other tables all
# columns that are declared.
_KEPT: Final = {
    "customers": {"customer_id", "country", "created_at"},
    "consents": {"customer_id", "channel", "status", "basis", "occurred_at", "dated_by"},
    "set_aside": {"customer_id", "table_name", "reason", "load_id", "set_aside_at"},
    "loyalty": {"customer_id"},
}
# Of what was published: rows that hold contact data or words, and are of no further use.
_DROPPED: Final = frozenset({"ad_people", "outbox", "renders"})
_THEIRS: Final = "customer_id = $customer_id"
_ASKED: Final = f"coalesce(reason = '{DELETED}', false)"
# The hash that stands for an address, as winback/ledger/_address_keys.py makes it.
_HIDDEN: Final = (
    "'hmac:' || sha256(unhex($outer) || unhex(sha256(unhex($inner) || encode({column}))))"
)


def erase_in_landing(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    """Rows changed in the shop's tables and in the ledger's export, by table."""
    found: dict[str, int] = {}
    with connect() as connection:
        for name, path in landed(settings):
            if name == "customers" and _is_here_again(connection, person, path):
                count = _drop(connection, person, path, write=write)
            else:
                kept = _KEPT.get(name, set(TABLES[name].column_names))
                # What asks for the erasure stays until it is done.
                theirs = f"({_THEIRS} and not {_ASKED})" if name == "set_aside" else _THEIRS
                count = _rename(connection, person, path, kept, write=write, theirs=theirs)
            found[f"landing {name}"] = count
        for path in pulled(settings):
            dropped = _drop(connection, person, path, write=write)
            found["landing pulls"] = found.get("landing pulls", 0) + dropped
        for table, path in ledger_parts(settings):
            place = f"landing ledger/{table}"
            changed = _rename(connection, person, path, None, write=write)
            changed += _hide(connection, person, path, write=write)
            found[place] = found.get(place, 0) + changed
    return found


def forget_asked(settings: Settings, customer_id: str) -> None:
    """Forget that the shop's system has deleted them: they are erased here too."""
    path, values = settings.shop_dir / "set_aside.parquet", {"customer_id": customer_id}
    is_asked = f"{_THEIRS} and {_ASKED}"
    with connect() as connection:
        if path.exists() and _count(connection, path, is_asked, values):
            query = f"select * from read_parquet($path) where ({is_asked}) is not true"
            _copy(connection, path, query, values)


def erase_in_published(settings: Settings, person: Person, *, write: bool) -> dict[str, int]:
    """Rows changed in every published set that is still there."""
    changed = 0
    with connect() as connection:
        for path in published(settings):
            if path.stem in _DROPPED:
                changed += _drop(connection, person, path, write=write)
            else:
                for column in NAMING:
                    changed += _rename(
                        connection,
                        person,
                        path,
                        None,
                        write=write,
                        theirs=f"{column} = $customer_id",
                        column=column,
                    )
    return {"published": changed}


def _rename(
    connection: duckdb.DuckDBPyConnection,
    person: Person,
    path: Path,
    kept: set[str] | None,
    *,
    write: bool,
    theirs: str = _THEIRS,
    column: str = "customer_id",
) -> int:
    """The pseudonym for the customer; of their rows only the `kept` columns, None: all."""
    columns = columns_of(connection, path)
    if column not in columns:
        return 0
    replace = [f"if({theirs}, $pseudonym, {column}) as {column}"]
    replace += [
        f"if({theirs}, null, {quoted(name)}) as {quoted(name)}"
        for name in columns
        if kept is not None and name not in kept
    ]
    values = {"customer_id": person.customer_id}
    count = _count(connection, path, theirs, values)
    if count and write:
        query = f"select * replace ({', '.join(replace)}) from read_parquet($path)"
        _copy(connection, path, query, values | {"pseudonym": person.pseudonym})
    return count


def _is_here_again(connection: duckdb.DuckDBPyConnection, person: Person, path: Path) -> bool:
    """Whether they were erased before, and the shop's files brought them again."""
    values = {"customer_id": person.pseudonym}
    return path.exists() and _count(connection, path, _THEIRS, values) > 0


def _hide(connection: duckdb.DuckDBPyConnection, person: Person, path: Path, *, write: bool) -> int:
    """Their hash for each address of theirs in an export part, where it is spelled one way."""
    if "address" not in columns_of(connection, path):
        return 0
    hidden = _HIDDEN.format(column="address")
    is_theirs, values = theirs_by_address(person)
    count = _count(connection, path, is_theirs, values)
    if count and write:
        replace = f"if({is_theirs}, {hidden}, address) as address"
        query = f"select * replace ({replace}) from read_parquet($path)"
        _copy(connection, path, query, values)
    return count


def theirs_by_address(person: Person) -> tuple[str, dict[str, object]]:
    """The condition on a column `address` that it is spelled as theirs, and its parameters."""
    return hidden_in("address", person.key, person.hidden | person.listed)


def hidden_in(
    column: str, key: AddressKey, hidden: Collection[str]
) -> tuple[str, dict[str, object]]:
    """The condition that the hash of a column's normalized address is among these."""
    values: dict[str, object] = {
        "hidden": sorted(hidden),
        "inner": key.inner_pad.hex(),
        "outer": key.outer_pad.hex(),
    }
    return f"list_contains($hidden, {_HIDDEN.format(column=column)})", values


def _drop(connection: duckdb.DuckDBPyConnection, person: Person, path: Path, *, write: bool) -> int:
    values = {"customer_id": person.customer_id}
    count = _count(connection, path, "customer_id = $customer_id", values)
    if count and write:
        query = "select * from read_parquet($path) where customer_id is distinct from $customer_id"
        _copy(connection, path, query, values)
    return count


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    if not path.exists():
        return []
    query = "select column_name from (describe from read_parquet($path))"
    return [name for (name,) in connection.execute(query, {"path": str(path)}).fetchall()]


def _count(
    connection: duckdb.DuckDBPyConnection, path: Path, where: str, values: Mapping[str, object]
) -> int:
    query = f"select count(*) from read_parquet($path) where {where}"
    row = connection.execute(query, {"path": str(path), **values}).fetchone()
    return int(row[0]) if row else 0


def _copy(
    connection: duckdb.DuckDBPyConnection, path: Path, query: str, values: Mapping[str, object]
) -> None:
    with replace_file(path) as target:
        connection.execute(
            f"copy ({query}) to '{target}' (format parquet)", {"path": str(path), **values}
        )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
