"""Any shop in Shopify's tables: every form lands the same, and nobody gets a yes by a slip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_shop import Shop
from shopify_tables import Row, as_airbyte, as_graphql, customer, line, order, said, table

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings

pytestmark = pytest.mark.long

AT: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)
STATES: Final = (
    "subscribed", "unsubscribed", "not_subscribed", "pending", "invalid", "redacted", "", "else",
)  # fmt: skip
DAYS: Final = ("2024-02-01 10:00:00", "2024-02-01 10:00:00.123", "2024-03-01 10:00:00", "")
LEVELS: Final = ("single_opt_in", "confirmed_opt_in", "unknown", "")
EMAILS: Final = ("ada@example.com", " Ada@Example.com", "bo@example.com", "no address", "")
WORDS: Final = ("paid", "partially_refunded", "refunded", "voided", "pending", "odd", "")
MONEY: Final = st.decimals(0, 500, places=2).map(str)
SLOW: Final = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LANDED: Final = {
    "customers": "*",
    "orders": "*",
    "order_items": "*",
    "products": "*",
    "consents": "* exclude (source, row_hash)",
    "set_aside": "customer_id, table_name, row_key",
}


@st.composite
def customers(draw: st.DrawFn, number: int) -> dict[str, Any]:
    pick = st.sampled_from
    return customer(
        number,
        draw(pick(EMAILS)),
        phone=draw(pick(("+12125550101", "(212) 555-0101", "?", ""))),
        state=draw(pick(("enabled", "disabled"))),
        updated_at=draw(pick(DAYS)),
        _fivetran_deleted=draw(st.booleans()),
        **said("email", draw(pick(STATES)), draw(pick(LEVELS)), draw(pick(DAYS))),
        **said("sms", draw(pick(STATES)), draw(pick(LEVELS)), draw(pick(DAYS)),
               draw(pick(("SHOPIFY", "OTHER")))),
    )  # fmt: skip


@st.composite
def shops(draw: st.DrawFn) -> dict[str, list[Row]]:
    people = [draw(customers(n)) for n in range(1, draw(st.integers(2, 6)))]
    orders, lines, refunds, given_back = [], [], [], []
    for number in range(1, draw(st.integers(2, 8))):
        bought = order(
            number,
            draw(st.sampled_from((None, 1, 2, 3, 9))),
            draw(st.sampled_from(EMAILS)),
            phone=draw(st.sampled_from(("212-555-0101", ""))),
            total_price=draw(MONEY),
            financial_status=draw(st.sampled_from(WORDS)),
            cancelled_at=draw(st.sampled_from(("", "2025-03-02 10:00:00"))),
            test=draw(st.booleans()),
            _fivetran_deleted=draw(st.booleans()),
        )
        orders.append(bought)
        lines.append(line(number, bought["id"], (11, "Tea"), draw(st.integers(1, 3)), draw(MONEY)))
        if draw(st.booleans()):
            refunds.append({"id": number, "order_id": bought["id"]})
            given_back.append(
                {"id": number, "refund_id": number, "order_line_id": 9_000 + number,
                 "subtotal": draw(st.one_of(MONEY, st.just("?"))), "total_tax": "0.50"}
            )  # fmt: skip
    tables = {"customer": people, "order": orders, "order_line": lines}
    return tables | ({"refund": refunds, "order_line_refund": given_back} if refunds else {})


def loaded(folder: Path, form: str, tables: Mapping[str, Sequence[Row]]) -> Shop | str:
    """The shop as it landed, or the line that refused it."""
    home = Settings.load(home=folder / "home", shop_country="US")
    shop = Shop(folder / "shop", home, FixedClock(AT))
    shop.write({f"{name}.csv": table(rows) for name, rows in tables.items()})
    refusal = ""
    try:
        shop.load(format=form)
    except WinbackError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert "example.com" not in refusal
    assert shop.settings.shop_dir.exists() == (not refusal)
    # What it says of a file, without the names that each form has of its own.
    return refusal.partition("(")[2].partition(":")[0] if refusal else shop


def told(shop: Shop | str) -> object:
    if isinstance(shop, str):
        return shop
    exists = {name: (shop.settings.shop_dir / f"{name}.parquet").exists() for name in LANDED}
    return {
        name: plain(shop.landed(name, columns)) for name, columns in LANDED.items() if exists[name]
    }


def plain(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Each home has a key of its own for the names of the erased."""
    return sorted(
        str(tuple("erased" if str(it).startswith("erased-") else it for it in row)) for row in rows
    )


def every_form_lands_the_same(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, list[Row]]
) -> None:
    """Three loads of a shop."""
    graphql = {name: [as_graphql(name, it) for it in rows] for name, rows in tables.items()}
    rest, others = (
        told(loaded(tmp_path_factory.mktemp("rest"), "fivetran-shopify", tables)),
        [
            told(loaded(tmp_path_factory.mktemp("graphql"), "fivetran-shopify", graphql)),
            told(loaded(tmp_path_factory.mktemp("airbyte"), "airbyte-shopify", as_airbyte(tables))),
        ],
    )
    assert others == [rest, rest]


@given(tables=shops())
@settings(SLOW, max_examples=3)
def test_every_form_of_a_shop_lands_the_same(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, list[Row]]
) -> None:
    every_form_lands_the_same(tmp_path_factory, tables)


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(tables=shops())
@settings(SLOW, max_examples=20)
def test_every_form_of_many_shops_lands_the_same(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, list[Row]]
) -> None:
    every_form_lands_the_same(tmp_path_factory, tables)


@given(tables=shops())
@SLOW
def test_a_yes_is_one_that_the_source_says_and_dates(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, list[Row]]
) -> None:
    shop = loaded(tmp_path_factory.mktemp("yes"), "fivetran-shopify", tables)
    if isinstance(shop, str):
        return
    people = {str(it["id"]): it for it in tables["customer"]}
    for customer_id, channel, status in shop.landed("consents", "customer_id, channel, status"):
        row = people[customer_id]
        state = row[f"{channel}_marketing_consent_state"]
        assert (status == "granted") <= (state == "subscribed")
        # A word that the seed has not for a channel is unclear, which counts as a no.
        assert (state in {"unsubscribed", "invalid"}) <= (status in {"revoked", "unclear"})
    gone = {
        key for key, it in people.items()
        if "redacted" in {it[f"{c}_marketing_consent_state"] for c in ("email", "sms")}
    }  # fmt: skip
    assert not gone & {it for (it,) in shop.landed("customers", "customer_id")}


RECORDS: Final = {
    "customer": customer(1, ""), "order": order(1, 1, ""),
    "order_line": line(1, 1, (1, ""), 1, 1),
}  # fmt: skip
FIELDS: Final = [(name, field) for name, row in RECORDS.items() for field in row]
# What a line of a CSV may hold.
TEXTS: Final = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=9
)


@given(changes=st.lists(st.tuples(st.sampled_from(FIELDS), TEXTS), min_size=1, max_size=6))
@SLOW
def test_whatever_stands_in_a_field_the_load_ends_whole_or_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[str, str], str]]
) -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "customer": [customer(1, "ada@example.com"), customer(2, "bo@example.com")],
        "order": [order(1, 1, "ada@example.com"), order(2, 2, "bo@example.com")],
        "order_line": [line(1, 5001, (11, "Tea"), 1, "1.00")],
    }
    for (name, field), text in changes:
        tables[name][0][field] = text
    shop = loaded(tmp_path_factory.mktemp("any"), "fivetran-shopify", tables)
    if isinstance(shop, Shop):
        assert ("5002",) in shop.landed("orders", "order_id")
