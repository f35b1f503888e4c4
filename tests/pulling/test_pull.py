"""A pull asks a shop's API, waits for its files, lands them whole, and only then moves on."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pull_house import House
from shopify_api_files import account, consent, gid, order
from shopify_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    SCHEMA,
    SHOP,
    TOKEN,
    Shop,
    read_query,
    unknown_fields,
)
from typer.testing import CliRunner

from winback.base.clock import WallClock
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import app
from winback.landing import Source, load
from winback.landing.sources.shopify_api import KINDS
from winback.people.erasure import erase, erase_deleted
from winback.pulling import _pull

pytestmark = pytest.mark.long

BUSY = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}


def since(shop: Shop) -> list[str]:
    return [read_query(query)[1] for query in shop.asked]


def test_every_field_that_is_asked_is_documented() -> None:
    assert set(SCHEMA) == {kind.name for kind in KINDS}
    assert [unknown_fields(kind.query()) for kind in KINDS] == ["", "", ""]


def test_the_first_pull_brings_everything(house: House) -> None:
    report = house.pull()
    assert report.is_full
    assert report.records == {"orders": 4, "customers": 2, "products": 1}
    assert house.landed("orders", "order_id, total_amount") == [
        ("50001", Decimal(10)), ("50002", Decimal(10)),
    ]  # fmt: skip
    assert [email for _, email in house.landed("customers", "customer_id, email")] == [
        "ada@example.com", "bo@example.com", "guest@example.com",
    ]  # fmt: skip
    assert house.landed("products", "product_id, name") == [("11", "Tea")]
    assert since(house.shop) == ["", "", ""]
    assert not (house.folder / "files").exists(), "what names people goes when it has landed"


def test_the_next_pull_brings_what_changed_since_the_last_one_began(house: House) -> None:
    house.pull()
    late = order(1, "ada@example.com", by=1, displayFinancialStatus="REFUNDED",
                 updatedAt="2025-06-01T13:30:00Z")  # fmt: skip
    house.shop.data["orders"] = [late, order(2, "guest@example.com")]
    report = house.pull()
    assert report.records == {"orders": 2, "customers": 0, "products": 0}
    assert since(house.shop)[3:] == ["2025-06-01T12:00:00Z"] * 3, "an hour before 13:00"
    assert house.landed("orders", "order_id, status, refunded_amount") == [
        ("50001", "refunded", Decimal(10)), ("50002", "completed", Decimal(0)),
    ]  # fmt: skip
    assert house.pull(is_full=True).records["orders"] == 4
    assert house.pull(hours=24 * 7).is_full, "once a week"


def test_each_pull_keeps_the_consents_that_it_saw(house: House) -> None:
    days = ("2025-05-01T00:00:00Z", "2025-06-01T13:30:00Z", "2025-06-01T14:30:00Z")
    states = ("SUBSCRIBED", "UNSUBSCRIBED", "SUBSCRIBED")
    for state, day in zip(states, days, strict=True):
        says = consent(state, "SINGLE_OPT_IN", day)
        house.shop.data["customers"] = [account(1, "ada@example.com", says=says, updatedAt=day)]
        house.pull()
        house.pull(hours=0.5)  # seen again, it says nothing new
    told = house.landed("consents", "strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ'), status, basis")
    bases = ("express", None, "express")
    assert told == list(zip(days, ("granted", "revoked", "granted"), bases, strict=True))


def test_a_busy_shop_is_asked_again_when_it_says(house: House) -> None:
    cost = {
        "requestedQueryCost": 110,
        "throttleStatus": {"currentlyAvailable": 10, "restoreRate": 50},
    }
    house.shop.bodies = [BUSY | {"extensions": {"cost": cost}}, BUSY]
    house.shop.responses = [
        (429, {"Retry-After": "3.5"}, ""), (503, {}, "<html>busy</html>"), (429, {}, "{}"),
    ]  # fmt: skip
    house.pull()
    assert house.waited[:5] == [3.5, 2.0, 4.0, 2.0, 16.0]
    assert len(house.landed("orders")) == 2


def test_a_shop_that_stays_busy_lands_nothing(house: House) -> None:
    house.shop.responses = [(429, {"Retry-After": "3600"}, "")] * 6
    with pytest.raises(WinbackError, match=r"is busy \(HTTP 429\) after 6 tries: nothing was"):
        house.pull()
    assert house.waited == [60.0] * 5, "no longer than a minute at once"
    assert house.landed("orders") == []
    assert house.pull().records["orders"] == 4


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, '{"errors": "Invalid API key"}', "refuses the token. Next: set the token"),
        (403, "{}", "refuses the app"),
        (402, "{}", "is frozen"),
        (404, "", "is not there, or has no such version"),
        (423, "{}", "is locked"),
        (302, "", "answers with HTTP 302 and no data"),
        (200, "<html>login</html>", "answers with HTTP 200 and no data"),
    ],
)
def test_a_refusal_is_one_line(house: House, status: int, body: str, said: str) -> None:
    house.shop.responses = [(status, {}, body)]
    with pytest.raises(WinbackError) as refused:
        house.pull()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert house.landed("orders") == []


def test_a_token_that_the_shop_does_not_know_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "shpat_other")
    with pytest.raises(WinbackError, match="refuses the token"):
        house.pull()


def denied(field: str) -> dict[str, Any]:
    message = f"Access denied for {field} field. Required access: `read_customers` access scope."
    return {"errors": [{"message": message, "extensions": {"code": "ACCESS_DENIED"}}], "data": None}


def test_what_the_app_may_not_read_is_named(house: House) -> None:
    house.shop.bodies = [denied("ada@example.com")]
    with pytest.raises(WinbackError, match=r"may not do what is asked \(read_customers\)") as told:
        house.pull()
    assert "ada@" not in str(told.value)
    house.shop.scopes = ("read_orders", "write_products")
    with pytest.raises(WinbackError, match="it has no read_customers"):
        house.pull()


def test_without_read_all_orders_the_report_says_that_old_orders_lack(house: House) -> None:
    house.shop.scopes = ("read_customers", "read_orders", "read_products")
    assert [it for it in house.pull().load.notes if "only the orders of the last 60 days" in it]
    house.shop.scopes = (*house.shop.scopes, "read_all_orders")
    assert not [it for it in house.pull().load.notes if "60 days" in it]


@pytest.mark.parametrize(
    ("message", "code", "said"),
    [
        (
            "Field 'node' doesn't exist on type 'QueryRoot'",
            "undefinedField",
            "no field node of Que",
        ),
        ("ada@example.com is odd", "INTERNAL_SERVER_ERROR", "the query (INTERNAL_SERVER_ERROR)"),
        ("ada@example.com is odd", None, "refuses the query (no code)"),
    ],
)
def test_errors_of_the_api_are_told_without_their_words(
    house: House, message: str, code: str | None, said: str
) -> None:
    house.shop.bodies = [{"errors": [{"message": message, "extensions": {"code": code}}]}]
    with pytest.raises(WinbackError) as told:
        house.pull()
    assert said in str(told.value)
    assert "ada@" not in str(told.value)


def test_a_field_that_the_api_has_no_more_is_named(house: House) -> None:
    house.shop.unknown_field = "displayFinancialStatus"
    with pytest.raises(WinbackError, match="has no field displayFinancialStatus of Order: the"):
        house.pull()
    assert house.landed("orders") == []


@pytest.mark.parametrize(
    ("status", "code"),
    [("FAILED", "INTERNAL_SERVER_ERROR"), ("FAILED", "ACCESS_DENIED"), ("CANCELED", None),
     ("EXPIRED", None), ("FAILED", "TIMEOUT")],
)  # fmt: skip
def test_an_operation_without_its_data_is_begun_anew_by_the_next_pull(
    house: House, status: str, code: str | None
) -> None:
    house.shop.ends = (status, code)
    with pytest.raises(WinbackError, match="ended without its data") as told:
        house.pull()
    assert status.lower() in str(told.value)
    assert (code or "") in str(told.value)
    assert house.landed("orders") == []
    house.shop.ends = ("COMPLETED", None)
    assert house.pull().records["orders"] == 4


def test_an_operation_of_ours_that_runs_already_is_joined(house: House) -> None:
    mine = next(kind for kind in KINDS if kind.name == "orders").query()
    house.shop.begin(f"\n{mine}\n")
    house.shop.looks = 2
    house.pull()
    assert [read_query(query)[0] for query in house.shop.asked] == ["customers", "products"]
    assert len(house.landed("orders")) == 2


def test_an_operation_of_somebody_else_is_waited_for(house: House) -> None:
    house.shop.begin("{ orders { edges { node { id updatedAt } } } }")
    house.shop.looks = 3
    house.pull()
    assert [read_query(query)[0] for query in house.shop.asked] == [
        "orders",
        "customers",
        "products",
    ]
    assert len(house.landed("orders")) == 2


def test_a_file_that_breaks_off_is_gone_on_with(house: House) -> None:
    house.shop.cuts = [100, 50]
    house.pull()
    assert house.shop.ranges[:3] == ["", "bytes=100-", "bytes=150-"]
    assert len(house.landed("orders")) == 2


def test_a_server_without_ranges_sends_the_file_anew(house: House) -> None:
    house.shop.cuts, house.shop.has_ranges = [100], False
    house.pull()
    assert len(house.landed("orders")) == 2


def test_a_url_that_expired_is_asked_for_again(house: House) -> None:
    house.shop.expired_urls = 1
    house.pull()
    assert len(house.landed("orders")) == 2
    house.shop.expired_urls = 9
    with pytest.raises(WinbackError, match="the file of orders has expired"):
        house.pull(is_full=True)


def test_a_file_that_lacks_records_lands_nothing(house: House) -> None:
    house.shop.lost_lines = 1
    with pytest.raises(WinbackError, match=r"orders.jsonl: it has 3 records, and the shop says 4:"):
        house.pull()
    assert house.landed("orders") == []
    house.shop.lost_lines = 0
    house.pull()
    assert len(house.landed("orders")) == 2


def test_a_file_that_never_comes_whole_is_one_line(house: House) -> None:
    house.shop.cuts = [10] * 9
    with pytest.raises(WinbackError, match=r"orders.jsonl does not come whole \(50 of "):
        house.pull()
    house.shop.cuts = []
    house.pull()
    assert house.shop.ranges[5] == "bytes=50-", "the next pull goes on from there"


@pytest.mark.parametrize(
    "stop_at",
    ["orders: the shop", "customers: the shop", "customers: fetching", "products: fetching",
     "orders: reading", "orders: merging"],
)  # fmt: skip
def test_a_pull_that_dies_at_any_moment_is_gone_on_with(house: House, stop_at: str) -> None:
    house.pull()
    house.shop.data["orders"] = [order(1, "ada@example.com", by=1, totalPriceSet={
        "shopMoney": {"amount": "7.00"}}, updatedAt="2025-06-01T13:30:00Z")]  # fmt: skip
    for customer in house.shop.data["customers"]:
        customer["updatedAt"] = "2025-06-01T13:30:00Z"
    for item in house.shop.data["products"]:
        item["updatedAt"] = "2025-06-01T13:30:00Z"
    house.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        house.pull()
    assert house.landed("orders", "total_amount")[0] == (Decimal(10),)
    state = json.loads((house.folder / "state.json").read_text())
    assert state["since"] == "2025-06-01T13:00:00+00:00", "it moves after landing alone"
    house.stop_at = ""
    begun = len(house.shop.operations)
    house.pull()
    assert house.landed("orders", "total_amount")[0] == (Decimal(7),)
    # Each kind is asked for once, however the pull before ended.
    assert since(house.shop)[3:] == ["2025-06-01T12:00:00Z"] * 3
    assert len(house.shop.operations) <= begun + 3
    assert json.loads((house.folder / "state.json").read_text())["going"] is None


@pytest.mark.parametrize("stage", ["customers: the shop", "orders: fetching", "orders: merging"])
def test_a_process_that_was_killed_leaves_nothing_in_the_way(house: House, stage: str) -> None:
    house.pull()
    house.shop.data["orders"].append(
        order(3, "bo@example.com", by=2, updatedAt="2025-06-01T13:30:00Z")
    )
    house.clock.advance(timedelta(hours=1))
    house.shop.now = house.clock.now().isoformat()
    script = Path(__file__).with_name("pull_and_die.py")
    given = [str(house.settings.home), house.shop.url, house.shop.now, stage, SHOP]
    died = subprocess.run([sys.executable, script, *given], check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(house.landed("orders")) == 2
    house.pull()
    assert len(house.landed("orders")) == 3
    assert since(house.shop)[3:] == ["2025-06-01T12:00:00Z"] * 3
    assert not list(house.settings.landing_dir.glob(".loading-*"))
    assert not (house.folder / "files").exists()


def test_one_that_dies_after_landing_lands_the_same_once_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(_pull._Pull, "_move_on", _die)
        with pytest.raises(KeyboardInterrupt):
            house.pull()
    before = house.landed("orders"), house.landed("consents")
    house.pull()
    assert (house.landed("orders"), house.landed("consents")) == before
    assert len(house.shop.operations) == 3


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_neither_the_token_nor_a_url_is_kept_or_sent_elsewhere(house: House) -> None:
    house.stop_at = "customers: the shop"
    with pytest.raises(KeyboardInterrupt):
        house.pull()
    house.stop_at = ""
    house.shop.lost_lines = 1
    with pytest.raises(WinbackError) as told:
        house.pull()
    for text in (house.texts(), str(told.value), repr(house.source)):
        assert TOKEN not in text
        assert "s3cret" not in text
    assert house.shop.headers
    assert not [it for it in house.shop.headers if TOKEN in str(it)]


def test_who_is_deleted_at_the_shop_is_erased(house: House) -> None:
    house.pull()
    house.shop.data["customers"] = [account(2, "bo@example.com")]
    house.shop.data["orders"][0]["customer"] = None
    house.shop.data["orders"][0]["email"] = None
    assert house.pull().load.deleted_customers == 0, "a pull of changes can't tell"
    assert house.pull(is_full=True).load.deleted_customers == 1
    assert erase_deleted(house.settings, house.clock).erased == 1
    assert "ada@example.com" not in house.texts()
    assert house.pull(is_full=True).load.deleted_customers == 0


def test_an_order_of_somebody_who_is_erased_brings_nobody_back(house: House) -> None:
    house.pull()
    gone = account(1, None, says=consent("REDACTED"), updatedAt="2025-06-01T12:30:00Z")
    house.shop.data["customers"][0] = gone
    house.pull()
    assert erase_deleted(house.settings, house.clock).erased == 1
    house.shop.data["orders"][0] |= {
        "email": None, "displayFinancialStatus": "REFUNDED", "updatedAt": "2025-06-01T20:00:00Z"
    }  # fmt: skip
    report = house.pull(hours=6)
    assert (report.is_full, report.records["customers"]) == (False, 0)
    [(erased, status), _] = house.landed("orders", "customer_id, status")
    assert (erased[:7], status) == ("erased-", "refunded")
    assert "70001" not in [it for (it,) in house.landed("customers", "customer_id")]


def test_an_erasure_forgets_what_pulls_have_kept_of_them(house: House) -> None:
    house.pull()
    house.stop_at = "products: the shop"
    with pytest.raises(KeyboardInterrupt):
        house.pull(is_full=True)
    house.stop_at = ""
    assert "ada@example.com" in (house.folder / "files" / "customers.jsonl").read_text()
    erase(house.settings, house.clock, "70001")
    assert not (house.folder / "files").exists()
    assert "ada@example.com" not in house.texts()
    seen = pq.read_table(house.folder / "seen.parquet")["customer_id"].to_pylist()
    assert seen == ["70002"]
    house.shop.data["customers"] = [account(2, "bo@example.com")]
    house.shop.data["orders"] = []
    assert house.pull().records == {"orders": 4, "customers": 2, "products": 1}, "fetched anew"


def test_who_was_merged_into_another_is_not_erased(house: House) -> None:
    house.pull()
    house.shop.data["customers"] = [account(2, "bo@example.com")]
    house.shop.data["orders"][0] |= {
        "customer": {"id": gid("Customer", 70_002)},
        "updatedAt": "2025-06-01T14:00:00Z",
    }
    assert house.pull(is_full=True).load.deleted_customers == 0
    merged = dict(house.landed("customers", "customer_id, merged_into"))
    assert merged["70001"] == "70002"
    assert house.landed("orders", "order_id, customer_id")[0] == ("50001", "70002")


@pytest.mark.parametrize(("before", "after"), [(52, 10), (52, 31), (6, 2), (2, 0)])
def test_that_many_are_gone_at_once_is_told_and_erases_nobody(
    house: House, before: int, after: int
) -> None:
    people = [account(n, f"c{n}@example.com") for n in range(10, 10 + before)]
    house.shop.data["customers"] = people
    house.pull()
    house.shop.data["customers"] = people[:after]
    for _ in range(2):
        report = house.pull(is_full=True)
        assert report.load.deleted_customers == 0
        told = f"{before - after} of {before} customers are not at the shop any more"
        assert [it for it in report.load.notes if it.startswith(told)]
    house.shop.data["customers"] = people[:-1]
    assert house.pull(is_full=True).load.deleted_customers == 1


def test_a_shop_of_another_name_begins_anew(house: House) -> None:
    house.pull()
    house.source = Source("shop", "shopify-api", shop="other.myshopify.com", token="SHOP_TOKEN")
    house.shop.data["customers"] = []
    report = house.pull()
    assert report.is_full
    assert report.load.deleted_customers == 0, "the customers of another shop are not gone"


def test_after_a_load_that_starts_over_everything_is_pulled(house: House, tmp_path: Path) -> None:
    house.pull()
    (tmp_path / "customers.csv").write_text("customer_id\nc1\n")
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,total_amount\n")
    load(tmp_path, house.settings, house.clock)
    assert not house.pull().is_full
    load(tmp_path, house.settings, house.clock, replace=True)
    assert house.pull().is_full
    assert len(house.landed("orders")) == 2
    assert not house.pull().is_full


def test_two_pulls_of_one_source_do_not_meet(house: House) -> None:
    house.folder.mkdir(parents=True)
    with (house.folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(WinbackError, match="another pull of"):
            house.pull()


@pytest.fixture
def told(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`winback pull` beside a sources file, as a person calls it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))
    monkeypatch.setenv("WINBACK_SHOPIFY_BASE_URL", house.shop.url)
    monkeypatch.setattr("winback.pulling._open.sleep", lambda _: None)
    house.shop.now = WallClock().now().isoformat()
    text = f'[tea]\nformat = "shopify-api"\nshop = "{SHOP}"\ntoken = "SHOP_TOKEN"\n'
    (tmp_path / "sources.toml").write_text(text)
    return lambda *arguments: CliRunner().invoke(app, ["pull", *arguments])


def test_the_command_pulls_the_sources_of_the_file(told: Callable[..., Any]) -> None:
    for arguments in (["shopify"], ["tea"], []):
        done = told(*arguments)
        assert done.exit_code == 0, done.output
        assert done.output.startswith(f"[tea] {SHOP}: ")
    assert "2 customers" in told("--full").output
    [pulled] = json.loads(told("--json").stdout)["pulls"]
    assert (pulled["source"], pulled["is_full"]) == ("tea", False)
    assert pulled["load"]["format"] == "shopify-api"


def test_the_command_erases_who_is_deleted(house: House, told: Callable[..., Any]) -> None:
    told()
    says = consent("REDACTED")
    house.shop.data["customers"][0] = account(1, None, says=says, updatedAt="2099-01-01T00:00:00Z")
    assert "1 customers whom their source has deleted are erased here" in told().output
    assert "ada@example.com" not in house.texts()
    assert "deleted" not in told("--full").output.replace(str(house.settings.home), "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no shop to pull from. Next: say there which shop is read"),
        ('[a]\nformat = "klaviyo"\nfolder = "x"\n', "names no shop to pull from"),
        (f'[a]\nformat = "shopify-api"\nshop = "{SHOP}"\ntoken = "NOT_SET_HERE"\n',
         "names NOT_SET_HERE, which is not set"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_is_one_line(
    house: House, text: str, said: str, tmp_path: Path, told: Callable[..., Any]
) -> None:
    (tmp_path / "sources.toml").write_text(text)
    refused = told().exception
    assert isinstance(refused, WinbackError)
    assert said in str(refused)
    assert "has no source 'b' with" in str(told("b").exception)


def test_an_app_of_the_dev_dashboard_gets_a_token_for_its_id_and_secret(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_ID", CLIENT_ID)
    monkeypatch.setenv("APP_SECRET", CLIENT_SECRET)
    house.source = Source(
        "shop", "shopify-api", shop=SHOP, client_id="APP_ID", client_secret="APP_SECRET"
    )
    assert house.pull().records["orders"] == 4
    assert TOKEN not in house.texts()
    assert CLIENT_SECRET not in house.texts()
    monkeypatch.setenv("APP_SECRET", "shpss_other")
    with pytest.raises(WinbackError, match=r"\(HTTP 400, application_cannot_be_found\)") as told:
        house.pull()
    assert "shpss_other" not in str(told.value)
    assert CLIENT_ID not in str(told.value)


def test_a_token_may_come_from_a_secret_block(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.blocks.system import Secret

    house.source = Source("shop", "shopify-api", shop=SHOP, block="shopify-token")
    kept = {"shopify-token": TOKEN, "app-secret": CLIENT_SECRET}
    monkeypatch.setattr(Secret, "load", classmethod(lambda _, name: Secret(value=kept[name])))
    assert house.pull().records["orders"] == 4
    monkeypatch.setenv("APP_ID", CLIENT_ID)
    house.source = Source("shop", "shopify-api", shop=SHOP, client_id="APP_ID", block="app-secret")
    assert house.pull(is_full=True).records["orders"] == 4

    def missing(_: object, name: str) -> None:
        raise ValueError(f"Unable to find block document named {name}")

    monkeypatch.setattr(Secret, "load", classmethod(missing))
    with pytest.raises(UsageError, match="names a secret block that Prefect"):
        house.pull()
