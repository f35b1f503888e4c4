"""The ledger's promises: transitions by the table, suppressions, caps, tokens, the fence."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from winback.ledger import (
    FINAL,
    TRANSITIONS,
    count_sends,
    find_link,
    insert_new,
    link_token,
    open_ledger,
    read_token,
    sign_token,
    tables,
    transition,
)

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
m = tables.messages.c


@pytest.mark.parametrize("origin", TRANSITIONS)
def test_a_message_moves_as_the_transition_table_says_and_never_otherwise(
    ledger, add_message, origin
):
    for number, to in enumerate(TRANSITIONS):
        key = add_message(number, state=origin)
        with ledger.write() as connection:
            if to not in TRANSITIONS[origin]:
                with pytest.raises(ValueError, match="can't go"):
                    transition(connection, [{"message_id": key}], to, from_states=(origin,), at=NOW)
                continue
            change = [{"message_id": key}]
            assert transition(connection, change, to, from_states=(origin,), at=NOW) == 1
            row = connection.execute(select(m.state, m.version).where(m.message_id == key)).one()
        assert tuple(row) == (to, 2)


def test_only_a_proof_or_an_operator_moves_what_is_final():
    assert "planned" in TRANSITIONS["claimed"]
    # A proof that came late moves what is final, and an operator what nobody will ever know.
    for state in FINAL - {"accepted", "unknown_final"}:
        assert TRANSITIONS[state] == {"accepted"}
    assert not TRANSITIONS["accepted"]
    assert TRANSITIONS["unknown_final"] == {"accepted", "planned", "expired"}


def test_a_claim_of_another_is_not_touched(ledger, add_message):
    key = add_message(state="claimed", claim_token="theirs")
    with ledger.write() as connection:
        moved = transition(
            connection, [{"message_id": key}], "sending",
            from_states=("claimed",), at=NOW, claim_token="mine",
        )  # fmt: skip
    assert moved == 0


@pytest.mark.parametrize("values", ["aaaaaaab", "abc", "abab", "aaaa", "a", "aaaaaaaabbbbbbbb"])
def test_each_message_gets_its_own_values_however_many_share_theirs(ledger, add_message, values):
    theirs = add_message(99, state="claimed", claim_token="theirs")
    keys = [add_message(n, state="claimed", claim_token="mine") for n in range(len(values))]
    changes = [
        {"message_id": key, "provider_id": value, "lease_until": None}
        for key, value in zip([*keys, theirs], [*values, values[-1]], strict=True)
    ]
    with ledger.write() as connection:
        moved = transition(
            connection, changes, "sending", from_states=("claimed",), at=NOW, claim_token="mine"
        )
        known = {row.message_id: row for row in connection.execute(select(tables.messages))}
    assert moved == len(values)
    assert [known[key].provider_id for key in keys] == list(values)
    assert {known[key].state for key in keys} == {"sending"}
    assert (known[theirs].state, known[theirs].provider_id) == ("claimed", None)


def test_caps_count_what_may_have_reached_a_person_in_rolling_time(ledger, add_message):
    add_message(1, state="accepted", accepted_at=NOW - timedelta(hours=24))
    add_message(2, customer_id="c1", state="accepted", accepted_at=NOW - timedelta(hours=23))
    add_message(3, address="+15550000001", state="unknown", updated_at=NOW)
    add_message(4, customer_id="c1", state="rejected", accepted_at=None)
    add_message(5, customer_id="c1", state="planned")
    with ledger.read() as connection:
        counts = [
            count_sends(connection, customer_id="c1", address="+15550000001", now=NOW, within=span)
            for span in (timedelta(hours=24), timedelta(days=7))
        ]
    assert counts == [2, 3]


@given(message_id=st.text(min_size=1, max_size=60), noise=st.text(max_size=80))
def test_only_tokens_we_signed_name_a_message(message_id, noise, ledger_for_tokens):
    assert read_token(ledger_for_tokens, sign_token(ledger_for_tokens, message_id)) == message_id
    assert read_token(ledger_for_tokens, noise) is None


@pytest.fixture(scope="module")
def ledger_for_tokens(tmp_path_factory):
    from winback.base.settings import Settings

    with open_ledger(Settings.load(home=tmp_path_factory.mktemp("tokens"))) as opened:
        yield opened


@pytest.mark.only_sqlite
def test_the_links_of_a_ledger_that_moved_still_open(ledger, settings, tmp_path):
    with ledger.write() as connection:
        token = link_token(ledger, "m1", 0)
        row = {"token": token, "message_id": "m1", "pos": 0, "url": "https://shop.example.com"}
        connection.execute(tables.links.insert(), row)
    moved = tmp_path / "moved"
    shutil.copytree(settings.home, moved)
    elsewhere = settings.model_copy(update={"home": moved, "adopt_ledger": ledger.instance_id})
    with open_ledger(elsewhere) as adopted:
        assert read_token(adopted, sign_token(ledger, "m1")) == "m1"
        assert find_link(adopted, token).url == "https://shop.example.com"
        assert link_token(adopted, "m1", 0) == token
        assert find_link(adopted, token[::-1]) is None
        assert len({link_token(adopted, "m1", pos) for pos in range(1000)}) == 1000


@pytest.mark.only_sqlite
def test_a_copied_ledger_is_fenced_until_adopted_and_one_setting_adopts_one_copy(
    ledger, settings, tmp_path
):
    ledger.close()
    for name in ("one", "two"):
        shutil.copytree(settings.home, tmp_path / name)
    one, two = (settings.model_copy(update={"home": tmp_path / n}) for n in ("one", "two"))
    with open_ledger(one) as copy:
        assert f"WINBACK_ADOPT_LEDGER={ledger.instance_id}" in copy.fenced
    with open_ledger(one.model_copy(update={"adopt_ledger": ledger.instance_id})) as copy:
        assert copy.fenced == ""
        assert copy.instance_id != ledger.instance_id
    with open_ledger(one) as copy:
        assert copy.fenced == ""
    with open_ledger(settings) as original:
        assert original.fenced == ""
    shutil.rmtree(two.home)
    shutil.copytree(one.home, two.home)
    with open_ledger(two.model_copy(update={"adopt_ledger": ledger.instance_id})) as copy:
        assert copy.fenced


def test_writers_take_turns_so_a_check_and_its_write_are_one(ledger):
    def add_one():
        for _ in range(20):
            with ledger.write() as connection:
                row = connection.execute(select(tables.meta).where(key == "n")).one()
                connection.execute(
                    tables.meta.update().where(key == "n").values(value=str(int(row.value) + 1))
                )

    key = tables.meta.c.key
    with ledger.write() as connection:
        insert_new(connection, tables.meta, [{"key": "n", "value": "0"}])
    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ledger.read() as connection:
        assert connection.scalar(select(tables.meta.c.value).where(key == "n")) == "80"


def test_an_error_never_shows_an_address(ledger, add_message):
    add_message(1)
    with pytest.raises(Exception, match=r"(?i)unique") as caught, ledger.write() as connection:
        connection.execute(tables.messages.insert(), [{**_any_row(ledger), "address": "+15559999"}])
    assert "+15559999" not in str(caught.value)


def _any_row(ledger):
    with ledger.read() as connection:
        return dict(connection.execute(select(tables.messages)).mappings().one())
