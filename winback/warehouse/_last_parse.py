"""What dbt kept of its last parse of the project, shared by all homes of a user.

dbt keeps it in its target folder, one for each home, so that each new home would cost a parse of
the whole project. dbt itself checks whether what it finds there still holds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from winback.base.whole import written_whole

_NAME: Final = "partial_parse.msgpack"


@contextmanager
def last_parse_shared(project: Path, dbt_target: str, target_path: Path) -> Iterator[None]:
    """Lend dbt's target folder the user's last parse of `project`, and keep the next one.

    A parse names the folder of its project, from which seeds are read. What another checkout has
    left in the target folder, or this one before it was moved, is parsed anew.
    Only a help: where the user's cache can't be read or written, dbt parses the whole project.
    """
    own = target_path / _NAME
    kept = own
    key = _key(project, dbt_target)
    _forget_another(own, key)
    with suppress(RuntimeError):  # a user without a home has no cache
        kept = _cache() / "winback" / "dbt" / key / _NAME
    with suppress(OSError):
        if _changed(kept) > _changed(own):
            _copy(kept, own)
    before = _changed(own)
    yield
    with suppress(OSError):
        if _changed(own) > max(before, _changed(kept)):
            _copy(own, kept)


def _forget_another(own: Path, key: str) -> None:
    whose = own.with_name("parse_of")
    if whose.is_file() and whose.read_text() == key:
        return
    own.unlink(missing_ok=True)
    whose.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(whose) as file:
        file.write_text(key)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def _key(project: Path, dbt_target: str) -> str:
    return hashlib.sha256(f"{project.resolve()}\n{dbt_target}".encode()).hexdigest()[:16]


def _changed(path: Path) -> int:
    """When the file was last written, in nanoseconds; 0 where there is none."""
    return path.stat().st_mtime_ns if path.is_file() else 0


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(to) as file:
        shutil.copy2(source, file)
