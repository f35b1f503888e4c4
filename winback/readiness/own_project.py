"""A shop's own project: laid out, compared with ours, and looked at again after an upgrade."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

from winback import __version__
from winback.base._seed_rows import own_changes, seed_key
from winback.base.errors import UsageError
from winback.base.overlay import LOCK_FILE, SHOP_FILE, own_files, own_seeds, own_vars
from winback.base.whole import written_whole

_SHOP: Final = """\
# This folder is a shop's own winback project. What stands in its folders is read over what winback
# brings; an upgrade of winback leaves it as it is. docs/own-project.md says how.

[vars]
# A var of winback's dbt_project.yml, such as:
# lapse_preset = "personal"
"""
# Keys, and what is about people.
_IGNORED: Final = ".env\n.winback/\n.winback-demo/\n"
_FOLDERS: Final[Mapping[str, str]] = {
    "segments": "One .sql file a segment, with the column customer_id. It may replace one of ours.",
    "models": "Models of your own, beside ours: tables for your reports.",
    "templates": "Texts and mails by playbook, such as sms_email/2_offer.txt; a file here replaces "
    "ours of that name.",
    "seeds": "Rows over ours: the columns that name a row, and those that you change. "
    "`winback project show --seeds` lists the names.",
}


@dataclass(frozen=True)
class Own:
    """One thing of the shop: a file, a row of a seed or a var.

    `change` is `new` or `replaces ours`; `is_ours_changed`: ours became another one since it was
    accepted; `lines`: what a person compares.
    """

    name: str
    change: str
    is_ours_changed: bool
    lines: tuple[str, ...]


def lay_out(folder: Path) -> list[str]:
    """Make a folder a shop's project; the names of what was written, empty where it is one."""
    if (folder / SHOP_FILE).exists():
        return []
    for name, words in _FOLDERS.items():
        (folder / name).mkdir(exist_ok=True)
        readme = folder / name / "README.md"
        if not readme.exists():
            readme.write_text(f"{words}\n", encoding="utf-8")
    if not (ignored := folder / ".gitignore").exists():
        ignored.write_text(_IGNORED, encoding="utf-8")
    (folder / SHOP_FILE).write_text(_SHOP, encoding="utf-8")
    _write_accepted(folder, {})
    return [SHOP_FILE, *(f"{name}/" for name in _FOLDERS)]


def everything_own(house: Path, shop: Path) -> list[Own]:
    """All that the shop has of its own, with how it differs from ours."""
    accepted = read_accepted(shop)["ours"]
    return [
        Own(name, "new" if ours is None else "replaces ours", _is_changed(accepted, name, ours),
            lines)
        for name, ours, lines in _compared(house, shop)
    ]  # fmt: skip


def accept(house: Path, shop: Path) -> int:
    """Keep what ours is now as what the shop has looked at; how many things it replaces."""
    ours = {name: _digest(it) for name, it, _ in _compared(house, shop) if it is not None}
    _write_accepted(shop, ours)
    return len(ours)


def take(house: Path, shop: Path, names: list[str]) -> list[Path]:
    """Copy files of ours to the shop's folders, to be edited there.

    Raises UsageError, before anything is copied, for one that isn't there or is the shop's already.
    """
    pairs = []
    for name in names:
        folder, _, rest = name.partition("/")
        at = {"segments": "dbt_project/models/segments", "templates": "templates"}.get(folder)
        ours, own = house / (at or "") / rest, shop / name
        if at is None or not rest or not ours.resolve().is_relative_to((house / at).resolve()):
            raise UsageError(
                f"{name} can't be taken: what can is segments/NAME.sql and templates/PLAYBOOK/FILE"
            )
        if not ours.is_file():
            raise UsageError(f"{name}: winback has no such file")
        if own.exists():
            raise UsageError(f"{name} is yours already. Next: winback project diff {name}")
        pairs.append((ours, own))
    for ours, own in pairs:
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ours, own)
    accepted = read_accepted(shop)
    taken = {str(own.relative_to(shop)): _digest(ours.read_text("utf-8")) for ours, own in pairs}
    _write_accepted(shop, {**accepted["ours"], **taken}, release=accepted["release"])
    return [own for _, own in pairs]


def seeds_and_keys(house: Path) -> dict[str, tuple[str, ...]]:
    """Each seed of ours, and the columns that name a row of it."""
    folder = house / "dbt_project" / "seeds"
    return {path.name: seed_key(path) for path in sorted(folder.glob("*.csv"))}


def release_diff(before: Path, house: Path) -> Iterator[str]:
    """What an upgrade changed in what shops edit: segments, seeds and templates, as a diff."""
    for place in ("dbt_project/models/segments", "dbt_project/seeds", "templates"):
        old, new = before / place, house / place
        paths = {it.relative_to(root) for root in (old, new) for it in root.rglob("*.*")}
        for path in sorted(paths):
            yield from _diff(_text(old / path), _text(new / path), f"{place}/{path}")


def upgrade_line(shop: Path | None) -> str | None:
    """What doctor says where the shop's project was accepted with another release."""
    if shop is None:
        return None
    release = read_accepted(shop)["release"]
    if release == __version__:
        return None
    return (
        f"this project was last looked at with winback {release or '?'}, and this is "
        f"{__version__}. Next: winback project diff --release, then winback project accept"
    )


def read_accepted(shop: Path) -> dict[str, Any]:
    """The release and the digests of ours that the shop has looked at."""
    try:
        told: dict[str, Any] = json.loads((shop / LOCK_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"release": "", "ours": {}}
    except ValueError:
        raise UsageError(
            f"{LOCK_FILE} can't be read. Next: delete it, then winback project accept"
        ) from None
    return {"release": str(told.get("release", "")), "ours": dict(told.get("ours", {}))}


def _compared(house: Path, shop: Path) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """Name, our text of it (None: we have none), and how they differ."""
    for own in own_files(house, shop):
        name = str(own.path.relative_to(shop))
        ours = None if own.ours is None else _text(own.ours)
        yield name, ours, tuple(_diff(ours or "", _text(own.path), name))
    for seed in own_seeds(house, shop):
        for row, before, now in own_changes(house / "dbt_project" / "seeds" / seed.name, seed):
            changed = (
                f"{column}: {before[column] or 'empty'} → {value or 'empty'}"
                if before else f"{column}: {value}"
                for column, value in now.items() if (before or {}).get(column) != value
            )  # fmt: skip
            ours = None if before is None else json.dumps(before)
            yield f"seeds/{seed.name} {row}", ours, tuple(changed)
    import yaml

    project = yaml.safe_load((house / "dbt_project" / "dbt_project.yml").read_text("utf-8"))
    for var, value in own_vars(shop).items():
        before = project["vars"].get(var)
        yield f"{SHOP_FILE} {var}", json.dumps(before), (f"{var}: {before} → {value}",)


def _is_changed(accepted: Mapping[str, str], name: str, ours: str | None) -> bool:
    return name in accepted and ours is not None and accepted[name] != _digest(ours)


def _write_accepted(shop: Path, ours: Mapping[str, str], *, release: str | None = None) -> None:
    told = {"release": __version__ if release is None else release, "ours": dict(ours)}
    with written_whole(shop / LOCK_FILE) as file:
        file.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _diff(ours: str, own: str, name: str) -> Iterator[str]:
    lines = ours.splitlines(), own.splitlines()
    yield from unified_diff(*lines, f"ours/{name}", name, lineterm="", n=1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
