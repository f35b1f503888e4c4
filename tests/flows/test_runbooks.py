"""The runbooks: each command in them works, in the order in which they stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from control_house import House

from winback.base.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (
    "stop-everything",
    "provider-outage",
    "sent-twice",
    "wrong-segment",
    "handing-over",
    "backup",
    "hung-run",
    "stale-feed",
)
# What a command says that finds something amiss, which is no fault of the page.
AMISS = {
    "doctor": "missing: ",
    "settle": "there is no message",
    "release": "there is no message",
    "restore": "is not empty",
}


@pytest.fixture(scope="module")
def scripts() -> Iterator[tuple[ModuleType, ModuleType]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS.parent / "scripts")
        yield import_module("check_docs"), import_module("newcomer")


@pytest.fixture(scope="module")
def files(scripts: tuple[ModuleType, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "files"
    scripts[1].write_shop(folder, datetime.now(UTC) - timedelta(days=1))
    return folder


@pytest.fixture(scope="module")
def house(files: Path) -> Iterator[House]:
    """A shop whose messages of yesterday were sent, and a control room that is up."""
    house = House(
        Settings.load(home=files.parent / "home"),
        WINBACK_SHOP_COUNTRY="GB",
        WINBACK_POSTAL_ADDRESS="1 High Street, Exampleton",
    )
    yesterday = datetime.now(UTC).replace(hour=15, minute=0) - timedelta(days=1)
    for words in (
        ["load", str(files)],
        ["run", "--mode", "sandbox", "--as-of", f"{yesterday:%Y-%m-%dT%H:%M}"],
    ):
        done = house.winback(*words)
        assert done.returncode == 0, done.stderr
    with house.up("--sandbox"):
        house.hold_schedules()
        house.environment["PREFECT_API_URL"] = house.api
        assert house.winback("mode", "sandbox").returncode == 0
        yield house


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_a_runbook_works(
    page: str, house: House, files: Path, scripts: tuple[ModuleType, ModuleType]
) -> None:
    given = {
        "CUSTOMER_ID": "K009",
        "MESSAGE_ID": "5b1d0c",
        "SEGMENT": "lapsed_30_45",
        "DIR": str(files),
    }
    calls = list(scripts[0].calls((DOCS / f"{page}.md").read_text(encoding="utf-8")))
    assert len(calls) > 1
    for words in calls:
        done = house.winback(*(given.get(word, word) for word in words))
        assert "Traceback" not in done.stderr
        if done.returncode:
            amiss = next((told for name, told in AMISS.items() if name in words), None)
            assert amiss, f"{words}: {done.stderr}"
            assert amiss in done.stdout + done.stderr
