"""The deployments that go by no mode, run by a real worker as `winback up` starts it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import browser
import pytest
from control_house import House, wait_for
from traces import hashes_of, traces

from winback.base.settings import Settings
from winback.inbound import PersonRequest, requests_of, write_request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop of old messages, with a list for ads and a request that waits."""
    folder = tmp_path_factory.mktemp("shop")
    now = datetime.now(UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        import_module("newcomer").write_shop(folder / "files", now - timedelta(days=1))
    with (folder / "files" / "consents.csv").open("a") as file:
        file.writelines(f"K{n:03},ads,yes,express,checkout,2025-01-01\n" for n in range(1, 30))
    house = House(
        Settings.load(home=folder / "home"),
        WINBACK_SHOP_COUNTRY="GB",
        WINBACK_POSTAL_ADDRESS="1 High Street, Exampleton",
        WINBACK_KEEP_WORDS_DAYS="30",
        WINBACK_BACKUP_TO=str(folder / "backups"),
    )
    old = now.replace(hour=15, minute=0) - timedelta(days=40)
    for words in (
        ["load", str(folder / "files")],
        ["run", "--mode", "sandbox", "--as-of", f"{old:%Y-%m-%dT%H:%M}"],
        ["build"],
        ["audience", "export", "lapsed_30_45", "--for", "meta"],
    ):
        done = house.winback(*words)
        assert done.returncode == 0, done.stderr
    asked = PersonRequest("r1", "erase", "a.myshopify.com", "K009", (), now)
    write_request(house.settings, asked)
    with house.up("--sandbox"):
        house.hold_schedules()
        yield house


def ended(house: House, deployment: str, **parameters: Any) -> tuple[dict[str, Any], list[Any]]:
    """The run of a deployment at its end, and the artifacts that it made."""
    run = house.run(deployment, parameters)
    wait_for(lambda: house.read(run)["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED"}, 300)
    made = house.call("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
    return house.read(run), made


@pytest.mark.parametrize(
    ("deployment", "key", "says"),
    [
        ("audiences/audiences", "audiences", "1 lists for ads are written anew"),
        ("requests/requests", "requests", "1 requests of the shop's are done"),
        ("retention/retention", "retention", "forgotten"),
        ("backup/backup", "backup", "files and the ledger"),
    ],
)
def test_its_run_ends_well_and_keeps_what_it_did(
    house: House, deployment: str, key: str, says: str, tmp_path: Path
) -> None:
    run, made = ended(house, deployment)
    assert run["state"]["type"] == "COMPLETED", run["state"]
    assert says in run["state"]["message"]
    assert [it["key"] for it in made if it["type"] == "table"] == [key]
    assert "@example.com" not in str(made) + str(run)
    if browser.CHROMIUM is None:
        return
    with browser.start(tmp_path) as tab:
        tab.size(1200, 900)
        tab.open(f"{house.api.removesuffix('/api')}/runs/flow-run/{run['id']}")
        # What a person sees of it.
        tab.wait_for(f"document.body.innerText.includes({run['name']!r})")
        tab.wait_for("document.body.innerText.includes('Completed')")
        if browser.SHOTS:
            tab.screenshot(Path(browser.SHOTS) / f"run-{key}.png")
            tab.open(f"{house.api.removesuffix('/api')}/artifacts/artifact/{made[0]['id']}")
            tab.wait_for(f"document.body.innerText.includes({key!r})")
            tab.screenshot(Path(browser.SHOTS) / f"artifact-{key}.png")


def test_what_was_asked_is_done(house: House) -> None:
    """K009 was erased: no file has them, but the list of who is to be taken out by their hash."""
    ended(house, "audiences/audiences")
    theirs = ("k009@example.com", "+447700900008", "7700 900008")
    assert traces(house.settings.home, *theirs) == []
    hashed = hashes_of("k009@example.com")
    assert set(traces(house.settings.home, *hashed)) <= {f"remove.csv: {hashed[0]}"}
    assert [it.outcome for it in requests_of(house.settings)] == ["erased"]
    told = json.loads(house.winback("watch", "--json").stdout)["stages"]
    silent = {row["stage"]: row["is_silent"] for row in told}
    assert [silent[name] for name in ("retention", "audiences", "backup")] == [False] * 3
