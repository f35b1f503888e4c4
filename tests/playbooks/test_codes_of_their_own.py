"""Codes of their own by real builds, from the pool over the messages to the orders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playbook_runs import ONLY_MODELS, customer_ids, land, project_copy, query, utc
from sqlalchemy import select, update

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Ledger, NewCode, export_ledger, keep_codes, open_ledger, tables
from winback.sending import enroll, plan
from winback.warehouse import _dbt

pytestmark = pytest.mark.slow
# A Thursday, 15:30 in New York.
START = utc(2026, 3, 5, 20, 30)
PEOPLE = tuple(
    name for name, _ in zip(customer_ids("sms_email", is_holdout=False), range(3), strict=False)
)
READ = ("+outbox", "+send_decisions", "+entrants", "+live_offers", "+offer_redemptions")


def shop(orders: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    ordered_at = START - timedelta(days=35)
    people = {name: f"+1212555{number:04d}" for number, name in enumerate(PEOPLE, 100)}
    return {
        "customers": [
            {
                "customer_id": name, "email": f"{name}@example.com", "phone": phone,
                "country": "US", "timezone": "America/New_York",
            }
            for name, phone in people.items()
        ] + [{"customer_id": "eve", "country": "US"}],
        "orders": [
            {"order_id": f"o-{name}", "customer_id": name, "ordered_at": ordered_at,
             "total_amount": 20}
            for name in people
        ] + orders,
        "consents": [
            {"customer_id": name, "channel": channel, "status": "granted",
             "basis": "express_written", "occurred_at": ordered_at}
            for name in people
            for channel in ("email", "sms")
        ],
    }  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    sender = {
        "postal_address": "1 Main St", "from_email": "hello@example.com",
        "public_base_url": "https://hooks.example.com", "twilio_messaging_service_sid": "MG1",
    }  # fmt: skip
    with project_copy(tmp_path) as project:
        seed = project / "seeds" / "offers.csv"
        text = seed.read_text()
        assert "shared,WELCOME20" in text
        seed.write_text(text.replace("shared,WELCOME20", "own,"))
        yield Settings.load(home=tmp_path / "home", **sender)


def build(settings: Settings, ledger: Ledger, at: Any) -> None:
    export_ledger(ledger, settings.ledger_landing_dir)
    variables = _dbt.dbt_vars(settings, at, with_entrants=True)
    _dbt.invoke_dbt(settings, ["build", "--select", *READ, *ONLY_MODELS], variables)


def test_from_the_pool_to_the_order_it_is_one_code(settings: Settings) -> None:
    clock = FixedClock(START)
    land(settings, shop([]))
    with open_ledger(settings) as ledger:
        with ledger.write() as connection:
            pool = [NewCode(code, "welcome_back_20", None) for code in ("Come-1", "Come-2")]
            keep_codes(connection, pool, at=START)
        build(settings, ledger, START)
        enroll(ledger, query(settings, "from entrants"))
        outbox = query(settings, "from outbox")
        report = plan(ledger, outbox, settings, clock)
        # For two codes two of the three begin.
        assert (report.planned, report.blocked) == (2, {})

        m = tables.messages
        left = {"state": "accepted", "accepted_at": START, "version": m.c.version + 1}
        with ledger.write() as connection:
            connection.execute(update(m).values(left))
            codes = connection.execute(select(tables.offer_codes)).all()
            bodies = connection.execute(select(m.c.customer_id, m.c.payload_json)).all()
        code_of = {row.customer_id: row.code for row in codes}
        assert {who: re.findall(r"Come-\d", body) for who, body in bodies} == {
            who: [code] for who, code in code_of.items()
        }

        owner, other = sorted(code_of)
        used = {
            "own": (owner, code_of[owner].upper()),
            "stranger": ("eve", " come - " + code_of[other][-1]),
        }
        placed = {"ordered_at": START + timedelta(minutes=5), "total_amount": 30}
        orders = [
            {
                "order_id": name,
                "customer_id": who,
                "discount_amount": 6,
                "coupon_code": code,
                **placed,
            }
            for name, (who, code) in used.items()
        ]
        land(settings, shop(orders))
        build(settings, ledger, START + timedelta(minutes=10))

    (without,) = set(PEOPLE) - code_of.keys()
    waits = (
        f"from dec_entry__candidates where customer_id = '{without}' and segment = 'lapsed_30_45'"
    )
    assert {row["blocked_by"] for row in query(settings, waits)} == {"offer_used_up"}
    found = query(settings, "from offer_redemptions order by order_id")
    names = ("order_id", "offer_id", "customer_id", "given_to_customer_id", "code_kind")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("own", "welcome_back_20", owner, owner, "own"),
        ("stranger", "welcome_back_20", "eve", other, "own"),
    ]
    assert [(row["is_by_stranger"], row["is_late"]) for row in found] == [
        (False, False),
        (True, False),
    ]
    assert [(row["net_revenue_cents"], row["discount_cents"]) for row in found] == [(3000, 600)] * 2
    # Who bought has no live offer any more; the other still has theirs.
    live = query(settings, "select customer_id, code from live_offers")
    assert live == [{"customer_id": other, "code": code_of[other]}]
