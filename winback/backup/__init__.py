"""Backups: made beside whatever runs, restored as a copy that sends nothing, and adopted.

contents by their hash (_place) ← what of a home is backed up (_home), the ledger as a file
(_ledger), settings without secrets (_settings) → a manifest, last (_backup) → an empty home
(_restore), where whoever was erased since is erased again (_erased) → what the providers know of
the time since (_adopt).
"""

from winback.backup._adopt import AdoptReport, adopt
from winback.backup._backup import Backup, back_up, drop_old, last_backup, list_backups
from winback.backup._move import MoveReport, move_ledger
from winback.backup._restore import PROJECT_DIR, RestoreReport, require_whole, restore

__all__ = [
    "PROJECT_DIR",
    "AdoptReport",
    "Backup",
    "MoveReport",
    "RestoreReport",
    "adopt",
    "back_up",
    "drop_old",
    "last_backup",
    "list_backups",
    "move_ledger",
    "require_whole",
    "restore",
]
