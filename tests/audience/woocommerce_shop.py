"""A small shop as WooCommerce's API gives it, with what real ones have wrong, and by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from generic_files import orders_by_hand
from woocommerce_pages import account, account_id, line, meta, order, order_id, page, product

AS_OF: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
TEA, MUG = line(11, "Tea", 2, "3.00"), line(12, "Mug, blue", 1, "4.00")
WRAP: Final = line(0, "Gift wrap", 1, "1.50")
POT: Final = line(13, "Pot", 1, "20.00", sku="pot-1")


def guest_id(kind: str, address: str) -> str:
    return f"woocommerce-{hashlib.sha256(f'{kind}:{address}'.encode()).hexdigest()[:20]}"


ACCOUNTS: Final = [
    account(1, "Ada@example.com", first_name="Ada",
            billing={"state": "NY", "postcode": "01234", "phone": "+1 212 555 0101"}),
    account(2, "bo@example.com", first_name="Bo", last_name="O'Brien, jr.",
            billing={"country": "GB", "phone": "+447700900123"}),
    account(3, "cy@example.com", billing={"country": "DE"}, role="administrator"),
    account(4, "", billing={"email": "di@example.com", "country": "CA", "first_name": "Di"}),
    account(5, "eve@example.com", meta_data=meta(newsletter="no", wp_capabilities={"x": True})),
    account(6, "hal@example.com", id="76", meta_data=meta(_mc4wp_optin="1")),
    account(7, "ivy@example.com") | {"billing": []},
    account(8, "kim@example.com", first_name="Kim"),
]  # fmt: skip
LATER: Final = [
    account(8, "kim@example.com", first_name="Kimberly", date_modified_gmt="2025-05-01T00:00:00"),
    account(9, "lou@example.com"),
]

FIRST: Final[list[dict[str, Any]]] = [
    order(1, "ada@example.com", TEA, MUG, WRAP, customer_id=71, total="11.50",
          discount_total="2.00", coupon_lines=[{"id": 1, "code": "hello"}, {"code": "more"}]),
    order(2, "ADA@example.com ", total="20.50", refunds=["5.00", "0.25"], status="processing"),
    order(3, "", billing={"phone": "07700 900123", "country": "GB"}),
    order(4, "cy@example.com", customer_id=73, total="30.00", refunds=["30.00"],
          status="refunded"),
    order(5, "cy@example.com", customer_id=73, total="31.00", status="cancelled"),
    order(6, "di@example.com", customer_id="74", status="failed"),
    order(7, "other@example.com", customer_id=74, total="0.00", discount_total="10.00"),
    order(8, "eve@example.com", customer_id=75, total="12.34"),
    order(9, "Fay@example.com", total="7.77",
          billing={"first_name": "Fay", "state": "NY", "postcode": "00501"}),
    order(10, "fay@example.com", total="2.23", date_created_gmt="2025-02-01T15:00:00",
          billing={"first_name": "F."}),
    order(11, "", total="5.00", billing={"phone": "+44 7700 900 124", "country": "GB"}),
    order(12, "hal@example.com", customer_id=76, status="pending"),
    order(13, "hal@example.com", customer_id=76, status="on-hold"),
    order(14, "hal@example.com", customer_id=76, status="checkout-draft"),
    order(15, "hal@example.com", customer_id=76, total=99.99),
    order(16, "ivy@example.com", customer_id=77, status="trash"),
    order(17, "ivy@example.com", customer_id=77, status="wc-completed", total="45.10"),
    order(18, "jo@example.com", customer_id=80, total="8.00", billing={"country": "NL"}),
    order(19, "jo@example.com", customer_id=80, total="ten", billing={"country": "NL"}),
    order(20, "jo@example.com", total="9.00", billing={"country": "FR"},
          date_created_gmt="2025-01-01T00:00:00"),
    order(21, "", total="77.00"),
    order(22, "deleted@site.invalid", total="66.00",
          billing={"first_name": "[deleted]", "phone": "000-0000000"}),
    order(23, "mia@example.com", TEA, MUG, POT, total="30.00", prices_include_tax=True),
    order(24, "ned@example.com", total="6.60", status="lost-at-sea"),
    order(25, "oli@example.com", total="1.00", date_modified_gmt="2025-03-09T00:00:00"),
]  # fmt: skip
SECOND: Final[list[dict[str, Any]]] = [
    # An order that moved to the next page while it was read, and a newer copy of another.
    order(23, "mia@example.com", TEA, MUG, POT, total="30.00", prices_include_tax=True),
    order(25, "oli@example.com", POT, total="20.00", date_modified_gmt="2025-03-10T00:00:00"),
    order(8, "eve@example.com", customer_id=75, total="99.00",
          date_modified_gmt="2025-03-01T00:00:00"),
    order(26, "quinn@example.com", refunds=["12.00"]),
    order(27, "ray@example.com", total="0.03", refunds=["0.01"]),
    order(28, "sue@example.com", total="3.00", date_created_gmt="2025-06-01T03:30:00"),
    order(29, "sue@example.com", total="4.00", date_created_gmt="2062-06-01T13:00:00"),
    order(30, "tom@example.com", total="6.00", meta_data=meta(_opt_out="yes")),
    order(31, "una@example.com", total="7.00", meta_data=meta(marketing_consent=True)),
    order(32, "val@example.com", total="8.00", status="refunded"),
    order(33, "wes@example.com", total="9.00") | {"refunds": [{"id": 1, "total": "some"}]},
    order(34, "xia@example.com", total="5.55", customer_id=0.0),
    order(35, "yan@example.com", total="-1.00"),
    order(36, "kim@example.com", customer_id=78, total="4.44"),
    order(37, "lou@example.com", customer_id=79, total="3.21", status="Completed"),
    order(38, "zoe@example.com", total="1.11", line_items=[], coupon_lines=None),
    order(39, "zoe@example.com", total="2.22", date_created_gmt="2025-04-01T10:00:00+02:00"),
    order(40, "abe@example.com", total="1e1"),
]  # fmt: skip
CATALOG: Final = [
    product(11, "Tea &amp; more", "3.00", regular_price="3.50", categories=[{"name": "Hot"}]),
    product(12, "Mug, blue", "4.00", tags=[{"name": "eco"}, {"name": "gift"}]),
]

FILES: Final[Mapping[str, str]] = {
    "customers-1.json": page(ACCOUNTS),
    "customers-2.json": page(LATER),
    "orders-1.json": page(FIRST),
    "orders-2.json": page(SECOND),
    "products.json": page(CATALOG),
}

# By hand. 19 and 24 can't be read, 21 and 22 are nobody's, 35 is negative.
ADA, BO, CY, DI, EVE, HAL, IVY, KIM, LOU, JO = (account_id(n) for n in range(1, 11))
GUS = guest_id("phone", "+447700900124")
FAY, MIA, NED, OLI, QUINN, RAY, SUE, TOM, UNA, VAL, WES, XIA, YAN, ZOE, ABE = (
    guest_id("email", f"{name}@example.com")
    for name in (
        "fay", "mia", "ned", "oli", "quinn", "ray", "sue", "tom", "una", "val", "wes", "xia",
        "yan", "zoe", "abe",
    )
)  # fmt: skip
MARCH = "2025-03-01T15:00:00Z"
# number: customer, instant, total, discount, refunded, status, coupon
ORDERS_BY_HAND: Final[Mapping[int, tuple[str, str, str, str, str, str, str]]] = {
    1: (ADA, MARCH, "11.50", "2", "0", "completed", "hello"),
    2: (ADA, MARCH, "20.50", "0", "5.25", "completed", ""),
    3: (BO, MARCH, "10.00", "0", "0", "completed", ""),
    4: (CY, MARCH, "30.00", "0", "30.00", "refunded", ""),
    5: (CY, MARCH, "31.00", "0", "0", "cancelled", ""),
    6: (DI, MARCH, "10.00", "0", "0", "cancelled", ""),
    7: (DI, MARCH, "0.00", "10.00", "0", "completed", ""),
    8: (EVE, MARCH, "12.34", "0", "0", "completed", ""),
    9: (FAY, MARCH, "7.77", "0", "0", "completed", ""),
    10: (FAY, "2025-02-01T15:00:00Z", "2.23", "0", "0", "completed", ""),
    11: (GUS, MARCH, "5.00", "0", "0", "completed", ""),
    12: (HAL, MARCH, "10.00", "0", "0", "pending", ""),
    13: (HAL, MARCH, "10.00", "0", "0", "pending", ""),
    14: (HAL, MARCH, "10.00", "0", "0", "pending", ""),
    15: (HAL, MARCH, "99.99", "0", "0", "completed", ""),
    16: (IVY, MARCH, "10.00", "0", "0", "cancelled", ""),
    17: (IVY, MARCH, "45.10", "0", "0", "completed", ""),
    18: (JO, MARCH, "8.00", "0", "0", "completed", ""),
    20: (JO, "2025-01-01T00:00:00Z", "9.00", "0", "0", "completed", ""),
    23: (MIA, MARCH, "30.00", "0", "0", "completed", ""),
    25: (OLI, MARCH, "20.00", "0", "0", "completed", ""),
    26: (QUINN, MARCH, "10.00", "0", "12.00", "completed", ""),
    27: (RAY, MARCH, "0.03", "0", "0.01", "completed", ""),
    28: (SUE, "2025-06-01T03:30:00Z", "3.00", "0", "0", "completed", ""),
    29: (SUE, "2062-06-01T13:00:00Z", "4.00", "0", "0", "completed", ""),
    30: (TOM, MARCH, "6.00", "0", "0", "completed", ""),
    31: (UNA, MARCH, "7.00", "0", "0", "completed", ""),
    32: (VAL, MARCH, "8.00", "0", "8.00", "refunded", ""),
    33: (WES, MARCH, "9.00", "0", "", "completed", ""),
    34: (XIA, MARCH, "5.55", "0", "0", "completed", ""),
    36: (KIM, MARCH, "4.44", "0", "0", "completed", ""),
    37: (LOU, MARCH, "3.21", "0", "0", "completed", ""),
    38: (ZOE, MARCH, "1.11", "0", "0", "completed", ""),
    39: (ZOE, "2025-04-01T08:00:00Z", "2.22", "0", "0", "completed", ""),
    40: (ABE, MARCH, "10", "0", "0", "completed", ""),
}
LINES_BY_HAND: Final[Mapping[int, list[tuple[str, str, str]]]] = {
    1: [("11", "2", "3.00"), ("12", "1", "4.00"), ("Gift wrap", "1", "1.50")],
    23: [("11", "2", "3.00"), ("12", "1", "4.00"), ("13", "1", "20.00")],
    25: [("13", "1", "20.00")],
    38: [],
}
ONE_TEA: Final = [("11", "1", "10.00")]

_created = "2024-05-01T08:00:00Z"
_customers: Final = [
    "customer_id,email,phone,first_name,last_name,country,region,postal_code,created_at",
    f"{ADA},Ada@example.com,+1 212 555 0101,Ada,,US,NY,01234,{_created}",
    f'{BO},bo@example.com,+447700900123,Bo,"O\'Brien, jr.",GB,,,{_created}',
    f"{CY},cy@example.com,,,,DE,,,{_created}",
    f"{DI},di@example.com,,Di,,CA,,,{_created}",
    f"{EVE},eve@example.com,,,,US,,,{_created}",
    f"{HAL},hal@example.com,,,,US,,,{_created}",
    f"{IVY},ivy@example.com,,,,,,,{_created}",
    f"{KIM},kim@example.com,,Kimberly,,US,,,{_created}",
    f"{LOU},lou@example.com,,,,US,,,{_created}",
    f"{JO},jo@example.com,,,,NL,,,",
    f"{FAY},Fay@example.com,,Fay,,US,NY,00501,",
    f"{GUS},,+44 7700 900 124,,,GB,,,",
    *(
        f"{guest},{name}@example.com,,,,US,,,"
        for guest, name in (
            (MIA, "mia"), (NED, "ned"), (OLI, "oli"), (QUINN, "quinn"), (RAY, "ray"), (SUE, "sue"),
            (TOM, "tom"), (UNA, "una"), (VAL, "val"), (WES, "wes"), (XIA, "xia"), (YAN, "yan"),
            (ZOE, "zoe"), (ABE, "abe"),
        )
    ),
]  # fmt: skip
_shop = "https://shop.example.com/p"
# The same shop as a generic export would have it, but for the refusals.
GENERIC: Final[Mapping[str, str]] = {
    "customers.csv": "\n".join(_customers) + "\n",
    **orders_by_hand(order_id, ORDERS_BY_HAND, LINES_BY_HAND, ONE_TEA),
    "products.csv": "product_id,name,category,price,compare_at_price,url,first_available_at,tags\n"
    f"11,Tea & more,Hot,3.00,3.50,{_shop}/11,2023-01-02T03:04:05Z,\n"
    f'12,"Mug, blue",,4.00,,{_shop}/12,2023-01-02T03:04:05Z,"eco,gift"\n'
    "13,Pot,,20.00,,,,\nGift wrap,Gift wrap,,1.50,,,,\n",
}
# The same people consented once, but for eve and tom, who refused by a plugin's field.
CONSENTS: Final = "customer_id,channel,status,basis,occurred_at\n" + "".join(
    f"{customer_id},email,granted,express,2025-01-01T00:00:00Z\n"
    for customer_id in (ADA, EVE, HAL, TOM, UNA)
)
REFUSED: Final = [
    (EVE, "email", "revoked", "woocommerce newsletter"),
    (TOM, None, "revoked", "woocommerce _opt_out"),
]
CONSENTING: Final = {ADA, HAL, UNA}

# By hand too: valid orders and net cents on AS_OF.
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    ADA: (2, 1150 + 1525),
    BO: (1, 1000),
    CY: (0, 0),
    DI: (1, 0),
    EVE: (1, 1234),
    HAL: (1, 9999),
    IVY: (1, 4510),
    JO: (2, 1700),
    KIM: (1, 444),
    LOU: (1, 321),
    FAY: (2, 1000),
    GUS: (1, 500),
    MIA: (1, 3000),
    NED: (0, 0),
    OLI: (1, 2000),
    QUINN: (0, 0),
    RAY: (1, 2),
    SUE: (1, 300),
    TOM: (1, 600),
    UNA: (1, 700),
    VAL: (0, 0),
    WES: (1, 900),
    XIA: (1, 555),
    YAN: (0, 0),
    ZOE: (2, 333),
    ABE: (1, 1000),
}
HELD: Final = {JO, NED, WES, YAN}
