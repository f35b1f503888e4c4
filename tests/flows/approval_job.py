"""Nothing leaves without a yes, or twice after it, whatever is killed: `make test-control`.

A real server, worker and receiver are killed while a form waits, just after it was sent, and while
what it let leave is being sent.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from control_house import House, wait_for
from control_job import TEN_MINUTES, counts, house, is_over
from flow_shop import OPENS, Shop

from winback.ledger import Approval, open_ledger, read_approvals

__all__ = ["house"]  # the fixture
AT = {"as_of": OPENS.isoformat()}
ANSWER = {"approve": True, "name": "Ann", "note": ""}


def requests(shop: Shop) -> list[Approval]:
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        return read_approvals(connection)


def forms(house: House) -> list[dict[str, Any]]:
    """The forms that wait, by what the server says."""
    wanted = {"flows": {"name": {"any_": ["approve"]}}}
    found: list[dict[str, Any]] = house.call("/flow_runs/filter", **wanted)
    return [run for run in found if run["state_type"] == "PAUSED"]


def fill_in(house: House) -> None:
    for form in forms(house):
        house.call(f"/flow_runs/{form['id']}/resume", run_input=ANSWER)


def is_approved(shop: Shop) -> bool:
    return [it.decision for it in requests(shop)] == ["yes"]


@pytest.mark.timeout(2400)
def test_only_what_was_approved_leaves_after_everything_was_killed(
    house: House,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop, began = Shop(house.settings), time.monotonic()
    house.environment["WINBACK_APPROVAL"] = "always"

    def run_once(deployment: str = "winback-run/run") -> None:
        run = house.run(deployment, AT)
        wait_for(lambda: is_over(house, run), TEN_MINUTES)

    with house.up() as up:
        house.hold_schedules()
        assert house.winback("mode", "sandbox").returncode == 0
        run_once()
        wait_for(lambda: len(forms(house)) == 1, TEN_MINUTES)
        house.kill(up)
    with house.up() as up:
        house.hold_schedules()
        run_once()
        (form,) = forms(house)
        assert shop.accepted() == []
        assert [it.decision for it in requests(shop)] == [None]
        fill_in(house)
        house.kill(up)
    assert shop.accepted() == []
    with house.up() as up:
        house.hold_schedules()
        # The run that was killed goes on, or is found dead and another form is offered.
        while not is_approved(shop):
            assert time.monotonic() - began < 2 * TEN_MINUTES
            time.sleep(10)
            run_once("enroll/enroll")
            fill_in(house)
        sends = house.run("winback-run/run", AT)
        wait_for(lambda: len(shop.accepted()) > 0, TEN_MINUTES)
        house.kill(up, sends)
    left = len(shop.accepted())
    with house.up():
        house.hold_schedules()
        run_once()
    with capsys.disabled():
        sys.stdout.write(f"\nall of it took {time.monotonic() - began:.0f} s\n")
    (request,) = requests(shop)
    assert (request.decision, request.decided_by) == ("yes", "Ann, by form")
    assert form["parameters"]["request"] == request.approval_id
    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)), "a message left twice"
    assert len(accepted) > left, "nothing was left to send"
    assert set(counts(shop)) <= {"accepted", "unknown"}
    assert sum(counts(shop).values()) == request.messages
