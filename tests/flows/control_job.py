"""All of it is killed while a run begins and while another one sends: `make test-control`.

A real server, worker and receiver (`winback up`), killed by SIGKILL and started again. What was due
leaves within ten minutes, nothing leaves twice, and the watchdog speaks while nothing runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from control_house import House, own_postgresql, wait_for
from flow_shop import OPENS, Shop, small_shop

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import count_by_state, open_ledger
from winback.readiness.watch import watch

PEOPLE = 40
TEN_MINUTES = 600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[House]:
    """A control room whose ledger and whose Prefect are in this database."""
    home = tmp_path / "home"
    small_shop(home, loaded_at=OPENS, lapsed=PEOPLE)
    # Slowly enough to be killed in the middle.
    slow = {"WINBACK_SMS_PER_SECOND": "0.5"}
    if request.param == "sqlite":
        yield House(Settings.load(home=home), **slow)
        return
    with own_postgresql() as place:
        if not place:
            with capsys.disabled():
                sys.stdout.write("no PostgreSQL with pg_trgm here: Prefect stays in SQLite\n")
            yield House(
                Settings.load(home=home, ledger_url=request.getfixturevalue("make_schema")()),
                **slow,
            )
            return
        prefect = f"postgresql+asyncpg://winback@{place}/prefect"
        yield House(
            Settings.load(home=home, ledger_url=f"postgresql://winback@{place}/ledger"),
            PREFECT_SERVER_DATABASE_CONNECTION_URL=prefect,
            **slow,
        )


def counts(shop: Shop) -> dict[str, int]:
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        return dict(count_by_state(connection))


def is_over(house: House, run: str) -> bool:
    state = house.read(run)["state_type"]
    assert state != "FAILED", house.read(run)["state"]
    return bool(state == "COMPLETED")


@pytest.mark.timeout(2400)
def test_what_is_due_leaves_after_everything_was_killed(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, at = Shop(house.settings), {"as_of": OPENS.isoformat()}
    with house.up() as up:
        house.hold_schedules()
        assert house.winback("mode", "sandbox").returncode == 0
        sends = house.run("winback-run/run", at)
        # As of a worker that dies after it took the slot, and before the process began.
        begins = house.run("collect/collect", at, after=timedelta(hours=1))
        house.call(f"/flow_runs/{begins}/set_state", state={"type": "PENDING"})
        wait_for(lambda: len(shop.accepted()) > 0, 300)
        assert [house.read(it)["state_type"] for it in (sends, begins)] == ["RUNNING", "PENDING"]
        house.kill(up, sends)
    left = len(shop.accepted())
    assert house.winback("watch").returncode == 0
    later = WallClock().now() + timedelta(minutes=15)
    silent = {it.stage for it in watch(shop.settings, now=later).stages if it.is_silent}
    assert {"collect", "reconcile"} <= silent

    began = time.monotonic()
    with house.up():
        again = [house.run(name, at) for name in ("winback-run/run", "collect/collect")]
        took = [wait_for(lambda: is_over(house, it), TEN_MINUTES) for it in again]  # noqa: B023
        assert time.monotonic() - began < TEN_MINUTES
        dead = (sends, begins)
        wait_for(lambda: all(house.read(it)["state_type"] == "CRASHED" for it in dead), TEN_MINUTES)
    crashed = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\nsent {sum(took):.0f} s, crashed {crashed:.0f} s after the start\n")
    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)), "a message left twice"
    assert set(counts(shop)) <= {"accepted", "unknown"}
    assert len(accepted) > left, "nothing was left to send"
    assert counts(shop)["accepted"] + counts(shop).get("unknown", 0) >= len(accepted)
