"""Rows as a frame whose types hold also where there are none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import DataclassInstance

# By how a field is annotated; any other one is a word.
_DTYPES: Final = {
    **dict.fromkeys(("int", "int | None"), "Int64"),
    **dict.fromkeys(("float", "float | None"), "float64"),
    **dict.fromkeys(("datetime", "datetime | None"), "datetime64[us, UTC]"),
    "bool": "boolean",
}


def frame_of(rows: Iterable[DataclassInstance], kind: type[DataclassInstance]) -> pd.DataFrame:
    """A column for each field of `kind`."""
    import pandas as pd

    dtypes: dict[str, Any] = {it.name: _DTYPES.get(str(it.type), "string") for it in fields(kind)}
    return pd.DataFrame([asdict(row) for row in rows], columns=list(dtypes)).astype(dtypes)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Its rows by column name."""
    return frame.to_dict("records")  # type: ignore[return-value]


def read_frame(relation: Any) -> pd.DataFrame:
    """What a Python model reads: a DuckDB relation, by way of Arrow, or a Spark data frame.

    DuckDB's own way to pandas uses an argument that pandas is to lose, for instants with a zone.
    """
    is_of_duckdb = hasattr(relation, "to_arrow_table")
    found: pd.DataFrame = (
        relation.to_arrow_table().to_pandas() if is_of_duckdb else relation.toPandas()
    )
    return found
