"""What the locks install, and under which license each of it stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
_PIN: Final = re.compile(
    r"^([a-z0-9._-]+)==([^ ;\\]+)((?:.*\\\n +--hash=sha256:[0-9a-f]{64})+)", re.M
)


@dataclass(frozen=True)
class Locked:
    """One package of a lock; `license` is an SPDX expression, or what the package says."""

    name: str
    version: str
    hashes: tuple[str, ...]
    license: str
    distribution: Distribution


def read_lock(name: str) -> list[Locked]:
    """The packages of a lock, by name. Exits where one is not installed as it is locked."""
    found = []
    for package, version, hashes in _PIN.findall((ROOT / name).read_text()):
        try:
            own = distribution(package)
        except PackageNotFoundError:
            raise SystemExit(
                f"{package} {version} of {name} is absent. Next: make .venv/.dev"
            ) from None
        if own.version != version:
            raise SystemExit(
                f"{package} is {own.version}, and {version} in {name}. Next: make .venv/.dev"
            )
        digests = tuple(re.findall(r"sha256:([0-9a-f]{64})", hashes))
        found.append(Locked(package, version, digests, _license(package, own), own))
    return found


@cache
def policy() -> dict[str, Any]:
    """What licenses.toml allows, and how it reads what packages say."""
    return tomllib.loads((ROOT / "scripts" / "licenses.toml").read_text(encoding="utf-8"))


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression leaves a way to use it: one side of OR, all of AND."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def either() -> bool:
        found = both()
        while tokens[:1] == ["OR"]:
            tokens.pop(0)
            found = both() or found
        return found

    def both() -> bool:
        found = one()
        while tokens[:1] == ["AND"]:
            tokens.pop(0)
            found = one() and found
        return found

    def one() -> bool:
        name = tokens.pop(0) if tokens else ""
        if name != "(":
            return name in policy()["allowed"]
        found = either()
        return bool(tokens) and tokens.pop(0) == ")" and found

    found = either()
    return found and not tokens


def _license(name: str, own: Distribution) -> str:
    told = own.metadata
    if stated := policy()["stated"].get(name):
        return str(stated["license"])
    if expression := told.get("License-Expression"):
        return expression
    classes = [
        text.rpartition(" :: ")[2]
        for text in told.get_all("Classifier", [])
        if text.startswith("License ::") and text != "License :: OSI Approved"
    ]
    [text] = classes if len(classes) == 1 else [(told.get("License") or "").strip().split("\n")[0]]
    return str(policy()["spdx"].get(text, text)) or "no license"
