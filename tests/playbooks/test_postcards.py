"""Postcards by real builds: who gets a line in the file, who doesn't and by which rule, and what
becomes of a line whose person objects, whose card comes back, or who asks to be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import requests
from playbook_runs import ONLY_MODELS, hash_unit, land, project_copy, query, utc
from sqlalchemy import select

from winback import pages
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.inbound import collect, take_returned
from winback.ledger import Ledger, export_ledger, open_ledger, suppress, tables
from winback.people.erasure import erase
from winback.providers import handed_over, read_print_rows
from winback.sending import enroll, plan, send_due
from winback.warehouse import _dbt

pytestmark = pytest.mark.slow
START = utc(2026, 3, 5, 20, 30)
READ = ("+outbox", "+send_decisions", "+entrants", "+channel_eligibility", "+entry_candidates")
HOME = {
    "address_line1": "12 Zyxwv High St.", "postal_code": "10001", "city": "New York",
    "region": "NY", "country": "US",
}  # fmt: skip
YES = ("direct_mail", "granted", "express")
# Who: what differs of their row, what they said, and the rules by which no letter may go to them.
PEOPLE: dict[str, tuple[dict[str, object], list[tuple[str, str, str]], str]] = {
    "agrees": ({}, [YES], ""),
    "stops": ({}, [("post", "granted", "double_opt_in")], ""),
    "moved": (
        {"address_name": " Moved\u00a0 Ltd "}, [("direct_mail", "granted", "express_written")], ""
    ),
    "left alone": ({}, [YES], ""),
    "reads mails": ({"email": "reads@example.com"}, [YES, ("email", "granted", "express")], ""),
    "said nothing": ({}, [], "consent"),
    "only bought": ({}, [("direct_mail", "granted", "soft_opt_in")], "consent"),
    "yes to mails": ({}, [("email", "granted", "express_written")], "consent"),
    "took it back": ({}, [YES, ("direct_mail", "revoked", "express")], "consent,suppression"),
    "no to all": ({}, [YES, ("all", "revoked", "express")], "consent,suppression"),
    "no street": ({"address_line1": None}, [YES], "address"),
    "no code": ({"postal_code": " "}, [YES], "address"),
    "no state": ({"region": None}, [YES], "address"),
    "opted out": ({}, [YES], "suppression"),
}  # fmt: skip
PRINTED = {"agrees", "stops", "moved"}


def name_of(who: str) -> str:
    """An id that is dealt into the treatment of the playbook, or into its holdout."""
    names = (f"{who} {n}" for n in count())
    in_holdout = who == "left alone"
    return next(it for it in names if (hash_unit(f"{it}|postcard") < 0.10) == in_holdout)


IDS = {who: name_of(who) for who in PEOPLE}


def lines_of(who: str) -> str:
    """Their address as letters are compared by it."""
    return f"ann {who}\n12 zyxwv high st.\n\n10001\nnew york\nny\nus"


def shop() -> dict[str, list[dict[str, object]]]:
    ordered_at = START - timedelta(days=35)
    said = [
        (IDS[who], number, *words)
        for who, (_, consents, _) in PEOPLE.items()
        for number, words in enumerate(consents)
    ]
    return {
        "customers": [
            {"customer_id": IDS[who], "first_name": "Ann", "last_name": who, **HOME, **own}
            for who, (own, _, _) in PEOPLE.items()
        ],
        "orders": [
            {"order_id": f"o-{it}", "customer_id": it, "ordered_at": ordered_at, "total_amount": 20}
            for it in IDS.values()
        ],
        "consents": [
            {"customer_id": it, "channel": channel, "status": status, "basis": basis,
             "occurred_at": ordered_at + timedelta(days=number)}
            for it, number, channel, status, basis in said
        ],
    }  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Iterator[None]:
    with project_copy(tmp_path) as copy:
        seed = copy / "seeds" / "playbooks.csv"
        before = seed.read_text()
        after = re.sub(r"(?m)^(postcard,.*),false,", r"\1,true,", before)
        assert before != after
        seed.write_text(after)
        yield


def build(ledger: Ledger, settings: Settings, clock: FixedClock) -> None:
    export_ledger(ledger, settings.ledger_landing_dir)
    variables = _dbt.dbt_vars(settings, clock.at, with_entrants=True)
    _dbt.invoke_dbt(settings, ["build", "--select", *READ, *ONLY_MODELS], variables)


def rules(settings: Settings) -> dict[str, str]:
    rows = query(
        settings,
        "select customer_id, blocked_by from channel_eligibility where channel = 'direct_mail'",
    )
    found = {row["customer_id"]: row["blocked_by"] for row in rows}
    return {who: found.get(it, "gone") for who, it in IDS.items()}


def traces(home: Path) -> set[str]:
    """The files that still name an address, in any case."""
    return {
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file() and b"zyxwv" in path.read_bytes().lower()
    }


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("project")
def test_a_card_goes_to_whom_agreed_to_letters_and_nobody_else(tmp_path: Path) -> None:
    clock = FixedClock(START)
    settings = Settings.load(
        home=tmp_path / "home", brand_name="Example Shop", shop_url="https://shop.example",
        channels="email,direct_mail", postal_address="1 Main St", from_email="a@example.com",
        public_base_url="https://hooks.example", approval="off", _env_file=None,
    )  # fmt: skip
    land(settings, shop())
    with open_ledger(settings) as ledger:
        with ledger.write() as connection:
            suppress(
                connection, group="post", address=lines_of("opted out"), reason="opted_out",
                source="test", occurred_at=START - timedelta(days=9), recorded_at=START,
            )  # fmt: skip
        with pages.start(ledger, settings, clock) as receiver:
            settings = settings.model_copy(update={"public_base_url": receiver.base_url})
            build(ledger, settings, clock)
            assert rules(settings) == {who: rule for who, (_, _, rule) in PEOPLE.items()}
            entered = query(settings, "from entrants")
            enroll(ledger, entered)
            assert {row["customer_id"]: row["playbook_id"] for row in entered} == {
                IDS[who]: "sms_email" if who == "reads mails" else "postcard"
                for who in (*PRINTED, "left alone", "reads mails")
            }
            decided = query(settings, "from send_decisions where playbook_id = 'postcard'")
            assert {row["customer_id"]: row["decision"] for row in decided} == {
                **{IDS[who]: "send" for who in PRINTED}, IDS["left alone"]: "holdout",
            }  # fmt: skip
            planned = plan(ledger, query(settings, "from outbox"), settings, clock)
            assert not planned.blocked
            assert dict(planned.channel_costs)["direct_mail"] == 3 * 80
            send_due(ledger, settings, clock, playbook_id="postcard", sleep=lambda _: None)
            (path,) = handed_over(settings.print_dir)
            assert path.parent == settings.home.resolve() / "print"
            pieces = {row["name"]: row for row in read_print_rows(path)}
            assert set(pieces) == {"ANN AGREES", "ANN STOPS", "MOVED LTD"}
            # Later that day nothing is due anew: a person gets one card.
            clock.at += timedelta(hours=20)
            build(ledger, settings, clock)
            plan(ledger, query(settings, "from outbox"), settings, clock)
            send_due(ledger, settings, clock, playbook_id="postcard", sleep=lambda _: None)
            assert handed_over(settings.print_dir) == [path]
            # One objects on the page that the card names, and a card comes back.
            (way_out,) = re.findall(r"http\S+", pieces["ANN STOPS"]["opt_out"])
            said = requests.get(way_out, timeout=30).text
            assert "Stop these messages" in said
            requests.post(way_out, data={"choice": "channel"}, timeout=30).raise_for_status()
        collect(ledger, settings, clock)
        returned = tmp_path / "returned.csv"
        returned.write_text(f"message_id,why\n{pieces['MOVED LTD']['message_id']},gone\nx,\n")
        first = take_returned(ledger, settings, clock, returned)
        assert (first.read, first.new, first.unknown) == (2, 1, 1)
        assert take_returned(ledger, settings, clock, returned).new == 0
        with ledger.read() as connection:
            s = tables.suppressions.c
            kept = connection.execute(select(s.channel_group, s.address, s.reason)).all()
        assert {(row.reason, row.address.partition("\n")[0]) for row in kept} == {
            ("opted_out", "ann opted out"), ("unsubscribe", "ann stops"),
            ("hard_bounce", "moved ltd"),
        }  # fmt: skip
        assert {row.channel_group for row in kept} == {"post"}
        build(ledger, settings, clock)
        now = rules(settings)
        assert {who: now[who] for who in PRINTED} == {
            "agrees": "cap_24h", "stops": "suppression,cap_24h", "moved": "suppression,cap_24h",
        }  # fmt: skip
    forget(settings, clock)


def forget(settings: Settings, clock: FixedClock) -> None:
    """All but one are erased: no byte of their address is left, and it is known again."""
    for who, it in IDS.items():
        if who != "agrees":
            erase(settings, clock, it)
    assert [row["name"] for row in read_print_rows(handed_over(settings.print_dir)[0])] == [
        "ANN AGREES"
    ]
    erase(settings, clock, IDS["agrees"])
    assert traces(settings.home) == set()
    land(settings, shop())
    with open_ledger(settings) as ledger:
        build(ledger, settings, clock)
    back = rules(settings)
    assert all("suppression" in back[who] for who in PEOPLE if PEOPLE[who][2] != "address"), back
