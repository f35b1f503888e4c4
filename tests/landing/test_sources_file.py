"""sources.toml: what it may say, and that each slip in it is one line without a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.landing import Source, read_sources

WHOLE = """
[shop]
format = "shopify-api"
shop = "copper-and-tea.myshopify.com"
token = "SHOPIFY_TOKEN"

[warehouse]
format = "generic"
duckdb = "data/warehouse.duckdb"
schema = "shopify"

[lake]
format = "generic"
url = "s3://bucket/shop"
endpoint = "https://storage.example.com"
key_id = "LAKE_KEY_ID"
secret = "LAKE_SECRET"

[newsletter]
format = "klaviyo"
folder = "lists/klaviyo"
"""
SECRET = "shpat_0123456789abcdef"


def read(folder: Path, text: str) -> list[Source]:
    path = folder / "sources.toml"
    path.write_text(text)
    return read_sources(Settings.load(home=folder / "home", sources_file=path))


def test_a_source_is_read_with_its_place_in_the_order_of_the_file(tmp_path: Path) -> None:
    sources = read(tmp_path, WHOLE)
    assert [it.name for it in sources] == ["shop", "warehouse", "lake", "newsletter"]
    shop, warehouse, lake, newsletter = sources
    assert (shop.shop, shop.token, shop.block) == (
        "copper-and-tea.myshopify.com", "SHOPIFY_TOKEN", "",
    )  # fmt: skip
    assert warehouse.duckdb == tmp_path / "data" / "warehouse.duckdb", "beside the file"
    assert newsletter.folder == tmp_path / "lists" / "klaviyo"
    assert (lake.url, lake.key_id) == ("s3://bucket/shop", "LAKE_KEY_ID")
    assert warehouse.place == f"{tmp_path}/data/warehouse.duckdb (shopify)"


def test_a_shop_without_the_file_has_no_sources(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path, sources_file=tmp_path / "none.toml")
    assert read_sources(settings) == []


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('folder = "x"', "[a] has no format; it is one of "),
        ('format = "excel"\nfolder = "x"', "[a] has a format that is unknown"),
        ('format = "generic"', "[a] says not where it is; give exactly one of folder, duckdb"),
        ('format = "generic"\nfolder = "x"\nurl = "s3://b"', "[a] has folder and url; give exact"),
        ('format = "generic"\nfoldr = "x"', "[a] says not where it is"),
        ('format = "generic"\nfolder = "x"\nschma = "y"', "has a key 'schma', which"),
        ('format = "generic"\nduckdb = "x"\nschma = "y"', "Did you mean schema?"),
        ('format = "generic"\nfolder = 7', "[a] folder is no text"),
        ('format = "woocommerce"\nfolder = "x"\ncolumns = ["y"]', "[a] columns are pairs"),
        ('format = "generic"\nfolder = "x"\ncolumns = {}', "has a key 'columns', which"),
        (f'format = "generic"\npostgres = "postgresql://u:{SECRET}@h/d"', "[a] postgres is the na"),
        (f'format = "generic"\nurl = "s3://k:{SECRET}@bucket"', "[a] url is like s3://bucket"),
        (f'format = "generic"\nurl = "https://h/x?token={SECRET}"', "[a] url is like s3://bucket"),
        ('format = "generic"\nurl = "s3://b"\nkey_id = "A"', "[a] has one of key_id and secret"),
        (
            f'format = "generic"\nurl = "s3://b"\nkey_id = "A"\nsecret = "{SECRET}"',
            "[a] secret is the name of an environment variable",
        ),
        ('format = "shopify-api"\ntoken = "T"', "[a] has no shop"),
        ('format = "shopify-api"\nshop = "x.myshopify.com"', "one of token and block"),
        (
            'format = "shopify-api"\nshop = "x.myshopify.com"\ntoken = "T"\nblock = "b"',
            "one of token and block",
        ),
        (
            f'format = "shopify-api"\nshop = "x.myshopify.com"\ntoken = "{SECRET}"',
            "[a] token is the name of an environment variable, like SHOP_TOKEN",
        ),
        (
            'format = "shopify-api"\nshop = "x.myshopify.com"\nclient_secret = "S"',
            "[a] has a client_secret without its client_id",
        ),
        (
            'format = "shopify-api"\nshop = "x.myshopify.com"\nclient_id = "I"\ntoken = "T"',
            "[a] has a token or a client_id",
        ),
        (
            f'format = "shopify-api"\nshop = "x.myshopify.com"\nclient_id = "{SECRET}"\nblock="b"',
            "[a] client_id is the name of an environment variable",
        ),
        ('format = "shopify-api"\nshop = "evil.example"\ntoken = "T"', "shop is a name like"),
        ('format = "shopify-api"\nshop = "x.myshopify.com"\nblock = "b"\nfolder = "x"', "'folder'"),
    ],
)
def test_what_a_table_can_not_say_is_one_line_without_its_value(
    tmp_path: Path, table: str, told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, f"[a]\n{table}\n")
    line = str(refused.value)
    assert line.startswith("sources.toml: [a] ")
    assert told in line
    assert "\n" not in line
    assert SECRET not in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('format = "generic"\n', "format stands outside of a table"),
        ('["My shop"]\nformat = "generic"\n', "a source's name is in lower-case"),
        ("[a\n", "sources.toml can't be read"),
        ('[a]\nfolder = "x"\n[a]\nfolder = "y"\n', "sources.toml can't be read"),
    ],
)
def test_a_file_that_is_no_list_of_sources_is_one_line(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        read(tmp_path, text)
    assert "\n" not in str(refused.value)


def test_a_secret_is_read_of_the_environment_or_of_env_and_else_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHOPIFY_TOKEN", raising=False)
    shop = read(tmp_path, WHOLE)[0]
    with pytest.raises(UsageError, match=r"token of \[shop\] names SHOPIFY_TOKEN, which is not"):
        shop.read_secret("token")
    (tmp_path / ".env").write_text("SHOPIFY_TOKEN=of-the-file\n")
    assert shop.read_secret("token") == "of-the-file"
    monkeypatch.setenv("SHOPIFY_TOKEN", SECRET)
    assert shop.read_secret("token") == SECRET
    assert SECRET not in repr(shop)
