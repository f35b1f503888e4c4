"""The whole drill: a home of each earlier release lives on by this one's commands, and an upgrade
that is killed anywhere is ended by the next start."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from datetime import timedelta
from importlib import import_module
from itertools import count
from pathlib import Path

import pytest
from kept_homes import NAMES, KeptHome, hold_account, unpack
from sqlalchemy import Engine, event

from winback.ledger import migrations, open_ledger, read_standing

ROOT = Path(__file__).parents[2]
_STEPS = """
    select m.message_id, e.customer_id, m.playbook_id, m.step, m.state
    from messages m join enrollments e using (enrollment_id)
"""
_MARKED = "select arm, count(*) from enrollments group by 1 order by 1"

pytestmark = pytest.mark.timeout(1800)

# The oldest home has the longest way; CI goes it.
EACH = [
    pytest.param(name, marks=pytest.mark.slow if number else pytest.mark.drill)
    for number, name in enumerate(NAMES)
]


@pytest.mark.parametrize("name", EACH)
def test_a_shop_lives_on_after_an_upgrade(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    keeping = import_module("keep_home")
    kept = unpack(name, tmp_path)
    hold_account(kept)
    waiting = {row[0] for row in kept.rows(f"{_STEPS} where m.state = 'planned'")}
    arms = dict(kept.rows("select enrollment_id, arm from enrollments"))
    out = {row[0] for row in kept.rows("select address from suppressions where lifted_at is null")}
    house = keeping.House(ROOT, tmp_path)
    begin = keeping.BEGIN + timedelta(days=3)
    with house.serving():
        for at in (begin, begin + timedelta(days=1), begin + timedelta(days=3, hours=1)):
            house.run(at)
        gone = house.sent()
    left = [it["message_id"] for it in (*kept.about["left"], *gone)]
    assert max(Counter(left).values()) == 1, "no message leaves twice"
    steps = {row[0]: row[1:4] for row in kept.rows(_STEPS)}
    assert max(Counter(steps[it] for it in left).values()) == 1, "nor a step to a person"
    ids = {it["message_id"] for it in gone}
    assert waiting <= ids, "what was planned leaves"
    assert len(ids) > len(waiting), "and the shop goes on"
    assert not out & {it["recipient"] for it in gone}
    now = dict(kept.rows("select enrollment_id, arm from enrollments"))
    assert {key: now[key] for key in arms} == arms
    held = {row[0] for row in kept.rows("select customer_id from enrollments where arm='holdout'")}
    assert held
    assert not held & {steps[it][0] for it in ids}


@pytest.mark.drill
def test_the_last_run_decided_again_differs_by_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    keeping = import_module("keep_home")
    house = keeping.House(ROOT, tmp_path)
    keeping.write_shop(tmp_path / "shop", range(1, 37))
    house.winback("load", str(tmp_path / "shop"))
    told = house.winback("run", "--mode", "sandbox", "--as-of", "2026-03-02T15:30:00Z", "--json")
    sent = json.loads(told)["sent"]
    same = json.loads(house.winback("upgrade", "--compare", "--json"))
    assert (same["more"], same["fewer"], same["steps"]) == (0, 0, [])
    # Another release has one playbook less.
    (tmp_path / "winback.toml").write_text("")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "playbooks.csv").write_text("playbook_id,is_enabled\nsms_email,false\n")
    other = json.loads(house.winback("upgrade", "--compare", "--json"))
    [step] = [it for it in other["steps"] if it["playbook_id"] == "sms_email"]
    assert (step["step"], step["more"]) == (1, 0)
    assert step["fewer"] == sum(it["messages"] for it in sent if it["playbook"] == "sms_email")
    assert other["fewer"] <= step["fewer"]


def killed_within(kept: KeptHome, revision: int) -> bool:
    """Open the ledger in a process that is killed as soon as that many revisions are done, before
    anything is committed; whether it came so far."""
    child = os.fork()
    if child == 0:
        seen = count(1)

        def die(*call: object) -> None:
            is_done = str(call[2]).lower().startswith("update alembic_version")
            if is_done and next(seen) == revision:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "after_cursor_execute", die)
        try:
            open_ledger(kept.settings())
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("name", EACH)
def test_an_upgrade_that_is_killed_within_any_revision_begins_again(
    name: str, tmp_path: Path
) -> None:
    kept = unpack(name, tmp_path)
    before = read_standing(kept.settings())
    assert before is not None
    messages = kept.rows("select message_id, state from messages order by 1")
    kills = 0
    while killed_within(kept, kills + 1):
        kills += 1
        assert read_standing(kept.settings()) == before, "half of an upgrade is none"
    pending = int(migrations.newest()) - int(before.revision)
    assert kills >= pending - 1
    after = read_standing(kept.settings())
    assert after is not None
    assert (after.revision, after.accepted) == (migrations.newest(), before.accepted)
    assert kept.rows("select message_id, state from messages order by 1") == messages
