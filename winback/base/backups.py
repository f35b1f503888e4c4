"""The folder of the backups, by the setting or a command's words."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from winback.base.errors import UsageError
from winback.base.settings import Settings


def folder_of(place: str) -> Path:
    """The folder that a path or a file:// URL names. Raises UsageError for any other URL."""
    if "://" not in place:
        return Path(place).expanduser().resolve()
    url = urlsplit(place)
    if url.scheme != "file" or url.netloc not in {"", "localhost"}:
        raise UsageError(
            f"backups go to a folder or a file:// URL, not to {url.scheme}://. "
            "Next: mount the other place, or copy the folder there after each backup"
        )
    return Path(unquote(url.path)).resolve()


def second_copy(settings: Settings) -> Path | None:
    """Where a second copy of what came in goes, beside the backups.

    None until a backup was made there: a disk that is not mounted has no folder of backups.
    """
    if not settings.backup_to:
        return None
    folder = folder_of(settings.backup_to)
    return folder / "since" if (folder / "backups").is_dir() else None
