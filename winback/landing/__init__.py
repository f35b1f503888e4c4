"""Landing: a shop's files, typed, checked and kept as Parquet."""

from winback.landing._csv import CsvReader
from winback.landing._deleted import DELETED, deleted_customers
from winback.landing._every_source import Outcome, load_every
from winback.landing._fits import ensure_fits, has_fit, land_fit
from winback.landing._limits import Limits
from winback.landing._load import (
    FormatName,
    ensure_tables,
    landing_lock,
    load,
    refresh_landing,
)
from winback.landing._loads import newest_load, require_loaded, was_replaced
from winback.landing._phones import Unusable, phone_note, unusable_phones
from winback.landing._report import (
    FileColumns,
    LoadReport,
    Progress,
    SourceReport,
    TableReport,
)
from winback.landing._sources_file import API_FORMAT, Source, read_sources
from winback.landing._xlsx import XlsxReader

__all__ = [
    "API_FORMAT",
    "DELETED",
    "CsvReader",
    "FileColumns",
    "FormatName",
    "Limits",
    "LoadReport",
    "Outcome",
    "Progress",
    "Source",
    "SourceReport",
    "TableReport",
    "Unusable",
    "XlsxReader",
    "deleted_customers",
    "ensure_fits",
    "ensure_tables",
    "has_fit",
    "land_fit",
    "landing_lock",
    "load",
    "load_every",
    "newest_load",
    "phone_note",
    "read_sources",
    "refresh_landing",
    "require_loaded",
    "unusable_phones",
    "was_replaced",
]
