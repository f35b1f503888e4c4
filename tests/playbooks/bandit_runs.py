"""A shop one of whose steps learns, lived through with real dbt and a real ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playbook_runs import ONLY_MODELS, customer_ids, hash_unit, land, project_copy, query
from seeded import NO_SEEDS, give_seeds

from winback.base.duck import connect
from winback.base.settings import Settings
from winback.ledger import Ledger, export_ledger, insert_new, open_ledger, tables
from winback.measure import bandit
from winback.sending import enroll
from winback.warehouse import _dbt

ARMS = ("arrivals", bandit.NOTHING, "offer")
HEADER = (
    "playbook_id,step,arm,is_on,is_stopped,least_share,most_share,random_control_share,discount,"
    "response_days,max_opt_out_rate,max_complaint_rate,offer_id,offer_cost_cents"
)
DAY = timedelta(days=1)
READ = tuple(
    f"+{name}"
    for name in (
        "outbox", "send_decisions", "entrants", "bandit_moves", "bandit_choices", "bandit_results",
        "bandit_evidence",
    )
)  # fmt: skip
# What a run reads of what was built.
_PUBLISHED = ("bandit_evidence", "bandit_choices")


def arm_row(
    arm: str, *, most: str = "0.7", stopped: str = "", offer: str = "", cost: str = ""
) -> str:
    return f"sms_email,2,{arm},true,{stopped},,{most},,,,,,{offer},{cost}"


class LearningShop:
    """A shop of whose playbook sms_email the second step learns between two emails and nothing.

    `past` customers were dealt it evenly a month ago; who came back is by their arm's rate.
    """

    def __init__(self, folder: Path, project: Path, start: datetime) -> None:
        self.settings = Settings.load(home=folder / "home", shop_timezone="America/New_York")
        self.start = start
        self._project, self._published = project, folder / "published"
        self._published.mkdir()
        self.list_arms(*(arm_row(arm) for arm in ARMS))

    def list_arms(self, *rows: str) -> None:
        seed = self._project / "seeds" / "bandit_steps.csv"
        seed.write_text("\n".join((HEADER, *rows)) + "\n")

    def open(self, ledger: Ledger, *, past: int, new: int, rate: Callable[[str], float]) -> None:
        """Land the shop, and bring what it had dealt into the ledger."""
        treated = customer_ids("sms_email", is_holdout=False)
        held = customer_ids("sms_email", is_holdout=True)
        old = [next(treated) for _ in range(past)]
        self.fresh = [next(treated) for _ in range(new)]
        self.held = [next(held) for _ in range(5)]
        self._land_shop(old, self._deal_past(ledger, old, rate))

    def _deal_past(
        self, ledger: Ledger, old: Sequence[str], rate: Callable[[str], float]
    ) -> list[str]:
        """Those of the old customers who came back."""
        at = self.start - 30 * DAY
        evidence = [bandit.Evidence(arm, most_share=0.7) for arm in ARMS]
        move = bandit.next_move(evidence, bandit.Bounds(), name="past")
        kept = bandit.Kept("sms_email", 2, at, "sms_email|2", bandit.Bounds(), move)
        bandit.keep(ledger, kept)
        dealt = {name: bandit.choose(kept, f"past {name}") for name in old}
        with ledger.write() as connection:
            insert_new(
                connection,
                tables.enrollments,
                [
                    {
                        "enrollment_id": f"past {name}", "playbook_id": "sms_email",
                        "customer_id": name, "episode_order_id": f"o-{name}",
                        "segment": "lapsed_30_45", "arm": "treatment", "variant": "offer",
                        "offer_id": "welcome_back_20", "offer_expires_at": at + 30 * DAY,
                        "entered_at": at - DAY,
                    }
                    for name in old
                ],
            )  # fmt: skip
            insert_new(
                connection,
                tables.bandit_choices,
                [
                    {
                        "enrollment_id": f"past {name}", "step": 2, "move_id": kept.move_id,
                        "arm": it.arm, "dealt_by": it.dealt_by, "propensity": it.propensity,
                        "chosen_at": at,
                    }
                    for name, it in dealt.items()
                ],
            )  # fmt: skip
        export_ledger(ledger, self.settings.ledger_landing_dir)
        return [name for name, it in dealt.items() if hash_unit(f"{name}|back") < rate(it.arm)]

    def _land_shop(self, old: Sequence[str], back: Sequence[str]) -> None:
        names = [*old, *self.fresh, *self.held]
        bought = {name: self.start - (70 if name in set(old) else 35) * DAY for name in names}
        land(
            self.settings,
            {
                "customers": [
                    {
                        "customer_id": name, "email": f"{name}@example.com", "country": "US",
                        "timezone": "America/New_York",
                    }
                    for name in names
                ],
                "orders": [
                    {
                        "order_id": f"o-{name}", "customer_id": name, "ordered_at": at,
                        "total_amount": 20,
                    }
                    for name, at in bought.items()
                ]
                + [
                    {
                        "order_id": f"back-{name}", "customer_id": name,
                        "ordered_at": self.start - 27 * DAY, "total_amount": 30,
                    }
                    for name in back
                ],
                "consents": [
                    {
                        "customer_id": name, "channel": "email", "status": "granted",
                        "basis": "express_written", "occurred_at": at,
                    }
                    for name, at in bought.items()
                ],
            },
        )  # fmt: skip

    def build(self, as_of: datetime) -> None:
        if not self.settings.warehouse_path.exists():
            give_seeds(self.settings)
        variables = _dbt.dbt_vars(self.settings, as_of, with_entrants=True)
        _dbt.invoke_dbt(
            self.settings, ["build", "--select", *READ, *ONLY_MODELS, *NO_SEEDS],
            variables,
        )  # fmt: skip
        with connect(self.settings.warehouse_path) as warehouse:
            for name in _PUBLISHED:
                path = self._published / f"{name}.parquet"
                warehouse.execute(f"copy (from {name}) to '{path}' (format parquet)")

    def move(self, ledger: Ledger, as_of: datetime) -> list[bandit.Kept]:
        """As the task does: what was learned, into the ledger and where dbt reads it."""
        made = bandit.deal(ledger, self._published, at=as_of, zone="America/New_York")
        export_ledger(ledger, self.settings.ledger_landing_dir)
        return made

    def enroll(self, ledger: Ledger) -> int:
        """As the task does: who enters, and what was dealt; the number of choices."""
        enroll(ledger, self.rows("from entrants"))
        kept = bandit.keep_choices(ledger, self._published)
        export_ledger(ledger, self.settings.ledger_landing_dir)
        return kept

    def run(self, ledger: Ledger, as_of: datetime) -> list[bandit.Kept]:
        self.build(as_of)
        if made := self.move(ledger, as_of):
            self.build(as_of)
        self.enroll(ledger)
        return made

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return query(self.settings, sql)


@contextmanager
def learning_shop(folder: Path, start: datetime) -> Iterator[tuple[LearningShop, Ledger]]:
    with project_copy(folder) as project:
        shop = LearningShop(folder, project, start)
        with open_ledger(shop.settings) as ledger:
            yield shop, ledger
