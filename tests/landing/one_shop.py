"""One small shop, and writers of it in every form that a load reads.

A form is a `Form`: a writer of a `Visit` as files, and the ids that its guests get. What a visit
holds is what every form can tell. `test_one_shop.py` holds the forms equal: add yours to `FORMS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import shopify_api_files
import shopify_files
import shopify_tables
import woocommerce_pages

AS_OF: Final = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
ZONE: Final = "America/New_York"


@dataclass(frozen=True)
class Person:
    """A customer with an account, or a guest (`number` 0), whom the newest order describes."""

    key: str
    number: int = 0
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    country: str = "US"
    region: str = ""
    postal_code: str = ""
    # What they said to marketing by email, `yes` or `no`, and since when.
    wish: str = ""
    # Who was a guest before, and is this account now.
    was_guest: bool = False

    @property
    def id(self) -> str:
        """The account's id in every form; a guest's is the form's own."""
        return str(70_000 + self.number) if self.number else f"guest-{self.key}"


@dataclass(frozen=True)
class Order:
    """An order, its amounts and lines as texts; `email` and `phone` as the order spells them."""

    number: int
    by: str
    days_ago: float
    total: str = "10.00"
    email: str = ""
    phone: str = ""
    discount: str = "0.00"
    refunded: str = "0.00"
    status: str = "completed"
    coupon: str = ""
    currency: str = "USD"
    # product, name, pieces, price of one
    lines: tuple[tuple[str, str, int, str], ...] = (("11", "Tea", 1, "10.00"),)
    # Somebody with an account who did not log in.
    as_guest: bool = False

    @property
    def id(self) -> str:
        return str(50_000 + self.number)

    @property
    def at(self) -> datetime:
        return AS_OF - timedelta(days=self.days_ago)


@dataclass(frozen=True)
class Visit:
    """What the shop exports at one time: all its accounts, and the orders that are new or changed.

    `exported` is the instant of its newest order, which dates a yes.
    """

    people: tuple[Person, ...]
    orders: tuple[Order, ...]
    exported: datetime

    def person(self, key: str) -> Person:
        return next(it for it in self.people if it.key == key)


@dataclass(frozen=True)
class Form:
    """A form: the word of `--format`, its files of a visit, and the id of each guest."""

    format: str
    write: Callable[[Visit], Mapping[str, str]]
    guest_id: Callable[[Person], str]


TEA, MUG, POT = ("11", "Tea", 2, "3.00"), ("12", "Mug, blue", 1, "4.00"), ("13", "Pot", 1, "20.00")
PEOPLE: Final = (
    Person("ada", 1, "Ada@example.com", first_name="Ada", region="NY", postal_code="01234",
           wish="yes"),
    Person("bo", 2, "bo@example.com", "+447700900123", "Bo", "O'Brien, jr.", "GB", wish="yes"),
    Person("cy", 3, "cy@example.com", country="DE", wish="yes"),
    Person("di", 4, "di@example.com", country="CA", region="ON", wish="yes"),
    Person("eve", 5, "eve@example.com", first_name="Eve"),
    Person("hal", 6, "hal@example.com", "(212) 555-0106", wish="yes"),
    Person("ivy", 7, "ivy@example.com", country="NL", wish="yes"),
    Person("jo", 8, "jo@example.com", wish="yes"),
    Person("kim", 9, "kim@example.com", "+1 212 555 0109", wish="yes"),
    Person("lou", 10, "lou@example.com", first_name="Löu", country="AT"),
    Person("max", 11, "", "+12125550111"),
    Person("nia", 12, "nia@example.com", wish="yes"),
    # Who never ordered.
    Person("zoe", 13, "zoe@example.com", wish="yes"),
    Person("fay", 0, "fay@example.com", region="NY", postal_code="00501"),
    Person("gus", 0, "", "+44 7700 900 124", country="GB"),
    *(Person(name, 0, f"{name}@example.com") for name in ("mia", "ned", "oli", "pam", "sue")),
    Person("ray", 15, "ray@example.com"),
)  # fmt: skip
FIRST: Final = (
    Order(1, "ada", 400, "11.50", "ada@example.com", discount="2.00", coupon="HELLO",
          lines=(TEA, MUG, ("14", "Gift wrap", 1, "1.50"))),
    Order(2, "ada", 36, "20.50", " ADA@example.com", refunded="5.25"),
    Order(3, "bo", 90, "10.00", phone="07700 900123", as_guest=True),
    Order(4, "cy", 33, "30.00", "cy@example.com", refunded="30.00", status="refunded"),
    Order(5, "cy", 200, "31.00", "cy@example.com", status="cancelled"),
    Order(6, "di", 61, "10.00", "di@example.com", status="cancelled"),
    Order(7, "di", 62, "0.00", "di@example.com", discount="10.00", coupon="FREE"),
    Order(8, "eve", 35, "12.34", "eve@example.com"),
    Order(9, "fay", 37, "7.77", "Fay@example.com"),
    Order(10, "fay", 95, "2.23", "fay@example.com"),
    Order(11, "gus", 38, "5.00", phone="+44 7700 900 124"),
    Order(12, "hal", 0.5, "10.00", "hal@example.com", status="pending"),
    Order(13, "hal", 40, "99.99", "HAL@EXAMPLE.COM"),
    Order(14, "hal", 240, "19.99", "hal@example.com", lines=(MUG, POT)),
    Order(15, "ivy", 34, "45.10", "ivy@example.com", currency="EUR"),
    Order(16, "ivy", 150, "15.00", "ivy@example.com", currency="EUR"),
    # It can't be read, and holds its customer.
    Order(17, "jo", 39, "ten", "jo@example.com"),
    Order(18, "jo", 41, "8.00", "jo@example.com"),
    # Nobody's.
    Order(19, "", 42, "77.00"),
    Order(20, "kim", 32, "23.00", "kim@example.com", lines=(POT, TEA), as_guest=True),
    Order(21, "lou", 31, "6.60", "lou@example.com"),
    Order(22, "max", 43, "6.00", phone="212-555-0111", as_guest=True),
    Order(23, "mia", 44, "40.00", "mia@example.com", lines=(TEA, MUG, POT, POT)),
    Order(24, "ned", 36, "6.60", "ned@example.com", lines=(MUG, TEA)),
    Order(25, "oli", 365, "1.00", "oli@example.com"),
    Order(26, "pam", 700, "2.00", "pam@example.com"),
    Order(27, "ray", 36, "0.03", "ray@example.com", refunded="0.01"),
    Order(28, "sue", 5, "3.00", "sue@example.com"),
    Order(29, "nia", 37, "10.00", "nia@example.com", refunded="12.00"),
)  # fmt: skip
# A month later nia took her yes back, fay opened an account, and the past was corrected.
LATER: Final = (
    *(it for it in PEOPLE if it.key not in {"nia", "fay", "eve"}),
    Person("nia", 12, "nia@example.com", wish="no"),
    Person("eve", 5, "eve@example.com", first_name="Eve", wish="yes"),
    Person("fay", 14, "fay@example.com", first_name="Fay", region="NY", was_guest=True),
)
SECOND: Final = (
    replace(FIRST[1], refunded="20.50", status="refunded"),
    replace(FIRST[11], status="completed"),
    replace(FIRST[12], total="89.99"),
    replace(FIRST[20], status="cancelled"),
    replace(FIRST[22], total="43.00", lines=(TEA, MUG, POT)),
    Order(30, "fay", 0.2, "9.00", "fay@example.com", lines=(POT,)),
    Order(31, "oli", 0.1, "4.00", "Oli@example.com", phone="+1 212 555 0131"),
    Order(32, "gus", 0.3, "4.50", phone="07700 900124"),
)
VISITS: Final = (
    Visit(PEOPLE, FIRST, AS_OF - timedelta(days=0.5)),
    Visit(LATER, SECOND, AS_OF - timedelta(days=0.1)),
)
# What another tool knows of them: the same list after every form.
KLAVIYO: Final = (
    "Email,Phone Number,Email Marketing Consent,Email Marketing Consent Timestamp,"
    "SMS Marketing Consent,SMS Marketing Consent Timestamp,Email Suppressions\n"
    "ada@example.com,,UNSUBSCRIBED,2026-01-05T10:00:00Z,NEVER_SUBSCRIBED,,[]\n"
    "bo@example.com,+447700900123,SUBSCRIBED,2026-02-01T10:00:00Z,UNSUBSCRIBED,"
    "2026-02-02T10:00:00Z,[]\n"
    'kim@example.com,,SUBSCRIBED,2026-02-01T10:00:00Z,,,"[""HARD_BOUNCE""]"\n'
    "ray@example.com,,SUBSCRIBED,2026-02-01T10:00:00Z,,,[]\n"
    # A guest who is not lapsed: what a playbook draws hangs on the id, which each form has its own.
    "sue@example.com,+12125550140,SUBSCRIBED,2026-02-01T10:00:00Z,SUBSCRIBED,"
    "2026-02-02T10:00:00Z,[]\n"
    "oli@example.com,,NEVER_SUBSCRIBED,,,,[]\n"
    "ned@example.com,,MAYBE,2026-02-01T10:00:00Z,,,[]\n"
    "mia@example.com,,SUBSCRIBED,,,,[]\n"
    "stranger@example.com,,UNSUBSCRIBED,2026-01-05T10:00:00Z,,,[]\n"
)


def hashed_guest(prefix: str) -> Callable[[Person], str]:
    """The id that a form with accounts and guests gives a guest."""

    def guest_id(person: Person) -> str:
        # The one spelling of a number in PEOPLE.
        number = "+" + "".join(filter(str.isdigit, person.phone))
        kind, key = ("email", person.email.lower()) if person.email else ("phone", number)
        return f"{prefix}-{hashlib.sha256(f'{kind}:{key}'.encode()).hexdigest()[:20]}"

    return guest_id


def _csv(header: str, rows: list[list[str]]) -> str:
    quoted = [[f'"{it}"' if "," in it else it for it in row] for row in rows]
    return "\n".join([header, *map(",".join, quoted)]) + "\n"


def consents_csv(visit: Visit) -> str:
    """The wishes as a generic feed has them: a yes of which no more is known, and a no after it."""
    rows = [
        [it.id, "email", "granted" if it.wish == "yes" else "revoked",
         "undocumented" if it.wish == "yes" else "", "shopify export", instant(exported)]
        for it in visit.people
        for exported in [_since(visit, it)]
        if exported
    ]  # fmt: skip
    return _csv("customer_id,channel,status,basis,source,occurred_at", rows)


def _since(visit: Visit, person: Person) -> datetime | None:
    """When they first said what they say now; None where they say nothing."""
    if not person.wish:
        return None
    said = (it.exported for it in VISITS if any(
        own.key == person.key and own.wish == person.wish for own in it.people))  # fmt: skip
    return next(said, visit.exported)


def instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _generic(visit: Visit) -> Mapping[str, str]:
    names = {it.key for it in visit.people if it.number} | {it.by for it in visit.orders}
    people = []
    for it in visit.people:
        if it.key not in names:
            continue
        newest = max(
            (own for own in visit.orders if own.by == it.key), key=lambda own: own.at, default=None
        )
        email, phone = it.email, it.phone
        if not it.number and newest:
            email, phone = newest.email.strip(), newest.phone or phone
        people.append(
            [it.id, email, phone, it.first_name, it.last_name, it.country, it.region,
             it.postal_code, ""]
        )  # fmt: skip
        if it.was_guest:
            before = next(own for own in PEOPLE if own.key == it.key)
            people.append(
                [before.id, "Fay@example.com", "", "", "", before.country, before.region,
                 before.postal_code, it.id]
            )  # fmt: skip
    ids = {it.key: it.id for it in visit.people} | {"": ""}
    orders = [
        [it.id, ids[it.by], instant(it.at), it.total, it.discount, it.refunded, it.status,
         it.coupon, it.currency]
        for it in visit.orders
    ]  # fmt: skip
    lines = [
        [it.id, product, str(pieces), price]
        for it in visit.orders
        if it.by and it.total != "ten"
        for product, _, pieces, price in it.lines
    ]
    return {
        "customers.csv": _csv(
            "customer_id,email,phone,first_name,last_name,country,region,postal_code,merged_into",
            people,
        ),
        "orders.csv": _csv(
            "order_id,customer_id,ordered_at,total_amount,discount_amount,refunded_amount,status,"
            "coupon_code,currency",
            orders,
        ),
        "order_items.csv": _csv("order_id,product_id,quantity,unit_price", lines),
        "products.csv": _csv(
            "product_id,name,price", [[key, *it] for key, it in products(visit).items()]
        ),
        "consents.csv": consents_csv(visit),
    }


def products(visit: Visit) -> dict[str, tuple[str, str]]:
    """Each product that was sold, as its newest line has it."""
    sold = sorted((it for it in visit.orders if it.by and it.total != "ten"), key=lambda it: it.at)
    return {product: (name, price) for it in sold for product, name, _, price in it.lines}


_FINANCIAL: Final = {"completed": "paid", "pending": "authorized"}


def _shopify(visit: Visit) -> Mapping[str, str]:
    accounts = [
        shopify_files.account(
            0, it.email, first_name=it.first_name, last_name=it.last_name,
            phone=f"'{it.phone}" if it.phone else "", default_address_country_code=it.country,
            default_address_province_code=it.region,
            default_address_zip=f"'{it.postal_code}" if it.postal_code else "",
            accepts_email_marketing=it.wish or "no",
        ) | {"Customer ID": f"'{it.id}"}
        for it in visit.people
        if it.number
    ]  # fmt: skip
    rows = []
    for it in visit.orders:
        who = visit.person(it.by) if it.by else Person("")
        status = _FINANCIAL.get(it.status, it.status)
        if it.status == "completed" and float(it.refunded):
            status = "partially_refunded"
        rows += shopify_files.order(
            it.number, it.email,
            *((sku, name, pieces, price) for sku, name, pieces, price in it.lines),
            id=it.id, phone=it.phone, total=it.total, currency=it.currency,
            discount_amount=it.discount, discount_code=it.coupon, refunded_amount=it.refunded,
            financial_status="paid" if status == "cancelled" else status,
            cancelled_at=f"{it.at:%Y-%m-%d %H:%M:%S} +0000" if status == "cancelled" else "",
            created_at=f"{it.at - timedelta(hours=5):%Y-%m-%d %H:%M:%S} -0500",
            billing_country=who.country, billing_province=who.region,
            billing_zip=f"'{who.postal_code}" if who.postal_code else "",
        )  # fmt: skip
    return {
        "customers_export.csv": shopify_files.written(shopify_files.CUSTOMERS, accounts),
        "orders_export_1.csv": shopify_files.written(shopify_files.ORDERS, rows),
    }


_WOOCOMMERCE: Final = {"pending": "on-hold"}


def _woocommerce(visit: Visit) -> Mapping[str, str]:
    accounts = [
        woocommerce_pages.account(
            0, it.email, id=int(it.id), first_name=it.first_name, last_name=it.last_name,
            date_created_gmt=None,
            billing={"country": it.country, "phone": it.phone, "state": it.region,
                     "postcode": it.postal_code},
        )
        for it in visit.people
        if it.number
    ]  # fmt: skip
    orders = []
    for it in visit.orders:
        who = visit.person(it.by) if it.by else Person("")
        lines = [
            woocommerce_pages.line(int(product), name, pieces, price)
            for product, name, pieces, price in it.lines
        ]
        orders.append(
            woocommerce_pages.order(
                0, it.email, *lines, id=int(it.id), total=it.total, currency=it.currency,
                customer_id=0 if it.as_guest or not who.number else int(who.id),
                status=_WOOCOMMERCE.get(it.status, it.status), discount_total=it.discount,
                refunds=[it.refunded] if float(it.refunded) else [],
                date_created_gmt=f"{it.at:%Y-%m-%dT%H:%M:%S}",
                coupon_lines=[{"id": 1, "code": it.coupon}] if it.coupon else [],
                billing={"phone": it.phone, "country": who.country, "state": who.region,
                         "postcode": who.postal_code},
            )
        )  # fmt: skip
    return {
        "customers.json": woocommerce_pages.page(accounts),
        "orders.json": woocommerce_pages.page(orders),
        "consents.csv": consents_csv(visit),
    }


_SAID: Final = {
    "yes": ("SUBSCRIBED", "UNKNOWN"), "no": ("UNSUBSCRIBED", None), "": ("NOT_SUBSCRIBED", None),
}  # fmt: skip
_STATUS: Final = {"completed": "PAID", "pending": "AUTHORIZED", "refunded": "REFUNDED"}


def _shopify_api(visit: Visit) -> Mapping[str, str]:
    accounts = []
    for it in visit.people:
        if not it.number:
            continue
        state, level = _SAID[it.wish]
        # A yes without a date, as one that was brought from elsewhere, counts from its pull.
        since = instant(visit.exported) if it.wish == "no" else None
        accounts.append(
            shopify_api_files.account(
                it.number, it.email or None, phone=it.phone or None,
                says=shopify_api_files.consent(state, level, since),
                firstName=it.first_name, lastName=it.last_name,
                defaultAddress=shopify_api_files.address(it.country, it.region, it.postal_code),
            )
        )  # fmt: skip
    orders = []
    for it in visit.orders:
        who = visit.person(it.by) if it.by else Person("")
        refunded = it.status == "completed" and float(it.refunded)
        status = "PARTIALLY_REFUNDED" if refunded else _STATUS.get(it.status, "PAID")
        orders.append(
            shopify_api_files.order(
                it.number, it.email,
                *(shopify_api_files.line(int(product), name, pieces, price)
                  for product, name, pieces, price in it.lines),
                by=None if it.as_guest or not who.number else who.number, phone=it.phone,
                processedAt=instant(it.at), displayFinancialStatus=status,
                cancelledAt=instant(it.at) if it.status == "cancelled" else None,
                currencyCode=it.currency, totalPriceSet=shopify_api_files.money(it.total),
                totalDiscountsSet=shopify_api_files.money(it.discount),
                totalRefundedSet=shopify_api_files.money(it.refunded),
                discountCodes=[it.coupon] if it.coupon else [],
                billingAddress=shopify_api_files.address(who.country, who.region, who.postal_code),
            )
        )  # fmt: skip
    about = {"objects": {}, "pulled_at": instant(visit.exported), "gone": []}
    return {
        "customers.jsonl": shopify_api_files.jsonl(accounts),
        "orders.jsonl": shopify_api_files.jsonl(orders),
        "pull.json": json.dumps(about),
    }


def _tables(visit: Visit) -> dict[str, list[dict[str, Any]]]:
    """The visit as Fivetran's tables."""
    states = {"yes": "subscribed", "no": "unsubscribed"}
    accounts = [it for it in visit.people if it.number]
    customers = [
        shopify_tables.customer(
            0, it.email, id=int(it.id), first_name=it.first_name, last_name=it.last_name,
            phone=it.phone, created_at=None,
        )
        | (
            shopify_tables.said("email", states[it.wish], "unknown", instant(since))
            if (since := _since(visit, it))
            else {}
        )
        for it in accounts
    ]  # fmt: skip
    homes = [
        {"id": n, "customer_id": int(it.id), "is_default": True, "country_code": it.country,
         "province_code": it.region, "zip": it.postal_code, "phone": None}
        for n, it in enumerate(accounts)
    ]  # fmt: skip
    orders, lines, refunds, given_back, codes = [], [], [], [], []
    for it in visit.orders:
        who = visit.person(it.by) if it.by else Person("")
        status = _FINANCIAL.get(it.status, it.status)
        orders.append(
            shopify_tables.order(
                it.number, None, it.email, id=int(it.id), phone=it.phone, total_price=it.total,
                customer_id=int(who.id) if who.number and not it.as_guest else None,
                total_discounts=it.discount, currency=it.currency,
                financial_status="paid" if status == "cancelled" else status,
                cancelled_at=instant(it.at) if status == "cancelled" else None,
                created_at=f"{it.at:%Y-%m-%d %H:%M:%S}",
                billing_address_country_code=who.country,
                billing_address_province_code=who.region, billing_address_zip=who.postal_code,
            )
        )  # fmt: skip
        lines += [
            shopify_tables.line(100 * it.number + n, int(it.id), (int(key), name), pieces, price)
            for n, (key, name, pieces, price) in enumerate(it.lines)
        ]
        if float(it.refunded):
            refunds.append({"id": it.number, "order_id": int(it.id)})
            given_back.append(
                {"id": it.number, "refund_id": it.number, "order_line_id": 100 * it.number,
                 "subtotal": it.refunded, "total_tax": "0.00"}
            )  # fmt: skip
        if it.coupon:
            codes.append({"order_id": int(it.id), "index": 1, "code": it.coupon})
    return {
        "customer": customers, "customer_address": homes, "order": orders, "order_line": lines,
        "refund": refunds, "order_line_refund": given_back, "order_discount_code": codes,
    }  # fmt: skip


def _fivetran(visit: Visit) -> Mapping[str, str]:
    rows = {name: rows for name, rows in _tables(visit).items() if rows}
    return {f"{name}.csv": shopify_tables.table(rows) for name, rows in rows.items()}


def _airbyte(visit: Visit) -> Mapping[str, str]:
    streams = shopify_tables.as_airbyte(_tables(visit))
    return {f"{name}.csv": shopify_tables.table(rows) for name, rows in streams.items()}


def _plugin(visit: Visit) -> Mapping[str, str]:
    """A plugin's export with a row a line; the further rows of an order have its id alone."""
    accounts = [
        [it.id, it.email, it.first_name, it.last_name, it.phone, it.country, it.region,
         it.postal_code]
        for it in visit.people
        if it.number
    ]  # fmt: skip
    rows = []
    for it in visit.orders:
        who = visit.person(it.by) if it.by else Person("")
        account = "0" if it.as_guest or not who.number else who.id
        status = _WOOCOMMERCE.get(it.status, it.status).replace("on-hold", "On hold")
        own = [f"{it.at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S}", status, it.total,
               it.discount, it.refunded, it.currency, it.coupon, account, it.email, it.phone,
               who.country, who.region, who.postal_code]  # fmt: skip
        for place, (product, name, pieces, price) in enumerate(it.lines):
            told = own if not place else [""] * len(own)
            rows.append([it.id, *told, product, name, str(pieces), price])
    return {
        "customers.csv": _csv(
            "user_id,user_email,first_name,last_name,billing_phone,billing_country,billing_state,"
            "billing_postcode",
            accounts,
        ),
        "orders.csv": _csv(
            "Order ID,Order Date,Order Status,Order Total Amount,Cart Discount Amount,"
            "Order Refund Amount,Order Currency,Coupon Code,Customer User ID,Email (Billing),"
            "Phone (Billing),Country Code (Billing),State Code (Billing),Postcode (Billing),"
            "Product ID,Item Name,Quantity,Item Cost",
            rows,
        ),
        "consents.csv": consents_csv(visit),
    }


FORMS: Final[Mapping[str, Form]] = {
    "generic": Form("generic", _generic, lambda person: person.id),
    "shopify": Form("shopify", _shopify, hashed_guest("shopify")),
    "shopify-api": Form("shopify-api", _shopify_api, hashed_guest("shopify")),
    "fivetran": Form("fivetran-shopify", _fivetran, hashed_guest("shopify")),
    "airbyte": Form("airbyte-shopify", _airbyte, hashed_guest("shopify")),
    "plugin": Form("woocommerce", _plugin, hashed_guest("woocommerce")),
    "woocommerce": Form("woocommerce", _woocommerce, hashed_guest("woocommerce")),
}
