"""The public tables at a URL: one whole set, the one before where a network breaks off."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyarrow import fs
from s3_server import KEY, SECRET, breaking_off

from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import SharedPlace
from winback.warehouse import PUBLIC_TABLES, Manifest, _shared, build, forget_shared, why_build
from winback.warehouse._shared import share_published

pytestmark = pytest.mark.long

URL = "s3://lake/published"


@pytest.fixture
def settings(lake: fs.S3FileSystem, s3_endpoint: str, tmp_path: Path) -> Settings:
    return Settings.load(
        home=tmp_path / "home", published_url=URL, storage_endpoint=s3_endpoint,
        storage_key_id=KEY, storage_secret=SECRET,
    )  # fmt: skip


@pytest.fixture
def few_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a network can break off between."""
    monkeypatch.setattr(_shared, "PUBLIC_TABLES", PUBLIC_TABLES[:4])


def publish(settings: Settings, run_id: str) -> Path:
    """A published set whose every table tells of which run it is."""
    folder = settings.published_dir / run_id
    folder.mkdir(parents=True)
    duckdb.sql(f"copy (select '{run_id}' as run_id) to '{folder / 'customers.parquet'}'")
    duckdb.sql(f"copy (select 'ann@example.com' as a) to '{folder / 'outbox.parquet'}'")
    for table in PUBLIC_TABLES:
        if table != "customers":
            (folder / f"{table}.parquet").write_bytes((folder / "customers.parquet").read_bytes())
    manifest = Manifest(run_id, "2026-03-02T12:00:00+00:00", "", {}, {}, {})
    (folder / "manifest.json").write_text(json.dumps(asdict(manifest)))
    return folder


def read_set(lake: fs.S3FileSystem) -> dict[str, str]:
    """As docs/scale.md shows it: the files of the set of now, by name."""
    with lake.open_input_stream("lake/published/current.json") as file:
        told = json.load(file)
    return {name: f"lake/published/{it['key']}" for name, it in told["files"].items()}


def runs_read(lake: fs.S3FileSystem) -> set[str]:
    """Which runs the tables of the set are of: always one."""
    found = set()
    for name, path in read_set(lake).items():
        if name.endswith(".parquet"):
            found |= set(pq.read_table(path, filesystem=lake)["run_id"].to_pylist())
    return found


def test_the_public_tables_are_read_by_url(settings: Settings, lake: fs.S3FileSystem) -> None:
    assert list(share_published(settings, publish(settings, "run-1"))) == []
    files = read_set(lake)
    assert set(files) == {"manifest.json", *(f"{table}.parquet" for table in PUBLIC_TABLES)}
    everything = lake.get_file_info(fs.FileSelector("lake", recursive=True))
    assert not any("outbox" in info.path for info in everything), "no contact data leaves"

    customers = pq.read_table(files["customers.parquet"], filesystem=lake)
    assert duckdb.sql("select run_id from customers").fetchall() == [("run-1",)]
    assert customers.num_rows == 1
    frame = pd.read_parquet(files["customers.parquet"], filesystem=lake)
    assert list(frame["run_id"]) == ["run-1"]


@pytest.mark.usefixtures("few_tables")
@pytest.mark.parametrize("after_bytes", [0, 3_000, 8_000])
def test_a_network_that_breaks_off_leaves_the_old_set(
    settings: Settings, lake: fs.S3FileSystem, s3_endpoint: str, after_bytes: int
) -> None:
    assert list(share_published(settings, publish(settings, "run-1"))) == []
    second = publish(settings, "run-2")
    with breaking_off(s3_endpoint, after_bytes=after_bytes) as endpoint:
        cut = settings.model_copy(update={"storage_endpoint": endpoint})
        [warning] = share_published(cut, second)
    assert URL in warning
    assert [part for part in (KEY, SECRET, "\n") if part in warning] == []
    assert runs_read(lake) == {"run-1"}
    # It is taken up again, by a build that has nothing new too.
    assert list(share_published(settings, second)) == []
    assert runs_read(lake) == {"run-2"}


@pytest.mark.usefixtures("few_tables")
def test_what_stands_there_is_not_put_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(settings, "run-1")
    assert list(share_published(settings, first)) == []
    monkeypatch.setattr(SharedPlace, "put", _fail)
    assert list(share_published(settings, first)) == []
    assert len(list(share_published(settings, publish(settings, "run-2")))) == 1


def _fail(*_: Any, **__: Any) -> None:
    raise WinbackError("the storage can't be reached")


@pytest.mark.usefixtures("few_tables")
def test_an_older_set_stays_for_its_readers_until_an_erasure(
    settings: Settings, lake: fs.S3FileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(share_published(settings, publish(settings, "run-1")))
    before = read_set(lake)
    second = publish(settings, "run-2")
    list(share_published(settings, second))
    assert pq.read_table(before["customers.parquet"], filesystem=lake).num_rows == 1

    with monkeypatch.context() as broken:
        broken.setattr(SharedPlace, "forget", _fail)
        with pytest.raises(WinbackError, match="tables with the erased person are still at"):
            forget_shared(settings, second)
    # The next publish makes up for it.
    assert list(share_published(settings, second)) == []
    kept = lake.get_file_info(fs.FileSelector("lake/published/files", recursive=True))
    paths = {info.path for info in kept if info.type == fs.FileType.File}
    assert paths == set(read_set(lake).values())


def test_a_build_reads_no_landing_that_it_can_not_know(settings: Settings) -> None:
    """Neither does a run find that all stands as it was."""
    other = settings.model_copy(update={"landing_url": "s3://lake/landing"})
    as_of = datetime(2026, 3, 2, 12, tzinfo=UTC)
    settings.shop_dir.mkdir(parents=True)
    duckdb.sql(f"copy (select 1 as x) to '{settings.shop_dir / 'orders.parquet'}'")
    with pytest.raises(WinbackError, match="nothing is loaded at s3://lake/landing yet"):
        build(other, as_of, gate=_fail)
    with pytest.raises(WinbackError, match="nothing is loaded at s3://lake/landing yet"):
        why_build(other, as_of, name="current")


def test_no_url_is_no_request(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path)
    folder = publish(settings, "run-1")
    assert list(share_published(settings, folder)) == []
    forget_shared(settings, folder)
    assert not (settings.published_dir / ".shared.json").exists()
