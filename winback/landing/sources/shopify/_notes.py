"""What the figures of a load don't say: orders that are none, and totals that don't agree."""

from __future__ import annotations

from collections.abc import Iterator

from winback.landing._stage import Work
from winback.landing.sources._texts import Texts


def order_notes(work: Work) -> Iterator[str]:
    """Orders that are none, and those that wait for their payment."""
    found = work.connection.execute(
        """
        select
            count(*) filter (is_none = 'test'), count(*) filter (is_none = 'draft'),
            count(*) filter (is_none is null and status = 'pending')
        from heads where nth = 1
        """
    ).fetchone()
    tests, drafts, pending = found or (0, 0, 0)
    if tests:
        yield f"{tests:,} test orders are no orders"
    if drafts:
        yield f"{drafts:,} drafts that are not paid are no orders"
    if pending:
        yield (
            f"{pending:,} orders are not paid yet and don't count before. If your customers pay on "
            "delivery or by invoice, set WINBACK_SHOPIFY_PENDING=count and load again"
        )


def totals_note(work: Work, texts: Texts) -> Iterator[str]:
    """How many accounts have other totals at Shopify than their landed orders give.

    Shopify counts some orders that don't count here, so a total has to lie between that of all
    orders and that of the valid ones.
    """
    found = work.connection.execute(
        """
        with sums as (
            select customer_id, count(*) as all_count, sum(total_amount) as all_amount,
                count(*) filter (is_valid) as valid_count,
                coalesce(sum(total_amount - coalesce(refunded_amount, 0)) filter (is_valid), 0)
                    as valid_amount
            from (
                select *, coalesce(status, 'completed') not in ('cancelled', 'pending') as is_valid
                from all_orders
            )
            group by customer_id
        ),
        told as (
            select customer_id, try_cast(total_orders as bigint) as order_count,
                try_cast(total_spent as decimal(18, 4)) as amount
            from accounts where nth = 1
        )
        select count(*) from told left join sums using (customer_id)
        where order_count not between coalesce(valid_count, 0) and coalesce(all_count, 0)
            or amount not between coalesce(valid_amount, 0) and coalesce(all_amount, 0)
        """
    ).fetchone()
    [count] = found or (0,)
    if count:
        yield (
            f"{texts.files[0].name}: Total Orders or Total Spent of {count:,} customers differs "
            "from their landed orders. Next: export the orders of all time, with every status"
        )
