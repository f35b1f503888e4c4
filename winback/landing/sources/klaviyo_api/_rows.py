"""The rows of each table, as texts of the input format."""

from __future__ import annotations

from typing import Final

from winback.base.duck import literal
from winback.landing._batch import LINE
from winback.landing._sql import parquet
from winback.landing._stage import Staged, Work
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows, as_row
from winback.landing.sources.klaviyo_api._pages import PAGE

# A flow, or the message of a campaign, under a name that no playbook of ours has.
_PLAYBOOK: Final = (
    "case when flow is not null then 'klaviyo-flow-' || flow "
    "else 'klaviyo-campaign-' || coalesce(message, 'unknown') end"
)
# A message is one person's, though several share an address. The rows are asked for several times,
# and each time the same one must be the first.
_FIRST: Final = "qualify row_number() over (partition by nth_event order by customer_id, nth) = 1"
_ONCE: Final = (
    "qualify row_number() over (partition by nth_event, channel, customer_id order by nth) = 1"
)


def _of_kind(first: str, *kinds: str) -> str:
    """SQL for the events of these kinds that are a customer's."""
    named = ", ".join(map(literal, kinds))
    return (
        f"(select *, {FILE} || '/' || {LINE} as nth_event from matched "
        f"where kind in ({named}) and customer_id is not null {first})"
    )


def consent_rows() -> Rows:
    """Refusals, and what profiles say; everybody who shares the address is meant."""
    columns = "customer_id, channel, status, basis, source, occurred_at"
    refusals = _of_kind(_ONCE, "refusal", "consent")
    return Rows(
        columns,
        f"{PAGE}, {columns}",
        f"(select *, 'klaviyo api' as source from {refusals})",
        key="nth",
    )


def message_rows() -> Rows:
    """What was sent."""
    columns = "message_id, playbook_id, step, customer_id, channel, variant, sent_at"
    return Rows(
        columns,
        f"{PAGE}, {columns}",
        f"(select *, event_id as message_id, {_PLAYBOOK} as playbook_id, "
        "coalesce(message, 'unknown') as step, variation as variant, occurred_at as sent_at "
        f"from {_of_kind(_FIRST, 'message')})",
        key="nth",
    )


def visit_rows() -> Rows:
    """What happened on the site."""
    columns = "customer_id, event, product_id, occurred_at"
    return Rows(
        columns,
        f"{PAGE}, {columns}",
        f"(select *, word as event from {_of_kind(_FIRST, 'visit')} as seen "
        "left join products_seen using (nth))",
        key="nth",
    )


def enrollment_rows() -> Rows:
    """Who was in which flow."""
    columns = "playbook_id, customer_id, arm, variant, entered_at"
    return Rows(columns, columns, "flows_entered", key="nth")


def write_enrollments(work: Work) -> None:
    """The temp tables `flows_entered`, a flow of a customer with its first message, and
    `products_seen`, the product of each visit as the shop names it.

    Who is landed in a flow already entered it before.
    """
    landed = work.landed("past_enrollments")
    known = f"anti join {parquet(landed)} using (playbook_id, customer_id)" if landed else ""
    work.connection.execute(
        f"""
        create or replace temp table flows_entered as
        with messages as (
            select *, {_PLAYBOOK} as playbook_id, try_cast(occurred_at as timestamptz) as sent_at
            from {_of_kind(_FIRST, "message")}
            where flow is not null
        ),
        firsts as (
            select playbook_id, customer_id, 'treatment' as arm,
                min_by(variation, sent_at) as variant,
                min_by(occurred_at, sent_at) as entered_at, min({LINE}) as {LINE},
                min({FILE}) as {FILE}, min(nth) as nth
            from messages where sent_at is not null group by playbook_id, customer_id
        )
        from firsts {known}
        """
    )
    shop = work.landed("products")
    products = f"select product_id from {parquet(shop)}" if shop else "select '' as product_id"
    work.connection.execute(
        f"""
        create or replace temp table products_seen as
        with products as ({products})
        select matched.nth,
            coalesce(by_id.product_id, by_sku.product_id, by_name.product_id, matched.product,
                matched.sku, matched.product_name) as product_id
        from matched
        left join products as by_id on matched.product = by_id.product_id
        left join products as by_sku on matched.sku = by_sku.product_id
        left join products as by_name on matched.product_name = by_name.product_id
        where matched.kind = 'visit'
        """
    )


def set_aside_unknown(work: Work, staged: Staged) -> None:
    """Set aside events of which nobody knows what happened, and hold whose they are."""
    reason = "metric is missing"
    found = work.connection.execute(
        f"""
        select {LINE}, {as_row(f"{PAGE}, event_id, occurred_at")}, event_id, customers.customer_id
        from events
        left join ({_customers(work)}) as customers on lower(trim(events.email)) = customers.email
        where events.metric is null order by {FILE}, {LINE}
        """
    ).fetchall()
    staged.reject({(line, reason, row): None for line, row, _, _ in found})
    staged.aside.add_keys(((c, event) for _, _, event, c in found if c), reason)


def _customers(work: Work) -> str:
    landed = work.landed("customers")
    rows = parquet(landed) if landed else "(select '' as customer_id, '' as email where false)"
    return f"select customer_id, lower(trim(email)) as email from {rows} where email is not null"
