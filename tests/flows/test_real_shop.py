"""A real shop's lines, with invented contact points, through the whole run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flow_shop import Shop

from flows.run import winback_run
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.cli._demo import write_contacts
from winback.landing import load

SHARED = Path(os.environ.get("WINBACK_TEST_SHARED", Path(__file__).parents[3] / "shared"))
LINES = SHARED / "data" / "online_retail_raw_first240007.parquet"
# The last day of the file, a Sunday, in the shop's afternoon.
AS_OF = datetime(2011, 6, 26, 15, 0, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.skipif(not LINES.exists(), reason=f"the UCI lines are not at {LINES}")
@pytest.mark.usefixtures("prefect_server")
def test_the_uci_shop_runs_end_to_end_in_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_SHOP_TIMEZONE", "Europe/London")
    monkeypatch.chdir(tmp_path)
    settings = Settings.load()
    load(LINES, settings, FixedClock(AS_OF), format="online-retail")
    assert write_contacts(settings, tmp_path / "contacts") == 2974
    load(tmp_path / "contacts", settings, FixedClock(AS_OF))

    done = winback_run("sandbox", AS_OF)

    shop = Shop(settings)
    assert done.enrolled > 100
    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)) > 10
    states = {row["state"] for row in shop.published("messages")}
    assert states <= {"accepted", "planned"}
    assert shop.published("reactivation_rates")
