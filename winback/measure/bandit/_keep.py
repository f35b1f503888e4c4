"""Moves in the ledger: written once, read back whole, and reckoned again to compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select

from winback.base.errors import WinbackError
from winback.ledger import Ledger, insert_new, tables
from winback.measure.bandit._arms import Bounds, Dealt, Move
from winback.measure.bandit._move import chances_again


@dataclass(frozen=True)
class Kept:
    """A move of a step as the ledger has it: since when it holds, the seed that people's ids are
    hashed with, and the operator's bounds at the time."""

    playbook_id: str
    step: int
    moved_at: datetime
    seed: str
    bounds: Bounds
    move: Move

    @property
    def move_id(self) -> str:
        return f"{self.playbook_id}|{self.step}|{self.moved_at:%Y-%m-%dT%H:%M:%S.%fZ}"

    def check(self) -> None:
        """Refuse a move whose chances don't follow from the evidence that stands beside them."""
        kept = {it.arm: it.millionths for it in self.move.arms}
        again = chances_again(self.move, self.bounds)
        if kept != again:
            raise WinbackError(
                f"bandit move {self.move_id}: its chances are {kept}, and its evidence gives "
                f"{again} millionths; restore the ledger from a backup"
            )


def keep(ledger: Ledger, kept: Kept) -> bool:
    """Write a move before anybody is dealt by it; False if the step has one of that moment, which
    stays as it is."""
    row = {
        "move_id": kept.move_id, "playbook_id": kept.playbook_id, "step": kept.step,
        "moved_at": kept.moved_at, "seed": kept.seed, "phase": kept.move.phase,
        "why": kept.move.why, **asdict(kept.bounds),
    }  # fmt: skip
    arms = [{"move_id": kept.move_id, **asdict(it)} for it in kept.move.arms]
    with ledger.write() as connection:
        is_new = bool(insert_new(connection, tables.bandit_moves, [row]))
        if is_new:
            insert_new(connection, tables.bandit_arms, arms)
    return is_new


def kept_moves(ledger: Ledger, playbook_id: str, step: int) -> list[Kept]:
    """The moves of a step, oldest first."""
    moves, arms = tables.bandit_moves, tables.bandit_arms
    of_step = (moves.c.playbook_id == playbook_id, moves.c.step == step)
    with ledger.read() as connection:
        of_moves = select(moves).where(*of_step).order_by(moves.c.moved_at)
        rows = connection.execute(of_moves).mappings().all()
        of_arms = (
            select(arms)
            .join(moves, arms.c.move_id == moves.c.move_id)
            .where(*of_step)
            .order_by(arms.c.arm)
        )
        found = connection.execute(of_arms).mappings().all()
    by_move: dict[str, list[Dealt]] = {}
    for it in found:
        by_move.setdefault(it["move_id"], []).append(Dealt(**_named(it, Dealt)))
    return [
        Kept(
            playbook_id=row["playbook_id"],
            step=row["step"],
            moved_at=row["moved_at"],
            seed=row["seed"],
            bounds=Bounds(**_named(row, Bounds)),
            move=Move(row["phase"], tuple(by_move[row["move_id"]]), row["why"]),
        )
        for row in rows
    ]


def stopped_arms(moves: list[Kept]) -> dict[str, str]:
    """The arms that the newest move has stopped, each with what stopped it."""
    newest = moves[-1].move.arms if moves else ()
    return {it.arm: it.stopped_by for it in newest if it.stopped_by}


def _named(row: RowMapping, kind: type[Dealt] | type[Bounds]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}
