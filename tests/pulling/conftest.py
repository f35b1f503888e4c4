"""A shop that answers, and a house that pulls from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pull_house import House
from shopify_api_files import account, order, product
from shopify_server import TOKEN, Shop, shopify


@pytest.fixture
def shop() -> Iterator[Shop]:
    with shopify() as made:
        made.data = {
            "customers": [account(1, "ada@example.com"), account(2, "bo@example.com")],
            "orders": [order(1, "ada@example.com", by=1), order(2, "guest@example.com")],
            "products": [product(11, "Tea")],
        }
        yield made


@pytest.fixture
def house(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    return House(shop, tmp_path / "home")
