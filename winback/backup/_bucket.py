"""Backups in a storage that speaks as S3 does: what `_place` lays out in a folder, under a URL.

A backup is made in the home, and what the storage lacks of it goes over. The manifest goes last,
once the storage lists all that it names: a backup that was killed counts for nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from winback.backup._place import Place, contents_of
from winback.base.backups import folder_of, is_bucket
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import Bucket

# In the home, for as long as a backup takes.
COPY: Final = "backup-copy"


@contextmanager
def own_copy(settings: Settings, url: str) -> Iterator[Place]:
    """An empty place in the home, in which a backup is made before it goes over."""
    store = Place(settings.home.resolve() / COPY, url)
    shutil.rmtree(store.folder, ignore_errors=True)
    try:
        with store.writing():
            yield store
    finally:
        shutil.rmtree(store.folder, ignore_errors=True)


def send(bucket: Bucket, store: Place, backup_id: str) -> int:
    """Put a whole backup under the URL; the bytes that are new there. Call it while `writing`."""
    names = set(contents_of(store.read_manifest(backup_id)))
    new = bucket.complete("objects", {store.key(name): store.object(name) for name in names})
    bucket.upload({f"erased/{path.name}": path for path in store.erased.glob("*.json")})
    bucket.upload({f"backups/{backup_id}.json": store.backups / f"{backup_id}.json"})
    return sum(path.stat().st_size for path in new)


@contextmanager
def listed(place: str, settings: Settings) -> Iterator[Place]:
    """A place of backups with its manifests; of one in a storage, without the contents."""
    if not is_bucket(place):
        yield Place(folder_of(place))
        return
    with TemporaryDirectory(prefix="winback-backups-") as folder:
        store = Place(Path(folder), place)
        _bring_small(Bucket(place, settings), store)
        yield store


@contextmanager
def brought(place: str, settings: Settings) -> Iterator[Place]:
    """A place of backups with all that a restore reads, which looks at each content again."""
    if not is_bucket(place):
        yield Place(folder_of(place))
        return
    bucket = Bucket(place, settings)
    with TemporaryDirectory(prefix="winback-backups-") as folder:
        store = Place(Path(folder), place)
        _bring_small(bucket, store)
        there = bucket.sizes("objects")
        _bring(
            bucket,
            {store.key(it): store.object(it) for it in _named(store) if store.key(it) in there},
        )
        yield store


def drop_unneeded(bucket: Bucket, store: Place, backup_ids: list[str]) -> None:
    """Drop backups from the storage, and the contents that no other one needs.

    `store` is `listed`: each manifest that is left must be readable, or nothing is dropped.
    """
    left = [it for it in store.ids() if it not in backup_ids]
    needed = {store.key(name) for it in left for name in contents_of(store.read_manifest(it))}
    bucket.drop([f"backups/{it}.json" for it in backup_ids])
    bucket.drop([key for key in bucket.sizes("objects") if key not in needed])


def _bring_small(bucket: Bucket, store: Place) -> None:
    for folder in ("backups", "erased"):
        _bring(
            bucket, {key: store.folder / folder / Path(key).name for key in bucket.sizes(folder)}
        )


def _bring(bucket: Bucket, files: dict[str, Path]) -> None:
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    bucket.download(files)


def _named(store: Place) -> set[str]:
    """What the manifests name; one that is damaged names nothing."""
    found: set[str] = set()
    for backup_id in store.ids():
        try:
            found.update(contents_of(store.read_manifest(backup_id)))
        except WinbackError:
            continue
    return found
