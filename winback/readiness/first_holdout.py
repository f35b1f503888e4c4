"""The share of customers that is kept aside: in the seed playbooks, ours or the shop's own."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Final

from winback.base.errors import UsageError, WinbackError
from winback.base.overlay import SHOP_FILE
from winback.base.places import HOUSE_DIR
from winback.base.whole import written_whole

SEED: Final = HOUSE_DIR / "dbt_project" / "seeds" / "playbooks.csv"
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


def keep_holdout(percent: int, folder: Path) -> bool:
    """Write the holdout where the folder's project keeps it; False where it had it already."""
    if (folder / SHOP_FILE).exists():
        return write_own_holdout(percent, folder)
    return write_holdout(percent)


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


def write_own_holdout(percent: int, shop: Path) -> bool:
    """The same as a shop's own rows over ours, in its seeds/playbooks.csv."""
    path = shop / "seeds" / SEED.name
    own: dict[str, dict[str, str]] = {}
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as file:
            own = {row["playbook_id"]: row for row in csv.DictReader(file)}
    before = {name: dict(row) for name, row in own.items()}
    for row in csv.DictReader(io.StringIO(SEED.read_text(encoding="utf-8"))):
        if float(own.get(row["playbook_id"], row).get("holdout_share") or row["holdout_share"]):
            own.setdefault(row["playbook_id"], {"playbook_id": row["playbook_id"]})
            own[row["playbook_id"]]["holdout_share"] = f"{percent / 100:.2f}"
    if own == before:
        return False
    columns = list(dict.fromkeys(name for row in own.values() for name in row))
    with written_whole(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(own.values())
    return True


def _shares(text: str) -> list[float]:
    return [float(row["holdout_share"] or 0) for row in csv.DictReader(io.StringIO(text))]
