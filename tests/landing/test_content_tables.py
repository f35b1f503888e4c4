"""Reviews, stock and points: what can't be read is told as less, never as more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from landing_shop import Shop

pytestmark = pytest.mark.long


def test_a_review_without_a_rating_of_one_to_five_is_set_aside_with_its_line(shop: Shop) -> None:
    header = "product_id,rating,text,author,created_at\n"
    report = shop.load(
        {
            "reviews.csv": header
            + "mug,5,Lovely.,Ann,2025-03-01\n"
            + "mug,0,,,2025-03-01\n"
            + "mug,5.5,,,2025-03-01\n"
            + "mug,,No stars.,,2025-03-01\n"
            + "mug,4.5,,,2025-03-02\n"
            + "mug,4,,,\n"
        }
    )
    assert shop.landed("reviews", "product_id, rating, text") == [
        ("mug", Decimal("4.5"), None),
        ("mug", Decimal(5), "Lovely."),
    ]
    assert [(row["line"], row["reason"]) for row in shop.rejected(report)] == [
        ("3", "rating is not 1 to 5"),
        ("4", "rating is not 1 to 5"),
        ("5", "rating is missing"),
        ("7", "created_at is missing"),
    ]


def test_stock_that_cannot_be_read_lands_as_none_in_the_place_of_what_was_told_before(
    shop: Shop,
) -> None:
    header = "product_id,quantity,is_available\n"
    shop.load({"stock.csv": header + "mug,3,\npot,3,\ntea,,yes\ncup,,TRUE\n"})
    report = shop.load({"stock.csv": header + "mug,many,\npot,0,\ntea,,perhaps\n,4,\n"})
    assert shop.landed("stock", "product_id, quantity, is_available") == [
        ("cup", None, "true"),
        ("mug", 0, None),
        ("pot", 0, None),
        ("tea", None, "false"),
    ]
    assert [row["reason"] for row in shop.rejected(report)] == ["product_id is missing"]
    [stock] = [source for source in report.sources if source.name == "stock"]
    assert dict(stock.doubts) == {
        "landed as out of stock: quantity is not a whole number": 1,
        "landed as out of stock: is_available is not true, false, yes, no, t, f, y, n, 1 or 0": 1,
    }


def test_points_that_cannot_be_read_are_not_told(shop: Shop) -> None:
    header = "customer_id,points,tier\n"
    shop.load({"loyalty.csv": header + "c1,120,Gold\nc2,80,\n"})
    report = shop.load({"loyalty.csv": header + "c1,-5,Gold\nc2,lots,\n"})
    assert shop.landed("loyalty", "customer_id, points, tier") == [
        ("c1", None, "Gold"),
        ("c2", None, None),
    ]
    assert shop.rejected(report) == []
    [loyalty] = [source for source in report.sources if source.name == "loyalty"]
    assert sum(dict(loyalty.doubts).values()) == 2
