"""The offers, as their seed stands: an edit counts before any build."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from winback.base.errors import UsageError
from winback.base.places import PROJECT_DIR

OFFERS_FILE: Final = PROJECT_DIR / "dbt_project" / "seeds" / "offers.csv"


def read_offers(file: Path = OFFERS_FILE) -> dict[str, dict[str, str]]:
    """The rows of offers.csv by their offer_id."""
    with file.open(encoding="utf-8", newline="") as stream:
        return {row["offer_id"]: row for row in csv.DictReader(stream)}


def require_offer(offer_id: str, offers: dict[str, dict[str, str]]) -> None:
    """Raise UsageError for an offer that there is none of."""
    if offer_id not in offers:
        raise UsageError(f"{offer_id!r} is no offer of offers.csv: {', '.join(sorted(offers))}.")
