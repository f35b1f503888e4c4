"""A step waits for a person's yes through every run, and leaves with the first run after it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from click.testing import Result
from flow_shop import OPENS, Shop
from heard import heard
from typer.testing import CliRunner

from flows import stages
from flows.run import winback_run
from winback.base.settings import Settings
from winback.cli._app import app
from winback.ledger import count_by_state, open_ledger

pytestmark = pytest.mark.usefixtures("prefect_server")
AT = ("--mode", "sandbox", "--as-of", OPENS.isoformat())


@pytest.fixture(autouse=True)
def _asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINBACK_APPROVAL", "always")
    monkeypatch.setenv("WINBACK_BRAND_NAME", f"Tea {uuid4().hex[:8]}")


def winback(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def states(shop: Shop) -> dict[str, int]:
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        return count_by_state(connection)


@pytest.mark.slow
def test_nothing_leaves_before_a_yes_and_all_of_it_after(shop: Shop) -> None:
    report = winback_run("sandbox", OPENS, measure=False)
    (line,) = report.held
    assert report.sent == []
    assert line.startswith("step 1 of sms_email waits for approval (nothing of this step was ")
    assert report.summary().endswith(", 1 step waits for approval")
    planned = states(shop)["planned"]
    assert states(shop) == {"planned": planned}
    # Every stage obeys, and each of them says so.
    for state in (
        stages.send_due("sandbox", OPENS, return_state=True),
        stages.send_playbook("sms_email", "sandbox", OPENS, return_state=True),
        stages.send_step("sms_email", 1, "sandbox", OPENS, return_state=True),
    ):
        assert line in str(state.message)
    assert shop.accepted() == []
    # A run that finds nothing new needs no Prefect, and says it too.
    told = json.loads(winback("run", *AT, "--json").stdout)
    assert told["waiting_for_approval"] == [line]
    (event,) = (it for it in heard(Settings.load(), at_least=1) if it.event.endswith(".asked"))
    request = line.rpartition(" ")[2]
    assert event.payload["count"] == 1
    assert event.payload["news"][0]["approval_id"] == request
    assert (event.payload["news"][0]["messages"], event.payload["what"]) == (planned, line)

    # Who is in the playbook has a story that says it; who is not has none.
    someone = next(row for row in shop.published("outbox") if row["action"] == "plan")
    assert line in " ".join(winback("why", someone["customer_id"]).output.split())
    assert line not in " ".join(winback("why", "fresh").output.split())

    assert winback("approve", request).exit_code == 0
    assert line not in " ".join(winback("why", someone["customer_id"]).output.split())
    assert len(stages.send_due("sandbox", OPENS)) == 1
    assert len(set(shop.accepted())) == len(shop.accepted()) == planned
    assert states(shop) == {"accepted": planned}
