"""Tables in a bucket, against a server that speaks as S3 does."""

from __future__ import annotations

import gzip

import pytest
from landing_shop import CUSTOMERS, ORDERS, Shop
from pyarrow import fs
from s3_server import KEY, SECRET

from winback.base.errors import WinbackError
from winback.landing import Source, load

pytestmark = pytest.mark.long


@pytest.fixture
def bucket(lake: fs.S3FileSystem) -> fs.SubTreeFileSystem:
    """An empty bucket."""
    return fs.SubTreeFileSystem("lake", lake)


def put(bucket: fs.SubTreeFileSystem, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        with bucket.open_output_stream(name, compression=None) as file:
            file.write(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def source(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("LAKE_KEY_ID", KEY)
    monkeypatch.setenv("LAKE_SECRET", SECRET)
    return Source(
        "lake", "generic", url="s3://lake/shop", endpoint=s3_endpoint, region="us-east-1",
        key_id="LAKE_KEY_ID", secret="LAKE_SECRET",
    )  # fmt: skip


def test_the_tables_of_a_bucket_land(
    shop: Shop, bucket: fs.SubTreeFileSystem, source: Source
) -> None:
    put(bucket, {
        "shop/customers.csv": CUSTOMERS,
        "shop/orders.csv.gz": gzip.compress(ORDERS.encode()),
        "shop/notes.txt": "ours",
        "elsewhere/orders.csv": "order_id\nnone\n",
    })  # fmt: skip
    load(source, shop.settings, shop.clock)
    assert shop.landed("customers", "customer_id") == [("c1",), ("c2",)]
    assert shop.landed("orders", "order_id") == [("o1",)]


def test_a_folder_of_files_is_a_table(
    shop: Shop, bucket: fs.SubTreeFileSystem, source: Source
) -> None:
    head = "id,customer,email,created_at,cancelled_at,financial_status,total_price,line_items\n"
    put(bucket, {
        "shop/customers/1.csv": "id,email\n71,ada@example.com\n",
        "shop/customers/../2.csv": "id,email\n72,bo@example.com\n",
        "shop/orders/2025/1.csv": head + "1,,ada@example.com,2025-03-01T10:00:00Z,,paid,5.00,[]\n",
        "shop/orders/2025/2.csv": head + "2,,bo@example.com,2025-03-01T10:00:00Z,,paid,5.00,[]\n",
    })  # fmt: skip
    airbyte = Source(**{**source.__dict__, "format": "airbyte-shopify"})
    load(airbyte, shop.settings, shop.clock)
    assert shop.landed("orders", "order_id") == [("1",), ("2",)]
    assert ("71",) in shop.landed("customers", "customer_id")


def test_what_can_not_be_read_is_one_line_without_the_keys(
    shop: Shop, bucket: fs.SubTreeFileSystem, source: Source
) -> None:
    put(bucket, {"shop/else.csv": "x\n1\n"})
    for own, told in (
        ({}, "has none of the tables customers"),
        ({"url": "s3://lake/none"}, "there is nothing at s3://lake/none"),
        ({"url": "s3://none/shop"}, "s3://none/shop"),
        ({"endpoint": "http://127.0.0.1:1"}, "the storage can't be reached"),
    ):
        other = Source(**{**source.__dict__, **own})
        with pytest.raises(WinbackError) as refused:
            load(other, shop.settings, shop.clock)
        line = str(refused.value)
        assert told in line
        assert "\n" not in line
        assert SECRET not in line
        assert KEY not in line
    assert not shop.settings.shop_dir.exists()
