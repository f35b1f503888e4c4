"""A step whose arms differ in their offer, by real builds: from the deal to the order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bandit_runs import DAY, HEADER, arm_row
from playbook_runs import ONLY_MODELS, customer_ids, land, project_copy, query, utc
from seeded import NO_SEEDS
from sqlalchemy import select, update

from winback.base.clock import FixedClock
from winback.base.duck import connect
from winback.base.settings import Settings
from winback.ledger import Ledger, export_ledger, open_ledger, tables
from winback.measure import bandit
from winback.sending import enroll, plan
from winback.warehouse import _dbt

# Four builds; the rooms' tests and the units hold the branches.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

# A Thursday, 15:30 in New York.
START = utc(2026, 3, 5, 20, 30)
READ = tuple(
    f"+{name}"
    for name in (
        "outbox", "send_decisions", "entrants", "live_offers", "offer_redemptions", "messages",
        "bandit_choices", "bandit_evidence", "bandit_results",
    )
)  # fmt: skip
PEOPLE = tuple(
    name for name, _ in zip(customer_ids("sms_email", is_holdout=False), range(48), strict=False)
)
# Who of the arm gets which offer; the words of each are told by its code.
CODES = {"season": "SEASON15", "five": "FIVE", "plain": "", "WELCOME": "WELCOME20"}
LEFT = 30
# From the day of the choice.
ENDS = START + DAY + timedelta(days=30)


def edit(project: Path) -> None:
    """Let step 2 of sms_email choose between two offers, none, and no message at all."""
    seeds = project / "seeds"
    variants = (seeds / "step_variants.csv").read_text().splitlines()
    others = [row for row in variants if not row.startswith("sms_email,")]
    (seeds / "step_variants.csv").write_text(
        "\n".join(
            (
                *others,
                "sms_email,2,season,0.4,sms_email/2_offer,,,,,,",
                "sms_email,2,five,0.3,sms_email/2_offer,,,,,,",
                "sms_email,2,plain,0.3,after_return/1,,,,,,",
            )
        )
        + "\n"
    )
    contents = (seeds / "step_contents.csv").read_text().splitlines()
    (seeds / "step_contents.csv").write_text(
        "\n".join(row for row in contents if not row.startswith("sms_email,2,")) + "\n"
    )
    with (seeds / "offers.csv").open("a") as file:
        file.write(f"five_off,amount,500,USD,shared,FIVE,30,{LEFT},,,,Five dollars off\n")
    arms = (
        arm_row("season", offer="season_15"),
        arm_row("five", offer="five_off", cost="250"),
        arm_row("plain", offer="none"),
        arm_row(bandit.NOTHING),
    )
    (seeds / "bandit_steps.csv").write_text("\n".join((HEADER, *arms)) + "\n")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    sender = {
        "postal_address": "1 Main St", "from_email": "hello@example.com",
        "public_base_url": "https://hooks.example.com", "shop_timezone": "America/New_York",
        "shop_url": "https://shop.example.com", "brand_name": "Shop",
    }  # fmt: skip
    with project_copy(tmp_path) as project:
        edit(project)
        yield Settings.load(home=tmp_path / "home", **sender)


def shop(orders: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    ordered_at = START - timedelta(days=35)
    return {
        "customers": [
            {"customer_id": name, "email": f"{name}@example.com", "country": "US",
             "timezone": "America/New_York"}
            for name in PEOPLE
        ],
        "orders": [
            {"order_id": f"o-{name}", "customer_id": name, "ordered_at": ordered_at,
             "total_amount": 20}
            for name in PEOPLE
        ] + orders,
        "consents": [
            {"customer_id": name, "channel": "email", "status": "granted",
             "basis": "express_written", "occurred_at": ordered_at}
            for name in PEOPLE
        ],
    }  # fmt: skip


def build(settings: Settings, ledger: Ledger, at: datetime) -> Path:
    """Build, and publish what a run reads of it."""
    export_ledger(ledger, settings.ledger_landing_dir)
    seeds = NO_SEEDS if settings.warehouse_path.exists() else ()
    variables = _dbt.dbt_vars(settings, at, with_entrants=True)
    _dbt.invoke_dbt(settings, ["build", "--select", *READ, *ONLY_MODELS, *seeds], variables)
    published = settings.home / "read"
    published.mkdir(exist_ok=True)
    with connect(settings.warehouse_path) as warehouse:
        for name in ("bandit_evidence", "bandit_choices"):
            warehouse.execute(
                f"copy (from {name}) to '{published / name}.parquet' (format parquet)"
            )
    return published


def send(settings: Settings, ledger: Ledger, at: datetime) -> dict[str, Any]:
    """Write what the outbox wants, and have the provider take it: what each got, by customer."""
    report = plan(ledger, query(settings, "from outbox"), settings, FixedClock(at))
    assert not report.blocked
    m = tables.messages
    with ledger.write() as connection:
        new = connection.execute(select(m).where(m.c.state == "planned")).all()
        connection.execute(
            update(m)
            .where(m.c.state == "planned")
            .values(state="accepted", accepted_at=at, updated_at=at, version=m.c.version + 1)
        )
    return {row.customer_id: row for row in new}


def shown(row: Any) -> set[str]:
    """The codes that a message's words name."""
    return {code for code in CODES.values() if code and code in row.payload_json}


def dealt_offers(settings: Settings) -> dict[str, dict[str, Any]]:
    """What each customer was dealt. The limited offer is in nobody else's chances."""
    dealt = {row["customer_id"]: row for row in query(settings, "from bandit_choices")}
    assert {row["arm"] for row in dealt.values()} == {"season", "five", "plain", "nothing"}
    barred = [row for row in dealt.values() if row["barred_arms"]]
    assert len(barred) == len(PEOPLE) - LEFT
    assert {row["barred_arms"] for row in barred} == {"five"}
    assert all(row["arm"] != "five" for row in barred)
    for row in dealt.values():
        assert row["propensity"] == pytest.approx(1 / (3 if row["barred_arms"] else 4))
    assert {(row["offer_id"], row["offer_expires_at"]) for row in dealt.values()} == {
        ("season_15", ENDS), ("five_off", ENDS), ("none", None), (None, None),
    }  # fmt: skip
    return dealt


def check_evidence(settings: Settings, free: list[dict[str, Any]], buyers: dict[str, str]) -> None:
    """Only who could be dealt each arm is evidence, and an offer counts with what it cost."""
    evidence = {row["arm"]: row for row in query(settings, "from bandit_evidence")}
    assert {arm: row["assigned"] for arm, row in evidence.items()} == {
        arm: sum(row["arm"] == arm for row in free) for arm in evidence
    }
    # No order tells its discount: 15 % of 3,529 cents, and 500 with 250 of postage.
    gross = {"SEASON15": 3_529, "five": 3_500, "": 3_000}
    comparable = {row["customer_id"] for row in free}
    seen = [gross[code] for code, name in buyers.items() if name in comparable]
    mean = sum(seen) / len(seen)
    assert evidence["five"]["value_cents"] == pytest.approx(mean - 750)
    assert evidence["plain"]["value_cents"] == pytest.approx(mean)
    results = {row["policy"]: row for row in query(settings, "from bandit_results")}
    assert results["five"]["customers"] == len(free)
    assert results["learned"]["customers"] == len(PEOPLE)


def test_arms_with_two_offers_and_with_none_from_the_deal_to_the_order(settings: Settings) -> None:
    land(settings, shop([]))
    with open_ledger(settings) as ledger:
        published = build(settings, ledger, START)
        assert len(bandit.deal(ledger, published, at=START, zone="America/New_York")) == 1
        enroll(ledger, query(settings, "from entrants"))

        # Their second step is due, and deals; the texts of the first had no consent.
        published = build(settings, ledger, START + DAY)
        assert bandit.keep_choices(ledger, published) == len(PEOPLE)
        assert bandit.replay(ledger).different == ()
        dealt = dealt_offers(settings)

        told = send(settings, ledger, START + DAY)
        assert told.keys() == {name for name, row in dealt.items() if row["arm"] != "nothing"}
        for name, row in told.items():
            arm = dealt[name]["arm"]
            assert shown(row) == ({CODES[arm]} if CODES[arm] else set())
            assert row.offer_id == {"season": "season_15", "five": "five_off", "plain": ""}[arm]

        # A week later they are reminded: of what was told, until its end, and else of the entry's.
        of = {arm: sorted(n for n in told if dealt[n]["arm"] == arm) for arm in CODES}
        buyers = {"SEASON15": of["season"][0], "five": of["five"][0], "": of["plain"][0]}
        orders = [
            {"order_id": f"back-{name}", "customer_id": name, "ordered_at": START + 2 * DAY,
             "total_amount": 30, "coupon_code": code}
            for code, name in buyers.items()
        ]  # fmt: skip
        land(settings, shop(orders))
        build(settings, ledger, START + 8 * DAY)
        live = {row["customer_id"]: row for row in query(settings, "from live_offers")}
        assert {row["offer_id"] for row in live.values()} == {"season_15", "five_off"}
        assert live.keys() == {*of["season"], *of["five"]} - set(buyers.values())
        assert all(row["offer_expires_at"] == ENDS for row in live.values())
        reminded = send(settings, ledger, START + 8 * DAY)
        assert reminded.keys() == set(PEOPLE) - set(buyers.values())
        for name, row in reminded.items():
            made = {"season": "SEASON15", "five": "FIVE"}.get(dealt[name]["arm"], "WELCOME20")
            assert shown(row) == {made}
            if made != "WELCOME20":
                assert row.offer_expires_at == ENDS

        # What was redeemed is of the enrollment that was dealt it, and counts for its arm.
        build(settings, ledger, START + 16 * DAY)
        redeemed = query(settings, "from offer_redemptions")
        assert {(row["offer_id"], row["given_to_customer_id"]) for row in redeemed} == {
            ("season_15", buyers["SEASON15"]), ("five_off", buyers["five"]),
        }  # fmt: skip
        assert not any(row["is_by_stranger"] for row in redeemed)
        assert bandit.replay(ledger).different == ()
    check_evidence(settings, [row for row in dealt.values() if not row["barred_arms"]], buyers)
