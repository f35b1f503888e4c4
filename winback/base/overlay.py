"""A shop's own segments, templates, models, rows of seeds and vars over ours, as one project."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from winback.base._seed_rows import merge_seed
from winback.base.errors import UsageError, meant
from winback.base.whole import written_whole

# What makes a folder a shop's project.
SHOP_FILE: Final = "winback.toml"
# What of ours the shop has looked at.
LOCK_FILE: Final = "winback.lock.json"
MADE_FILE: Final = "made.json"
# The shop's folders: where their files stand in the project, and which files those are.
_PLACES: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "segments": ("dbt_project/models/segments", frozenset({".sql", ".yml"})),
    "models": ("dbt_project/models/own", frozenset({".sql", ".yml"})),
    "templates": ("templates", frozenset()),
}
_OURS: Final = ("dbt_project", "templates")
_SKIPPED: Final = frozenset({"target", "logs", "__pycache__"})
_VARS: Final = "dbt_project/dbt_project.yml"


@dataclass(frozen=True)
class OwnFile:
    """A file of the shop: its path there, its place in the project, and ours that it replaces."""

    path: Path
    place: str
    ours: Path | None


@dataclass
class _Parts:
    """What stands at each place of the project, and where the shop's own lines come from."""

    files: dict[str, Path] = field(default_factory=dict)
    made: dict[str, bytes] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


def own_files(house: Path, shop: Path) -> Iterator[OwnFile]:
    """The shop's segments, models and templates, in the order of their names."""
    for folder, (place, suffixes) in _PLACES.items():
        for path in _files(shop / folder):
            if path.name == "README.md" or (suffixes and path.suffix not in suffixes):
                continue
            at = f"{place}/{path.relative_to(shop / folder)}"
            yield OwnFile(path, at, house / at if (house / at).is_file() else None)


def own_seeds(house: Path, shop: Path) -> Iterator[Path]:
    """The shop's seeds. Raises UsageError for one that has no name of ours."""
    names = [path.name for path in (house / "dbt_project" / "seeds").glob("*.csv")]
    for path in sorted((shop / "seeds").glob("*.csv")):
        if path.name not in names:
            raise UsageError(
                f"seeds/{path.name}: winback has no seed of that name{meant(path.name, names)}. "
                "Next: winback project show --seeds"
            )
        yield path


def shop_files(shop: Path) -> Iterator[Path]:
    """All that a shop has written of its project, also what no build reads."""
    for name in (SHOP_FILE, LOCK_FILE):
        if (shop / name).is_file():
            yield shop / name
    for folder in (*_PLACES, "seeds"):
        yield from _files(shop / folder)


def own_vars(shop: Path) -> dict[str, Any]:
    """The table [vars] of winback.toml, which stands over dbt_project.yml's."""
    try:
        told = tomllib.loads((shop / SHOP_FILE).read_text(encoding="utf-8")).get("vars", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{SHOP_FILE} can't be read: {error}") from None
    if not isinstance(told, dict):
        raise UsageError(f"{SHOP_FILE}: vars is a table: [vars], and a line for each below it")
    return told


def make_project(house: Path, shop: Path, project: Path, release: str) -> None:
    """Bring the folder `project` up to what ours and the shop's files say now.

    Files are replaced whole, so a build that reads meanwhile sees each as it was or as it is. After
    an upgrade what the last release made stands beside it as `project-before`. Raises UsageError
    for a file of the shop that can't be read, before anything is changed.
    """
    signature = _signature(house, shop, release)
    if _made(project).get("signature") == signature:
        return
    parts = _parts(house, shop)
    project.parent.mkdir(parents=True, exist_ok=True)
    with (project.parent / ".project.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        last = _made(project)
        if last.get("signature") == signature:
            return
        if last and last["release"] != release:
            _keep_before(project)
        _write(parts, project)
        told = {"signature": signature, "release": release, "origins": parts.origins}
        with written_whole(project / MADE_FILE) as file:
            file.write_text(json.dumps(told), encoding="utf-8")


def own_place(project: Path, place: str, line: str = "") -> str:
    """A place in a project as the shop knows it: `seeds/offers.csv:3` of its own file.

    The place itself where the shop has nothing there.
    """
    origins: Mapping[str, str] = _made(project).get("origins", {})
    if whole := origins.get(place):
        return f"{whole}:{line}" if line else whole
    return origins.get(f"{place}:{line}", f"{place}:{line}" if line else place)


def _parts(house: Path, shop: Path) -> _Parts:
    parts = _Parts()
    for name in _OURS:
        for path in _files(house / name):
            parts.files[str(path.relative_to(house))] = path
    for own in own_files(house, shop):
        parts.files[own.place] = own.path
        parts.origins[own.place] = str(own.path.relative_to(shop))
    for seed in own_seeds(house, shop):
        place = f"dbt_project/seeds/{seed.name}"
        merged, lines = merge_seed(house / place, seed)
        parts.made[place] = merged
        for line, own_line in lines.items():
            parts.origins[f"{place}:{line}"] = f"seeds/{seed.name}:{own_line}"
    if told := own_vars(shop):
        parts.made[_VARS] = _with_vars(house / _VARS, told)
    return parts


def _with_vars(path: Path, told: Mapping[str, Any]) -> bytes:
    import yaml

    project = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in told:
        if name not in project["vars"]:
            raise UsageError(f"{SHOP_FILE}: there is no var {name}{meant(name, project['vars'])}")
    project["vars"].update(told)
    return yaml.safe_dump(project, sort_keys=False, allow_unicode=True).encode()


def _write(parts: _Parts, project: Path) -> None:
    places = parts.files.keys() | parts.made.keys()
    for place in sorted(places):
        path = project / place
        path.parent.mkdir(parents=True, exist_ok=True)
        content = parts.made.get(place)
        if content is None:
            content = parts.files[place].read_bytes()
        if not path.is_file() or path.read_bytes() != content:
            with written_whole(path) as file:
                file.write_bytes(content)
    for name in _OURS:
        for path in list(_files(project / name)):
            if str(path.relative_to(project)) not in places:
                path.unlink()


def _keep_before(project: Path) -> None:
    before = project.with_name(f"{project.name}-before")
    shutil.rmtree(before, ignore_errors=True)
    shutil.copytree(project, before)


def _made(project: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((project / MADE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return told


def _signature(house: Path, shop: Path, release: str) -> str:
    digest = hashlib.sha256(release.encode())
    digest.update((shop / SHOP_FILE).read_bytes())
    folders = [house / name for name in _OURS] + [shop / it for it in (*_PLACES, "seeds")]
    for folder in folders:
        for path in _files(folder):
            found = path.stat()
            digest.update(f"{path}\n{found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path
