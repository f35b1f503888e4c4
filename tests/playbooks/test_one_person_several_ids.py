"""One person under several ids, and ends that stay: a shop lived through with the real models."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from playbook_runs import Season, customer_ids, land, query, utc

from winback.base.settings import Settings

pytestmark = pytest.mark.long

# A Thursday, 15:30 in New York.
START = utc(2026, 3, 5, 20, 30)
DAY = timedelta(days=1)
_numbers = count(100)


def phone() -> str:
    return f"+1212555{next(_numbers):04d}"


class Shop:
    """Customers and orders by id, as the shop's files would have them on each day."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, object]] = {}
        self.orders: dict[str, dict[str, object]] = {}
        self._treated = customer_ids("sms_email", is_holdout=False, variant="offer")
        self._held_out = customer_ids("sms_email", is_holdout=True)

    def lapsed(self, *, days: int = 35, holdout: bool = False, **known: object) -> str:
        """Somebody who bought so many days ago, with a mailbox of their own if none is given."""
        name = next(self._held_out if holdout else self._treated)
        self.customer(name, **{"email": f"{name}@example.com", "first_name": name} | known)
        self.order(name, START - days * DAY)
        return name

    def customer(self, name: str, **known: object) -> str:
        self.customers[name] = {
            "customer_id": name,
            "country": "US",
            "timezone": "America/New_York",
            **known,
        }
        return name

    def guest(self, like: str, at: datetime, *, order: dict[str, object] | None = None, **known):
        """Another id with the mailbox of somebody, or what is given, that ordered then."""
        name = f"guest of {like} {len(self.customers)}"
        mailbox = {"email": self.customers[like].get("email")}
        self.customer(name, **(known or mailbox))
        self.order(name, at, **(order or {}))
        return name

    def order(self, name: str, at: datetime, **columns: object) -> str:
        order_id = f"o-{next(_numbers)}"
        self.orders[order_id] = {
            "order_id": order_id,
            "customer_id": name,
            "ordered_at": at,
            "total_amount": 20,
            **columns,
        }
        return order_id

    def order_of(self, name: str) -> dict[str, object]:
        """Their last one."""
        return [row for row in self.orders.values() if row["customer_id"] == name][-1]

    def tables(self) -> dict[str, list[dict[str, object]]]:
        agreed = [name for name, row in self.customers.items() if row.get("email")]
        return {
            "customers": list(self.customers.values()),
            "orders": list(self.orders.values()),
            "consents": [
                {
                    "customer_id": name,
                    "channel": "email",
                    "status": "granted",
                    "basis": "express",
                    "occurred_at": START - 60 * DAY,
                }
                for name in agreed
            ],
        }


def _who_wants_in(shop: Shop) -> SimpleNamespace:
    """Who is about to enter, by what stands under other ids; and the rules that keep them out."""
    it = SimpleNamespace()
    ago = lambda days: START - days * DAY  # noqa: E731
    it.alone = shop.lapsed()
    it.guest_two_days_ago = shop.lapsed()
    shop.guest(it.guest_two_days_ago, ago(2))
    it.other_case = shop.lapsed(email="Ann.Lee@Example.com")
    shop.guest(it.other_case, ago(20), email="  ann.lee@example.COM ")
    it.gmail_dots = shop.lapsed(email="a.n.n@gmail.com")
    shop.guest(it.gmail_dots, ago(20), email="ann+shop@googlemail.com")
    it.dots_elsewhere = shop.lapsed(email="b.o.b@example.org")
    shop.guest(it.dots_elsewhere, ago(20), email="bob@example.org")
    it.household = shop.lapsed(phone=(shared := phone()))
    shop.guest(it.household, ago(20), phone=shared, email="spouse@example.com", first_name="Sam")
    it.phone_alone = shop.lapsed(phone=(shared := phone()))
    shop.guest(it.phone_alone, ago(20), phone=f"{shared[:2]} ({shared[2:5]}) {shared[5:]}")
    it.over_another = shop.lapsed(phone=(shared := phone()))
    shop.guest(it.over_another, ago(50), phone=shared, email="third@example.com",
               first_name=it.over_another)  # fmt: skip
    shop.guest(it.over_another, ago(20), email="third@example.com")
    it.pending = shop.lapsed()
    shop.guest(it.pending, ago(9), order={"status": "pending"})
    it.refunded_guest = shop.lapsed()
    shop.guest(it.refunded_guest, ago(9), order={"status": "refunded"})
    it.cancelled_guest = shop.lapsed()
    shop.guest(it.cancelled_guest, ago(1), order={"status": "cancelled"})
    it.cancelled_long_ago = shop.lapsed()
    shop.guest(it.cancelled_long_ago, ago(9), order={"status": "cancelled"})
    it.own_refund = shop.lapsed()
    shop.order(it.own_refund, ago(3), status="refunded")
    it.own_refund_by_amount = shop.lapsed()
    shop.order(it.own_refund_by_amount, ago(9), refunded_amount=20)
    it.lapsed_guest = shop.lapsed(days=31)
    shop.guest(it.lapsed_guest, ago(70))
    it.twin_newer = shop.lapsed(days=33)
    it.twin_older = shop.lapsed(days=34, email=shop.customers[it.twin_newer]["email"])
    it.wife = shop.lapsed(days=33, phone=(shared := phone()))
    it.husband = shop.lapsed(days=34, phone=shared)
    it.held_out = shop.lapsed(days=33, holdout=True)
    it.beside_held_out = shop.lapsed(days=34, email=shop.customers[it.held_out]["email"])
    it.merged = shop.lapsed()
    shop.customers[it.merged]["merged_into"] = it.alone
    it.cancelled_only = shop.lapsed()
    shop.order_of(it.cancelled_only)["status"] = "cancelled"
    number = phone()
    it.at_the_shops_number = [shop.lapsed(phone=number) for _ in range(9)]
    it.beside_the_shops_number = shop.guest(
        it.at_the_shops_number[0], ago(4), phone=number, email="clerk@example.com", first_name="Al"
    )
    it.nobody_known = shop.lapsed()
    shop.order("never in the customers file", ago(2))
    return it


KEPT_OUT = {
    "guest_two_days_ago": "in_transit,other_id",
    "other_case": "other_id",
    "gmail_dots": "other_id",
    "household": "household",
    "phone_alone": "other_id",
    "over_another": "household",
    "pending": "in_transit",
    "refunded_guest": "other_id",
    "cancelled_guest": "in_transit",
    "own_refund": "returned",
    "own_refund_by_amount": "returned",
    "twin_older": "other_id",
    "husband": "household",
    "beside_held_out": "other_id",
}
ENTER = (
    "alone", "dots_elsewhere", "cancelled_long_ago", "lapsed_guest", "twin_newer", "wife",
    "held_out", "nobody_known",
)  # fmt: skip


def _who_is_in(shop: Shop) -> SimpleNamespace:
    """Who enters on the first day, each for something that comes after."""
    names = (
        "goes_on", "bought_then_refunded", "bought_and_refunded_unseen", "bought_then_cancelled",
        "bought_then_gone", "bought_then_moved", "only_order_cancelled", "only_order_gone",
        "only_order_moved", "merged", "guest_order", "guest_order_refunded", "household_order",
        "pending_guest", "cancelled_at_once", "refunded_and_bought", "first_at_phone",
        "second_at_phone",
    )  # fmt: skip
    return SimpleNamespace(**{name: shop.lapsed(phone=phone()) for name in names})


def _by_day_four(shop: Shop, it: SimpleNamespace) -> None:
    """What happened until the run of the fourth day, which sees it."""
    on = START + 2 * DAY
    for name in ("refunded", "cancelled", "gone", "moved"):
        shop.order(getattr(it, f"bought_then_{name}"), on)
    shop.order(it.bought_and_refunded_unseen, on, status="refunded")
    shop.order(it.refunded_and_bought, on, status="refunded")
    shop.order_of(it.only_order_cancelled)["status"] = "cancelled"
    del shop.orders[str(shop.order_of(it.only_order_gone)["order_id"])]
    shop.customer("took it over", email="took-it-over@example.com")
    shop.order_of(it.only_order_moved)["customer_id"] = "took it over"
    it.into = shop.customer("is left", email="is-left@example.com")
    shop.customers[it.merged]["merged_into"] = it.into
    shop.guest(it.guest_order, on)
    it.refunded_guest = shop.guest(it.guest_order_refunded, on)
    shop.guest(it.household_order, on, phone=shop.customers[it.household_order]["phone"],
               email="kid@example.com", first_name="Kid")  # fmt: skip
    shop.customers[it.second_at_phone]["phone"] = shop.customers[it.first_at_phone]["phone"]


def _by_day_seven(shop: Shop, it: SimpleNamespace) -> None:
    """What became of it until the run of the seventh day."""
    shop.order_of(it.bought_then_refunded)["status"] = "refunded"
    shop.order_of(it.bought_then_cancelled)["status"] = "cancelled"
    del shop.orders[str(shop.order_of(it.bought_then_gone)["order_id"])]
    shop.order_of(it.bought_then_moved)["customer_id"] = "took that over"
    shop.order_of(it.only_order_cancelled)["status"] = "completed"
    shop.order_of(it.refunded_guest)["status"] = "cancelled"
    shop.customers[it.merged]["merged_into"] = None
    shop.guest(it.pending_guest, START + 6 * DAY, order={"status": "pending"})
    shop.order(it.cancelled_at_once, START + 6 * DAY, status="cancelled")


EXITS = {
    "bought_then_refunded": "purchase",
    "bought_and_refunded_unseen": "purchase",
    "bought_then_cancelled": "purchase",
    "bought_then_gone": "purchase",
    "bought_then_moved": "purchase",
    "refunded_and_bought": "purchase",
    "only_order_cancelled": "no_order",
    "only_order_gone": "no_order",
    "only_order_moved": "no_order",
    "merged": "merged",
    "guest_order": "other_id",
    "guest_order_refunded": "other_id",
    "household_order": "household",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> SimpleNamespace:
    """The shop after runs on the days 0, 1, 4 and 7."""
    settings = Settings.load(
        home=tmp_path_factory.mktemp("identities"), shop_timezone="America/New_York"
    )
    shop, season = Shop(), Season(settings)
    outside, inside = _who_wants_in(shop), _who_is_in(shop)
    candidates = {}
    for day, change in ((0, None), (1, None), (4, _by_day_four), (7, _by_day_seven)):
        if change is not None:
            change(shop, inside)
        land(settings, shop.tables())
        season.live(START + day * DAY)
        candidates[day] = {
            row["customer_id"]: row
            for row in query(settings, "from entry_candidates where playbook_id = 'sms_email'")
        }
    return SimpleNamespace(
        season=season, outside=outside, inside=inside, candidates=candidates, settings=settings
    )


@pytest.mark.parametrize(("case", "blocked_by"), KEPT_OUT.items(), ids=KEPT_OUT)
def test_what_stands_under_another_id_keeps_a_win_back_from_the_address(lived, case, blocked_by):
    name = getattr(lived.outside, case)
    assert lived.candidates[0][name]["blocked_by"] == blocked_by
    entered = [row for row in lived.season.enrollments.values() if row["customer_id"] == name]
    # Who only waited for an order enters when that is over.
    assert blocked_by == "in_transit" or entered == []
    assert all(row["entered_at"] > START for row in entered)


@pytest.mark.parametrize("case", ENTER)
def test_everybody_else_enters(lived, case):
    assert lived.candidates[0][getattr(lived.outside, case)]["is_entering"]


def test_two_ids_of_one_person_never_land_in_two_arms(lived):
    arms = {row["customer_id"]: row["arm"] for row in lived.season.enrollments.values()}
    assert arms[lived.outside.held_out] == "holdout"
    assert lived.outside.beside_held_out not in arms
    for day in (1, 4, 7):
        row = lived.candidates[day][lived.outside.beside_held_out]
        assert row["blocked_by"] == "other_id"


def test_an_emptied_id_and_one_without_an_order_are_in_no_segment(lived):
    for name in (lived.outside.merged, lived.outside.cancelled_only):
        assert name not in lived.candidates[0]
    (row,) = query(
        lived.settings,
        f"select order_count from customers where customer_id = '{lived.outside.alone}'",
    )
    assert row["order_count"] == 2
    blocked = query(
        lived.settings,
        "select blocked_by from channel_eligibility"
        f" where customer_id = '{lived.outside.merged}' and channel = 'email'",
    )
    assert blocked == [{"blocked_by": "merged"}]


def test_a_number_of_many_holds_the_texts_to_it_and_nobodys_mail(lived):
    for name in lived.outside.at_the_shops_number:
        assert lived.candidates[0][name]["is_entering"]
        assert lived.season.sent_days(name, START) == {2: 1, 4: 7}
        decision, blocked_by = lived.season.decided(name)[START, 1]
        assert decision == "suppressed"
        assert "household" in blocked_by.split(",")


def test_who_nothing_happened_to_gets_every_mail(lived):
    for name in (lived.inside.goes_on, lived.outside.alone, lived.outside.nobody_known):
        assert lived.season.sent_days(name, START) == {2: 1, 4: 7}


@pytest.mark.parametrize(("case", "reason"), EXITS.items(), ids=EXITS)
def test_what_has_ended_stays_ended(lived, case, reason):
    name = getattr(lived.inside, case)
    assert lived.season.sent_days(name, START) == {2: 1}
    for day, step in ((4, 3), (7, 4)):
        decision, blocked_by = lived.season.decided(name)[START + day * DAY, step]
        assert decision == "exited"
        assert reason in blocked_by.split(",")
        assert len(blocked_by.split(",")) == len(set(blocked_by.split(",")))
    (row,) = query(
        lived.settings,
        f"select exit_reason from enrollments where customer_id = '{name}'",
    )
    assert row["exit_reason"] == reason


@pytest.mark.parametrize("case", ["pending_guest", "cancelled_at_once"])
def test_an_order_that_is_not_settled_has_the_step_wait(lived, case):
    name = getattr(lived.inside, case)
    assert lived.season.sent_days(name, START) == {2: 1}
    assert lived.season.decided(name)[START + 7 * DAY, 4] == ("deferred", "in_transit")


def test_of_two_who_come_to_share_a_phone_the_first_goes_on(lived):
    first, second = sorted(
        (lived.inside.first_at_phone, lived.inside.second_at_phone),
        key=lambda name: next(
            row["enrollment_id"]
            for row in lived.season.enrollments.values()
            if row["customer_id"] == name
        ),
    )
    assert lived.season.sent_days(first, START) == {2: 1, 4: 7}
    assert lived.season.decided(second)[START + 7 * DAY, 4] == ("suppressed", "household")


def test_who_took_over_an_order_is_not_won_back_for_it_again(lived):
    for name in ("took it over", lived.inside.into):
        assert name not in {row["customer_id"] for row in lived.season.enrollments.values()}
        assert lived.candidates[4][name]["blocked_by"] == "other_id"


def test_a_refunded_purchase_is_no_reactivation(lived):
    rows = query(
        lived.settings,
        "select customer_id from int_enrollments__orders"
        " inner join int_enrollments__known using (enrollment_id)",
    )
    assert lived.inside.bought_then_refunded not in {row["customer_id"] for row in rows}
