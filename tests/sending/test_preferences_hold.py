"""What people asked for holds at the last look, also of a plan that was made before they did."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import yaml
from sqlalchemy import select

from winback.base.places import PROJECT_DIR
from winback.ledger import Preference, link_token, prefer, tables
from winback.sending import Caps, dry_run_plan, plan, send_due

pytestmark = pytest.mark.both_databases


@pytest.fixture
def wish(ledger, clock):
    """Somebody chooses behind the link of a message."""

    def choose(kind, message_id, until_at=None):
        with ledger.write() as connection:
            return prefer(
                connection, Preference(kind, message_id, clock.at, until_at), source="test",
                recorded_at=clock.at,
            )  # fmt: skip

    return choose


@pytest.fixture
def made_of(ledger, settings, clock, make_row):
    """A message of long ago, by which somebody chooses: gone out, and out of every cap."""

    def message(number, **changes):
        row = make_row(number, message_id=f"{number:032x}", enrollment_id=f"old{number}", **changes)
        plan(ledger, [row], settings, clock)
        with ledger.write() as connection:
            at = clock.at - timedelta(days=30)
            connection.execute(
                tables.messages.update()
                .where(tables.messages.c.message_id == row["message_id"])
                .values(state="accepted", accepted_at=at, updated_at=at)
            )
        return row["message_id"]

    return message


@pytest.mark.parametrize(
    ("kind", "rule", "state"),
    [("pause", "paused", "planned"), ("stop", "suppression", "suppressed")],
)
@pytest.mark.parametrize(
    "written_to",
    [{}, {"customer_id": "wife"}, {"channel": "email"}],
    ids=["the same", "another customer at the address", "another channel"],
)
def test_a_plan_that_is_older_than_the_wish_does_not_go_out(  # noqa: PLR0917
    send, provider, ledger, wish, made_of, make_row, kind, rule, state, written_to
):
    # The wish is in the ledger and the plan does not know: the guard does.
    wish(kind, made_of(1))
    report = send([make_row(1, **written_to)])
    assert report.refused_by_guard == {rule: 1}
    assert not provider.accepted
    with ledger.read() as connection:
        m = tables.messages.c
        row = connection.execute(select(m).where(m.state != "accepted")).one()
    assert (row.state, row.state_reason) == (state, f"guard:{rule}")


def test_a_wish_binds_neither_the_other_channel_of_who_shares_the_address_nor_strangers(
    send, wish, made_of, make_row
):
    wish("pause", made_of(1))
    others = [make_row(1, channel="email", customer_id="wife"), make_row(2)]
    assert send(others).counts == {"accepted": 2}


def test_a_break_ends_to_the_moment(send, clock, wish, made_of, make_row):
    wish("pause", made_of(1), until_at=clock.at + timedelta(minutes=5))
    clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    assert send([make_row(1)]).refused_by_guard == {"paused": 1}
    clock.advance(timedelta(seconds=1))
    assert send([make_row(1)]).counts == {"accepted": 1}


def test_who_asked_for_fewer_gets_one_a_week_and_others_three(send, clock, wish, made_of, make_row):
    wish("fewer", made_of(1))
    accepted = {1: [], 2: []}
    for day in range(8):
        for number, got in accepted.items():
            row = make_row(
                number, message_id=f"{number}{day:031x}", enrollment_id=f"e{number}-{day}",
                not_before=clock.at, window_closes_at=clock.at + timedelta(minutes=30),
                expires_at=clock.at + timedelta(days=1),
            )  # fmt: skip
            got.append(send([row]).counts["accepted"])
        clock.advance(timedelta(days=1))
    assert accepted == {1: [1, 0, 0, 0, 0, 0, 0, 1], 2: [1, 1, 1, 0, 0, 0, 0, 1]}


def test_the_caps_of_the_guard_are_those_of_sql():
    with (PROJECT_DIR / "dbt_project" / "dbt_project.yml").open() as file:
        given = yaml.safe_load(file)["vars"]
    caps = Caps()
    assert (caps.per_24h, caps.per_7d, caps.fewer_per_7d) == (
        given["cap_per_24h"],
        given["cap_per_7d"],
        given["fewer_per_7d"],
    )


def test_a_plan_keeps_where_its_links_lead_and_a_later_plan_changes_nothing(
    ledger, settings, clock, make_row
):
    row = make_row(1, channel="email")
    token = link_token(ledger, row["message_id"], 0)
    for shop_url in (settings.shop_url, "https://elsewhere.example.com"):
        plan(ledger, [row], settings.model_copy(update={"shop_url": shop_url}), clock)
    with ledger.read() as connection:
        (link,) = connection.execute(select(tables.links)).all()
        payload = json.loads(connection.scalar(select(tables.messages.c.payload_json)))
    assert link == (token, row["message_id"], 0, settings.shop_url)
    assert token.isalnum()
    assert len(token) == 12
    assert f"https://hooks.example.com/r/{token}" in payload["text"]
    sent = send_due(ledger, settings, clock)
    assert sent.counts == {"accepted": 1}


def test_sendgrid_counts_no_clicks_that_we_count(ledger, settings, clock, provider, make_row):
    rows = [make_row(n, channel="email") for n in (1, 2)]
    plan(ledger, rows[:1], settings, clock)
    plan(ledger, rows, settings.model_copy(update={"click_links": False}), clock)
    send_due(ledger, settings, clock)
    told = {
        body["personalizations"][0]["to"][0]["email"]: body.get("tracking_settings")
        for body in provider.bodies
    }
    off = {"click_tracking": {"enable": False, "enable_text": False}}
    assert told == {"p1@example.com": off, "p2@example.com": None}


def test_a_preview_is_as_long_as_the_message_will_be(ledger, settings, clock, make_row, tmp_path):
    import pyarrow.parquet as pq

    dry_run_plan([make_row(1)], settings, keep_in=tmp_path / "renders.parquet")
    (preview,) = pq.read_table(tmp_path / "renders.parquet")["payload_json"].to_pylist()
    plan(ledger, [make_row(1)], settings, clock)
    with ledger.read() as connection:
        real = connection.scalar(select(tables.messages.c.payload_json))
    assert len(preview) == len(real)
    assert "/r/preview" in preview
