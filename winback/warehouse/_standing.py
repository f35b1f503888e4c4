"""Whether what was published still stands: a build now would read the same and decide the same.

SQL knows the files in landing, the project, the settings and the time, and nothing else. While
the first three are as they were and no moment has come at which time alone changes a decision
(`next_changes`), a build is needless. Whatever is not known for sure is a reason to build.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, cast

from pydantic import SecretStr

from winback.base.duck import connect, literal, rows_of
from winback.base.places import CODE_DIR, PROJECT_DIR
from winback.base.settings import Settings
from winback.warehouse import _dbt
from winback.warehouse._clock_readers import unknown_readers
from winback.warehouse._publish import MAY_ACT_WITHIN, Manifest, read_manifest

_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Longest that a set stands, so that who acts on it (`require_recent`) never finds it too old, and
# that no mistake of ours lasts the day.
STANDS_AT_MOST: Final = MAY_ACT_WITHIN - timedelta(hours=2)
# What each part of the inputs is called where it has changed.
_NEWS: Final = {
    "shop": "a load brought something",
    "ledger": "the ledger has news",
    "project": "the project was edited",
    "settings": "a setting has changed",
}
# Where and by whose yes a message leaves changes no decision, and a secret is nobody's.
_NO_RULES: Final = frozenset(
    {"home", "mode", "ledger_url", "adopt_ledger", "sendgrid_webhook_public_keys"}
    | {"twilio_account_sid", "twilio_messaging_service_sid"}
    | {"landing_url", "published_url", "storage_endpoint", "storage_region"}
    | {"approval", "approval_messages", "approval_cents", "approval_hours"}
)
_CODE: Final = ("quality", "winback", "flows")


@dataclass(frozen=True)
class Standing:
    """A published set that a build now would only repeat, and until when."""

    published: Path
    manifest: Manifest
    until: datetime


def read_inputs(settings: Settings, *, with_entrants: bool) -> dict[str, str]:
    """A digest of each part of what a build reads; empty where time may change it at any moment.

    Read it before the build does: what comes in meanwhile is news for the next one.
    """
    if unknown_readers(_dbt.DBT_DIR):
        return {}
    return _digests(settings, with_entrants=with_entrants)


def _digests(settings: Settings, *, with_entrants: bool) -> dict[str, str]:
    from winback.ledger import EXPORTED

    shop = (settings.shop_dir, settings.landing_dir / "loads")
    ledger = (settings.ledger_landing_dir / name for name in EXPORTED)
    return {
        "shop": _digest_files(shop),
        "ledger": _digest_files(ledger),
        "project": _digest_project(),
        "settings": _digest_settings(settings, with_entrants=with_entrants),
    }


def find_standing(settings: Settings, as_of: datetime, *, name: str) -> Standing | str:
    """What a run's build published and still stands; else the first reason to build, in words."""
    published = (settings.published_dir / name).resolve()
    manifest = read_manifest(published)
    if manifest is None:
        return "nothing is published yet"
    if not manifest.inputs:
        return "what was published last can't be relied on"
    # It has digests, so its build knew all readers of the clock, and the same project has no more.
    now = _digests(settings, with_entrants=True)
    if news := [told for part, told in _NEWS.items() if manifest.inputs.get(part) != now.get(part)]:
        return news[0]
    until = _next_change(published)
    since = datetime.fromisoformat(manifest.as_of)
    if until is None or not since <= as_of < min(until, since + STANDS_AT_MOST):
        return "its time is over"
    return Standing(published, manifest, min(until, since + STANDS_AT_MOST))


def standing_in_warehouse(settings: Settings, as_of: datetime) -> Standing | None:
    """What stands, if the warehouse holds it too."""
    found = find_standing(settings, as_of, name="current")
    if isinstance(found, str) or not _is_that_of(settings, found.manifest.run_id):
        return None
    return found


def last_whole_build(
    settings: Settings, as_of: datetime, inputs: Mapping[str, str], *, name: str
) -> str | None:
    """As of when all models were last built, if a build now need only meet the ledger's news: the
    models that do not hang on it are in the warehouse as a whole build would make them."""
    published = (settings.published_dir / name).resolve()
    manifest = read_manifest(published)
    if manifest is None or not manifest.whole_as_of or not inputs:
        return None
    parts = _NEWS.keys() - {"ledger"}
    if any(manifest.inputs.get(part) != inputs[part] for part in parts):
        return None
    if not _is_that_of(settings, manifest.run_id):
        return None
    until = _next_change(published, hangs_on="shop")
    since = datetime.fromisoformat(manifest.as_of)
    whole = datetime.fromisoformat(manifest.whole_as_of)
    is_soon = until is not None and since <= as_of < min(until, whole + STANDS_AT_MOST)
    return manifest.whole_as_of if is_soon else None


def forget_warehouse(settings: Settings) -> None:
    """Before a build: until it is published, the warehouse is that of no published set."""
    _memory(settings).unlink(missing_ok=True)


def remember_warehouse(settings: Settings, run_id: str) -> None:
    """The warehouse is that of this published set, as long as nobody else writes to it."""
    _memory(settings).write_text(_mark(settings, run_id))


def _is_that_of(settings: Settings, run_id: str) -> bool:
    memory = _memory(settings)
    if not (memory.exists() and settings.warehouse_path.exists()):
        return False
    return memory.read_text() == _mark(settings, run_id)


def _mark(settings: Settings, run_id: str) -> str:
    """`winback dbt` changes the file, and so does any write by another hand."""
    found = settings.warehouse_path.stat()
    return f"{run_id} {found.st_size} {found.st_mtime_ns}"


def _memory(settings: Settings) -> Path:
    return settings.warehouse_path.with_name("published_as")


def _next_change(published: Path, *, hangs_on: str | None = None) -> datetime | None:
    path = published / "next_changes.parquet"
    if not path.exists():
        return None
    query = f"select min(changes_at) as next from {literal(path)}"
    if hangs_on is not None:
        query += f" where hangs_on = {literal(hangs_on)}"
    with connect() as connection:
        (row,) = rows_of(connection.execute(query))
    return cast("datetime | None", row["next"])


def _digest_files(folders: Iterable[Path]) -> str:
    """By name, size and time: each file is written under another name, and then renamed."""
    told = []
    for folder in folders:
        for path in sorted(folder.glob("[!.]*.*")):
            if path.suffix in {".parquet", ".json"}:
                found = path.stat()
                told.append((folder.name, path.name, found.st_size, found.st_mtime_ns))
    return _digest(json.dumps(told))


def _digest_project() -> str:
    paths = [_dbt.DBT_DIR / "profiles.yml", *_dbt.project_files()]
    for folder in (PROJECT_DIR / "templates", *(CODE_DIR / name for name in _CODE)):
        paths += sorted(folder.rglob("*.*"))
    digest = hashlib.sha256()
    for path in paths:
        if path.suffix != ".pyc" and path.is_file():
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _digest_settings(settings: Settings, *, with_entrants: bool) -> str:
    values = {
        name: str(value)
        for name, value in settings
        if name not in _NO_RULES
        and not name.endswith("_base_url")
        and not isinstance(value, SecretStr)
    }
    variables = _dbt.dbt_vars(settings, _ANY_TIME, with_entrants=with_entrants)
    return _digest(json.dumps([values, variables], sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
