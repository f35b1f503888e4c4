"""Models that were fitted to the shop's history: a file a fit, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from winback.base.settings import Settings
from winback.base.whole import written_whole

# What dbt reads. Only counts and parameters: nothing of a person.
_NUMBERS: Final = (
    *("r", "alpha_weeks", "a", "b", "orders_log_likelihood"),
    *("p", "q", "gamma_cents", "spend_log_likelihood"),
)
_SCHEMAS: Final = {
    "expected_orders": pa.schema(
        [
            ("fit_id", pa.string()),
            ("repeats", pa.int64()),
            ("weeks", pa.int64()),
            ("orders_if_active", pa.float64()),
        ]
    ),
    "fits": pa.schema(
        [
            ("fit_id", pa.string()),
            ("role", pa.string()),
            ("trained_from", pa.date32()),
            ("trained_until", pa.date32()),
            ("horizon_days", pa.int64()),
            ("customers", pa.int64()),
            ("spenders", pa.int64()),
            *((name, pa.float64()) for name in _NUMBERS),
        ]
    ),
}
# A table that no fit has reached yet has its columns all the same.
_EMPTY: Final = "empty.parquet"


def ensure_fits(settings: Settings) -> None:
    """Give each table of fits a file with the columns of this version, without rows."""
    for name, schema in _SCHEMAS.items():
        path = _folder(settings, name) / _EMPTY
        if not path.exists() or not pq.read_schema(path).equals(schema):
            _write(path, [], schema)


def has_fit(settings: Settings, fit_id: str) -> bool:
    """Whether a fit has landed."""
    return _path(settings, "fits", fit_id).exists()


def land_fit(
    settings: Settings, fit: Mapping[str, Any], expected: Sequence[Mapping[str, Any]]
) -> None:
    """Write a fit, and the orders to expect by it; the fit last: where it stands, all of it does.

    Its columns are those of _SCHEMAS.
    """
    for name, rows in (("expected_orders", expected), ("fits", [fit])):
        _write(_path(settings, name, fit["fit_id"]), rows, _SCHEMAS[name])


def _write(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as unfinished:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), unfinished)


def _path(settings: Settings, name: str, fit_id: str) -> Path:
    return _folder(settings, name) / f"{fit_id}.parquet"


def _folder(settings: Settings, name: str) -> Path:
    return settings.landing_dir / "predictions" / name
