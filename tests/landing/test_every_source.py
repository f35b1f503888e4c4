"""`winback load` without a folder: every source of sources.toml, each a load of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from landing_shop import CUSTOMERS, ORDERS, Shop, winback_load

from winback.base.clock import FixedClock
from winback.landing import load_every, read_sources

pytestmark = pytest.mark.long

CONSENTS = "customer_id,channel,status,occurred_at\n"


class Sources:
    """Folders beside a sources.toml, each a source of the generic form."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.folder, self.shop = folder, shop
        self.settings = shop.settings.model_copy(update={"sources_file": folder / "sources.toml"})
        self.text = ""

    def add(self, name: str, files: dict[str, str], form: str = "generic") -> None:
        (self.folder / name).mkdir(exist_ok=True)
        for file, content in files.items():
            (self.folder / name / file).write_text(content)
        if f"[{name}]" not in self.text:
            self.text += f'[{name}]\nformat = "{form}"\nfolder = "{name}"\n'
            (self.folder / "sources.toml").write_text(self.text)

    def load(self, hours: int = 0, **options: Any) -> dict[str, str]:
        """Load all; the line of each that failed."""
        clock = FixedClock(self.shop.clock.now() + timedelta(hours=hours))
        outcomes = list(load_every(read_sources(self.settings), self.settings, clock, **options))
        return {it.source.name: it.failure for it in outcomes if it.failure}


@pytest.fixture
def sources(shop: Shop, tmp_path: Path) -> Sources:
    return Sources(shop, tmp_path)


@pytest.fixture
def at_home(sources: Sources, home: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    home.chdir(sources.folder)
    return home


def test_every_source_is_read_in_the_order_of_the_file(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    sources.add("web", {"customers.csv": "customer_id\nw1\n", "orders.csv": ORDERS})
    assert winback_load(at_home) == 0
    told = capsys.readouterr().out
    assert told.index("[till] generic, ") < told.index("[web] generic, ")
    assert sources.shop.landed("customers", "customer_id") == [("c1",), ("c2",), ("w1",)]


def test_one_source_is_loaded_by_its_name(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    sources.add("other", {"customers.csv": "customer_id\nw1\n", "orders.csv": ORDERS})
    (sources.folder / "other").rename(sources.folder / "elsewhere")
    assert winback_load(at_home, "other") == 1
    assert "other doesn't exist" in capsys.readouterr().err
    (sources.folder / "sources.toml").write_text(sources.text.replace('"other"', '"elsewhere"'))
    assert winback_load(at_home, "other", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["loads"]) == ["other"]
    assert told["loads"]["other"]["source"] == "other"
    assert sources.shop.landed("customers", "customer_id") == [("w1",)]


def test_a_source_that_fails_leaves_the_others_and_is_told_in_one_line(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    sources.add("broken", {"customers.csv": "email\nx\n", "orders.csv": ORDERS})
    sources.add("web", {"customers.csv": "customer_id\nw1\n", "orders.csv": ORDERS})
    assert winback_load(at_home) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == ["winback: [broken] customers.csv has no column customer_id."]
    assert "[broken]" not in told.out
    assert sources.shop.landed("customers", "customer_id") == [("c1",), ("c2",), ("w1",)]
    assert winback_load(at_home, "--json") == 1
    failed = json.loads(capsys.readouterr().out)["failed"]
    assert failed == {"broken": "customers.csv has no column customer_id."}


def test_a_password_is_in_nothing_that_a_load_says_or_leaves(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    with (sources.folder / "sources.toml").open("a") as file:
        file.write('[warehouse]\nformat = "generic"\npostgres = "WAREHOUSE_URL"\n')
    at_home.setenv("WAREHOUSE_URL", "postgresql://winback:hunter2@127.0.0.1:1/shop")
    assert winback_load(at_home) == 1
    told = capsys.readouterr()
    assert told.err.startswith("winback: [warehouse] the PostgreSQL server of WAREHOUSE_URL can't")
    assert "hunter2" not in told.out + told.err
    left = [it for it in sources.settings.home.rglob("*") if it.is_file()]
    assert left
    assert not [it for it in left if b"hunter2" in it.read_bytes()]


def test_without_a_folder_and_without_a_source_the_next_command_is_told(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert winback_load(at_home) == 2
    assert "Next: winback load DIR" in capsys.readouterr().err
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    assert winback_load(at_home, "--format", "generic") == 2
    assert "--format is for a folder" in capsys.readouterr().err


def test_what_the_api_has_is_left_to_pull(
    sources: Sources, at_home: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    with (sources.folder / "sources.toml").open("a") as file:
        file.write('[shop]\nformat = "shopify-api"\nshop = "x.myshopify.com"\ntoken = "T"\n')
    assert winback_load(at_home) == 0
    assert "note: winback pull reads this source" in capsys.readouterr().out


def test_replace_forgets_once_and_nothing_where_the_first_source_fails(sources: Sources) -> None:
    sources.add("till", {"customers.csv": CUSTOMERS, "orders.csv": ORDERS})
    sources.add("web", {"customers.csv": "customer_id\nw1\n", "orders.csv": ORDERS})
    sources.load()
    sources.add("till", {"customers.csv": "customer_id\nc9\n"})
    assert sources.load(1, replace=True) == {}
    assert sources.shop.landed("customers", "customer_id") == [("c9",), ("w1",)]
    sources.add("till", {"customers.csv": "nothing\n"})
    assert list(sources.load(2, replace=True)) == ["till", "web"]
    assert sources.shop.landed("customers", "customer_id") == [("c9",), ("w1",)]


def test_a_refusal_without_a_date_is_no_news_for_another_source_between(
    sources: Sources,
) -> None:
    """Dated anew by each load, it would take back every later yes."""
    shop = {"customers.csv": CUSTOMERS, "orders.csv": ORDERS}
    sources.add("till", {**shop, "consents.csv": CONSENTS + "c1,email,revoked,\n"})
    sources.add("web", {**shop, "consents.csv": CONSENTS + "c2,email,granted,2025-01-01\n"})
    sources.load()
    first = sources.shop.landed("consents", "occurred_at, status, customer_id")
    sources.load(24)
    assert sources.shop.landed("consents", "occurred_at, status, customer_id") == first


def test_another_source_does_not_mend_what_waits_to_be_mended(sources: Sources) -> None:
    shop = {"customers.csv": CUSTOMERS}
    header = "order_id,customer_id,ordered_at,total_amount\n"
    good = {**shop, "orders.csv": header + "o5,c1,2025-03-01,5\n"}
    sources.add("till", {**shop, "orders.csv": header + ",c1,2025-03-01,5\no2,c2,2025-03-01,5\n"})
    sources.add("web", good)
    for hours in (0, 24):
        sources.load(hours)
        assert sources.shop.landed("set_aside", "customer_id") == [("c1",)]
    sources.add("web", {"orders.csv": header + ",c1,2025-03-01,5\no6,c2,2025-03-01,5\n"})
    sources.load(48)
    assert sources.shop.landed("set_aside", "customer_id") == [("c1",), ("c1",)], "one a source"
    sources.add("till", good)
    sources.load(72)
    assert sources.shop.landed("set_aside", "customer_id") == [("c1",)]
    sources.add("web", good)
    sources.load(96)
    assert sources.shop.landed("set_aside", "customer_id") == []
