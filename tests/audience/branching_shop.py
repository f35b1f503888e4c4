"""A shop in which every branch of the models that a large build lives by has somebody.

Landed as Parquet, without a load: also what a load sets aside is in it, such as a line of no
order. Two builds of it tell whether a rewritten model still makes the same rows. Everything is
drawn from `hash`, so that it is the same shop each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import duckdb

from winback.base.settings import Settings
from winback.landing import ensure_tables
from winback.ledger import export_ledger, open_ledger, tables

# Two days after the clocks of Europe and three weeks after those of America went forward.
AS_OF: Final = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
SHOP_TIMEZONE: Final = "Europe/Berlin"
HOUR: Final = timedelta(hours=1)

# `draw(key, name, n)` is one of 0 to n - 1, whichever `key` and `name` fall on.
MACROS: Final = (
    "create macro draw(key, name, n) as cast(hash(key || ':' || name) % n as bigint)",
    "create macro one_of(key, name, list) as list[1 + draw(key, name, len(list))]",
)
ZONES: Final = (
    "['America/New_York', 'America/Chicago', 'America/Phoenix', 'Europe/Berlin', 'Asia/Kolkata',"
    " 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC', 'Not/A_Zone', null, null, null]"
)
# When the clocks of New York, Berlin and Lord Howe went forward or back.
CHANGES: Final = (
    "[timestamptz '2026-03-08 07:00:00+00', timestamptz '2025-11-02 06:00:00+00',"
    " timestamptz '2026-03-29 01:00:00+00', timestamptz '2025-10-26 01:00:00+00',"
    " timestamptz '2025-04-05 15:00:00+00', timestamptz '2024-10-05 15:30:00+00']"
)

QUERIES: Final = {
    "customers": f"""
        select 'c' || i as customer_id,
            case when draw(i, 'mail', 12) > 0
                then 'c' || (i - i % 50 % 2) || '@example.com' end as email,
            case draw(i, 'phone', 5)
                when 0 then null
                when 1 then '0171 ' || (2000000 + i)
                when 2 then '+1' || one_of(i, 'code', [212, 305, 312, 415, 702])
                    || lpad(cast(5550000 + i as varchar), 7, '0')
                when 3 then '+44 7700 9' || lpad(cast(i as varchar), 5, '0')
                else '+4915123' || (100000 + i) end as phone,
            one_of(i, 'name', ['Ann', 'Ben', '', null]) as first_name,
            one_of(i, 'country', ['US', 'US', 'DE', 'DE', 'CA', 'GB', 'FR', null]) as country,
            one_of(i, 'region', ['NY', 'FL', 'CA', 'TX', null]) as region,
            one_of(i, 'postal', ['10001', '79901', null]) as postal_code,
            one_of(i, 'zone', {ZONES}) as timezone,
            one_of(i, 'prefers', ['email', 'sms', null, null, null]) as preferred_channel,
            -- Into another, in a line, and in a circle.
            case when i % 97 = 5 then 'c' || (i + 1)
                when i % 194 = 6 then 'c' || (i + 1)
                when i % 388 = 7 then 'c' || (i - 1) end as merged_into,
            timestamptz '2023-01-01 00:00:00+00' + to_hours(draw(i, 'since', 20000)) as created_at
        from range({{customers}}) t(i)
    """,
    "orders": f"""
        select 'o' || i as order_id,
            -- Customers of whom no other table knows, and who buy one bed.
            case when i % 127 = 1 then 'unknown ' || i
                else 'c' || customer end as customer_id,
            case
                -- Around a change of clocks, to the second.
                when i % 11 = 0 then one_of(i, 'change', {CHANGES})
                    + to_seconds(draw(i, 'around', 14400) - 7200)
                -- A feed that knows days only, in the shop's zone.
                when i % 7 = 0 then timezone('{SHOP_TIMEZONE}', cast(
                    date '2026-04-01' - cast(draw(i, 'day', 900) as int) as timestamp))
                -- The same days every year, around New Year for some.
                when customer % 3 = 0 then timestamptz '2025-12-27 00:00:00+00'
                    - to_days(cast(365 * draw(i, 'year', 3) + 180 * (customer % 2) as int))
                    + to_minutes(draw(i, 'minute', 14 * 1440))
                -- A habit: the same hour, often the same weekday.
                when customer % 3 = 1 then timestamptz '2026-03-30 18:00:00+00'
                    - to_days(cast(7 * draw(i, 'week', 120) + draw(i, 'other', 4) // 3 as int))
                    + to_minutes(draw(i, 'minute', 70))
                -- Some lie after as-of, some at one instant with another.
                else timestamptz '2026-04-03 12:00:00+00'
                    - to_hours(draw(i, 'hour', 17000)) end as ordered_at,
            cast(case when i % 23 = 0 then 0
                else draw(i, 'total', 20000) / 100.0 end as decimal(18, 4)) as total_amount,
            cast(one_of(i, 'discount', [null, 0, 0, 0, 5, 12.345]) as decimal(18, 4))
                as discount_amount,
            cast(case draw(i, 'refund', 12)
                when 0 then 300 when 1 then 1.5 when 2 then 0 end as decimal(18, 4))
                as refunded_amount,
            one_of(i, 'currency', ['EUR', 'eur', null]) as currency,
            one_of(i, 'status', ['completed', 'completed', 'completed', 'completed', 'Completed ',
                null, '', 'refunded', 'cancelled', 'pending']) as status,
            one_of(i, 'coupon', [null, null, null, '', 'WELCOME']) as coupon_code
        from (
            select i, cast(floor(0.9 * {{customers}}
                * pow(draw(i, 'customer', 100003) / 100003.0, 2)) as bigint) as customer
            from range(8 * {{customers}}) t(i)
        )
    """,
    "order_items": """
        select
            case when i % 997 = 5 then null else 'o' || (i // 2) end as order_id,
            case when i % 499 = 3 then null
                when (i // 2) % 127 = 1 then 'bed'
                -- The same product twice, as a favourite; some are not in the catalog.
                when draw(i // 6, 'usual', 2) = 0 then 'p' || draw(i // 6, 'product', 60)
                else 'p' || draw(i, 'product', 420) end as product_id,
            one_of(i, 'quantity', [1, 1, 2, 3, null]) as quantity,
            cast(one_of(i, 'price', [null, 0, 5, 5, 19.99, 120]) as decimal(18, 4)) as unit_price
        from range(17 * {customers}) t(i)
    """,
    "products": """
        select 'p' || i as product_id,
            case when i % 9 > 0 then 'Product ' || i end as name,
            one_of(i, 'category', ['tea', 'ware', 'Ware', 'books', null, ' ']) as category,
            cast(one_of(i, 'price', [null, 5, 19.99, 120]) as decimal(18, 4)) as price,
            cast(one_of(i, 'compare', [null, null, 150]) as decimal(18, 4)) as compare_at_price,
            case when i % 4 > 0 then 'https://shop.example.com/p' || i end as url,
            timestamptz '2024-01-01 00:00:00+00' + to_days(cast(i * 2 as int))
                as first_available_at,
            one_of(i, 'tags', ['eco', 'New, eco', 'sale|eco|sale', ';', '', null]) as tags
        from range(400) t(i)
        union all
        select 'bed', 'Bed', 'beds', 900, null, null, null, 'wood'
    """,
    "consents": """
        select 'c' || draw(i, 'customer', {customers}) as customer_id,
            one_of(i, 'channel', ['email', 'email', 'email', 'sms', 'SMS', 'whatsapp']) as channel,
            one_of(i, 'status', ['granted', 'granted', 'granted', 'granted', 'revoked']) as status,
            one_of(i, 'basis', ['express_written', 'express', 'double_opt_in', 'soft_opt_in',
                'implied', null]) as basis,
            one_of(i, 'source', ['checkout', null]) as source,
            one_of(i, 'proof', ['form 1', null]) as proof,
            timestamptz '2026-04-01 00:00:00+00' - to_hours(draw(i, 'hour', 20000)) as occurred_at
        from range(4 * {customers}) t(i)
    """,
    "web_events": """
        select 'c' || draw(i, 'customer', {customers}) as customer_id,
            one_of(i, 'event', ['view', 'view', 'add_to_cart', 'checkout_started', 'visit'])
                as event,
            one_of(i, 'has', ['p' || draw(i, 'product', 420), 'p' || draw(i // 9, 'product', 60),
                null]) as product_id,
            case when i % 3 = 0 then 'k' || draw(i, 'cart', 3000) end as cart_id,
            timestamptz '2026-04-01 00:00:00+00' - to_minutes(draw(i, 'minute', 160000))
                as occurred_at
        from range(4 * {customers}) t(i)
    """,
    "price_changes": """
        select 'p' || draw(i, 'product', 420) as product_id,
            cast(draw(i, 'price', 200) as decimal(18, 4)) as price,
            timestamptz '2026-04-02 00:00:00+00' - to_hours(draw(i, 'hour', 2000)) as changed_at
        from range(900) t(i)
    """,
    "past_enrollments": """
        select one_of(i, 'playbook', ['old_winback', 'sms_email']) as playbook_id,
            'c' || draw(i, 'customer', {customers}) as customer_id,
            one_of(i, 'arm', ['treatment', 'treatment', 'holdout']) as arm,
            case when i % 3 > 0 then 'a' end as variant,
            timestamptz '2026-03-31 00:00:00+00' - to_hours(draw(i, 'hour', 6000)) as entered_at
        from range({customers} // 5) t(i)
    """,
    "past_messages": """
        select 'past ' || i as message_id,
            one_of(i, 'playbook', ['old_winback', 'sms_email']) as playbook_id,
            one_of(i, 'step', ['1', '2', 'hello']) as step,
            'c' || draw(i, 'customer', {customers}) as customer_id,
            one_of(i, 'channel', ['email', 'sms']) as channel,
            timestamptz '2026-03-31 15:00:00+00' - to_hours(draw(i, 'hour', 6000)) as sent_at
        from range({customers} // 3) t(i)
    """,
}


def land_branching_shop(settings: Settings, customers: int = 3000) -> None:
    """Write the shop's landed tables, and a ledger whose messages were clicked and replied to."""
    ensure_tables(settings)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for macro in MACROS:
            connection.execute(macro)
        for name, query in QUERIES.items():
            path = settings.shop_dir / f"{name}.parquet"
            connection.execute(f"create table {name} as from '{path}' limit 0")
            connection.execute(f"insert into {name} by name {query.format(customers=customers)}")
            connection.execute(f"copy {name} to '{path}' (format parquet)")
    ledger = open_ledger(settings)
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), list(_messages(customers)))
        connection.execute(tables.provider_events.insert(), list(_events(customers)))
    export_ledger(ledger, settings.ledger_landing_dir)


def _messages(customers: int) -> Iterator[dict[str, Any]]:
    """Three messages to every fourth customer, a week and some hours apart."""
    for number in range(3 * customers // 4):
        sent_at = AS_OF - (number % 2000 + 24 * 7 * (number % 3)) * HOUR
        yield {
            "message_id": f"m{number}",
            "enrollment_id": f"e{number // 3}",
            "playbook_id": "sms_email",
            "step": 1 + number % 3,
            "customer_id": f"c{number // 3 * 4}",
            "channel": ("email", "sms")[number % 5 // 4],
            "variant": "offer",
            **dict.fromkeys(("address", "sender", "payload_json", "payload_sha256"), ""),
            "template_version": "1",
            "zones": "",
            "local_opens_minute": 0,
            "local_closes_minute": 1440,
            "state": ("accepted", "accepted", "accepted", "unknown", "expired")[number % 5],
            **dict.fromkeys(("not_before", "accepted_at", "planned_at", "updated_at"), sent_at),
            "expires_at": sent_at + 24 * HOUR,
        }


def _events(customers: int) -> Iterator[dict[str, Any]]:
    """Of each message that it was delivered, and clicks and replies, often at one hour."""
    for number in range(3 * customers // 4):
        sent_at = AS_OF - (number % 2000 + 24 * 7 * (number % 3)) * HOUR
        for order, kind in enumerate(("delivered", "clicked", "clicked", "opened", "replied")):
            if order and (number + order) % 3 == 0:
                continue
            key = f"{number}-{order}"
            yield {
                **dict.fromkeys(("dedupe_key", "semantic_key", "raw_ref"), key),
                **dict.fromkeys(
                    ("occurred_at", "received_at"),
                    sent_at + order * (HOUR if number % 2 else timedelta(seconds=2)),
                ),
                "provider": "sendgrid",
                "message_id": f"m{number}",
                "kind": kind,
                "is_machine": int(number % 13 == 0),
                "link": f"link {order % 2}" if kind == "clicked" else None,
                "intent": "question" if kind == "replied" else None,
            }
