"""Whom the shop's system has deleted is erased here after the load; no load brings them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from winback.base.clock import FixedClock
from winback.base.running import at_work
from winback.base.settings import Settings
from winback.cli._app import app
from winback.landing import LoadReport, _generic, _load, load
from winback.landing._formats import Parsed
from winback.landing._merge import copy
from winback.landing._stage import Work
from winback.ledger import is_suppressed, open_ledger, suppress, tables
from winback.people.erasure import _deleted, _erase, erase, erase_deleted

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EMAIL = "ann.zyx@example.com"
CUSTOMERS = f"customer_id,email,first_name,country\nc1,{EMAIL},Annzyx,DE\nc2,bo@example.com,Bo,DE\n"
ORDERS = "order_id,customer_id,ordered_at,total_amount\no1,c1,2026-01-01,40\no2,c2,2026-01-02,30\n"
CONSENTS = "customer_id,channel,status,occurred_at\nc1,email,granted,2026-01-01\n"


class Deleting:
    """The generic form, with a file deleted.csv beside that names customers."""

    def files(self, source: Path) -> list[Path]:
        return _generic.files(source)

    def parse(self, work: Work, source: Path) -> Parsed:
        parsed = _generic.parse(work, source)
        parsed.deleted = work.folder / "deleted.parquet"
        file = f"'{source}/deleted.csv', header = true, all_varchar = true"
        copy(work, f"select * from read_csv({file})", parsed.deleted)
        return parsed


class House:
    def __init__(self, settings: Settings, source: Path) -> None:
        self.settings, self.source, self.clock = settings, source, FixedClock(NOW)

    def load(
        self, *deleted: str, files: Mapping[str, str] | None = None, **options: Any
    ) -> LoadReport:
        """A load of two customers that says who is deleted."""
        self.source.mkdir(exist_ok=True)
        told = {"customers.csv": CUSTOMERS, "orders.csv": ORDERS, "consents.csv": CONSENTS}
        told |= {"deleted.csv": "\n".join(["customer_id", *deleted]) + "\n"} | dict(files or {})
        for name, text in told.items():
            (self.source / name).write_text(text)
        self.clock = FixedClock(self.clock.now() + timedelta(hours=1))
        return load(self.source, self.settings, self.clock, format="deleting", **options)

    def erase_deleted(self) -> tuple[int, int]:
        done = erase_deleted(self.settings, self.clock)
        return done.erased, done.waiting

    def landed(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        rows = pq.read_table(self.settings.shop_dir / f"{table}.parquet").to_pylist()
        return sorted(tuple(row[name] for name in columns) for row in rows)

    def names(self) -> list[str]:
        """Who stands in landing, the erased as one word."""
        ids = [customer_id for [customer_id] in self.landed("customers", "customer_id")]
        return ["erased" if it.startswith("erased-") else it for it in ids]

    def traces(self) -> list[str]:
        """Files under HOME that name the person, whatever their format."""
        found = []
        for path in sorted(self.settings.home.rglob("*")):
            if path.is_file():
                text = path.read_bytes().decode("latin-1")
                if path.suffix == ".parquet":
                    text += json.dumps(pq.read_table(path).to_pylist(), default=str)
                found += [f"{path.name}: {it}" for it in (EMAIL, "Annzyx", '"c1"') if it in text]
        return found


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setitem(_load.FORMATS, "deleting", Deleting())
    return House(Settings.load(home=tmp_path / "home"), tmp_path / "shop")


def test_a_customer_who_is_landed_is_held_and_then_erased(house: House) -> None:
    house.load()
    with open_ledger(house.settings) as ledger, ledger.write() as connection:
        suppress(connection, group="email", address=EMAIL, reason="stop", source="import",
                 occurred_at=NOW, recorded_at=NOW)  # fmt: skip
    report = house.load("c1")
    assert report.deleted_customers == 1
    assert report.held_customers == 0, "nobody can mend it"
    assert house.landed("set_aside", "customer_id", "reason") == [("c1", "deleted at its source")]
    with open_ledger(house.settings) as ledger, ledger.read() as connection:
        found = connection.execute(select(tables.revocations)).all()
        assert {(it.customer_id, it.channel_group) for it in found} == {
            ("c1", "email"), ("c1", "phone"), ("c1", "post"),
        }  # fmt: skip
    assert house.erase_deleted() == (1, 0)
    assert house.traces() == []
    assert house.names() == ["c2", "erased"]
    assert house.landed("orders", "order_id") == [("o1",), ("o2",)]
    assert house.landed("set_aside", "customer_id") == []
    with open_ledger(house.settings) as ledger, ledger.read() as connection:
        assert is_suppressed(connection, group="email", address=EMAIL, reasons=["stop"])
    assert house.erase_deleted() == (0, 0)


def test_a_load_that_still_has_them_brings_nobody_back(house: House) -> None:
    house.load()
    house.load("c1")
    house.erase_deleted()
    for _ in range(2):
        report = house.load("c1", files={"orders.csv": f"{ORDERS}o3,c1,2026-02-01,5\n"})
        assert report.deleted_customers == 0
        assert house.erase_deleted() == (0, 0)
        assert house.traces() == []
        assert house.names() == ["c2", "erased"]
    [erased] = {who for (who,) in house.landed("orders", "customer_id")} - {"c2"}
    assert house.landed("customers", "customer_id")[1] == (erased,)
    assert house.landed("orders", "order_id") == [("o1",), ("o2",), ("o3",)]


def test_whom_nobody_here_knows_never_lands(house: House) -> None:
    house.settings.warehouse_path.parent.mkdir(parents=True)
    house.settings.warehouse_path.touch()
    report = house.load("c1", "c9")
    assert report.deleted_customers == 0
    assert [note for note in report.notes if "1 customers are deleted at their source" in note]
    assert house.traces() == []
    assert house.erase_deleted() == (0, 0)
    assert house.names() == ["c2", "erased"]
    assert {country for (country,) in house.landed("customers", "country")} == {"DE"}
    assert house.landed("consents", "customer_id") == []
    assert len({who for (who,) in house.landed("orders", "customer_id")}) == 2
    assert house.settings.warehouse_path.exists(), "nothing had to be erased"


def test_what_a_crash_has_left_is_erased_after_the_next_load(house: House) -> None:
    house.load()
    house.load("c1")
    house.load()  # an older file, which knows nothing of it
    assert house.landed("set_aside", "customer_id") == [("c1",)]
    assert house.erase_deleted() == (1, 0)
    assert house.traces() == []
    assert house.names() == ["c2", "erased"]


def test_an_erasure_that_died_is_finished_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.load()
    house.load("c1")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_erase, "export_ledger", die)
        with pytest.raises(KeyboardInterrupt):
            house.erase_deleted()
    assert house.landed("set_aside", "customer_id") == [("c1",)]
    assert house.erase_deleted() == (1, 0)
    assert house.traces() == []


def test_starting_over_forgets_nobody_who_has_to_be_erased(house: House) -> None:
    house.load()
    house.load("c1", replace=True)
    assert house.names() == ["c1", "c2"], "the erasure has to know the addresses"
    assert house.erase_deleted() == (1, 0)
    house.load(replace=True, files={"customers.csv": "customer_id\nc2\n"})
    house.load("c1", replace=True)
    assert house.erase_deleted() == (0, 0)
    assert house.traces() == []
    assert house.names() == ["c2", "erased"]


def test_who_was_erased_and_came_again_is_one_person(house: House) -> None:
    house.load()
    erase(house.settings, house.clock, "c1")
    house.load()
    assert house.names() == ["c1", "c2", "erased"]
    house.load("c1")
    assert house.erase_deleted() == (1, 0)
    assert house.names() == ["c2", "erased"]
    assert house.traces() == []


def test_they_wait_while_a_run_is_under_way(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.load()
    house.load("c1")
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))
    command = ["load", str(house.source), "--format", "deleting"]
    with at_work(house.settings):
        said = CliRunner().invoke(app, command).output
    [line] = [it for it in said.splitlines() if it.startswith("note: 1 customers whom their")]
    assert "has deleted wait to be erased" in line
    assert "under way" in line
    assert house.names() == ["c1", "c2"]
    said = CliRunner().invoke(app, command).output
    assert "1 customers whom their source has deleted are erased here" in said
    assert house.traces() == []


def test_very_many_at_once_wait_until_somebody_confirms_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_deleted, "MOST_AT_ONCE", 1)
    house.load()
    house.load("c1", "c2")
    (told,) = erase_deleted(house.settings, house.clock).notes()
    assert told == (
        "2 customers whom their source has deleted wait to be erased, and nobody writes to them "
        "meanwhile (so many at once may be a fault of the source). Next: winback erase --deleted, "
        "if the shop has deleted them"
    )
    assert house.names() == ["c1", "c2"]
    monkeypatch.setenv("WINBACK_HOME", str(house.settings.home))
    done = CliRunner().invoke(app, ["erase", "--deleted", "--json"])
    assert json.loads(done.stdout) == {"erased": 2, "waiting": 0}
    assert house.names() == ["erased", "erased"]
    again = CliRunner().invoke(app, ["erase", "--deleted"])
    assert again.stdout == "Nobody whom the shop's system has deleted waits to be erased\n"
    wrong = CliRunner().invoke(app, ["erase", "c1", "--deleted"])
    assert wrong.exit_code != 0
