"""docs/processing.md: what personal data is processed where, why, for whom and for how long."""

from __future__ import annotations

from typing import Final

from page_parts import ROOT, filled, host, seed_rows, table

from winback.landing.schema import TABLES
from winback.people.places import GIVEN, LEDGER, NOBODY, LedgerPlace
from winback.people.retention import HOLDS, Limit

PAGE: Final = ROOT / "docs" / "processing.md"
_KINDS: Final = {"id": "the shop's id", "address": "address", "words": "words", "place": "place"}


def page() -> str:
    """The page as it should be."""
    return filled(
        PAGE.name,
        ledger=table(
            "table | holds | personal columns | purpose",
            [(f"`{it.table}`", it.holds, _personal(it), it.purpose) for it in LEDGER],
        ),
        nobody=", ".join(f"`{name}`" for name in sorted(NOBODY)),
        landed=table(
            "file | columns",
            [
                (f"`{it.name}`", ", ".join(f"`{name}`" for name in it.input_names))
                for it in TABLES.values()
                if "customer_id" in it.column_names and not it.is_ours
            ],
        ),
        grounds=table("country | channel | basis | suffices | source", _grounds()),
        recipients=table("who | gets", GIVEN.values()),
        retention=table(
            "what | setting | without it",
            [
                (holds, f"`{Limit(what, None).setting}`", "kept for good")
                for what, holds in HOLDS.items()
            ],
        ),
    )


def _personal(place: LedgerPlace) -> str:
    named = (f"`{name}` ({_KINDS[kind]})" for name, kind in place.personal.items())
    return ", ".join(named) or "none: by its key alone"


def _grounds() -> list[tuple[str, ...]]:
    return [
        (
            "everywhere else" if row["country"] == "*" else row["country"],
            row["channel"],
            row["basis"].replace("_", " "),
            "yes" if row["is_accepted"] == "true" else "no",
            f"[{host(row['source_url'])}]({row['source_url']})" if row["source_url"] else "none",
        )
        for row in seed_rows("consent_rules")
    ]
