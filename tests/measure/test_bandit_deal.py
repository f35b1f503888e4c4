"""A run's moves from the published evidence, and the choices that it keeps and deals again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from published_tables import write_tables
from sqlalchemy import select, update

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger, tables
from winback.measure.bandit import (
    NOTHING,
    Kept,
    choose,
    deal,
    keep_choices,
    kept_moves,
    replay,
)

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)
# Half past nine in New York.
NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
EVIDENCE = (
    "playbook_id varchar, step bigint, arm varchar, age_days bigint, assigned bigint, "
    "responded bigint, reached bigint, opted_out bigint, complained bigint, value_cents double, "
    "cost_cents double, is_stopped boolean, least_share double, most_share double, "
    "random_control_share double, discount double, max_opt_out_rate double, "
    "max_complaint_rate double"
)
CHOICES = (
    "enrollment_id varchar, step bigint, move_id varchar, arm varchar, dealt_by varchar, "
    "propensity double, barred_arms varchar, offer_id varchar, offer_expires_at timestamptz, "
    "chosen_at timestamptz, is_kept boolean"
)


@pytest.fixture
def ledger(tmp_path: Path, ledger_url: str) -> Iterator[Ledger]:
    settings = Settings.load(home=tmp_path / "home", ledger_url=ledger_url)
    with open_ledger(settings) as opened:
        yield opened


class Shop:
    """A shop with one step that learns, whose evidence a test writes and edits."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._folder = ledger, folder
        usual: dict[str, Any] = {
            "reached": 0, "opted_out": 0, "complained": 0, "value_cents": 2_000.0,
            "cost_cents": 1.0, "is_stopped": False, "least_share": 0.1, "most_share": 0.7,
        }  # fmt: skip
        self.arms = {arm: dict(usual) for arm in ("arrivals", NOTHING, "offer")}
        self.days: dict[str, list[tuple[int, int, int]]] = {}

    def move(self, at: datetime) -> list[Kept]:
        rows = [
            (
                "sms_email", 2, arm, *day, it["reached"], it["opted_out"], it["complained"],
                it["value_cents"], it["cost_cents"], it["is_stopped"], it["least_share"],
                it["most_share"], 0.1, 0.99, 0.02, 0.003,
            )
            for arm, it in self.arms.items()
            for day in self.days.get(arm, [(None, 0, 0)])
        ]  # fmt: skip
        published = write_tables(
            self._folder, {"bandit_evidence": EVIDENCE}, {"bandit_evidence": rows}
        )
        return deal(self._ledger, published, at=at, zone="America/New_York")


@pytest.fixture
def shop(ledger: Ledger, tmp_path: Path) -> Shop:
    return Shop(ledger, tmp_path / "published")


def chances(kept: Kept) -> dict[str, float]:
    return {it.arm: it.propensity for it in kept.move.arms}


def test_a_step_moves_once_a_day_of_the_shop(shop: Shop, ledger: Ledger) -> None:
    (first,) = shop.move(NOW)
    assert first.move.phase == "uniform"
    assert chances(first) == pytest.approx(dict.fromkeys(shop.arms, 1 / 3), abs=1e-5)
    # Until midnight in New York.
    assert not shop.move(NOW + timedelta(hours=14))
    assert not shop.move(NOW - DAY)
    (second,) = shop.move(NOW + timedelta(hours=15))
    assert kept_moves(ledger, "sms_email", 2) == [first, second]


def test_the_better_arm_gets_more_within_its_bounds(shop: Shop) -> None:
    shop.days = {
        "offer": [(20, 200, 40), (21, 200, 44)],
        "arrivals": [(20, 400, 20)],
        NOTHING: [(20, 400, 16)],
    }
    (kept,) = shop.move(NOW)
    assert kept.move.phase == "learning"
    # What the most leaves goes to the others by their chance to be best, which is next to none.
    assert chances(kept)["offer"] == 0.7
    assert sum(chances(kept).values()) == pytest.approx(1)
    assert min(chances(kept).values()) >= 0.1


def test_an_arm_that_does_harm_is_stopped_at_once_and_for_good(shop: Shop) -> None:
    shop.move(NOW)
    shop.arms["offer"] |= {"reached": 400, "complained": 9}
    (kept,) = shop.move(NOW + timedelta(minutes=15))
    assert chances(kept) == {"arrivals": 0.5, NOTHING: 0.5, "offer": 0.0}
    assert "The arm offer is stopped now: 9 of 400 complained" in kept.move.why
    # It is out though the operator lists it anew, and its later numbers look well.
    offer = shop.arms.pop("offer")
    (without,) = shop.move(NOW + timedelta(minutes=30))
    assert set(chances(without)) == {"arrivals", NOTHING}
    shop.arms["offer"] = offer | {"complained": 0}
    (again,) = shop.move(NOW + timedelta(minutes=45))
    assert chances(again)["offer"] == 0.0


def test_what_the_operator_changes_holds_at_once_and_may_be_taken_back(shop: Shop) -> None:
    shop.move(NOW)
    shop.arms["offer"]["is_stopped"] = True
    (stopped,) = shop.move(NOW + timedelta(minutes=1))
    assert chances(stopped)["offer"] == 0.0
    shop.arms["offer"]["is_stopped"] = False
    (back,) = shop.move(NOW + timedelta(minutes=2))
    assert chances(back)["offer"] > 0.3
    shop.arms["offer"]["most_share"] = 0.2
    (bounded,) = shop.move(NOW + timedelta(minutes=3))
    assert chances(bounded)["offer"] == 0.2
    assert not shop.move(NOW + timedelta(minutes=4))


def choices(folder: Path, kept: Kept, *, n: int = 300) -> Path:
    """What SQL would publish: every choice as the room deals it."""
    dealt = [(f"enrollment {i}", choose(kept, f"enrollment {i}")) for i in range(n)]
    rows = [
        (key, 2, kept.move_id, it.arm, it.dealt_by, it.propensity, "", None, None, NOW, False)
        for key, it in dealt
    ]
    return write_tables(folder, {"bandit_choices": CHOICES}, {"bandit_choices": list(rows)})


def test_choices_are_kept_once_and_come_out_again(
    shop: Shop, ledger: Ledger, tmp_path: Path
) -> None:
    (kept,) = shop.move(NOW)
    published = choices(tmp_path / "one", kept)
    assert keep_choices(ledger, published) == 300
    assert keep_choices(ledger, published) == 0
    shop.move(NOW + DAY)
    found = replay(ledger)
    assert asdict(found) == {"moves": 2, "choices": 300, "different": ()}


def test_choices_that_an_earlier_version_published_are_kept_too(
    shop: Shop, ledger: Ledger, tmp_path: Path
) -> None:
    (kept,) = shop.move(NOW)
    choice = choose(kept, "enrollment 1")
    columns = CHOICES.replace(
        "barred_arms varchar, offer_id varchar, offer_expires_at timestamptz, ", ""
    )
    row = (
        "enrollment 1", 2, kept.move_id, choice.arm, choice.dealt_by, choice.propensity, NOW, False,
    )  # fmt: skip
    published = write_tables(
        tmp_path / "one", {"bandit_choices": columns}, {"bandit_choices": [row]}
    )
    assert keep_choices(ledger, published) == 1
    assert replay(ledger).different == ()


def test_a_choice_that_was_changed_is_named_and_a_move_that_was_is_refused(
    shop: Shop, ledger: Ledger, tmp_path: Path
) -> None:
    (kept,) = shop.move(NOW)
    keep_choices(ledger, choices(tmp_path / "one", kept))
    c = tables.bandit_choices.c
    with ledger.write() as connection:
        connection.execute(
            update(tables.bandit_choices)
            .where(c.enrollment_id == "enrollment 7")
            .values(propensity=c.propensity + 1e-15)
        )
    (different,) = replay(ledger).different
    assert different.startswith("enrollment 7 step 2: the ledger has")
    with ledger.write() as connection:
        connection.execute(update(tables.bandit_arms).values(millionths=0))
    with pytest.raises(WinbackError, match=r"its chances are .* and its evidence gives"):
        replay(ledger)


def test_a_choice_among_the_arms_that_could_be_dealt_comes_out_again(
    shop: Shop, ledger: Ledger, tmp_path: Path
) -> None:
    (kept,) = shop.move(NOW)
    dealt = [
        (f"enrollment {n}", choose(kept, f"enrollment {n}", barred={"offer"})) for n in range(99)
    ]
    rows: list[tuple[Any, ...]] = [
        (key, 2, kept.move_id, it.arm, it.dealt_by, it.propensity, "offer", None, None, NOW, False)
        for key, it in dealt
    ]
    keep_choices(
        ledger,
        write_tables(tmp_path / "one", {"bandit_choices": CHOICES}, {"bandit_choices": rows}),
    )
    assert not replay(ledger).different
    # That the arm could have been dealt after all is another choice.
    c = tables.bandit_choices.c
    with ledger.write() as connection:
        connection.execute(update(tables.bandit_choices).values(barred_arms=""))
        assert connection.scalar(select(c.arm).where(c.arm == "offer")) is None
    assert len(replay(ledger).different) == 99


def test_a_choice_without_its_move_is_refused(shop: Shop, ledger: Ledger, tmp_path: Path) -> None:
    (kept,) = shop.move(NOW)
    lost = replace(kept, moved_at=NOW - DAY)
    keep_choices(ledger, choices(tmp_path / "one", lost, n=1))
    with pytest.raises(WinbackError, match="the ledger lacks the move"):
        replay(ledger)
