"""The files that a new shop begins with: `.env`, and the brand file beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from winback.base.errors import UsageError
from winback.base.project import project_seed
from winback.base.settings import Settings
from winback.base.whole import written_whole

BRAND_FILE: Final = "brand.toml"
_BRAND: Final = """\
# How mails look. Every line may lack; docs/changing.md says what else may stand here.
[brand]
# logo = "https://shop.example.com/logo.png"   # shown 140 px wide; without one, the name
# font = "Georgia, 'Times New Roman', serif"

[colors]
accent = "#14532d"      # the button, and on_accent its words
on_accent = "#ffffff"
link = "#14532d"        # also: page, card, text, soft

[dark]                  # the same where a reader's mail program is dark
link = "#86d8a4"
"""


@dataclass(frozen=True)
class FirstSettings:
    """What a new shop says of itself; empty: it says nothing of that. Names are the settings'."""

    brand_name: str
    postal_address: str = ""
    shop_country: str = ""
    shop_timezone: str = ""
    shop_url: str = ""
    from_email: str = ""
    channels: str = ""

    def told(self) -> dict[str, str]:
        """The settings that are said, by their names in the environment."""
        return {f"WINBACK_{name.upper()}": value for name, value in asdict(self).items() if value}


def zone_of(country: str) -> str:
    """The zone of a country that has one alone; else empty."""
    zones = {
        row["zone"]
        for row in project_seed("zone_countries")
        if row["country"] == country.upper() and "/" in row["zone"]
    }
    return zones.pop() if len(zones) == 1 else ""


def write_first_files(said: FirstSettings, folder: Path) -> tuple[list[str], list[str]]:
    """Write `.env`, for its owner alone, and the brand file; what was written, and what stays.

    Nothing that is there is changed: a line of `.env` stays, and so does a brand file. Raises
    UsageError, before anything is written, for a value that is no setting or can't stand in a file.
    """
    values = said.told()
    Settings.load(**{name.removeprefix("WINBACK_").lower(): it for name, it in values.items()})
    env, brand = folder / ".env", folder / BRAND_FILE
    before = env.read_text(encoding="utf-8") if env.exists() else ""
    there = dotenv_values(env) if before else {}
    lines = [f"{name}={json.dumps(it, ensure_ascii=False)}\n" for name, it in values.items()
             if name not in there]  # fmt: skip
    written, stays = [], [f"{name} of .env" for name in values if name in there]
    if lines:
        with written_whole(env) as file:
            file.touch(0o600)
            file.write_text(_joined(before, lines), encoding="utf-8")
            _refuse_otherwise(file, {k: it for k, it in values.items() if k not in there})
        written.append(str(env))
    if brand.exists():
        stays.append(BRAND_FILE)
    else:
        brand.write_text(_BRAND, encoding="utf-8")
        written.append(str(brand))
    return written, stays


def _joined(before: str, lines: list[str]) -> str:
    end = "" if not before or before.endswith("\n") else "\n"
    return before + end + "".join(lines)


def _refuse_otherwise(file: Path, meant: dict[str, str]) -> None:
    """A value with `${...}`, say, would be read as another one."""
    read = dotenv_values(file)
    for name, value in meant.items():
        if read.get(name) != value:
            raise UsageError(
                f"{name} can't stand in .env as it is. Next: set it in the environment"
            )
