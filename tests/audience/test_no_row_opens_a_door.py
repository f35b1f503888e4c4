"""Whatever row a shop's files gain, nobody may be contacted who could not be before.

A clean grant may; so may a first address of one's own, and an order where the law lets a
consent rest on one. Everything else, read or unread, at most holds somebody back.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from audience_builds import build_audience, query
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load

pytestmark = pytest.mark.long

AS_OF: Final = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
# As a shop's nightly export is: after what it tells of, and after the day that is replayed.
LOADED_AT: Final = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
Row = Mapping[str, str]


def day(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def said(channel: str, status: str, basis: str, days: int) -> Row:
    return {"channel": channel, "status": status, "basis": basis, "occurred_at": day(days)}


YES: Final = (
    said("email", "granted", "express", 90),
    said("sms", "granted", "express_written", 90),
)
# A kind of person each: their consents, and how many days ago they ordered.
PEOPLE: Final[Mapping[str, tuple[Sequence[Row], Sequence[int]]]] = {
    "all well": (YES, (40,)),
    "never asked": ((), (40,)),
    "said no": ((*YES, said("email", "revoked", "", 20), said("sms", "revoked", "", 20)), (40,)),
    "said no to texts": ((*YES, said("phone", "revoked", "", 20)), (40,)),
    "said it in another word": ((*YES, said("all", "Unsubscribed", "", 20)), (40,)),
    "said something": ((*YES, said("all", "perhaps", "", 20)), (40,)),
    "just ordered": (YES, (40, 2)),
    "gave no written yes": ((YES[0], said("sms", "granted", "express", 90)), (40,)),
}
COPIES: Final = 24
WHO: Final = [f"{kind} {copy}" for kind in PEOPLE for copy in range(COPIES)]

# What files hold: clean values, and those that people complain of in public.
DATES: Final = (
    day(1), day(60), day(-400), "", "5 Mar 2026", "03/05/2026", "1772000000", "yesterday",
    "2026-03-05 10:00:00 UTC", "0000-00-00", "NULL", "45000",
)  # fmt: skip
STATUSES: Final = (
    "granted", "revoked", "unsubscribed", "opted_out", "true", "false", "bounced", "complained",
    "", "pending", "si", "desinscrit", "GRANTED ", "never", "1", "0", "?",
)  # fmt: skip
CHANNELS: Final = ("email", "sms", "phone", "all", "", "push", "E-Mail", "voice")
BASES: Final = ("express", "express_written", "double_opt_in", "implied", "", "checkbox")
AMOUNTS: Final = ("20", "0", "-5", "1,234.50", "1.234,50", "$80", "eighty", "", "nan", "1,234")
ORDER_STATUSES: Final = (
    "completed",
    "paid",
    "cancelled",
    "refunded",
    "pending",
    "",
    "odd",
    "voided",
)


@st.composite
def added(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A row about somebody of another's choosing: its table, and its fields but the id."""
    table = draw(st.sampled_from(["consents", "consents", "orders", "web_events", "past_messages"]))
    of = lambda *choices: draw(st.sampled_from(choices))  # noqa: E731
    if table == "consents":
        return table, {
            "channel": of(*CHANNELS),
            "status": of(*STATUSES),
            "basis": of(*BASES),
            "occurred_at": of(*DATES),
        }
    if table == "orders":
        return table, {
            "ordered_at": of(*DATES),
            "total_amount": of(*AMOUNTS),
            "status": of(*ORDER_STATUSES),
        }
    if table == "web_events":
        return table, {"event": of("view", "visit", "purchase", ""), "occurred_at": of(*DATES)}
    return table, {"channel": of("email", "sms", ""), "sent_at": of(*DATES)}


def is_clean_grant(table: str, row: Row) -> bool:
    """Whether the row may open a door: a known yes with a basis of ours and a date."""
    return (
        table == "consents"
        and row["status"].strip().lower() in {"granted", "true", "1", "si"}
        and row["basis"] in {"express", "express_written", "double_opt_in", "implied"}
        and row["channel"] != ""
    )


def tables_of(shop: Mapping[str, tuple[Sequence[Row], Sequence[int]]]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {"customers": [], "orders": [], "consents": []}
    for number, who in enumerate(WHO):
        consents, orders = shop[who.rsplit(" ", 1)[0]]
        found["customers"].append(
            {
                "customer_id": who,
                "email": f"c{number}@example.com",
                "phone": f"+1212555{number:04d}",
                "country": "US",
                "region": "NY",
            }
        )
        found["consents"] += [{"customer_id": who, **row} for row in consents]
        found["orders"] += [
            {
                "order_id": f"{number}-{days}",
                "customer_id": who,
                "ordered_at": day(days),
                "total_amount": "20",
                "status": "completed",
            }
            for days in orders
        ]
    return found


def write(folder: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)


def contactable(settings: Settings) -> set[tuple[Any, ...]]:
    build_audience(settings, AS_OF, "+channel_eligibility")
    found = query(
        settings, "select customer_id, channel from channel_eligibility where is_eligible"
    )
    return set(found)


@pytest.fixture(scope="module")
def shop_before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[tuple[Any, ...]]]:
    """The shop before any row more: its home, and who may be contacted."""
    home = tmp_path_factory.mktemp("before")
    shop = Settings.load(home=home, shop_timezone="America/New_York")
    write(home / "before", tables_of(PEOPLE))
    load(home / "before", shop, FixedClock(LOADED_AT))
    before = contactable(shop)
    assert {who.rsplit(" ", 1)[0] for who, _ in before} == {
        "all well", "said no to texts", "gave no written yes"
    }  # fmt: skip
    return home, before


@pytest.mark.timeout(600)
@seed(20261128)
@settings(
    max_examples=1,
    deadline=None,
    database=None,
    # A build of the audience: shrinking would take an hour, and the rows are printed.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(rows=st.lists(added(), min_size=len(WHO), max_size=len(WHO)))
def test_no_row_makes_anybody_contactable_who_was_not(
    tmp_path_factory: pytest.TempPathFactory,
    shop_before: tuple[Path, set[tuple[Any, ...]]],
    rows: list[tuple[str, dict[str, str]]],
) -> None:
    # The first example is the plainest row for everybody, which says little.
    assume(len({str(row) for row in rows}) > len(WHO) / 2)
    built, before = shop_before
    home = tmp_path_factory.mktemp("doors") / "home"
    shutil.copytree(built, home)
    shop = Settings.load(home=home, shop_timezone="America/New_York")

    more: dict[str, list[Row]] = {"customers": [], "orders": []}
    for number, (who, (table, row)) in enumerate(zip(WHO, rows, strict=True)):
        ids = {"customer_id": who}
        if table == "orders":
            ids["order_id"] = f"added {number}"
        if table == "past_messages":
            ids |= {"message_id": f"added {number}", "playbook_id": "other", "step": "1"}
        more.setdefault(table, []).append({**ids, **row})
    for name in ("customers", "orders"):
        # A load needs both files; the person of this row is nobody else's business.
        more[name] = more[name] or [{"customer_id": "somebody", "order_id": "o"}]
    more["orders"].append(
        {
            "order_id": "of somebody",
            "customer_id": "somebody",
            "ordered_at": day(300),
            "total_amount": "1",
            "status": "",
        }
    )
    write(home / "after", more)
    load(home / "after", shop, FixedClock(LOADED_AT))
    after = contactable(shop)

    of = dict(zip(WHO, rows, strict=True))
    opened = {
        (who, channel): of[who]
        for who, channel in after - before
        if who in of and not is_clean_grant(*of[who])
    }
    assert opened == {}
    assert before & after, "whoever a row says nothing against stays contactable"
