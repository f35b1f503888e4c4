"""Where backups go, by the setting or a command's words."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from winback.base.errors import UsageError
from winback.base.settings import BUCKET_URL, Settings


def is_bucket(place: str) -> bool:
    """Whether backups go to a storage. Raises UsageError for a URL of one that can't be read."""
    if not place.startswith("s3://"):
        return False
    if not BUCKET_URL.fullmatch(place):
        # Without the value: it may hold a password.
        raise UsageError("a storage is named like s3://bucket/folder, without a user or a password")
    return True


def folder_of(place: str) -> Path:
    """The folder that a path or a file:// URL names. Raises UsageError for any other URL."""
    if "://" not in place:
        return Path(place).expanduser().resolve()
    url = urlsplit(place)
    if url.scheme != "file" or url.netloc not in {"", "localhost"}:
        raise UsageError(
            f"backups go to a folder, a file:// or an s3:// URL, not to {url.scheme}://. "
            "Next: mount the other place, or copy the folder there after each backup"
        )
    return Path(unquote(url.path)).resolve()


def second_copy(settings: Settings) -> Path | None:
    """Where a second copy of what came in goes, beside the backups.

    None until a backup was made there: a disk that is not mounted has no folder of backups. None
    for a storage, where nothing can be appended: there a backup each hour has it.
    """
    if not settings.backup_to or is_bucket(settings.backup_to):
        return None
    folder = folder_of(settings.backup_to)
    return folder / "since" if (folder / "backups").is_dir() else None
