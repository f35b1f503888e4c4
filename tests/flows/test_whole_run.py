"""The run as a person knows it, through the sandbox, day after day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flow_shop import OPENS, Shop

from flows._told import sent_rows
from flows.run import RunReport, winback_run
from winback.base.clock import FixedClock, WallClock
from winback.base.errors import WinbackError
from winback.content import RenderBlocked, Rendered, Renderer
from winback.ledger import open_ledger, stage_ends
from winback.measure.last_screen import Sent, read_outlook, tell_outlook
from winback.measure.why import tell, why
from winback.people.erasure import erase
from winback.readiness.watch import LIMITS
from winback.warehouse import build_outcomes, invoke_dbt

pytestmark = pytest.mark.usefixtures("prefect_server")


def the_last_lines_tell(done: RunReport, sent: int) -> None:
    """What left, and when the next step of it is due."""
    assert done.outcomes is not None
    was = Sent("sandbox", OPENS, "UTC", steps=sent_rows(done))
    told = list(tell_outlook(read_outlook(done.outcomes.published), was))
    assert any(it.startswith(f"Sent: {sent} messages (sms_email step 1: ") for it in told)
    assert any("sms_email step 2 (email) for" in it and "is due from" in it for it in told)


def each_stage_has_ended(shop: Shop) -> None:
    """By the machine's clock, which a watchdog has too."""
    with open_ledger(shop.settings) as ledger, ledger.read() as connection:
        ends = stage_ends(connection)
    assert ends.keys() == LIMITS.keys()
    assert all(WallClock().now() - at < timedelta(minutes=10) for at in ends.values())


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> str:
    """Somebody for whom a fact is missing that the template needs."""
    who, write = "c02", Renderer.render

    def render(renderer: Renderer, row: Mapping[str, Any], **more: Any) -> Rendered:
        if row["customer_id"] == who:
            raise RenderBlocked("render_missing", "'offer' is undefined", field="offer")
        return write(renderer, row, **more)

    monkeypatch.setattr(Renderer, "render", render)
    return who


@pytest.mark.whole
@pytest.mark.timeout(900)  # three whole runs, and the outcomes once more
def test_a_run_sends_each_step_once_and_a_person_who_buys_leaves(
    shop: Shop, unwritable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_RESPONDER", "rules")
    first = winback_run("sandbox", OPENS)
    each_stage_has_ended(shop)
    assert first.enrolled == 12
    once = shop.accepted()
    assert len(once) == len(set(once)) > 0
    the_last_lines_tell(first, len(once))
    for decided in (shop.published("send_decisions"), shop.kept_decisions()):
        (blocked,) = (row for row in decided if row["decision"] == "render_blocked")
        assert (blocked["customer_id"], blocked["blocked_by"]) == (
            unwritable,
            "render_missing:offer",
        )

    again = winback_run("sandbox", OPENS, measure=False)
    assert again.enrolled == 0
    assert shop.accepted() == once

    texted = {
        row["customer_id"]
        for row in shop.published("messages")
        if row["state"] == "accepted" and row["delivered_at"] is not None
    }
    assert len(texted) > 2, "the sandbox told that it delivered, and the warehouse knows"
    buyer, leaver, *_, asker = sorted(texted)
    shop.asks(asker, "Is my offer still valid?", at=OPENS + timedelta(hours=3))
    bought_at = OPENS + timedelta(hours=5)
    shop.orders([("back", buyer, bought_at.isoformat(), 30)])
    shop.revokes(leaver, at=bought_at)
    assert shop.revoked_and_not_planned_since() == {leaver}

    winback_run("sandbox", OPENS + timedelta(days=1, hours=1))
    accepted = shop.accepted()
    assert len(accepted) == len(set(accepted)) > len(once)
    assert left(shop, buyer) == ("purchase", bought_at)
    (back,) = shop.published("reactivations")
    assert (back["order_id"], back["net_revenue_cents"]) == ("back", 3000)
    assert shop.decided_replies() == [None]
    (answer,) = (row for row in shop.published("messages") if row["playbook_id"] == "answers")
    assert (answer["customer_id"], answer["variant"]) == (asker, "automated")
    assert answer["state"] == "accepted"
    emailed = {r["customer_id"] for r in shop.published("messages") if r["step"] == 2}
    assert emailed
    assert not {buyer, leaver} & emailed
    assert not shop.revoked_and_not_planned_since(), "SQL knows of it now"

    story = told(shop, buyer)
    for words in (
        "entered sms_email by the segment lapsed_30_45, variant",
        "text of step 1: sent, delivered",
        "came back: an order of 30.00, 0 days after entering sms_email",
        "email of step 2: not sent - bought since entering the playbook [purchase]",
        "held in: dbt_project/models/decisions/steps/dec_steps__due.sql",
    ):
        assert words in story
    assert "could not be written - " in told(shop, unwritable)
    assert "sms_four_step, by the segment lapsed_30_45: no - " in told(shop, unwritable)
    with pytest.raises(WinbackError, match="customer 'nobody' is not in the published set"):
        why(shop.settings, "nobody")

    erased = erase(shop.settings, FixedClock(OPENS + timedelta(days=2)), asker)
    assert erased.addresses == 2
    number = int(asker[1:])
    assert traces(shop.settings.home, f"{asker}@example.com", f"4477009000{number:02}") == []
    rates = sorted(map(str, shop.published("reactivation_rates")))
    built = build_outcomes(
        shop.settings, OPENS + timedelta(days=1, hours=2), gate=lambda *_: (), invoke=invoke_dbt
    )
    measured = shop.published("reactivation_rates", built.published.name)
    assert sorted(map(str, measured)) == rates
    with pytest.raises(WinbackError, match="is not in the published set"):
        why(shop.settings, asker)


def left(shop: Shop, customer_id: str) -> tuple[str, datetime]:
    (row,) = (r for r in shop.published("enrollments") if r["customer_id"] == customer_id)
    return row["exit_reason"], row["exited_at"]


def told(shop: Shop, customer_id: str) -> str:
    lines = tell(why(shop.settings, customer_id), shop_timezone="UTC", width=200)
    assert "@example.com" not in str(lines)
    return " ".join(" ".join(lines).split())


def traces(home: Path, *words: str) -> list[str]:
    """Files under HOME that hold one of the words; of Parquet, which is packed, its values."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += str(duckdb.execute(f"from read_parquet('{path}')").fetchall())
        found += [f"{path.relative_to(home)}: {word}" for word in words if word in text]
    return found
