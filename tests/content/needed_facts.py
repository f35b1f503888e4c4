"""The facts that a template of step_contents is promised, of an invented person."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.content.preview._people import ALL_KNOWN, invented, needed_by

_TOLD = invented(Settings.load(shop_url="https://shop.example.com"))[ALL_KNOWN]
with (PROJECT_DIR / "dbt_project/seeds/step_contents.csv").open(newline="") as _file:
    NEEDS: Mapping[str, str] = {row["template"]: row["needs"] for row in csv.DictReader(_file)}


def needed_facts(template: str) -> dict[str, Any]:
    """What its need promises; nothing where it needs nothing."""
    return {name: _TOLD[name] for name in needed_by(NEEDS.get(template))}
