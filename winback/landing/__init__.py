"""Landing: a shop's files, typed, checked and kept as Parquet."""

from winback.landing._csv import CsvReader
from winback.landing._limits import Limits
from winback.landing._load import (
    FormatName,
    ensure_tables,
    landing_lock,
    load,
    newest_load,
)
from winback.landing._phones import Unusable, phone_note, unusable_phones
from winback.landing._report import LoadReport, Progress, SourceReport, TableReport
from winback.landing._xlsx import XlsxReader

__all__ = [
    "CsvReader",
    "FormatName",
    "Limits",
    "LoadReport",
    "Progress",
    "SourceReport",
    "TableReport",
    "Unusable",
    "XlsxReader",
    "ensure_tables",
    "landing_lock",
    "load",
    "newest_load",
    "phone_note",
    "unusable_phones",
]
