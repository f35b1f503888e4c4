"""A run of a shop one of whose steps learns: it moves, builds anew, and sends what it dealt."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flow_shop import OPENS, Shop
from project_copies import copy_project

from flows.run import winback_run
from winback.cli import main
from winback.measure.why import tell, why
from winback.warehouse import _dbt

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

ARMS = ("arrivals", "nothing", "offer")


@pytest.mark.timeout(900)  # two whole runs, and each of their audiences twice
def test_a_run_moves_deals_and_sends_by_it(
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = copy_project(tmp_path / "dbt_project")
    seed = project / "seeds" / "bandit_steps.csv"
    seed.write_text(seed.read_text() + "".join(f"sms_email,2,{it},true,,,,,,,,,,\n" for it in ARMS))
    monkeypatch.setattr(_dbt, "DBT_DIR", project)

    winback_run("sandbox", OPENS, measure=False)
    assert {row["phase"] for row in shop.published("bandit_moves")} == {"uniform"}
    assert not shop.published("bandit_choices")

    winback_run("sandbox", OPENS + timedelta(days=1, hours=1))
    assert len({row["move_id"] for row in shop.published("bandit_moves")}) == 2
    choices = {row["customer_id"]: row for row in shop.published("bandit_choices")}
    assert len(choices) > 5
    assert all(row["is_kept"] for row in choices.values())
    written = {
        row["customer_id"]: row["variant"]
        for row in shop.published("messages")
        if row["step"] == 2 and row["state"] == "accepted"
    }
    assert written == {who: row["arm"] for who, row in choices.items() if row["arm"] != "nothing"}
    nobody = next(who for who, row in choices.items() if row["arm"] == "nothing")
    story = " ".join(" ".join(tell(why(shop.settings, nobody), shop_timezone="UTC")).split())
    assert "step 2 of sms_email learns, and dealt nothing to send" in story
    assert "[bandit_nothing]" in story

    for words, told in (
        (["bandit", "replay"], f"2 moves and {len(choices)} choices came out again."),
        (["bandit"], "All arms are dealt evenly until each has 50 people"),
    ):
        monkeypatch.setattr(sys, "argv", ["winback", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert told in capsys.readouterr().out
