"""Landing shared by machines through a storage: whole or as before, and never empty by mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from landing_shop import ORDERS, Shop
from pyarrow import fs
from s3_server import KEY, SECRET, breaking_off

from winback.base.clock import FixedClock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.storage import SharedPlace
from winback.landing import landing_lock, refresh_landing

pytestmark = pytest.mark.long

URL = "s3://lake/landing"
YES = "customer_id,channel,status,occurred_at\nc1,email,granted,2025-03-01T10:00:00Z\n"
NO = "customer_id,channel,status,occurred_at\nc1,email,revoked,2025-04-01T10:00:00Z\n"


def machine(tmp_path: Path, name: str, endpoint: str, **own: str) -> Shop:
    told = {"landing_url": URL, "storage_key_id": KEY, "storage_secret": SECRET} | own
    settings = Settings.load(home=tmp_path / name / "home", storage_endpoint=endpoint, **told)
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    return Shop(folder / "shop", settings, FixedClock(datetime(2025, 6, 1, 12, tzinfo=UTC)))


@pytest.fixture
def one(tmp_path: Path, lake: fs.S3FileSystem, s3_endpoint: str) -> Shop:
    return machine(tmp_path, "one", s3_endpoint)


@pytest.fixture
def other(tmp_path: Path, lake: fs.S3FileSystem, s3_endpoint: str) -> Shop:
    return machine(tmp_path, "other", s3_endpoint)


def refused(shop: Shop) -> str:
    """The one line of a build that can't know what has landed."""
    with pytest.raises(WinbackError) as error:
        refresh_landing(shop.settings)
    line = str(error.value)
    assert "\n" not in line
    assert KEY not in line
    assert SECRET not in line
    return line


def shared_files(shop: Shop) -> dict[str, str]:
    now = SharedPlace(URL, shop.settings).read()
    return {name: file.sha256 for name, file in now.files.items()} if now else {}


def test_what_one_machine_loads_another_one_builds_from(one: Shop, other: Shop) -> None:
    one.load({"consents.csv": YES})
    assert refresh_landing(other.settings) == ()
    assert other.landed("consents") == one.landed("consents")
    # A load adds to what the others have landed, and its refusals reach them.
    other.load({"consents.csv": NO})
    before = (one.settings.shop_dir / "orders.parquet").stat()
    assert refresh_landing(one.settings) == ()
    assert one.landed("consents", "status") == [("granted",), ("revoked",)]
    after = (one.settings.shop_dir / "orders.parquet").stat()
    is_news = (before.st_ino, before.st_mtime_ns) != (after.st_ino, after.st_mtime_ns)
    same = one.landed("orders") == other.landed("orders")
    assert same
    assert is_news == (before.st_size != after.st_size), "a file that is as it was stays"


def test_landing_that_can_not_be_read_stops_a_build(
    tmp_path: Path, one: Shop, lake: fs.S3FileSystem, s3_endpoint: str
) -> None:
    assert "nothing is loaded at s3://lake/landing yet" in refused(one)
    one.load({"consents.csv": YES})
    assert refresh_landing(one.settings) == ()

    gone = machine(tmp_path, "one", "http://127.0.0.1:1")
    assert "the storage can't be reached" in refused(gone)
    nowhere = machine(tmp_path, "one", s3_endpoint, landing_url="s3://none/landing")
    assert "has no such bucket" in refused(nowhere)
    # Another folder is nobody's landing; it is not taken for an empty one.
    elsewhere = machine(tmp_path, "one", s3_endpoint, landing_url="s3://lake/landnig")
    assert "nothing is loaded at s3://lake/landnig yet" in refused(elsewhere)

    with lake.open_output_stream("lake/landing/current.json") as file:
        file.write(b'{"set": "x"')
    assert "current.json can't be read" in refused(one)
    lake.delete_file("lake/landing/current.json")
    assert "there is nothing at s3://lake/landing any more" in refused(one)
    with pytest.raises(WinbackError, match="there is nothing at"):
        one.load({"consents.csv": NO})


def test_a_content_that_was_changed_is_refused(
    one: Shop, other: Shop, lake: fs.S3FileSystem
) -> None:
    one.load({"consents.csv": YES})
    now = SharedPlace(URL, one.settings).read()
    assert now is not None
    key = now.files["shop/consents.parquet"].key
    with lake.open_output_stream(f"lake/landing/{key}") as file:
        file.write(b"PAR1")
    assert "is not what was put there" in refused(other)
    assert not (other.settings.shop_dir / "orders.parquet").exists(), "nor is half of it here"
    lake.delete_file(f"lake/landing/{key}")
    assert "a file of the set is gone" in refused(other)


@pytest.mark.parametrize("after_bytes", [0, 3_000, 16_000])
def test_a_network_that_breaks_off_leaves_the_old_landing(
    tmp_path: Path, one: Shop, other: Shop, s3_endpoint: str, after_bytes: int
) -> None:
    one.load({"consents.csv": YES})
    before = shared_files(one)
    refresh_landing(other.settings)
    with breaking_off(s3_endpoint, after_bytes=after_bytes) as endpoint:
        cut = machine(tmp_path, "one", endpoint)
        with pytest.raises(WinbackError) as error:
            cut.load({"consents.csv": NO})
    assert "\n" not in str(error.value)
    assert SECRET not in str(error.value)
    # The old set stands, or the new one does if only the last words were lost; either is whole.
    after = shared_files(one)
    assert after == before or len(after) == len(before) + 1
    assert refresh_landing(other.settings) == ()
    # The next build takes it up. What a broken writer left on its machine keeps nobody out there.
    assert refresh_landing(one.settings) == ()
    one.load({"consents.csv": NO})
    refresh_landing(other.settings)
    assert other.landed("consents", "status") == [("granted",), ("revoked",)]


def test_what_did_not_get_there_is_taken_up_by_the_next_build(
    tmp_path: Path, one: Shop, other: Shop, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.load({"consents.csv": YES})
    with monkeypatch.context() as broken:
        broken.setattr(SharedPlace, "put", _fail)
        with pytest.raises(WinbackError, match="did not get to s3://lake/landing whole"):
            one.load({"consents.csv": NO})
        [warning] = refresh_landing(one.settings)
        assert "is not at s3://lake/landing yet" in warning
    refresh_landing(other.settings)
    assert other.landed("consents", "status") == [("granted",)]
    assert refresh_landing(one.settings) == ()
    refresh_landing(other.settings)
    assert other.landed("consents", "status") == [("granted",), ("revoked",)]


def _fail(*_: object, **__: object) -> None:
    raise WinbackError("the storage can't be reached")


def test_of_two_that_landed_apart_neither_wins(
    one: Shop, other: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.load({"consents.csv": YES})
    refresh_landing(other.settings)
    with monkeypatch.context() as broken:
        broken.setattr(SharedPlace, "put", _fail)
        with pytest.raises(WinbackError):
            one.load({"consents.csv": NO})
    other.load({"orders.csv": ORDERS.replace("o1", "o2")})
    assert "nobody can say which are right" in refused(one)
    assert one.landed("consents", "status") == [("granted",), ("revoked",)]


def test_one_machine_writes_at_a_time(
    one: Shop, other: Shop, lake: fs.S3FileSystem, s3_endpoint: str
) -> None:
    one.load({"consents.csv": YES})
    with (
        landing_lock(one.settings),
        pytest.raises(WinbackError, match=r"another machine writes to s3://lake/landing since"),
    ):
        other.load({"consents.csv": NO})
    # What a dead writer of this home left keeps it out of nothing.
    place = SharedPlace(URL, one.settings)
    with lake.open_output_stream(f"lake/landing/writers/{place._home}-dead") as file:
        file.write(b"{}")
    one.load({"consents.csv": NO})
    assert lake.get_file_info(fs.FileSelector("lake/landing/writers", allow_not_found=True)) == []


def test_an_erasure_leaves_no_older_file_there(
    one: Shop, lake: fs.S3FileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.load({"consents.csv": YES})
    one.load({"consents.csv": NO})
    folder = fs.FileSelector("lake/landing/files", recursive=True)

    def there() -> set[str]:
        return {it.path for it in lake.get_file_info(folder) if it.type == fs.FileType.File}

    def erase() -> None:
        with landing_lock(one.settings, forgets=True):
            path = one.settings.shop_dir / "consents.parquet"
            path.write_bytes(path.read_bytes() + b" ")

    with monkeypatch.context() as broken:
        broken.setattr(SharedPlace, "forget", _fail)
        with pytest.raises(WinbackError, match="did not get to"):
            erase()
    assert len(there()) > len(set(shared_files(one).values())), "old files stay for readers"
    # What the erasure could not drop, the next hand does.
    assert refresh_landing(one.settings) == ()
    named = SharedPlace(URL, one.settings).read()
    assert named is not None
    assert there() == {f"lake/landing/{file.key}" for file in named.files.values()}


def test_a_set_names_no_file_outside_of_landing(
    one: Shop, other: Shop, lake: fs.S3FileSystem
) -> None:
    one.load({"consents.csv": YES})
    with lake.open_input_stream("lake/landing/current.json") as file:
        said = file.read().replace(b'"shop/consents.parquet"', b'"shop/../x.parquet"')
    with lake.open_output_stream("lake/landing/current.json") as file:
        file.write(said.replace(b'"set": "', b'"set": "x'))
    assert "which no landing has" in refused(other)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"landing_url": f"s3://{KEY}:{SECRET}@lake/x"}, "without a user or a password"),
        ({"landing_url": "/mnt/lake"}, "must be like s3://bucket/folder"),
        ({"landing_url": "s3://lake", "published_url": "s3://lake/b"}, "must be two folders"),
        ({"storage_key_id": KEY, "storage_secret": ""}, "give both"),
        ({"storage_endpoint": f"https://u:{SECRET}@host"}, "without a user"),
    ],
)
def test_a_place_that_can_not_be_meant_is_told_without_its_secret(
    own: dict[str, str], told: str
) -> None:
    with pytest.raises(WinbackError) as error:
        Settings.load(**own)
    assert told in str(error.value)
    assert SECRET not in str(error.value)
