"""Files in a bucket of S3, or of a storage that speaks as S3 does, copied into the workshop."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from winback.base.errors import WinbackError
from winback.base.storage import open_s3, why_refused
from winback.landing._files import SUFFIXES
from winback.landing._sources_file import Source
from winback.landing._stage import Work

_COPY_BYTES: Final = 8 << 20


def copy_bucket(work: Work, source: Source, names: Collection[str], folder: Path) -> None:
    """Copy the files of the tables: `orders.parquet`, or all files under `orders/`.

    Raises WinbackError for a storage that refuses or is not there, and for a file that changed
    meanwhile.
    """
    from pyarrow import fs

    where = f"{source.file}: [{source.name}]"
    root = source.url.removeprefix("s3://").rstrip("/")
    try:
        storage = _open(source)
        for info, target in _wanted(fs, storage, root, names):
            work.progress(f"{info.base_name}: fetching", work.done_bytes, work.total_bytes)
            path = folder / target
            path.parent.mkdir(exist_ok=True)
            # As it is: a packed file stays packed.
            with (
                storage.open_input_stream(info.path, compression=None) as read,
                path.open("wb") as file,
            ):
                shutil.copyfileobj(read, file, _COPY_BYTES)
            if path.stat().st_size != info.size:
                raise WinbackError(
                    f"{where} {info.base_name} changed while it was read: nothing was loaded. "
                    "Next: the same command again"
                )
    except FileNotFoundError:
        raise WinbackError(f"{where} there is nothing at {source.url}") from None
    except OSError as error:
        raise WinbackError(
            f"{where} {source.url}: {why_refused(error)}: nothing was loaded"
        ) from None


def _open(source: Source) -> Any:
    return open_s3(
        endpoint=source.endpoint,
        region=source.region,
        key_id=source.read_secret("key_id") if source.key_id else "",
        secret=source.read_secret("secret") if source.key_id else "",
    )


def _wanted(
    fs: Any, storage: Any, root: str, names: Collection[str]
) -> Iterator[tuple[Any, PurePosixPath]]:
    """The files of these tables, each with its place in the workshop."""
    found = storage.get_file_info(fs.FileSelector(root, recursive=True))
    for number, info in enumerate(sorted(found, key=lambda it: it.path)):
        parts = PurePosixPath(info.path.removeprefix(root).lstrip("/")).parts
        if info.type != fs.FileType.File or not parts:
            continue
        suffix = next((it for it in SUFFIXES if parts[-1].lower().endswith(it)), "")
        table = parts[0].lower() if len(parts) > 1 else parts[0].lower().removesuffix(suffix)
        if suffix and table in names:
            # A key may hold anything: none of it is a path here.
            own = f"{table}/{number:06}{suffix}" if len(parts) > 1 else f"{table}{suffix}"
            yield info, PurePosixPath(own)
