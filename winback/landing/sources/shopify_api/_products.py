"""The products: those of the catalog, and those that only orders name."""

from __future__ import annotations

from pathlib import Path

from winback.landing._batch import LINE
from winback.landing._merge import copy
from winback.landing._sql import parquet
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources._typed import Rows

_COLUMNS = (
    "product_id, name, category, price, compare_at_price, url, image_url, first_available_at, tags"
)


def product_rows(_number: int) -> Rows:
    """The products of the catalog; a price before it was lowered has to be higher."""
    is_lowered = "try_cast(compare_at_price as double) > try_cast(price as double)"
    return Rows(
        _COLUMNS,
        _COLUMNS,
        f"""
        (select id as product_id, name, category, price, url, image_url, first_available_at, tags,
            case when {is_lowered} then compare_at_price end as compare_at_price, {LINE}, {FILE}
        from products_roots)
        """,
    )


def write_others(work: Work, sold: Path, staged: Path | None) -> Path:
    """The products of orders that no catalog has."""
    path = work.folder / "products.others.parquet"
    known = [parquet(it) for it in (staged, work.landed("products")) if it]
    others = "".join(f" anti join {it} as k{n} using (product_id)" for n, it in enumerate(known))
    copy(work, f"select sold.* from {parquet(sold)} as sold{others}", path)
    return path
