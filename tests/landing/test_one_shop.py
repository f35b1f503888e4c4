"""The same small shop through every form gives the same tables, landed and published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from one_shop import AS_OF, FORMS, KLAVIYO, PEOPLE, VISITS, ZONE, Form
from seeded import build_models, give_seeds

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import export_ledger, open_ledger, suppressions_in_force
from winback.warehouse import _dbt, build

# What tells who wrote it, or when, and no more.
OWN = {"source", "load_id", "set_aside_at", "seen_in_load", "row_hash", "reason"}
LANDED = ("customers", "orders", "order_items", "products", "consents", "set_aside")
# By hand, after both visits: valid orders and net cents.
FIGURES = {
    "70001": (1, 1150), "70002": (1, 1000), "70003": (0, 0), "70004": (1, 0), "70005": (1, 1234),
    "70006": (3, 1000 + 8999 + 1999), "70007": (2, 6010), "70008": (1, 800), "70009": (1, 2300),
    "70010": (0, 0), "70011": (1, 600), "70012": (0, 0), "70014": (3, 777 + 223 + 900),
    "guest-gus": (2, 950), "guest-mia": (1, 4300), "guest-oli": (2, 500),
}  # fmt: skip
# Every form but the generic one, which all are compared with.
OTHERS = [name for name in FORMS if name != "generic"]


def visited(form: Form, home: Path) -> Settings:
    """A home in which the shop's visits are loaded, and then another tool's list."""
    settings = Settings.load(home=home, shop_timezone=ZONE, shop_country="US")
    for number, visit in enumerate(VISITS):
        folder = home / f"files-{number}"
        folder.mkdir(parents=True)
        for name, text in form.write(visit).items():
            (folder / name).write_text(text)
        load(folder, settings, FixedClock(AS_OF + timedelta(minutes=number)), format=form.format)
    (home / "profiles.csv").write_text(KLAVIYO)
    at = FixedClock(AS_OF + timedelta(minutes=9))
    load(home / "profiles.csv", settings, at, format="klaviyo")
    return settings


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Settings]:
    """The shop in a form, loaded once."""
    homes: dict[str, Settings] = {}

    def of(name: str) -> Settings:
        if name not in homes:
            homes[name] = visited(FORMS[name], tmp_path_factory.mktemp(name))
        return homes[name]

    return of


@pytest.fixture(scope="module")
def published(loaded: Callable[[str], Settings]) -> Callable[[str], Path]:
    """What is published of the shop in a form, built once."""
    built: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in built:
            settings = loaded(name)
            give_seeds(settings)
            with open_ledger(settings) as ledger:
                export_ledger(ledger, settings.ledger_landing_dir)
            built[name] = build(settings, AS_OF, gate=lambda *_: (), invoke=_models_alone).published
        return built[name]

    return of


def _models_alone(
    settings: Settings, _command: Sequence[str], variables: Mapping[str, Any]
) -> _dbt.DbtResult:
    """The models without the data tests, which other tests run."""
    return _dbt.invoke_dbt(settings, ("run", "--no-write-json"), variables)


def rows(path: Path, form: Form) -> list[dict[str, Any]]:
    """The rows of a table, with the guests' ids as the generic form has them."""
    ids = {form.guest_id(it): it.id for it in PEOPLE if not it.number}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute("from read_parquet(?)", [str(path)])
        names = [item[0] for item in found.description]
        told = [
            {
                name: ids.get(value, value) if isinstance(value, str) else value
                for name, value in zip(names, row, strict=True)
                if name not in OWN
            }
            for row in found.fetchall()
        ]
    return sorted(told, key=str)


@pytest.mark.parametrize("table", LANDED)
@pytest.mark.parametrize("name", OTHERS)
def test_what_lands_is_the_same(name: str, table: str, loaded: Callable[[str], Settings]) -> None:
    ours, theirs = (
        rows(loaded(it).shop_dir / f"{table}.parquet", FORMS[it]) for it in (name, "generic")
    )
    assert ours == theirs
    assert ours


@pytest.mark.parametrize("name", OTHERS)
def test_the_refusals_of_strangers_are_the_same(
    name: str, loaded: Callable[[str], Settings]
) -> None:
    with open_ledger(loaded(name)) as ledger, ledger.read() as connection:
        kept = suppressions_in_force(connection, group="email")
    assert [it.address for it in kept] == ["stranger@example.com"]


def test_the_shop_is_as_messy_as_a_real_one() -> None:
    assert sum(len(visit.orders) for visit in VISITS) + len(PEOPLE) >= 40


# A build for each form; what is built of them is the same as soon as what landed is.
@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_published_is_the_same(name: str, published: Callable[[str], Path]) -> None:
    theirs: Mapping[str, Path] = {it.stem: it for it in published("generic").glob("*.parquet")}
    ours = {it.stem: it for it in published(name).glob("*.parquet")}
    assert ours.keys() == theirs.keys()
    for table, path in sorted(theirs.items()):
        assert rows(ours[table], FORMS[name]) == rows(path, FORMS["generic"]), table


def test_what_is_built_is_what_the_shop_took(loaded: Callable[[str], Settings]) -> None:
    settings = loaded("generic")
    build_models(settings, AS_OF, "+customers")
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as warehouse:
        found = warehouse.sql("select customer_id, order_count, net_revenue_cents from customers")
        told = {customer_id: figures for customer_id, *figures in found.fetchall()}
    assert {key: tuple(told[key]) for key in FIGURES} == FIGURES
