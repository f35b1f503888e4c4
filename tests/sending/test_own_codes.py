"""A code of one's own: given with the first message that shows it, the same in all later ones."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import crash_runs
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from outbox_rows import NOW, outbox_row
from sqlalchemy import event, select

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import (
    Ledger,
    NewCode,
    export_ledger,
    find_code,
    given_codes,
    keep_codes,
    open_ledger,
    tables,
)
from winback.sending import dry_run_plan, plan

pytestmark = pytest.mark.both_databases
TEMPLATES = {1: "sms_email/1", 3: "sms_email/3", 6: "sms_email/6"}
OFFER_ENDS = NOW + timedelta(days=30)
LATER = datetime(2026, 5, 1, 3, 59, 59, 999_999, tzinfo=UTC)


def row(number: int, step: int = 1, **changes: Any) -> dict[str, Any]:
    own = {
        "message_id": f"m{number}-{step}", "step": step, "template": TEMPLATES[step],
        "offer_code_source": "own", "offer_code": None, "offer_expires_at": OFFER_ENDS,
        "extra_offer_id": None,
    }  # fmt: skip
    return outbox_row(number, **{**own, **changes})


def fill(ledger: Ledger, *codes: str, ends_at: datetime | None = None, **options: Any) -> None:
    offer_id = options.get("offer_id", "welcome_back_20")
    with ledger.write() as connection:
        keep_codes(connection, [NewCode(code, offer_id, ends_at) for code in codes], at=NOW)


def given_to(ledger: Ledger) -> dict[str, str]:
    with ledger.read() as connection:
        return {it.code: it.customer_id for it in given_codes(connection)}


def bodies(ledger: Ledger) -> dict[str, str]:
    m = tables.messages.c
    with ledger.read() as connection:
        found = connection.execute(select(m.message_id, m.payload_json))
        return {key: json.loads(payload)["body"] for key, payload in found}


def unwritten(ledger: Ledger) -> dict[str, str]:
    u = tables.unwritten.c
    with ledger.read() as connection:
        return dict(connection.execute(select(u.message_id, u.rule)).tuples().all())


def test_each_gets_a_code_of_their_own_and_keeps_it_in_later_steps(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    fill(ledger, "A-1", "A-2", "A-3", ends_at=LATER)
    assert plan(ledger, [row(1), row(2)], settings, clock).planned == 2
    clock.advance(timedelta(days=9))
    plan(ledger, [row(2, 6), row(1, 6)], settings, clock)
    said = bodies(ledger)
    codes = {key: re.findall(r"code (\S+)", body) for key, body in said.items()}
    assert codes == {"m1-1": ["A-1"], "m2-1": ["A-2"], "m1-6": ["A-1"], "m2-6": ["A-2"]}
    assert given_to(ledger) == {"A-1": "c1", "A-2": "c2"}
    # Until it ends at the shop: the last minute of April in New York is the 30th.
    assert all("Apr 30" in body for body in said.values())


@pytest.mark.parametrize("step", [1, 6])
def test_a_code_in_capitals_is_no_shouting(
    ledger: Ledger, settings: Settings, clock: FixedClock, step: int
) -> None:
    """As `winback codes make` writes them: parted by a dash, and longer than the words around."""
    fill(ledger, "WELCOME-BACK-CDFGHJKMNP", ends_at=LATER)
    report = plan(ledger, [row(1, step)], settings, clock)
    assert (report.planned, report.blocked) == (1, Counter())


def test_a_code_without_an_end_at_the_shop_ends_with_the_offer(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    fill(ledger, "SOON", ends_at=OFFER_ENDS - timedelta(seconds=1))
    fill(ledger, "NEVER")
    plan(ledger, [row(1)], settings, clock)
    (body,) = bodies(ledger).values()
    assert "code NEVER until Apr 9, 4:00 PM" in body


def test_without_a_code_the_message_is_not_written_and_nothing_stands_in_for_it(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    fill(ledger, "OTHER", offer_id="another")
    fill(ledger, "ONE")
    report = plan(ledger, [row(1), row(2), row(3), outbox_row(4)], settings, clock)
    assert (report.planned, report.blocked) == (2, Counter(no_code=2))
    assert unwritten(ledger) == dict.fromkeys(["m2-1", "m3-1"], "no_code:welcome_back_20")
    assert report.hints["no_code"].startswith("no code is left of welcome_back_20. Next: winback")
    (scarce,) = report.scarce
    assert scarce.startswith("0 codes are left of welcome_back_20; some 3 are needed this week")
    assert scarce.endswith(", and 2 messages wait for one")
    fill(ledger, "TWO", "THREE", *(f"MORE{n}" for n in range(9)))
    again = plan(ledger, [row(1), row(2), row(3)], settings, clock)
    assert (again.planned, again.blocked, again.scarce) == (2, Counter(), [])
    assert sorted(given_to(ledger).values()) == ["c1", "c2", "c3"]


def test_a_message_that_shows_no_code_or_cant_be_written_takes_none(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    fill(ledger, "A-1")
    extra = {"extra_offer_kind": "free_shipping", "extra_offer_value": 0}
    asks = row(1, 3, extra_offer_id="shipping", extra_offer_code_source="own", **extra)
    assert plan(ledger, [asks], settings, clock).planned == 1
    assert given_to(ledger) == {}
    too_long = settings.model_copy(update={"brand_name": "A shop of a very long name" * 3})
    assert plan(ledger, [row(2)], too_long, clock).blocked == Counter(no_brand=1)
    assert given_to(ledger) == {}
    assert plan(ledger, [row(3)], settings, clock).planned == 1
    assert given_to(ledger) == {"A-1": "c3"}


def test_a_promised_offer_has_a_pool_of_its_own_and_its_own_end(
    ledger: Ledger, settings: Settings, clock: FixedClock
) -> None:
    fill(ledger, "SOON", ends_at=NOW + timedelta(days=9), offer_id="shipping")
    fill(ledger, "LATER", ends_at=LATER, offer_id="shipping")
    thanks = {
        "template": "feedback_thanks/1", "offer_id": None, "offer_kind": None, "offer_value": None,
        "offer_code_source": None, "offer_expires_at": None, "extra_offer_id": "shipping",
        "extra_offer_kind": "free_shipping", "extra_offer_code_source": "own",
        "extra_offer_expires_at": NOW + timedelta(days=10),
    }  # fmt: skip
    plan(ledger, [row(1, **thanks)], settings, clock)
    assert "code LATER." in bodies(ledger)["m1-1"]


def test_what_is_approved_and_looked_at_is_nobodys_code(
    ledger: Ledger, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    fill(ledger, "A-1", "A-2")
    renders = tmp_path / "renders.parquet"
    assert dry_run_plan([row(1), row(2)], settings, keep_in=renders).planned == 2
    shown = pq.read_table(renders).to_pylist()
    assert all("EXAMPLE-CODE" in it["payload_json"] for it in shown)
    assert given_to(ledger) == {}
    plan(ledger, [row(1), row(2)], settings, clock)
    m, s = tables.messages.c, tables.content_samples.c
    with ledger.read() as connection:
        assert len(set(connection.scalars(select(m.content_sha256)))) == 1
        samples = list(connection.scalars(select(s.payload_json)))
    assert samples
    assert all("EXAMPLE-CODE" in sample for sample in samples)


def test_the_export_tells_who_has_which(
    ledger: Ledger, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    fill(ledger, "A-1", "A-2")
    assert export_ledger(ledger, tmp_path)["offer_codes"] == 2
    plan(ledger, [row(1)], settings, clock)
    assert export_ledger(ledger, tmp_path)["offer_codes"] == 1
    landed = pq.read_table(tmp_path / "offer_codes").to_pylist()
    assert [(it["code"], it["enrollment_id"], it["version"]) for it in landed] == [
        ("A-1", None, 1),
        ("A-2", None, 1),
        ("A-1", "e1", 2),
    ]


@pytest.mark.only_sqlite
@given(
    pool=st.integers(0, 6),
    plans=st.lists(
        st.lists(st.tuples(st.integers(1, 5), st.sampled_from([1, 3, 6])), max_size=6), max_size=5
    ),
)
@hypothesis_settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_in_any_order_nobody_has_two_codes_and_no_code_is_two_peoples(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, pool: int, plans: list[Any]
) -> None:
    home = tmp_path_factory.mktemp("home")
    own = settings.model_copy(update={"home": home, "ledger_url": None})
    with open_ledger(own) as ledger:
        fill(ledger, *(f"A-{number}" for number in range(pool)))
        for wanted in plans:
            plan(ledger, [row(*it) for it in dict.fromkeys(wanted)], own, FixedClock(NOW))
        check(ledger)
        asked = {number for wanted in plans for number, step in wanted if step != 3}
        assert len(given_to(ledger)) == min(pool, len(asked))


def check(ledger: Ledger) -> None:
    """Every message that shows a code shows that of its enrollment, which nobody else has."""
    o, m = tables.offer_codes.c, tables.messages.c
    with ledger.read() as connection:
        given = connection.execute(select(o.code, o.enrollment_id).where(o.given_at.is_not(None)))
        code_of = {key: code for code, key in given}
        assert len(set(code_of.values())) == len(code_of)
        told = connection.execute(select(m.enrollment_id, m.payload_json)).all()
    said = [(key, re.findall(r"A-\d+", json.loads(body)["body"])) for key, body in told]
    assert {(key, code) for key, codes in said for code in codes} == set(code_of.items())


@pytest.mark.parametrize("deaths", [(5,), (9, 16, 0)])
def test_planners_that_work_at_once_and_are_killed_give_nobody_two_codes(
    ledger: Ledger, settings: Settings, deaths: tuple[int, ...]
) -> None:
    fill(ledger, *(f"A-{number}" for number in range(100)))
    rows = [row(number, step) for number in range(20) for step in (1, 6)]
    together = crash_runs.starting_line(len(deaths))
    planners = [
        crash_runs.start_planner(settings, NOW, rows, dies_after=after, together=together)
        for after in deaths
    ]
    for planner in planners:
        planner.join(60)
    ends = {planner.exitcode for planner in planners}
    assert ends <= {0, -signal.SIGKILL}
    assert len(deaths) > 1 or ends == {-signal.SIGKILL}
    check(ledger)
    plan(ledger, rows, settings, FixedClock(NOW))
    check(ledger)
    assert len(given_to(ledger)) == 20
    assert len(bodies(ledger)) == 40


@pytest.mark.only_sqlite
def test_the_next_free_code_is_found_by_the_index_of_the_free_ones(ledger: Ledger) -> None:
    fill(ledger, *(f"D-{number}" for number in range(300)), ends_at=LATER)
    fill(ledger, *(f"E-{number}" for number in range(300)))
    asked: list[tuple[str, Any]] = []
    with ledger.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda *it: asked.append((it[2], it[3])))
        find_code(connection, enrollment_id="e1", offer_id="welcome_back_20", until=None)
        find_code(connection, enrollment_id="e1", offer_id="another", until=NOW)
        plans = [
            [str(row[3]) for row in connection.exec_driver_sql(f"explain query plan {text}", given)]
            for text, given in list(asked)
            if "limit" in text.lower()
        ]
    assert len(plans) >= 3
    assert all("offer_codes_free" in line for lines in plans for line in lines)
