"""`winback doctor --source`: what it says is what a load and a build say, and nothing changes."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_shop import CUSTOMERS, ORDERS, Shop
from one_shop import AS_OF, FORMS, KLAVIYO, PEOPLE, VISITS, ZONE
from seeded import build_models, seeded

from winback.base.clock import FixedClock
from winback.base.errors import UsageError, WinbackError
from winback.base.project import project_seed
from winback.base.settings import Settings
from winback.cli import main
from winback.landing import FileColumns, Source, landing_lock, load
from winback.landing.schema import INPUT_TABLES
from winback.ledger import export_ledger, open_ledger, suppress
from winback.readiness import look as room
from winback.readiness.look import Look, look
from winback.readiness.look._tables import COLUMN_COSTS, COSTS, mask
from winback.warehouse._dbt import DBT_DIR

pytestmark = pytest.mark.long

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A look takes its files with it, whatever ends it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    # dbt-duckdb leaves the bytecode of our Python models, which is nobody's data.
    assert [it.name for it in folder.iterdir() if it.name != "__pycache__"] == []


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def visited(folder: Path, number: int) -> Path:
    files = folder / f"files-{number}"
    files.mkdir(parents=True)
    for name, text in FORMS["shopify"].write(VISITS[number]).items():
        (files / name).write_text(text)
    return files


@pytest.fixture
def history(tmp_path: Path) -> Settings:
    """A first visit and a list are landed, and one customer has opted out since the export."""
    settings = Settings.load(home=tmp_path / "home", shop_timezone=ZONE, shop_country="US")
    load(visited(tmp_path, 0), settings, FixedClock(AS_OF), format="shopify")
    (tmp_path / "profiles.csv").write_text(KLAVIYO)
    load(tmp_path / "profiles.csv", settings, FixedClock(AS_OF), format="klaviyo")
    with open_ledger(settings) as ledger:
        export_ledger(ledger, settings.ledger_landing_dir)
        with ledger.write() as connection:
            suppress(
                connection, group="email", address="hal@example.com", reason="stop",
                source="inbound", occurred_at=AS_OF - timedelta(days=1), recorded_at=AS_OF,
            )  # fmt: skip
    return settings


def test_the_number_who_could_be_contacted_is_that_of_a_load_and_a_build(
    history: Settings, tmp_path: Path
) -> None:
    clock, files = FixedClock(AS_OF + timedelta(hours=1)), visited(tmp_path, 1)
    before = contents(history.home)
    told = look(files, history, clock, format="shopify", invoke=seeded)
    assert contents(history.home) == before

    load(files, history, clock, format="shopify")
    with open_ledger(history) as ledger:
        export_ledger(ledger, history.ledger_landing_dir)
    build_models(history, clock.now(), "+channel_eligibility")
    with duckdb.connect(str(history.warehouse_path), read_only=True) as warehouse:
        rows = warehouse.sql(
            "select channel, count(*), count(*) filter (is_eligible) from channel_eligibility"
            " group by channel order by channel"
        ).fetchall()
    assert [(it.channel, it.customers, it.contactable) for it in told.channels] == rows
    # By hand: eve, ray, sue and zoe. Hal said STOP, an order of jo can't be read, ada, nia and kim
    # are out, ned's and mia's yes can't be read, and the others with a yes live elsewhere.
    [email, text] = told.channels
    assert (email.contactable, text.contactable) == (4, 0)
    for channel in told.channels:
        assert sum(it.customers for it in channel.others) == channel.customers - channel.contactable
    found = {(it.rule, it.why.partition(" (")[0]): it.customers for it in email.others}
    assert found["suppression", SENTENCES["suppression"]] == 1
    assert found["unread_rows", SENTENCES["unread_rows"]] == 1
    assert found["consent", "they refused, or what they said can't be read"] == 5
    assert {it.why for it in email.others} >= {
        f"a yes (undocumented) in {country} is not enough there, or has expired"
        for country in ("CA", "DE", "GB", "NL")
    }


def test_who_is_deleted_at_the_source_is_erased_in_the_look_alone(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", shop_timezone=ZONE, shop_country="US")
    files = tmp_path / "tables"
    files.mkdir()
    for name, text in FORMS["fivetran"].write(VISITS[0]).items():
        (files / name).write_text(text)
    load(files, settings, FixedClock(AS_OF), format="fivetran-shopify")
    rows = list(csv.DictReader((files / "customer.csv").read_text().splitlines()))
    for row in rows:
        row["_fivetran_deleted"] = str(row["email"] == "Ada@example.com").lower()
    with (files / "customer.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    before = contents(settings.home)
    clock = FixedClock(AS_OF + timedelta(hours=1))
    told = look(files, settings, clock, format="fivetran-shopify", invoke=seeded)
    assert contents(settings.home) == before
    assert told.reports[0].deleted_customers == 1
    [email, _] = told.channels
    # As of the first visit, but for ada.
    assert (email.contactable, email.customers) == (3, 21)
    assert "70001" not in str(told)


def test_a_shop_and_its_list_are_looked_at_together_as_they_would_be_loaded(
    tmp_path: Path,
) -> None:
    settings = Settings.load(home=tmp_path / "home", shop_timezone=ZONE, shop_country="US")
    (tmp_path / "profiles.csv").write_text(KLAVIYO)
    sources = [
        Source("shop", "shopify", folder=visited(tmp_path, 0)),
        Source("newsletter", "klaviyo", folder=tmp_path / "profiles.csv"),
    ]
    told = look(sources, settings, FixedClock(AS_OF), invoke=seeded)
    assert [it.source for it in told.reports] == ["shop", "newsletter"]
    # By hand: nia and zoe said yes to the shop, and kim bounced and ada left by the list, which
    # brings ray's and sue's yes. Hal waits for an order, and one of jo's can't be read.
    assert told.channels[0].contactable == 4
    assert not settings.home.exists()


SENTENCES = {row["rule_id"]: row["sentence"] for row in project_seed("contact_rules")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """A look at the first visit as a stranger to winback has it: nothing landed, no ledger."""
    folder = tmp_path_factory.mktemp("look")
    settings = Settings.load(home=folder / "home", shop_timezone=ZONE, shop_country="US")
    found = look(visited(folder, 0), settings, FixedClock(AS_OF), format="shopify", invoke=seeded)
    assert not settings.home.exists()
    return found


def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    """`winback doctor` as a person calls it: its exit code and what it printed."""
    monkeypatch.setattr(sys, "argv", ["winback", "doctor", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_it_says_what_is_read_ignored_and_missing_and_shows_nobody(
    told: Look, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(room, "look", lambda *_, **__: told)
    code, said, _ = command(monkeypatch, capsys, "--source", str(tmp_path), "--format", "shopify")
    assert code == 0
    for words in (
        "orders_export_1.csv (orders): 29 rows, 2 of them set aside",
        "customer id → id",
        "ignored: default address company",
        "web_events: no browse segments",
        "…@….com, ",
        "email: 4 of 21 customers could be contacted now",
        f"Next: winback load {tmp_path} --format shopify",
    ):
        assert words in said
    _, printed, _ = command(monkeypatch, capsys, "--source", str(tmp_path), "--json")
    assert [it["channel"] for it in json.loads(printed)["contact"]] == ["email", "sms"]
    for person in PEOPLE:
        for secret in (person.email, person.phone, person.first_name, person.last_name):
            assert not secret or not re.search(rf"\b{re.escape(secret)}\b", said + printed, re.I)


@given(st.emails())
def test_of_an_address_its_first_letter_and_its_country_are_shown(address: str) -> None:
    for column in ("email", "customer_id", "coupon_code"):
        shown = mask(column, address)
        assert shown.split("…") == [address[0], "@", f".{address.rpartition('.')[2]}"]


@given(st.from_regex(r"\+[1-9][0-9]{7,13}", fullmatch=True))
def test_of_a_number_the_country_and_two_digits_are_shown(number: str) -> None:
    assert mask("phone", number) == mask("order_id", number) == f"{number[:3]}…{number[-2:]}"


def test_what_names_a_person_is_masked_and_what_names_a_product_is_not() -> None:
    assert mask("first_name", "Ada") == "A…"
    assert mask("last_name", "O'Brien") == "O…"
    assert mask("postal_code", "SW1A 1AA") == "S…"
    assert mask("name", "Mug, blue") == "Mug, blue"
    assert mask("order_id", "5000000000001") == "5000000000001"


def columns(shop: Shop, files: Mapping[str, str], **options: Any) -> dict[str, Mapping[str, str]]:
    seen: list[FileColumns] = []
    shop.write(files)
    load(shop.source, shop.settings, shop.clock, saw=seen.append, **options)
    return {it.file: it.columns for it in seen}


def test_columns_of_a_generic_file_are_ours_a_refusal_or_ignored(shop: Shop) -> None:
    consents = "customer_id,channel,status,unsubscribed,shoe\nc1,email,yes,no,42\n"
    found = columns(
        shop, {"customers.csv": CUSTOMERS, "orders.csv": ORDERS, "consents.csv": consents}
    )
    assert found["customers.csv"] == {"customer_id": "customer_id"}
    assert found["consents.csv"] == {
        "customer_id": "customer_id", "channel": "channel", "status": "status",
        "unsubscribed": "a refusal", "shoe": "",
    }  # fmt: skip


def test_fields_of_an_api_page_are_told_by_their_paths(shop: Shop) -> None:
    found = columns(shop, FORMS["woocommerce"].write(VISITS[0]), format="woocommerce")
    assert found["orders.json"]["billing.email"] == "billing_email"
    assert found["orders.json"]["customer_note"] == ""
    assert found["consents.csv"]["basis"] == "basis"


@pytest.mark.parametrize("table", COSTS)
def test_a_table_that_costs_a_segment_is_one_that_the_segment_reads(table: str) -> None:
    assert table in INPUT_TABLES
    segments = {path.stem: path for path in (DBT_DIR / "models" / "segments").glob("*.sql")}
    for name in re.findall(r"\b[a-z]+_[a-z_]+\b", COSTS[table]):
        assert table in sources_of(segments[name])


def sources_of(model: Path) -> set[str]:
    """The shop's tables that a model reads, through all that it refers to."""
    text = model.read_text()
    found = set(re.findall(r"ref\('stg_shop__(\w+)'\)", text))
    for name in re.findall(r"ref\('((?!stg_)\w+)'\)", text):
        for path in (DBT_DIR / "models").rglob(f"{name}.sql"):
            found |= sources_of(path)
    return found


def test_every_column_that_costs_something_is_one_of_the_input_format() -> None:
    for table, costs in COLUMN_COSTS.items():
        assert costs.keys() <= set(INPUT_TABLES[table].input_names)


def test_a_source_of_the_file_is_looked_at_by_its_name(
    told: Look, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.toml").write_text(
        '[shop]\nformat = "shopify"\nfolder = "exports"\n'
        '[live]\nformat = "shopify-api"\nshop = "a.myshopify.com"\ntoken = "TOKEN"\n'
    )
    asked: list[Any] = []
    monkeypatch.setattr(room, "look", lambda source, *_, **__: asked.append(source) or told)
    code, said, _ = command(monkeypatch, capsys, "--source", "shop")
    assert code == 0
    assert "Next: winback load shop\n" in said
    assert [it.folder for it in asked[0]] == [tmp_path / "exports"]
    code, said, _ = command(monkeypatch, capsys, "--source", "all")
    assert code == 0
    assert said.endswith("Next: winback load\n")
    assert asked[1] == asked[0]
    code, _, said = command(monkeypatch, capsys, "--source", "live")
    assert (code, "winback pull" in said) == (2, True)
    code, _, said = command(monkeypatch, capsys, "--source", "shop", "--format", "shopify")
    assert (code, "--format is for a folder" in said) == (2, True)
    code, _, said = command(monkeypatch, capsys, "--format", "shopify")
    assert (code, "--format says how the folder of --source" in said) == (2, True)


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, UsageError, "holds none of the files"),
        ({"customers.csv": "id\nc1\n", "orders.csv": ORDERS}, WinbackError, "customer_id"),
        ({"customers.csv": CUSTOMERS, "orders.csv": f"{ORDERS[:ORDERS.index('o1')]}o1,,,\n"},
         WinbackError, "Next: winback load, which keeps these rows"),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_loaded_is_refused_in_one_line_without_a_file_of_ours(
    shop: Shop, files: dict[str, str], error: type[WinbackError], words: str
) -> None:
    shop.source.mkdir()
    shop.write(files)
    with pytest.raises(error, match=re.escape(words)) as caught:
        look(shop.source, shop.settings, shop.clock, invoke=seeded)
    assert "winback-look" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not shop.settings.home.exists()


def test_what_a_killed_look_has_left_goes_with_the_next(shop: Shop) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = Path(tempfile.gettempdir())
    left, at_work, other = (
        folder / f"winback-look-{name}-x" for name in (ended.pid, os.getpid(), "mine")
    )
    for path in (left, at_work, other):
        path.mkdir()
        (path / "customers.parquet").write_bytes(b"ada@example.com")
    with pytest.raises(UsageError):
        look(shop.source, shop.settings, shop.clock, invoke=seeded)
    assert not left.exists()
    for path in (at_work, other):
        shutil.rmtree(path)


def test_it_waits_for_no_load(shop: Shop) -> None:
    shop.load({})
    with landing_lock(shop.settings), pytest.raises(WinbackError, match="a load is writing"):
        look(shop.source, shop.settings, shop.clock, invoke=seeded)
