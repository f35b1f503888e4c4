"""The products: those of the pages, and those that only orders name."""

from __future__ import annotations

from pathlib import Path

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.woocommerce._pages import NTH, PAGE, Pages
from winback.landing.sources.woocommerce._people import id_of, in_utc, newest

_COLUMNS = (
    "product_id, name, category, price, compare_at_price, url, image_url, first_available_at, tags"
)


def read_products(work: Work, products: Pages) -> None:
    """The temp table `products`: a row a product of the pages, the one that was changed last."""
    # The API writes texts for a web page.
    plain = ", ".join(f"replace({it}, '&amp;', '&') as {it}" for it in ("name", "category", "tags"))
    told = f"(select * replace ({id_of('id')} as id, {plain}) from {products.rows})"
    work.connection.execute(
        f"""
        create or replace temp table products as
        select id as product_id, name, category, price, url, image_url, tags,
            case when try_cast(regular_price as double) > try_cast(price as double)
                then regular_price end as compare_at_price,
            {in_utc("created_at")} as first_available_at, {PAGE}, {LINE}, {FILE}, {NTH}
        from {newest(told)}
        qualify row_number() over (partition by coalesce(id, '#' || {NTH}) order by {NTH}) = 1
        """
    )


def product_rows(_number: int) -> Rows:
    """The products of the pages."""
    return Rows(_COLUMNS, f"{PAGE}, {_COLUMNS}", "products", key=NTH)


def write_sold(work: Work, staged: Path | None) -> Path:
    """Products that only orders name, each with the name and the price of its newest line."""
    path = work.folder / "products.sold.parquet"
    known = [parquet(it) for it in (staged, work.landed("products")) if it]
    others = "".join(f" anti join {it} as k{n} using (product_id)" for n, it in enumerate(known))
    copy(
        work,
        f"""
        select product_id, max_by(item, (ordered_at, {NTH})) as name,
            max_by(try_cast(unit_price as decimal(18, 4)), (ordered_at, {NTH})) as price
        from lines{others}
        where product_id is not null
        group by product_id
        """,
        path,
    )
    return path
