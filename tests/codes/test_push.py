"""Codes handed to a shop by its API: of a pool once the shop has them, with the end it keeps."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shopify_server
import woocommerce_server
from shopify_server import Shop
from sqlalchemy import select
from woocommerce_server import WooShop

from winback.base.clock import Clock, FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.codes import export_codes
from winback.codes.push import PushReport, _shopify, _woocommerce, push_codes
from winback.content import deadline
from winback.ledger import Ledger, find_code, give_code, given_codes, open_ledger, tables
from winback.pulling import call

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
# The last second of that day in New York.
END_OF_MAY = datetime(2026, 6, 1, 3, 59, 59, tzinfo=UTC)
OFFERS = """offer_id,kind,value,detail,code_source,code,validity_days,description
twenty,percent,20,,own,,30,Twenty off
ten_euros,amount,1000,EUR,own,,30,Ten euros off
shipping,free_shipping,0,,own,,30,Free shipping
best,vip,25,,own,,30,For the best
towel,gift,0,tea towel,own,,30,A towel
"""
SOURCES = """[shop]
format = "shopify-api"
shop = "copper-and-tea.myshopify.com"
token = "SHOP_TOKEN"
"""


class House:
    """A ledger and a shop; `waited` are the seconds of all waits."""

    def __init__(self, home: Path, kind: str, shop: Any, url: str) -> None:
        self.kind, self.shop, self.waited = kind, shop, list[float]()
        self.clock = FixedClock(NOW)
        self.offers = home / "offers.csv"
        self.settings = Settings.load(
            home=home / "home", ledger_url=url, shop_timezone="America/New_York",
            shopify_base_url=shop.url, woocommerce_url=shop.url,
            woocommerce_key=woocommerce_server.KEY, woocommerce_secret=woocommerce_server.SECRET,
        )  # fmt: skip
        self.write_offers(OFFERS)
        self.settings.sources_file.write_text(SOURCES)

    def write_offers(self, text: str) -> None:
        self.offers.write_text(text)

    def push(self, ledger: Ledger, offer: str = "twenty", **options: Any) -> PushReport:
        return push_codes(
            ledger, self.settings, self.clock, self.kind, offer, open_shop=self._open,
            offers_file=self.offers, **{"fill": 3, **options},
        )  # fmt: skip

    @contextmanager
    def _open(self, settings: Settings, ledger: Ledger, clock: Clock) -> Iterator[Any]:
        """The real shop, whose waits are none."""
        real = _shopify.shopify if self.kind == "shopify" else _woocommerce.woocommerce
        with real(settings, ledger, clock) as opened:
            if self.kind == "shopify":
                object.__setattr__(opened.client, "wait", self.waited.append)
            else:
                object.__setattr__(opened, "wait", self.waited.append)
            yield opened

    def at_the_shop(self) -> dict[str, str]:
        """The codes that the shop has, and the end of each."""
        if self.kind == "shopify":
            shop = self.shop.discounts
            return {code: shop.made[id_]["endsAt"] for code, id_ in shop.codes.items()}
        return {
            it["code"].upper(): f"{it['date_expires_gmt']}Z" for it in self.shop.coupons.values()
        }


@pytest.fixture(params=["shopify", "woocommerce"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_TOKEN", shopify_server.TOKEN)
    opened = (
        shopify_server.shopify if request.param == "shopify" else woocommerce_server.woocommerce
    )
    with opened() as shop:
        yield House(tmp_path, request.param, shop, f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture
def ledger(house: House) -> Iterator[Ledger]:
    with open_ledger(house.settings) as opened:
        yield opened


def pool(ledger: Ledger) -> dict[str, datetime | None]:
    o = tables.offer_codes.c
    with ledger.read() as connection:
        return dict(connection.execute(select(o.code, o.ends_at)).tuples().all())


def pending(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        return list(connection.execute(select(tables.pending_codes.c.code)).scalars())


def test_the_pool_has_what_the_shop_has_with_the_end_that_it_keeps(
    house: House, ledger: Ledger
) -> None:
    report = house.push(ledger, prefix="come")
    assert (report.had, report.made, report.confirmed, report.refused) == (0, 3, 3, 0)
    # 30 days and a month of reserve, to the end of that month in the shop's zone.
    assert pool(ledger) == dict.fromkeys(pool(ledger), END_OF_MAY)
    assert house.at_the_shop() == dict.fromkeys(pool(ledger), "2026-06-01T03:59:59Z")
    assert all(code.startswith("COME-") for code in pool(ledger))
    assert pending(ledger) == []


def test_a_full_pool_is_left_alone_and_what_was_given_is_filled_up(
    house: House, ledger: Ledger
) -> None:
    house.push(ledger)
    again = house.push(ledger)
    assert (again.had, again.made, again.confirmed, len(pool(ledger))) == (3, 0, 0, 3)
    with ledger.write() as connection:
        found = find_code(connection, enrollment_id="e1", offer_id="twenty", until=NOW)
        assert found is not None
        give_code(connection, found.code, enrollment_id="e1", customer_id="c1", at=NOW)
    third = house.push(ledger)
    assert (third.had, third.made, third.confirmed) == (2, 1, 1)
    assert set(house.at_the_shop()) == set(pool(ledger))
    if house.kind == "shopify":
        assert len(house.shop.discounts.made) == 1, "the same discount gets the later codes"


def test_the_message_the_list_and_the_shop_say_one_end(
    house: House, ledger: Ledger, tmp_path: Path
) -> None:
    house.push(ledger, fill=1, until="2026-04-30")
    with ledger.write() as connection:
        found = find_code(connection, enrollment_id="e1", offer_id="twenty", until=NOW)
        assert found is not None
        give_code(connection, found.code, enrollment_id="e1", customer_id="c1", at=NOW)
        (listed,) = given_codes(connection)
    assert house.at_the_shop() == {found.code: "2026-05-01T03:59:59Z"}
    assert found.ends_at == listed.ends_at == datetime(2026, 5, 1, 3, 59, 59, tzinfo=UTC)
    assert deadline(found.ends_at, {}, house.settings) == "Apr 30"
    export_codes(ledger, tmp_path / "given.csv")
    with (tmp_path / "given.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert datetime.fromisoformat(row["ends_at"]) == found.ends_at


@pytest.mark.parametrize("offer", ["twenty", "ten_euros", "shipping", "best"])
def test_each_kind_is_what_it_is_at_the_shop(house: House, ledger: Ledger, offer: str) -> None:
    house.push(ledger, offer, fill=1)
    (code,) = pool(ledger)
    if house.kind == "shopify":
        (made,) = house.shop.discounts.made.values()
        told = (made.get("customerGets") or {}).get("value")
        assert told == {
            "twenty": {"percentage": 0.2}, "best": {"percentage": 0.25},
            "ten_euros": {"discountAmount": {"amount": "10.00", "appliesOnEachItem": False}},
            "shipping": None,
        }[offer]  # fmt: skip
        assert ("destination" in made) == (offer == "shipping")
        assert (made["usageLimit"], made["appliesOncePerCustomer"]) == (1, True)
    else:
        made = house.shop.coupons[code.lower()]
        assert (made["discount_type"], made["amount"], made["free_shipping"]) == {
            "twenty": ("percent", "20.00", False), "best": ("percent", "25.00", False),
            "ten_euros": ("fixed_cart", "10.00", False), "shipping": ("fixed_cart", "0.00", True),
        }[offer]  # fmt: skip
        assert (made["usage_limit"], made["individual_use"]) == (1, True)
        assert "email_restrictions" not in made


def test_many_codes_go_in_portions_and_none_twice(house: House, ledger: Ledger) -> None:
    report = house.push(ledger, fill=620)
    assert (report.made, report.confirmed) == (620, 620)
    assert set(house.at_the_shop()) == set(pool(ledger))
    if house.kind == "shopify":
        assert [len(it["nodes"]) for it in house.shop.discounts.bulks.values()] == [250, 250, 119]
        assert house.waited == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 6, 7])
def test_a_push_that_is_killed_goes_on_with_its_codes(
    house: House, ledger: Ledger, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any of its calls, the answer heard or lost."""
    for is_heard in (False, True):
        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(_place_of_call(house.kind), _Dying(after, is_heard=is_heard))
            house.push(ledger, fill=260)
    report = house.push(ledger, fill=260)
    assert len(pool(ledger)) == 260
    assert set(house.at_the_shop()) == set(pool(ledger)), "no code was made twice or left behind"
    assert pending(ledger) == []
    assert report.refused == 0


def _place_of_call(kind: str) -> str:
    room = "winback.pulling._client" if kind == "shopify" else "winback.codes.push._woocommerce"
    return f"{room}.call"


class _Dying:
    """A caller whose process dies at one of its calls, or with the answer in its hand."""

    def __init__(self, after: int, *, is_heard: bool) -> None:
        self.left, self.is_heard = after, is_heard

    def __call__(self, *args: Any, **options: Any) -> Any:
        self.left -= 1
        if self.left == -1 and not self.is_heard:
            raise KeyboardInterrupt
        response = call(*args, **options)
        if self.left == -1:
            raise KeyboardInterrupt
        return response


def test_a_shop_that_is_busy_is_waited_for(house: House, ledger: Ledger) -> None:
    faults = [(429, {"retry-after": "7"}, "{}"), (503, {}, "{}")]
    house.shop.responses = faults if house.kind == "shopify" else [(429, ""), (503, "")]
    assert house.push(ledger).confirmed == 3
    assert len(house.waited) >= 2


def test_a_refused_key_is_one_line_and_nobody_gets_a_code(house: House, ledger: Ledger) -> None:
    house.shop.responses = (
        [(401, {}, '{"errors": "x"}')] if house.kind == "shopify" else [(401, "x")]
    )
    with pytest.raises(WinbackError, match=r"refuses the (token|key)\. Next: ") as refusal:
        house.push(ledger)
    assert "\n" not in str(refusal.value)
    assert pool(ledger) == {}
    assert len(pending(ledger)) == 3
    assert house.push(ledger).resumed == 3
    assert len(pool(ledger)) == 3


def test_an_end_that_the_shop_keeps_otherwise_gives_nobody_a_code(
    house: House, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    if house.kind == "shopify":
        house.shop.discounts.kept_end = "2026-06-01T00:00:00Z"
    else:
        # As where a plugin rounds ends to the day.
        real = WooShop.create
        monkeypatch.setattr(
            WooShop, "create",
            lambda shop, coupon: real(shop, coupon) | {"date_expires_gmt": "2026-06-01T00:00:00"},
        )  # fmt: skip
    with pytest.raises(WinbackError, match="another end"):
        house.push(ledger)
    assert pool(ledger) == {}


def test_a_code_that_the_shop_has_for_something_else_is_never_given(
    house: House, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter(["MINE-1", "THEIRS", "MINE-2"])
    monkeypatch.setattr(
        "winback.codes.push._push.make_new",
        lambda _ledger, count, _prefix: [next(made) for _ in range(count)],
    )
    if house.kind == "shopify":
        other = {"endsAt": "2030-01-01T00:00:00Z", "usageLimit": None}
        house.shop.discounts.made["other"] = other
        house.shop.discounts.codes["THEIRS"] = "other"
    else:
        house.shop.coupons["theirs"] = {"code": "theirs", "amount": "90.00"}
    report = house.push(ledger)
    assert (report.confirmed, report.refused) == (2, 1)
    assert set(pool(ledger)) == {"MINE-1", "MINE-2"}


def test_an_amount_in_another_currency_than_the_shops_is_not_made(
    house: House, ledger: Ledger
) -> None:
    (house.shop.discounts if house.kind == "shopify" else house.shop).currency = "USD"
    with pytest.raises(WinbackError, match="sells in USD, and ten_euros is in EUR"):
        house.push(ledger, "ten_euros")
    assert house.at_the_shop() == {}


def test_an_offer_that_was_edited_while_its_codes_were_on_their_way_gives_no_old_one(
    house: House, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("winback.codes.push._push.confirm_codes", _killed)
        with pytest.raises(KeyboardInterrupt):
            house.push(ledger)
    house.write_offers(OFFERS.replace("twenty,percent,20", "twenty,percent,25"))
    report = house.push(ledger, fill=6)
    made_at_20 = set(house.at_the_shop()) - set(pool(ledger))
    assert len(made_at_20) == report.refused > 0
    if house.kind == "shopify":
        shop = house.shop.discounts
        values = {
            shop.made[shop.codes[it]]["customerGets"]["value"]["percentage"] for it in pool(ledger)
        }
        assert values == {0.25}
    else:
        assert {house.shop.coupons[it.lower()]["amount"] for it in pool(ledger)} == {"25.00"}


def _killed(*_: Any, **__: Any) -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("offer", "options", "why"),
    [
        ("towel", {}, "no shop makes a discount of by its API"),
        ("nothing", {}, "'nothing' is no offer"),
        ("twenty", {"until": "2026-04-01"}, "no code that ends before can be given"),
        ("twenty", {"fill": 0}, "--fill 0 is not between"),
        ("twenty", {"prefix": "A B"}, "--prefix"),
    ],
)
def test_what_can_t_be_pushed_is_said_before_the_shop_hears_of_it(
    house: House, ledger: Ledger, offer: str, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        house.push(ledger, offer, **options)
    assert house.shop.heard == []


def test_no_key_goes_over_the_wire_unencrypted(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", woocommerce_url="http://shop.example.com",
                             woocommerce_key="ck", woocommerce_secret="cs")  # fmt: skip
    with open_ledger(settings) as ledger:
        for changes, why in (
            ({}, "no https address"),
            ({"woocommerce_key": ""}, "not set: WINBACK_WOOCOMMERCE_KEY"),
        ):
            changed = settings.model_copy(update=changes)
            opened = _woocommerce.woocommerce(changed, ledger, FixedClock(NOW))
            with pytest.raises((UsageError, WinbackError), match=why), opened:
                pass


@pytest.mark.parametrize("house", ["woocommerce"], indirect=True)
def test_a_lost_answer_makes_no_coupon_twice(house: House, ledger: Ledger) -> None:
    house.shop.lost_answers = 1
    assert house.push(ledger).confirmed == 3
    assert len(house.shop.coupons) == 3


def test_ends_of_a_season_are_those_of_its_months(house: House, ledger: Ledger) -> None:
    ends = set[datetime | None]()
    for _ in range(4):
        house.clock.advance(timedelta(days=5))
        house.push(ledger, fill=len(pool(ledger)) + 2)
        ends = set(pool(ledger).values())
    assert ends == {END_OF_MAY}
    if house.kind == "shopify":
        assert isinstance(house.shop, Shop)
        assert len(house.shop.discounts.made) == 1
