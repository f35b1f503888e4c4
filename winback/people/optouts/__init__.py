"""Lists of opt-outs from and to other tools, and the holds that wait for a person."""

from winback.people.optouts._export import ExportReport, export_list
from winback.people.optouts._holds import Hold, release, waiting_holds
from winback.people.optouts._lists import ImportReport, import_list

__all__ = [
    "ExportReport",
    "Hold",
    "ImportReport",
    "export_list",
    "import_list",
    "release",
    "waiting_holds",
]
