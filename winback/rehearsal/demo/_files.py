"""CSV files of the input format."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

HEADERS: dict[str, tuple[str, ...]] = {
    "customers": (
        "customer_id",
        "email",
        "phone",
        "first_name",
        "last_name",
        "country",
        "region",
        "postal_code",
        "timezone",
        "preferred_channel",
        "created_at",
    ),
    "orders": (
        "order_id",
        "customer_id",
        "ordered_at",
        "total_amount",
        "discount_amount",
        "refunded_amount",
        "currency",
        "status",
        "coupon_code",
    ),
    "order_items": ("order_id", "product_id", "quantity", "unit_price"),
    "products": (
        "product_id",
        "name",
        "category",
        "price",
        "compare_at_price",
        "url",
        "image_url",
        "first_available_at",
        "tags",
    ),
    "consents": (
        "customer_id",
        "channel",
        "status",
        "basis",
        "source",
        "proof",
        "occurred_at",
    ),
    "web_events": ("customer_id", "event", "product_id", "cart_id", "occurred_at"),
    "price_changes": ("product_id", "price", "changed_at"),
    "reviews": ("product_id", "rating", "text", "created_at"),
    "stock": ("product_id", "quantity", "is_available", "known_at"),
    "loyalty": ("customer_id", "points", "tier", "expires_at", "known_at"),
}


def money(cents: int) -> str:
    """Write cents as exact decimal text with two places."""
    return f"{cents // 100}.{cents % 100:02d}"


def moment(at: datetime | int) -> str:
    """Write an aware moment or epoch seconds as ISO 8601 in UTC."""
    aware = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else at.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_table(
    out_dir: Path,
    table: str,
    rows: Iterable[Sequence[object]],
    *,
    raw_lines: Iterable[str] = (),
) -> None:
    """Write `<table>.csv`; `raw_lines` follow as they are: they need not be well formed."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with (out_dir / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADERS[table])
        writer.writerows(rows)
        file.writelines(f"{line}\n" for line in raw_lines)
