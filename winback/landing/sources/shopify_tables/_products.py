"""The products of the catalog."""

from __future__ import annotations

from typing import Final

from winback.landing._batch import LINE
from winback.landing._stage import Work
from winback.landing.sources._tables import in_utc
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows
from winback.landing.sources.shopify_tables._people import NTH, newest

_COLUMNS: Final = (
    "product_id, name, category, price, compare_at_price, url, image_url, first_available_at, tags"
)


def read_products(work: Work, products: str) -> None:
    """The temp table `products`: a row a product, as it was changed last."""
    work.connection.execute(
        f"""
        create or replace temp table products as
        select id as product_id, name, category, price, url, image_url, tags,
            case when try_cast(compare_at_price as double) > try_cast(price as double)
                then compare_at_price end as compare_at_price,
            {in_utc("created_at")} as first_available_at, {FILE}, {LINE}, {NTH}
        from {newest(products)}
        qualify row_number() over (partition by coalesce(id, '#' || {NTH}) order by {NTH}) = 1
        """
    )


def product_rows(_number: int) -> Rows:
    """The products."""
    return Rows(_COLUMNS, _COLUMNS, "products", key=NTH)
