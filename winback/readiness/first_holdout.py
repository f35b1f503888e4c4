"""The share of customers that is kept aside, which the seed playbooks holds."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Final

from winback.base.errors import UsageError, WinbackError
from winback.base.settings import PROJECT_DIR
from winback.base.whole import written_whole

SEED: Final = PROJECT_DIR / "dbt_project" / "seeds" / "playbooks.csv"
# Enough to find out in weeks and not in months; after the first verdict less is enough.
RECOMMENDED: Final = 30
_MOST: Final = 90
# The share and, behind it, whether the playbook is enabled.
_SHARE: Final = re.compile(r",(0?\.\d*[1-9]\d*),(?=true,|false,)")


def read_percent(text: str) -> int | None:
    """A whole percentage from 1 to 90; None where nothing is said. Raises UsageError otherwise."""
    said = text.strip().removesuffix("%").strip()
    if not said:
        return None
    if not said.isdecimal() or not 1 <= int(said) <= _MOST:
        raise UsageError(
            f"--holdout is a whole percentage from 1 to {_MOST}, such as {RECOMMENDED}"
        )
    return int(said)


def write_holdout(percent: int, seed: Path | None = None) -> bool:
    """Give each playbook that has a holdout this one; False where it had it already.

    A playbook without a holdout, as one that keeps a promise, gets none.
    """
    seed = seed or SEED
    before = seed.read_text(encoding="utf-8")
    text = _SHARE.sub(f",{percent / 100:.2f},", before)
    if _shares(text) != [percent / 100 if share else 0.0 for share in _shares(before)]:
        raise WinbackError(
            f"{seed.name} is written otherwise than ours. Next: set its holdout_share by hand"
        )
    if _shares(text) == _shares(before):
        return False
    with written_whole(seed) as file:
        file.write_text(text, encoding="utf-8")
    return True


def _shares(text: str) -> list[float]:
    return [float(row["holdout_share"] or 0) for row in csv.DictReader(io.StringIO(text))]
