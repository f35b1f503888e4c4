"""A set of files in S3, or in a storage that speaks as S3 does, which is whole or not there.

    files/SHA256/NAME   a content, written once and never changed
    current.json        which contents are the set now: one object, put whole
    writers/…           who is writing; there is one at a time

A reader takes `current.json` and the contents that it names, so it sees the set of before or the
one of now. A writer that dies, or whose network does, leaves contents that nothing names.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import socket
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from winback.base.clock import WallClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings

POINTER: Final = "current.json"
# A reader of an older set may be under way for so long; what no set names any more goes then.
KEPT: Final = timedelta(days=7)
# A writer that said nothing for so long is dead.
WRITES_WITHIN: Final = timedelta(hours=1)
_COPY_BYTES: Final = 8 << 20
_AT_ONCE: Final = 4
_CONNECT_SECONDS: Final = 10
_REQUEST_SECONDS: Final = 60
# Errors of the disk here, of which the storage knows nothing.
_OUR_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_CODE: Final = re.compile(r"AWS Error ([A-Z_]+)")
# What the storage's codes mean; no error repeats what it says beside them.
_WHY: Final = {
    "ACCESS_DENIED": "refuses the key",
    "INVALID_ACCESS_KEY_ID": "refuses the key",
    "SIGNATURE_DOES_NOT_MATCH": "refuses the key",
    "NO_SUCH_BUCKET": "has no such bucket",
    "NETWORK_CONNECTION": "can't be reached",
}


class StorageError(WinbackError):
    """The storage refused, broke off, or holds what can't be read."""


@dataclass(frozen=True)
class SharedFile:
    """A content of a set: its key under the place's URL, its size and its hash."""

    key: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class SharedSet:
    """What `current.json` says: the set's id, and its files by the path that they have in it."""

    set_id: str
    files: Mapping[str, SharedFile]


def open_s3(
    *, endpoint: str = "", region: str = "", key_id: str = "", secret: str = ""
) -> Any:  # a pyarrow.fs.S3FileSystem
    """A client of the storage; without keys of its own, as AWS's own tools find them."""
    from pyarrow import fs

    options: dict[str, Any] = {}
    if key_id:
        options |= {"access_key": key_id, "secret_key": secret}
    if region:
        options["region"] = region
    if endpoint:
        scheme, _, host = endpoint.rstrip("/").partition("://")
        options |= {"scheme": scheme, "endpoint_override": host}
    return fs.S3FileSystem(
        connect_timeout=_CONNECT_SECONDS, request_timeout=_REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
        # A small file is one request.
        allow_delayed_open=True, **options,
    )  # fmt: skip


def why_refused(error: OSError) -> str:
    """What is wrong with a storage, in words of ours: its own may repeat a key."""
    found = _CODE.search(str(error))
    code = found[1] if found else ""
    return f"the storage {_WHY.get(code, f'answers {code}' if code else 'can not be read')}"


class Bucket:
    """A folder of a storage. Every method raises StorageError where it can't do all of it."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url.rstrip("/")
        self._root = self.url.removeprefix("s3://")
        with self._told():
            self._s3 = open_s3(
                endpoint=settings.storage_endpoint,
                region=settings.storage_region,
                key_id=settings.storage_key_id.get_secret_value(),
                secret=settings.storage_secret.get_secret_value(),
            )
        # One home writes at a time: so what another writer of this home left is of a dead one.
        self._home = _name_of(settings.home)
        self._own = ""

    def fetch(self, wanted: Mapping[Path, SharedFile]) -> None:
        """Bring contents into new files; each is what it was when it was put."""
        with self._told():
            _at_once(self._fetch, list(wanted.items()))

    def download(self, files: Mapping[str, Path]) -> None:
        """Bring what stands under these keys into new files, whatever it is."""
        with self._told():
            _at_once(self._download, list(files.items()))

    def upload(self, files: Mapping[str, Path]) -> None:
        """Put files under their keys, where others with these names give way."""
        with self._told():
            _at_once(self._upload, [(path, key) for key, path in files.items()])

    def complete(self, folder: str, files: Mapping[str, Path]) -> list[Path]:
        """Put the files of a folder that are not there yet, by key and size; which they were.

        Raises StorageError where one of them all is not there whole then.
        """
        sizes = {key: path.stat().st_size for key, path in files.items()}
        there = self.sizes(folder)
        missing = {key: files[key] for key, size in sizes.items() if there.get(key) != size}
        self.upload(missing)
        there = self.sizes(folder) if missing else there
        if lost := [key for key, size in sizes.items() if there.get(key) != size]:
            raise StorageError(f"{self.url}/{lost[0]} did not arrive whole. Next: the same command")
        return list(missing.values())

    def sizes(self, folder: str) -> dict[str, int]:
        """What stands in a folder, by its key under the URL, with its bytes."""
        root = f"{self._root}/"
        return {info.path.removeprefix(root): info.size for info in self._list(folder)}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one that writes here, on any machine.

        A storage lists what was put before: of two that say at once that they write, at least one
        sees the other, and steps back.
        """
        own = f"{self._root}/writers/{self._home}-{uuid4().hex}"
        self._put(own, b"{}")
        try:
            self._refuse_others(own)
            self._own = own
            yield
        finally:
            with suppress(OSError):
                self._s3.delete_file(own)

    def _refuse_others(self, own: str) -> None:
        for info in self._list("writers"):
            if info.path == own:
                continue
            is_ours = info.base_name.startswith(f"{self._home}-")
            if is_ours or info.mtime + WRITES_WITHIN < WallClock().now():
                self._delete([info.path])
                continue
            raise StorageError(
                f"another machine writes to {self.url} since {info.mtime:%Y-%m-%d %H:%M} UTC. "
                "Next: the same command when it is done"
            )

    def drop(self, keys: Collection[str]) -> None:
        """Drop files; one that is gone already is no error."""
        self._delete([f"{self._root}/{key}" for key in keys])

    def _download(self, item: tuple[str, Path]) -> None:
        key, path = item
        with (
            self._s3.open_input_stream(f"{self._root}/{key}", compression=None) as source,
            path.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, _COPY_BYTES)

    def _fetch(self, item: tuple[Path, SharedFile]) -> None:
        path, file = item
        self._download((file.key, path))
        if sha256_of(path) != file.sha256:
            raise StorageError(f"{self.url}/{file.key} is not what was put there")

    def _upload(self, item: tuple[Path, str]) -> None:
        path, key = item
        with (
            path.open("rb") as source,
            self._s3.open_output_stream(f"{self._root}/{key}", compression=None) as target,
        ):
            shutil.copyfileobj(source, target, _COPY_BYTES)

    def _put(self, path: str, content: bytes) -> None:
        with self._told(), self._s3.open_output_stream(path, compression=None) as file:
            file.write(content)

    def _delete(self, paths: Collection[str]) -> None:
        with self._told():
            for path in paths:
                # Another writer may have been first.
                with suppress(FileNotFoundError):
                    self._s3.delete_file(path)

    def _list(self, folder: str) -> list[Any]:
        from pyarrow import fs

        select = fs.FileSelector(f"{self._root}/{folder}", allow_not_found=True, recursive=True)
        with self._told():
            found = self._s3.get_file_info(select)
        return [info for info in found if info.type == fs.FileType.File]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise StorageError(f"{self.url}: a file of the set is gone") from None
        except OSError as error:
            if error.errno in _OUR_DISK:
                raise
            raise StorageError(f"{self.url}: {why_refused(error)}") from None


class SharedPlace(Bucket):
    """A set of files under a URL."""

    def read(self) -> SharedSet | None:
        """The set of now; None where there never was one in this bucket."""
        from pyarrow import fs

        with self._told():
            info = self._s3.get_file_info(f"{self._root}/{POINTER}")
            if info.type == fs.FileType.NotFound:
                bucket = self._root.partition("/")[0]
                if self._s3.get_file_info(bucket).type == fs.FileType.NotFound:
                    raise StorageError(f"{self.url}: the storage has no such bucket")
                return None
            with self._s3.open_input_stream(info.path, compression=None) as file:
                said = file.read()
        try:
            body = json.loads(said)
            files = {str(name): SharedFile(**told) for name, told in body["files"].items()}
            return SharedSet(str(body["set"]), files)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StorageError(f"{self.url}/{POINTER} can't be read") from None

    def put(self, set_id: str, files: Mapping[str, tuple[Path, str]]) -> SharedSet:
        """Make these files, each with its SHA-256, the set of now; a content that is there stays.

        Nothing changes for readers before everything is there and was counted. Call it, and
        `forget`, while `writing`.
        """
        made = {
            name: SharedFile(f"files/{sha256}/{path.name}", path.stat().st_size, sha256)
            for name, (path, sha256) in files.items()
        }
        self.complete("files", {file.key: files[name][0] for name, file in made.items()})
        if not any(info.path == self._own for info in self._list("writers")):
            raise StorageError(
                f"another machine has begun to write to {self.url}, since this one took over an "
                "hour. Next: the same command again"
            )
        body = {"set": set_id, "files": {name: asdict(file) for name, file in made.items()}}
        self._put(f"{self._root}/{POINTER}", json.dumps(body, indent=1).encode())
        return SharedSet(set_id, made)

    def forget(self, kept: SharedSet, *, at_once: bool = False) -> int:
        """Drop the contents that are not of this set: the old ones, or all `at_once`; how many."""
        before = WallClock().now() - KEPT
        named = {f"{self._root}/{file.key}" for file in kept.files.values()}
        gone = [
            info.path
            for info in self._list("files")
            if info.path not in named and (at_once or info.mtime < before)
        ]
        self._delete(gone)
        return len(gone)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def new_set_id() -> str:
    """A sortable, unique name for a set."""
    return f"{WallClock().now():%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"


def _at_once(act: Any, items: list[Any]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        deque(pool.map(act, items), maxlen=0)


def _name_of(home: Path) -> str:
    """This home on this machine since its start: clones of a machine share no start."""
    boot = ""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    told = json.dumps([socket.gethostname(), boot, str(home.resolve())])
    return hashlib.sha256(told.encode()).hexdigest()[:16]
