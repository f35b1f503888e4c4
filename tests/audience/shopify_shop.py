"""A small shop as Shopify exports it, with what real exports have wrong, and the same by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from generic_files import orders_by_hand
from shopify_files import CUSTOMERS, ORDERS, Row, account, account_id, order, order_id, written

AS_OF: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
TEA, MUG = ("tea", "Tea", 2, "3.00"), ("'mug", "Mug, blue", 1, "4.00")


def guest_id(kind: str, address: str) -> str:
    return f"shopify-{hashlib.sha256(f'{kind}:{address}'.encode()).hexdigest()[:20]}"


ACCOUNTS: Final = [
    account(1, "Ada@example.com", first_name="Ada", accepts_email_marketing="yes",
            accepts_sms_marketing="yes", default_address_province_code="NY",
            default_address_zip="'01234", total_orders="2", total_spent="26.75"),
    account(2, "bo@example.com", default_address_country_code="GB", phone="'+447700900123",
            first_name="Bo", last_name="O'Brien, jr."),
    account(3, "cy@example.com", accepts_email_marketing="yes", default_address_country_code="DE"),
    account(4, "di@example.com", accepts_email_marketing="yes", default_address_country_code="CA"),
    account(5, "eve@example.com", accepts_email_marketing="perhaps"),
    account(8, "hal@example.com", accepts_email_marketing="yes", total_orders="9"),
    account(9, "ivy@example.com", accepts_email_marketing="YES"),
    account(10, "jo@example.com", accepts_email_marketing="yes", default_address_country_code="NL"),
    account(12, "kim@example.com", accepts_email_marketing="yes"),
    account(13, "lou@example.com", accepts_email_marketing="yes"),
    account(14, "", default_address_phone="+1 (212) 555-0114"),
]  # fmt: skip

FIRST_FILE: Final[list[Row]] = [
    *order(1, "ada@example.com", TEA, MUG, ("", "Gift wrap", 1, "1.50"), total="11.50",
           discount_code="HELLO", discount_amount="2.00"),
    *order(2, " ADA@example.com", total="20.50", refunded_amount="5.25",
           financial_status="partially_refunded", created_at="2025-03-02 10:00:00 +0100"),
    *order(3, "", phone="07700 900123", billing_country="GB", billing_phone="'+44 7700 900123"),
    *order(4, "cy@example.com", total="30.00", refunded_amount="30.00",
           financial_status="refunded"),
    *order(5, "cy@example.com", total="31.00", cancelled_at="2025-03-02 09:00:00 -0500"),
    *order(6, "di@example.com", financial_status="voided"),
    *order(7, "di@example.com", total="0.00", discount_code="FREE", discount_amount="10.00"),
    *order(8, "eve@example.com", total="12.34"),
    *order(9, "Fay@example.com", total="7.77", billing_zip="'00501", billing_province="NY"),
    *order(10, "fay@example.com", total="2.23", created_at="2025-02-01 10:00:00 -0500"),
    *order(11, "", billing_phone="'+44 7700 900 124", billing_country="GB", total="5.00"),
    *order(12, "hal@example.com", financial_status="pending"),
    *order(13, "hal@example.com", financial_status="authorized"),
    *order(14, "hal@example.com", financial_status="expired"),
    *order(15, "hal@example.com", total="99.99"),
    *order(16, "ivy@example.com", tags="test"),
    *order(17, "ivy@example.com", source="shopify_draft_order", financial_status="pending"),
    *order(18, "ivy@example.com", source="shopify_draft_order", total="45.10"),
    *order(19, "jo@example.com", total="ten"),
    *order(20, "jo@example.com", total="8.00", financial_status="Partially_Paid"),
    *order(21, "", total="77.00"),
    *order(22, "mia@example.com", TEA, MUG, total="40.00"),
]  # fmt: skip
# A split that cuts order 22 in two, and an overlap that brings order 23 twice.
REST_OF_22: Final = order(22, "mia@example.com", TEA, ("kettle", "Kettle", 1, "20.00"),
                          ("kettle", "Kettle", 1, "18.00"))[1:]  # fmt: skip
SECOND_FILE: Final[list[Row]] = [
    *REST_OF_22,
    *order(23, "ned@example.com", MUG, TEA, total="6.60"),
    # A number that an import gave twice.
    *order(24, "oli@example.com", TEA, MUG, total="1.00", name="#24"),
    *order(25, "pam@example.com", TEA, MUG, total="2.00", name="#24"),
    *order(26, "quinn@example.com", total="10.00", refunded_amount="12.00"),
    *order(27, "ray@example.com", total="0.03", refunded_amount="0.01"),
    *order(28, "sue@example.com", total="3.00", created_at="2025-05-31 23:30:00 -0400"),
    *order(29, "sue@example.com", total="4.00", created_at="2062-06-01 13:00:00 UTC"),
    *order(30, "", phone="212-555-0114", total="6.00"),
]  # fmt: skip
THIRD_FILE: Final = order(23, "ned@example.com", MUG, TEA, total="6.60")

FILES: Final[Mapping[str, str]] = {
    "customers_export.csv": written(CUSTOMERS, ACCOUNTS),
    "orders_export_1.csv": written(ORDERS, FIRST_FILE),
    "orders_export_2.csv": written(ORDERS, SECOND_FILE),
    "orders_export_3.csv": written(ORDERS, THIRD_FILE),
}

# By hand. Order 16 and 17 are none, 19 can't be read, 21 is nobody's.
FAY, GUS = guest_id("email", "fay@example.com"), guest_id("phone", "+447700900124")
MIA, NED, OLI, PAM, QUINN, RAY, SUE = (
    guest_id("email", f"{name}@example.com")
    for name in ("mia", "ned", "oli", "pam", "quinn", "ray", "sue")
)
MARCH = "2025-03-01T15:00:00Z"
# number: customer, instant, total, discount, refunded, status, coupon
ORDERS_BY_HAND: Final[Mapping[int, tuple[str, str, str, str, str, str, str]]] = {
    1: (account_id(1), MARCH, "11.50", "2.00", "0.00", "completed", "HELLO"),
    2: (account_id(1), "2025-03-02T09:00:00Z", "20.50", "", "5.25", "completed", ""),
    3: (account_id(2), MARCH, "10.00", "", "0.00", "completed", ""),
    4: (account_id(3), MARCH, "30.00", "", "30.00", "refunded", ""),
    5: (account_id(3), MARCH, "31.00", "", "0.00", "cancelled", ""),
    6: (account_id(4), MARCH, "10.00", "", "0.00", "cancelled", ""),
    7: (account_id(4), MARCH, "0.00", "10.00", "0.00", "completed", "FREE"),
    8: (account_id(5), MARCH, "12.34", "", "0.00", "completed", ""),
    9: (FAY, MARCH, "7.77", "", "0.00", "completed", ""),
    10: (FAY, "2025-02-01T15:00:00Z", "2.23", "", "0.00", "completed", ""),
    11: (GUS, MARCH, "5.00", "", "0.00", "completed", ""),
    12: (account_id(8), MARCH, "10.00", "", "0.00", "pending", ""),
    13: (account_id(8), MARCH, "10.00", "", "0.00", "pending", ""),
    14: (account_id(8), MARCH, "10.00", "", "0.00", "cancelled", ""),
    15: (account_id(8), MARCH, "99.99", "", "0.00", "completed", ""),
    18: (account_id(9), MARCH, "45.10", "", "0.00", "completed", ""),
    20: (account_id(10), MARCH, "8.00", "", "0.00", "completed", ""),
    22: (MIA, MARCH, "40.00", "", "0.00", "completed", ""),
    23: (NED, MARCH, "6.60", "", "0.00", "completed", ""),
    24: (OLI, MARCH, "1.00", "", "0.00", "completed", ""),
    25: (PAM, MARCH, "2.00", "", "0.00", "completed", ""),
    26: (QUINN, MARCH, "10.00", "", "12.00", "completed", ""),
    27: (RAY, MARCH, "0.03", "", "0.01", "completed", ""),
    28: (SUE, "2025-06-01T03:30:00Z", "3.00", "", "0.00", "completed", ""),
    29: (SUE, "2062-06-01T13:00:00Z", "4.00", "", "0.00", "completed", ""),
    30: (account_id(14), MARCH, "6.00", "", "0.00", "completed", ""),
}
LINES_BY_HAND: Final[Mapping[int, list[tuple[str, str, str]]]] = {
    1: [("tea", "2", "3.00"), ("mug", "1", "4.00"), ("Gift wrap", "1", "1.50")],
    22: [("tea", "2", "3.00"), ("mug", "1", "4.00"), ("kettle", "1", "20.00"),
         ("kettle", "1", "18.00")],
    23: [("mug", "1", "4.00"), ("tea", "2", "3.00")],
    24: [("tea", "2", "3.00"), ("mug", "1", "4.00")],
    25: [("tea", "2", "3.00"), ("mug", "1", "4.00")],
}  # fmt: skip
ONE_TEA: Final = [("tea", "1", "10.00")]
# The newest order that is not dated ahead dates the export.
EXPORTED = "2025-06-01T03:30:00Z"

_customers: Final = [
    "customer_id,email,phone,first_name,last_name,country,region,postal_code",
    f"{account_id(1)},Ada@example.com,,Ada,,US,NY,01234",
    f'{account_id(2)},bo@example.com,+447700900123,Bo,"O\'Brien, jr.",GB,,',
    f"{account_id(3)},cy@example.com,,,,DE,,",
    f"{account_id(4)},di@example.com,,,,CA,,",
    f"{account_id(5)},eve@example.com,,,,US,,",
    f"{account_id(8)},hal@example.com,,,,US,,",
    f"{account_id(9)},ivy@example.com,,,,US,,",
    f"{account_id(10)},jo@example.com,,,,NL,,",
    f"{account_id(12)},kim@example.com,,,,US,,",
    f"{account_id(13)},lou@example.com,,,,US,,",
    f"{account_id(14)},,+1 (212) 555-0114,,,US,,",
    f"{FAY},Fay@example.com,,,,US,NY,00501",
    f"{GUS},,+44 7700 900 124,,,GB,,",
    *(
        f"{guest},{name}@example.com,,,,US,,"
        for guest, name in (
            (MIA, "mia"), (NED, "ned"), (OLI, "oli"), (PAM, "pam"), (QUINN, "quinn"), (RAY, "ray"),
            (SUE, "sue"),
        )
    ),
]  # fmt: skip
# The same shop as a generic export would have it.
GENERIC: Final[Mapping[str, str]] = {
    "customers.csv": "\n".join(_customers) + "\n",
    **orders_by_hand(order_id, ORDERS_BY_HAND, LINES_BY_HAND, ONE_TEA),
    "products.csv": "product_id,name,price,compare_at_price\n"
    'tea,Tea,10.00,\nmug,"Mug, blue",4.00,\nGift wrap,Gift wrap,1.50,\nkettle,Kettle,18.00,\n',
    "consents.csv": "customer_id,channel,status,basis,source,occurred_at\n"
    + "".join(
        f"{account_id(number)},email,granted,undocumented,shopify export,{EXPORTED}\n"
        for number in (1, 3, 4, 8, 9, 10, 12, 13)
    ),
}

# By hand too: valid orders, net cents and whether the consent to email suffices, on AS_OF. Only
# the United States take a yes of which nothing else is known; lou took it back before.
FIGURES: Final[Mapping[str, tuple[int, int, bool]]] = {
    account_id(1): (2, 1150 + 1525, True),
    account_id(2): (1, 1000, False),
    account_id(3): (0, 0, False),
    account_id(4): (1, 0, False),
    account_id(5): (1, 1234, False),
    account_id(8): (1, 9999, True),
    account_id(9): (1, 4510, True),
    account_id(10): (1, 800, False),
    account_id(12): (0, 0, True),
    account_id(13): (0, 0, False),
    account_id(14): (1, 600, False),
    FAY: (2, 1000, False),
    GUS: (1, 500, False),
    MIA: (1, 4000, False),
    NED: (1, 660, False),
    OLI: (1, 100, False),
    PAM: (1, 200, False),
    QUINN: (0, 0, False),
    RAY: (1, 2, False),
    SUE: (1, 300, False),
}
HELD: Final = {account_id(5), account_id(10)}
