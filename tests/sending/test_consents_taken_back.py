"""A consent that a load takes back holds at the last look, before any build knows of it."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pytest
from sqlalchemy import select

from winback.landing import load, newest_load
from winback.ledger import export_ledger, tables
from winback.sending import Caps, plan, send_due

pytestmark = pytest.mark.long

m = tables.messages.c


@pytest.fixture
def load_consents(tmp_path, settings, clock):
    """Load a shop of three: two share an inbox, the third shares nothing."""
    folder = tmp_path / "shop"
    folder.mkdir()
    customers = ("c1,family@example.com,+15550000001", "c2,Family@example.com,", "c3,,+15550000003")
    (folder / "customers.csv").write_text("\n".join(["customer_id,email,phone", *customers]) + "\n")
    (folder / "orders.csv").write_text("order_id,customer_id,ordered_at,total_amount\n")
    events: list[str] = []

    def run(*more, **options):
        events.extend(more)
        lines = ["customer_id,channel,status,basis,occurred_at", *events]
        (folder / "consents.csv").write_text("\n".join(lines) + "\n")
        clock.advance(timedelta(seconds=1))
        return load(folder, settings, clock, **options)

    run(
        *(
            f"c{n},{c},granted,express_written,2026-01-01"
            for n in (1, 2, 3)
            for c in ("email", "sms")
        )
    )
    return run


@pytest.fixture
def rows(make_row):
    """What is planned, by whom it is for."""
    inbox = {"channel": "email", "address": "family@example.com"}
    return {
        "c1 mail": make_row(1, **inbox),
        "c2 mail": make_row(2, **inbox),
        "c1 text": make_row(1, enrollment_id="e1b"),
        "c3 text": make_row(3),
    }


@pytest.mark.rule("revoked")
@pytest.mark.parametrize(
    ("event", "held"),
    [
        ("c1,email,revoked,,2026-03-01", {"c1 mail", "c2 mail"}),
        ("c2,email,revoked,,2026-03-01", {"c1 mail", "c2 mail"}),
        ("c1,whatsapp,revoked,,2026-03-01", {"c1 text"}),
        ("c1,pigeon,revoked,,2026-03-01", {"c1 mail", "c2 mail", "c1 text"}),
        ("c1,email,revoked,,2026-03-11", {"c1 mail", "c2 mail"}),
        ("c1,email,pending,,", {"c1 mail", "c2 mail"}),
        (" 'C1,email,unsubscribed,,2026-03-01", {"c1 mail", "c2 mail"}),
        ("c9,email,revoked,,2026-03-01", set()),
        ("c1,email,granted,express,2026-03-01", set()),
    ],
    ids=[
        "one owner",
        "the other owner",
        "any phone channel",
        "a strange name",
        "dated ahead",
        "unclear",
        "another spelling",
        "nobody's",
        "a yes",
    ],
)
def test_who_takes_a_consent_back_after_the_plan_is_held_before_the_next_build(  # noqa: PLR0917
    load_consents, ledger, settings, clock, rows, provider, event, held
):
    plan(ledger, rows.values(), settings, clock, load_id=newest_load(settings))
    load_consents(event)
    wide = Caps(per_24h=9, per_7d=9, fewer_per_7d=9)
    report = send_due(ledger, settings, clock, caps=wide, sleep=lambda _: None)
    assert report.refused_by_guard == ({"revoked": len(held)} if held else {})
    going = {row["message_id"] for name, row in rows.items() if name not in held}
    assert set(provider.accepted) == going
    with ledger.read() as connection:
        refused = select(m.message_id).where(
            m.state == "planned", m.state_reason == "guard:revoked"
        )
        assert len(connection.execute(refused).all()) == len(held)


@pytest.mark.both_databases
def test_a_plan_that_knows_of_the_load_decides_and_one_that_does_not_is_held(
    load_consents, ledger, settings, clock, make_row
):
    rows = [make_row(1)]

    def sends(load_id):
        plan(ledger, rows, settings, clock, load_id=load_id)
        return send_due(ledger, settings, clock, sleep=lambda _: None)

    known = newest_load(settings)
    load_consents("c1,sms,revoked,,2026-03-01", "c1,sms,granted,express_written,2026-03-02")
    assert sends(known).refused_by_guard == {"revoked": 1}
    assert sends("").refused_by_guard == {"revoked": 1}
    # SQL has seen the yes that came after the no.
    assert sends(newest_load(settings)).counts == {"accepted": 1}


def test_a_no_to_lists_for_ads_stops_no_message(load_consents, ledger, settings, clock, make_row):
    plan(ledger, [make_row(1)], settings, clock, load_id=newest_load(settings))
    assert not load_consents("c1,ads,revoked,,2026-03-01").notes
    report = send_due(ledger, settings, clock, sleep=lambda _: None)
    assert report.counts == {"accepted": 1}


def test_what_was_landed_before_is_no_news_and_a_load_says_what_is(
    load_consents, ledger, settings, clock
):
    first = load_consents("c1,email,revoked,,2026-03-01", "c2,all,revoked,,2026-03-01")
    # `all` reaches email, phones and letters.
    assert "4 consents were taken back" in first.notes[-1]
    assert not load_consents().notes
    assert not load_consents(replace=True).notes
    (only,) = load_consents("c3,sms,revoked,,2026-03-01").notes
    assert only.startswith("1 consents")
    with ledger.read() as connection:
        kept = connection.execute(select(tables.revocations)).mappings().all()
    assert len(kept) == 5
    assert not [row for row in kept if "example.com" in str(dict(row)) or "+1555" in str(dict(row))]


def test_what_the_guard_refused_of_what_sql_let_pass_is_there_to_query(
    load_consents, ledger, settings, clock, rows
):
    """In landing, whence the public table `messages` has it, also after a later plan."""
    plan(ledger, rows.values(), settings, clock)
    load_consents("c1,email,revoked,,2026-03-01")
    send_due(ledger, settings, clock, sleep=lambda _: None)
    export_ledger(ledger, settings.ledger_landing_dir)
    plan(ledger, [], settings, clock)
    export_ledger(ledger, settings.ledger_landing_dir)
    versions = settings.ledger_landing_dir / "messages" / "*.parquet"
    refused = duckdb.sql(
        f"""
        select state_reason, count(distinct message_id)
        from '{versions}'
        where state_reason like 'guard:%'
        group by all
        order by all
        """
    )
    assert refused.fetchall() == [("guard:revoked", 2)]
