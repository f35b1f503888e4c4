"""The demo's offers: codes of customers' own, a limit that runs out, and a code that leaks."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from winback.base.clock import Clock
from winback.base.duck import connect
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.codes import import_codes, make_codes
from winback.ledger import Ledger
from winback.warehouse import use_project

_PROJECT: Final = PROJECT_DIR / "dbt_project"
# What the demo's shop has otherwise than the shipped offers, and how many codes it makes.
_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "welcome_back_20": {"code_source": "own", "code": ""},
    "vip_25": {"code_source": "own", "code": "", "max_codes": "300"},
}
_CODES: Final = {"welcome_back_20": ("COME", 2_500), "vip_25": ("VIP", 400)}
_LIMITED: Final = "vip_25"
_STOPPED: Final = """
    select customer_id from read_parquet($decisions)
    where list_contains(string_split(blocked_by, ','), 'offer_budget')
    union
    select customer_id from read_parquet($candidates)
    where blocked_by = 'offer_used_up'
"""
_USED: Final = """
    select count(*), count(*) filter (where is_by_stranger)
    from read_parquet($redemptions) where code_kind = 'own'
"""
_GIVEN: Final = """
    select
        count(distinct customer_id), count(distinct customer_id) filter (where offer_id = $limited)
    from read_parquet($codes)
    where
        given_at is not null
        and enrollment_id in (
            select enrollment_id from read_parquet($messages) where accepted_at is not null
        )
"""


@dataclass
class DemoOffers:
    """The offers of the demo's shop, in a dbt project of its own: the shipped one stays as it is.

    `stopped` are the customers whom an offer's limit alone kept from a step, or from entering.
    """

    home: Path
    stopped: set[str] = field(default_factory=set)

    @property
    def file(self) -> Path:
        return self.home / "dbt_project" / "seeds" / "offers.csv"

    def write(self) -> None:
        """Copy the project, edit its offers, and let this process's builds read the copy."""
        folder = self.home / "dbt_project"
        shutil.copytree(_PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
        with self.file.open(encoding="utf-8", newline="") as stream:
            rows = [{**row, **_OWN.get(row["offer_id"], {})} for row in csv.DictReader(stream)]
        with self.file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        use_project(folder)

    def percents(self) -> dict[str, tuple[str, int]]:
        """The shared code of each offer, empty where each has their own, and its percentage."""
        with self.file.open(encoding="utf-8", newline="") as stream:
            return {
                row["offer_id"]: (row["code"], int(float(row["value"])))
                for row in csv.DictReader(stream)
            }

    def fill(self, ledger: Ledger, settings: Settings, clock: Clock) -> None:
        """Make codes as `winback codes make` does, and take them in as the shop's."""
        for offer_id, (prefix, count) in _CODES.items():
            file = self.home / f"codes-{offer_id}.csv"
            make_codes(
                ledger, settings, offer_id, file, count=count, prefix=prefix, until="2026-06-30",
                offers_file=self.file,
            )  # fmt: skip
            import_codes(ledger, settings, clock, file, offers_file=self.file)

    def note(self, published: Path) -> None:
        """Remember whom a limit stopped in this run."""
        with connect() as connection:
            found = connection.execute(
                _STOPPED,
                {
                    "decisions": str(published / "send_decisions.parquet"),
                    "candidates": str(published / "entry_candidates.parquet"),
                },
            ).fetchall()
        self.stopped |= {customer_id for (customer_id,) in found}

    def sentences(self, settings: Settings, published: Path, sent: Counter[str]) -> str:
        """What came of the offers, in words."""
        codes = str(settings.ledger_landing_dir / "offer_codes" / "*.parquet")
        with connect() as connection:
            people, best = connection.execute(
                _GIVEN,
                {
                    "codes": codes,
                    "limited": _LIMITED,
                    "messages": str(published / "messages.parquet"),
                },
            ).fetchall()[0]
            used, by_strangers = connection.execute(
                _USED, {"redemptions": str(published / "offer_redemptions.parquet")}
            ).fetchall()[0]
        goodbyes = sum(count for step, count in sent.items() if step.startswith("sunset_email "))
        leak = "1 was" if by_strangers == 1 else f"{by_strangers:,} were"
        return (
            f"{people:,} customers got a code of their own, and {used:,} orders came with one. "
            f"{leak} placed by somebody else, to whom the code has leaked.\n"
            f"The best customers' offer was for {_OWN[_LIMITED]['max_codes']} of them: "
            f"{best:,} got it, and {len(self.stopped):,} had to wait. {goodbyes:,} lost customers "
            "got one goodbye each, and no offer."
        )
