"""Cards and approved templates whose id at Twilio is still the placeholder that ships."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from winback.base.languages import languages
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings

SEEDS_DIR: Final = PROJECT_DIR / "dbt_project" / "seeds"
TEMPLATES_DIR: Final = PROJECT_DIR / "templates"
_CHANNELS: Final = frozenset({"rcs", "whatsapp"})
_PLACEHOLDER: Final = re.compile(r'"content_sid"\s*:\s*"HX0{32}"')


def placeholders(
    settings: Settings, *, seeds_dir: Path = SEEDS_DIR, templates_dir: Path = TEMPLATES_DIR
) -> Iterator[str]:
    """A line for each file with the placeholder that a step would send: Twilio knows no such id.

    Only steps of playbooks that are switched on count, on channels that are, in the shop's
    languages.
    """
    channels = _CHANNELS & set(settings.enabled_channels)
    found: dict[Path, str] = {}
    for playbook, step, channel, template in _steps(seeds_dir) if channels else ():
        if channel not in channels:
            continue
        for path in _files(templates_dir, f"{template}.{channel}.json", settings):
            found.setdefault(path, f"step {step} of {playbook}")
    for path, of in found.items():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if _PLACEHOLDER.search(line):
                name = path.relative_to(templates_dir.parent)
                yield (
                    f"{name}, line {number}: its content_sid is the placeholder ({of} is switched "
                    "on and cannot be sent). Next: put the id of your template at Twilio there"
                )


def _steps(seeds_dir: Path) -> Iterator[tuple[str, str, str, str]]:
    """Playbook, step, channel and template of each step and variant that is switched on."""
    enabled = {
        row["playbook_id"] for row in _rows(seeds_dir, "playbooks") if _is_true(row["is_enabled"])
    }
    steps = {
        (row["playbook_id"], row["step"]): row
        for row in _rows(seeds_dir, "playbook_steps")
        if row["playbook_id"] in enabled
    }
    for (playbook, step), row in steps.items():
        yield playbook, step, row["channel"], row["template"]
    for row in _rows(seeds_dir, "step_variants"):
        if own := steps.get((row["playbook_id"], row["step"])):
            channel, template = row["channel"] or own["channel"], row["template"] or own["template"]
            yield row["playbook_id"], row["step"], channel, template


def _rows(seeds_dir: Path, seed: str) -> Iterator[dict[str, str]]:
    with (seeds_dir / f"{seed}.csv").open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"


def _files(templates_dir: Path, name: str, settings: Settings) -> Iterator[Path]:
    """A message's file in each of the shop's languages; English stands for one that lacks it."""
    for tag in settings.enabled_languages:
        own = templates_dir / (languages()[tag].folder + name)
        path = own if own.is_file() else templates_dir / name
        if path.is_file():
            yield path
