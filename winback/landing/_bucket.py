"""Files in a bucket of S3, or of a storage that speaks as S3 does, copied into the workshop."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from winback.base.errors import WinbackError
from winback.landing._files import SUFFIXES
from winback.landing._sources_file import Source
from winback.landing._stage import Work

_COPY_BYTES: Final = 8 << 20
_CONNECT_SECONDS: Final = 10
_REQUEST_SECONDS: Final = 60
_CODE: Final = re.compile(r"AWS Error ([A-Z_]+)")
# What the storage's codes mean; no error repeats what it says beside them.
_WHY: Final = {
    "ACCESS_DENIED": "refuses the key",
    "INVALID_ACCESS_KEY_ID": "refuses the key",
    "SIGNATURE_DOES_NOT_MATCH": "refuses the key",
    "NO_SUCH_BUCKET": "has no such bucket",
    "NETWORK_CONNECTION": "can't be reached",
}


def copy_bucket(work: Work, source: Source, names: Collection[str], folder: Path) -> None:
    """Copy the files of the tables: `orders.parquet`, or all files under `orders/`.

    Raises WinbackError for a storage that refuses or is not there, and for a file that changed
    meanwhile.
    """
    from pyarrow import fs

    where = f"{source.file}: [{source.name}]"
    root = source.url.removeprefix("s3://").rstrip("/")
    try:
        storage = fs.S3FileSystem(
            connect_timeout=_CONNECT_SECONDS, request_timeout=_REQUEST_SECONDS,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3), **_options(source),
        )  # fmt: skip
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
        raise WinbackError(f"{where} {source.url}: {_why(error)}: nothing was loaded") from None


def _options(source: Source) -> dict[str, Any]:
    """How to reach the storage; without keys of its own, as AWS's own tools find them."""
    options: dict[str, Any] = {}
    if source.key_id:
        options["access_key"] = source.read_secret("key_id")
        options["secret_key"] = source.read_secret("secret")
    if source.region:
        options["region"] = source.region
    if source.endpoint:
        scheme, _, host = source.endpoint.rstrip("/").partition("://")
        options |= {"scheme": scheme, "endpoint_override": host}
    return options


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


def _why(error: OSError) -> str:
    found = _CODE.search(str(error))
    code = found[1] if found else ""
    return f"the storage {_WHY.get(code, f'answers {code}' if code else 'can not be read')}"
