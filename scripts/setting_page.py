"""docs/settings.md: every setting with its default and what it is, from the class itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from page_parts import ROOT, filled, table
from pydantic import SecretStr

from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings

PAGE: Final = ROOT / "docs" / "settings.md"


def page() -> str:
    """The page as it should be."""
    rows = [
        (f"`WINBACK_{name.upper()}`", _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return filled(PAGE.name, settings=table("setting | default | is", rows))


def _default(default: object) -> str:
    if isinstance(default, Path):
        shown = default.relative_to(PROJECT_DIR) if default.is_absolute() else default
        return f"`{shown}`"
    if isinstance(default, bool):
        return f"`{default}`".lower()
    text = default.get_secret_value() if isinstance(default, SecretStr) else str(default or "")
    return f"`{text}`" if text else "none"
