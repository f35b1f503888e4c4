"""The folders that everything stands in: ours, the shop's, and what the two make together.

Ours is a checkout, or what the wheel brought. A folder with `winback.toml` is a shop's project: its
segments, templates, models and rows of seeds stand beside ours, and builds read both as one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from winback import __version__
from winback.base.errors import WinbackError
from winback.base.overlay import SHOP_FILE, make_project

# The folder of the packages winback, flows and quality.
CODE_DIR: Final = Path(__file__).resolve().parents[2]
_BROUGHT: Final = CODE_DIR / "winback" / "_house"
IS_CHECKOUT: Final = not _BROUGHT.is_dir()
# Our models, seeds, templates and docs, which a shop never edits.
HOUSE_DIR: Final = CODE_DIR if IS_CHECKOUT else _BROUGHT
# The shop's own project; None where this folder is none.
SHOP_DIR: Final = Path.cwd() if Path(SHOP_FILE).is_file() else None
# Where commands and runs stand: `.env` and `brand.toml` are read there.
WORK_DIR: Final = SHOP_DIR or (HOUSE_DIR if IS_CHECKOUT else Path.cwd())


def _project() -> tuple[Path, WinbackError | None]:
    """What builds read, and why it can't be made."""
    if SHOP_DIR is None:
        return HOUSE_DIR, None
    # Beside the state, where a service may write; its own folder may be read-only.
    home = os.environ.get("WINBACK_HOME")
    made = (Path(home) if home else SHOP_DIR / ".winback") / "project"
    try:
        make_project(HOUSE_DIR, SHOP_DIR, made, __version__)
    except WinbackError as error:
        return (made if made.is_dir() else HOUSE_DIR), error
    return made, None


# Told by whoever reads the settings, in one line: an import has nobody to tell.
PROJECT_DIR, PROBLEM = _project()
