"""Budgets: how much of what a run, a day or a month may cost is left.

Asked in the transaction that begins a call, in which nobody else begins one: what is under way is
counted, so neither several workers nor a run that was killed spends more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from winback.base.settings import Settings
from winback.ledger import planning_began_at, spent_since


@dataclass
class Left:
    """What is left of the least of the budgets, in cents; None: there is no budget."""

    cents: Decimal | None = None

    def has_room(self, cost_cents: Decimal | None) -> bool:
        """Whether a message fits. One whose price nobody knows fits no budget."""
        return self.cents is None or (cost_cents is not None and cost_cents <= self.cents)

    def take(self, cost_cents: Decimal | None) -> None:
        """Count a message that goes, whether or not it was asked for room."""
        if self.cents is not None and cost_cents is not None:
            self.cents -= cost_cents


@dataclass(frozen=True)
class Budgets:
    """Cents of the shop's currency for the messages of a run, a day and a month of the shop's
    zone; None: as much as it takes."""

    run: int | None = None
    day: int | None = None
    month: int | None = None
    zone: str = "UTC"

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.budget_run_cents,
            settings.budget_day_cents,
            settings.budget_month_cents,
            settings.shop_timezone,
        )

    def left(self, connection: Connection, *, now: datetime) -> Left:
        """What may still be spent now."""
        midnight = now.astimezone(ZoneInfo(self.zone)).replace(
            hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        rooms = []
        if self.run is not None:
            # Before the first plan of this winback the day stands for the run.
            since = planning_began_at(connection) or midnight
            rooms.append(self.run - spent_since(connection, since))
        if self.day is not None:
            rooms.append(self.day - spent_since(connection, midnight))
        if self.month is not None:
            rooms.append(self.month - spent_since(connection, midnight.replace(day=1)))
        return Left(min(rooms, default=None))
