"""The public tables at WINBACK_PUBLISHED_URL, for whoever reads them by URL.

`current.json` there names one whole set; a reader that begins with it never sees a mixture.
`published/.shared.json` tells what got there, so that what failed is taken up again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import SharedPlace, sha256_of
from winback.base.whole import written_whole
from winback.warehouse._publish import PUBLIC_TABLES, read_manifest


def share_published(settings: Settings, published: Path) -> Iterator[str]:
    """Put a published set at the URL, if it is not the one there; a warning if that failed.

    What is published here stands in any case.
    """
    url = settings.published_url
    manifest = read_manifest(published)
    if not url or manifest is None:
        return
    memory = _remembered(settings)
    if memory == {"url": url, "set": manifest.run_id}:
        return
    try:
        _put(settings, published, manifest.run_id, forgets=bool(memory.get("forgets")))
    except WinbackError as error:
        yield (
            f"The tables could not be put at {url} ({str(error).partition('. Next:')[0]}): it has "
            "those of before. Next: see that it can be written to, then winback build"
        )


def forget_shared(settings: Settings, published: Path) -> None:
    """After an erasure: put the set at the URL as it is now, and leave no older one there.

    Raises WinbackError where that can't be done; the next publish or erasure makes up for it.
    """
    manifest = read_manifest(published)
    if not settings.published_url or manifest is None:
        return
    _remember(settings, {"forgets": True})
    try:
        _put(settings, published, manifest.run_id, forgets=True)
    except WinbackError as error:
        raise WinbackError(
            f"{str(error).partition('. Next:')[0]}: tables with the erased person are still at "
            f"{settings.published_url}. Next: the same command again, or winback build"
        ) from None


def _put(settings: Settings, published: Path, run_id: str, *, forgets: bool) -> None:
    names = ("manifest.json", *(f"{table}.parquet" for table in PUBLIC_TABLES))
    paths = [published / name for name in names]
    files = {path.name: (path, sha256_of(path)) for path in paths if path.exists()}
    place = SharedPlace(settings.published_url, settings)
    with place.writing():
        place.forget(place.put(run_id, files), at_once=forgets)
    _remember(settings, {"url": settings.published_url, "set": run_id})


def _memory(settings: Settings) -> Path:
    return settings.published_dir / ".shared.json"


def _remembered(settings: Settings) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        told = json.loads(_memory(settings).read_text(encoding="utf-8"))
        return told if isinstance(told, dict) else {}
    return {}


def _remember(settings: Settings, memory: dict[str, Any]) -> None:
    settings.published_dir.mkdir(parents=True, exist_ok=True)
    with written_whole(_memory(settings)) as path:
        path.write_text(json.dumps(memory), encoding="utf-8")
