"""A shop that moves to Spark and PostgreSQL in mid-season: `make test-spark`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from seasons import run, season, winback

# When what the season's last run left to wait is due.
NEXT_AT = "2026-04-17T20:30:00Z"


def taken(home: Path) -> list[tuple[str, str]]:
    """What the providers were sent: the message's id, and to whom."""
    with closing(sqlite3.connect(home / "sandbox" / "sandbox.db")) as database:
        return database.execute("select our_id, recipient from messages order by seq").fetchall()


def test_a_season_that_moves_to_spark_and_postgresql_writes_to_nobody_twice(
    tmp_path: Path, postgresql: str
) -> None:
    home = season(tmp_path, 200)
    before = taken(home)
    assert before
    winback(home, "backup", str(tmp_path / "backup"))
    winback(home, "move-ledger", postgresql)

    forgotten = run(home, "run", "--mode", "sandbox", "--as-of", NEXT_AT)
    assert "this ledger has moved to postgresql" in " ".join(forgotten.stderr.split())
    assert taken(home) == before

    there = {
        "WINBACK_LEDGER_URL": postgresql,
        "WINBACK_DBT_TARGET": "spark",
        "WINBACK_SPARK_MASTER": "local[2]",
    }
    winback(home, "run", "--mode", "sandbox", "--as-of", NEXT_AT, **there)
    after = taken(home)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    ids = [our_id for our_id, _ in after]
    assert len(ids) == len(set(ids))

    # The same run again has nothing left to send.
    winback(home, "run", "--mode", "sandbox", "--as-of", NEXT_AT, **there)
    assert taken(home) == after
