"""Moves in the ledger: each is written once and whole, and gives its chances again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, tables
from winback.measure.bandit import (
    NOTHING,
    WHOLE,
    Bounds,
    Day,
    Evidence,
    Kept,
    keep,
    kept_moves,
    next_move,
    stopped_arms,
)

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOUNDS = Bounds(min_propensity=0.15)


@pytest.fixture
def settings(tmp_path: Path, ledger_url: str) -> Settings:
    return Settings.load(home=tmp_path / "home", ledger_url=ledger_url)


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with open_ledger(settings) as opened:
        yield opened


def moved(at: datetime, *, opted_out: int = 0, **stopped: str) -> Kept:
    arms = [
        Evidence("arrivals", [Day(31, 811, 32), Day(35, 790, 40)], 4_711.1, 7.3, 1_600, opted_out),
        Evidence(NOTHING, [Day(31, 799, 29), Day(35, 805, 30)], 4_711.1),
        Evidence("offer", [Day(31, 803, 33), Day(35, 811, 41)], 4_290.9, 7.3, 1_614, 11),
    ]
    move = next_move(arms, BOUNDS, name="sms_email step 2", stopped=stopped)
    return Kept("sms_email", 2, at, "sms_email|2", BOUNDS, move)


def test_moves_are_read_back_as_they_were_written_oldest_first(ledger: Ledger) -> None:
    later, first = moved(NOW + timedelta(days=1), opted_out=60), moved(NOW)
    assert keep(ledger, later)
    assert keep(ledger, first)
    assert kept_moves(ledger, "sms_email", 2) == [first, later]
    assert kept_moves(ledger, "sms_email", 3) == []


def test_a_move_of_the_same_moment_changes_nothing(ledger: Ledger) -> None:
    keep(ledger, moved(NOW))
    assert not keep(ledger, moved(NOW, opted_out=60))
    assert kept_moves(ledger, "sms_email", 2) == [moved(NOW)]
    with ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.bandit_arms)) == 3


def test_an_arm_that_a_move_stopped_stays_stopped_in_the_next(ledger: Ledger) -> None:
    assert stopped_arms([]) == {}
    keep(ledger, moved(NOW, opted_out=60))
    stopped = stopped_arms(kept_moves(ledger, "sms_email", 2))
    assert stopped == {"arrivals": "opt_outs"}
    keep(ledger, moved(NOW + timedelta(days=1), **stopped))
    newest = kept_moves(ledger, "sms_email", 2)[-1].move
    assert [it.millionths for it in newest.arms if it.arm == "arrivals"] == [0]
    assert sum(it.millionths for it in newest.arms) == WHOLE


CHECK = """
import sys
from pathlib import Path
from winback.base.settings import Settings
from winback.ledger import open_ledger
from winback.measure.bandit import kept_moves
with open_ledger(Settings.load(home=Path(sys.argv[1]), ledger_url=sys.argv[2])) as ledger:
    for kept in kept_moves(ledger, "sms_email", 2):
        kept.check()
        print(kept)
"""


def test_after_a_restart_every_move_gives_its_chances_again(
    ledger: Ledger, settings: Settings
) -> None:
    days = [moved(NOW + timedelta(days=n), opted_out=20 * n) for n in range(5)]
    for kept in days:
        keep(ledger, kept)
    again = subprocess.run(
        [sys.executable, "-c", CHECK, settings.home, settings.ledger_url or ""],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert again.stdout.splitlines() == [str(kept) for kept in days]


def test_chances_that_do_not_follow_from_the_evidence_are_refused(ledger: Ledger) -> None:
    keep(ledger, moved(NOW))
    arms = tables.bandit_arms
    with ledger.write() as connection:
        connection.execute(update(arms).where(arms.c.arm == "offer").values(alpha=60.0))
    (kept,) = kept_moves(ledger, "sms_email", 2)
    with pytest.raises(WinbackError, match=r"bandit move sms_email\|2\|2026-03-02T09:00:00"):
        kept.check()


def test_the_bounds_of_the_time_are_kept_with_the_move(ledger: Ledger) -> None:
    keep(ledger, moved(NOW))
    keep(ledger, replace(moved(NOW + timedelta(days=1)), bounds=Bounds(min_propensity=0.2)))
    kept = kept_moves(ledger, "sms_email", 2)
    assert [it.bounds.min_propensity for it in kept] == [0.15, 0.2]
