"""A run's moves: what the published evidence says of each step, written before anybody is dealt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.base.duck import Rows, connect, literal, rows_of
from winback.ledger import Ledger
from winback.measure.bandit._arms import Bounds, Day, Evidence
from winback.measure.bandit._harm import harmful_by
from winback.measure.bandit._keep import Kept, keep, kept_moves, stopped_arms
from winback.measure.bandit._move import next_move

OPERATOR: Final = "operator"
_OF_A_STEP: Final = ("playbook_id", "step")


def deal(ledger: Ledger, published: Path, *, at: datetime, zone: str) -> list[Kept]:
    """Write the move of each step that learns and is due for one; the moves that are new.

    A step moves once a day of the shop's zone, and at once where an arm does harm or the operator
    changed its arms or bounds. Its moves only go on in time: a replay of a past day makes none.
    """
    made = []
    for step in _steps(published):
        playbook_id, number = step[0]["playbook_id"], step[0]["step"]
        moves = kept_moves(ledger, playbook_id, number)
        last = moves[-1] if moves else None
        if last is not None and last.moved_at >= at:
            continue
        arms, bounds = _arms(step), _bounds(step)
        stopped = _harmful(moves) | {it["arm"]: OPERATOR for it in step if it["is_stopped"]}
        if last is not None and _stands(last, arms, bounds, stopped, at=at, zone=zone):
            continue
        name = f"{playbook_id} step {number}"
        move = next_move(arms, bounds, name=name, stopped=stopped)
        kept = Kept(playbook_id, number, at, f"{playbook_id}|{number}", bounds, move)
        if keep(ledger, kept):
            made.append(kept)
    return made


def _steps(published: Path) -> Iterator[Rows]:
    """The published evidence, a step at a time."""
    path = published / "bandit_evidence.parquet"
    if not path.exists():
        return
    with connect() as connection:
        rows = rows_of(
            connection.execute(f"from {literal(path)} order by playbook_id, step, arm, age_days")
        )
    for _, found in groupby(rows, key=lambda row: tuple(row[name] for name in _OF_A_STEP)):
        yield list(found)


def _arms(step: Rows) -> list[Evidence]:
    found = []
    for arm, group in groupby(step, key=lambda row: str(row["arm"])):
        rows = list(group)
        first: dict[str, Any] = rows[0]
        found.append(
            Evidence(
                arm,
                [
                    Day(row["age_days"], row["assigned"], row["responded"])
                    for row in rows
                    if row["age_days"] is not None
                ],
                first["value_cents"],
                first["cost_cents"],
                first["reached"],
                first["opted_out"],
                first["complained"],
                first["least_share"],
                first["most_share"],
            )
        )
    return found


def _bounds(step: Rows) -> Bounds:
    first: dict[str, Any] = step[0]
    return Bounds(
        min_propensity=min(row["least_share"] for row in step),
        random_control_share=first["random_control_share"],
        discount=first["discount"],
        max_opt_out_rate=first["max_opt_out_rate"],
        max_complaint_rate=first["max_complaint_rate"],
    )


def _harmful(moves: Sequence[Kept]) -> dict[str, str]:
    """The arms that did harm in any move: what the operator takes out and lists anew stays out."""
    found: dict[str, str] = {}
    for kept in moves:
        stopped = stopped_arms([kept])
        found |= {arm: by for arm, by in stopped.items() if by != OPERATOR}
    return found


def _stands(
    last: Kept,
    arms: Sequence[Evidence],
    bounds: Bounds,
    stopped: dict[str, str],
    *,
    at: datetime,
    zone: str,
) -> bool:
    """Whether the last move is of today and nothing is to be changed at once."""
    is_of_today = (
        last.moved_at.astimezone(ZoneInfo(zone)).date() >= at.astimezone(ZoneInfo(zone)).date()
    )
    listed = {it.arm: (it.least_share, it.most_share) for it in arms}
    dealt = {it.arm: (it.least_share, it.most_share) for it in last.move.arms}
    is_harmful = any(harmful_by(it, bounds) for it in arms if it.arm not in stopped)
    return (
        is_of_today
        and not is_harmful
        and listed == dealt
        and bounds == last.bounds
        and stopped == stopped_arms([last])
    )
