"""Choices in the ledger: written once, and dealt again to compare bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from winback.base.duck import connect, literal
from winback.base.errors import WinbackError
from winback.ledger import Ledger, insert_new, tables
from winback.measure.bandit._choose import choose
from winback.measure.bandit._keep import Kept, kept_moves

_COLUMNS: Final = tuple(
    it.name
    for it in tables.bandit_choices.columns
    if it.name not in {"version", "exported_version"}
)
_NOT_TOLD: Final = dict.fromkeys(_COLUMNS) | {"barred_arms": ""}
_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class Replay:
    """How many moves and choices were reckoned again, and those choices that came out otherwise:
    enrollment and step, with what the ledger keeps and what was dealt again."""

    moves: int
    choices: int
    different: tuple[str, ...]


def keep_choices(ledger: Ledger, published: Path) -> int:
    """Write what a build dealt anew, before any message of it is planned; the number that is new.

    Safe to repeat: a choice that exists stays as it is.
    """
    path, kept = published / "bandit_choices.parquet", 0
    if not path.exists():
        return 0
    with connect() as connection:
        found = connection.execute(f"from {literal(path)} where not is_kept order by all")
        names = [column[0] for column in found.description or ()]
        while batch := found.fetchmany(_AT_ONCE):
            # A set that an earlier version published has not all of them: no arm was barred then.
            told = [_NOT_TOLD | dict(zip(names, row, strict=True)) for row in batch]
            rows = [{name: row[name] for name in _COLUMNS} for row in told]
            with ledger.write() as writing:
                kept += insert_new(writing, tables.bandit_choices, rows)
    return kept


def replay(ledger: Ledger) -> Replay:
    """Reckon the chances of every move again, and deal every choice again by them.

    Raises WinbackError for a move whose chances don't follow from its evidence.
    """
    moves = {kept.move_id: kept for of_step in read_moves(ledger) for kept in of_step}
    for kept in moves.values():
        kept.check()
    checked, different = 0, []
    for row in _all_choices(ledger):
        checked += 1
        again = _again(moves, row)
        was = (row.arm, row.dealt_by, row.propensity)
        if again != was:
            different.append(
                f"{row.enrollment_id} step {row.step}: the ledger has {was}, and {row.move_id} "
                f"deals {again}"
            )
    return Replay(len(moves), checked, tuple(different))


def _again(moves: dict[str, Kept], row: Any) -> tuple[str, str, float]:
    kept = moves.get(row.move_id)
    if kept is None:
        raise WinbackError(
            f"bandit choice of {row.enrollment_id} step {row.step}: the ledger lacks the move "
            f"{row.move_id}; restore the ledger from a backup"
        )
    barred = frozenset(filter(None, row.barred_arms.split(",")))
    choice = choose(kept, row.enrollment_id, barred=barred)
    return choice.arm, choice.dealt_by, choice.propensity


def read_moves(ledger: Ledger) -> Iterator[list[Kept]]:
    """The moves of each step, oldest first."""
    m = tables.bandit_moves.c
    with ledger.read() as connection:
        steps = connection.execute(select(m.playbook_id, m.step).distinct()).all()
    for playbook_id, step in sorted(tuple(row) for row in steps):
        yield kept_moves(ledger, playbook_id, step)


def _all_choices(ledger: Ledger) -> Iterator[Any]:
    c = tables.bandit_choices.c
    with ledger.read() as connection:
        yield from connection.execute(
            select(*(c[name] for name in _COLUMNS)).order_by(c.enrollment_id, c.step)
        ).yield_per(_AT_ONCE)
