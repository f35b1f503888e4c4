"""`winback up`: children that end with it, ports that are told, deployments that stay paused."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from typer.testing import CliRunner

from flows._children import Children
from flows._deploy import deploy
from flows._paused import paused_steps
from flows._prefect import SERVER, find_server
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli._app import app

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[2]
SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]

SHOWS = """
from prefect.server.concurrency.lease_storage import get_concurrency_lease_storage
from prefect.settings import get_current_settings
print(get_concurrency_lease_storage().__module__)
server = get_current_settings().server
print(sorted(server.services.db_vacuum.enabled_vacuum_types))
print(server.services.db_vacuum.retention_period.days)
print(server.analytics_enabled)
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return Settings.load()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which something listens that is no Prefect."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 30
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_port_that_is_taken_is_told_before_anything_starts(
    settings: Settings, taken: int
) -> None:
    refused = CliRunner().invoke(app, ["up", "--port", str(taken)]).exception
    assert isinstance(refused, UsageError)
    assert str(refused) == (
        f"127.0.0.1:{taken} is taken by another program. Next: winback up --port {taken + 1}"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = ["up", "--port", port, "--receiver-port", str(taken)]
    refused = CliRunner().invoke(app, words).exception
    assert isinstance(refused, UsageError)
    assert f"--receiver-port {taken + 1}" in str(refused)
    assert not (settings.home / "control-room" / "logs").exists()


def test_a_second_call_says_where_the_first_one_is_and_commands_find_its_server(
    settings: Settings,
) -> None:
    path = settings.home / "control-room" / "up.json"
    path.parent.mkdir(parents=True)
    told = {"ui": "http://127.0.0.1:4277", "api": "http://127.0.0.1:4277/api", "process": 17}
    path.write_text(json.dumps(told))
    find_server(settings)
    assert "PREFECT_API_URL" not in os.environ  # the first one has ended
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = CliRunner().invoke(app, ["up"])
        assert done.output == "It is up already: http://127.0.0.1:4277 (process 17).\n"
        find_server(settings)
        assert os.environ.pop("PREFECT_API_URL") == told["api"]
        path.write_text("")
        assert CliRunner().invoke(app, ["up"]).output == "It is coming up.\n"
        find_server(settings)
        assert "PREFECT_API_URL" not in os.environ


def test_children_end_in_the_opposite_order_and_one_that_ends_is_told(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        one, other = (children.start(name, SLEEPS, os.environ) for name in ("one", "other"))
        short = children.start("short", [sys.executable, "-c", "print('done')"], os.environ)
        looks: list[float] = []
        assert children.wait(lambda: looks.append(time.monotonic()), every=0.01) is short
        with pytest.raises(WinbackError, match=r"short has ended\. Next: look at .*short\.log"):
            children.wait_for(short, lambda: False, seconds=5)
        with pytest.raises(WinbackError, match="one did not begin within 0 s"):
            children.wait_for(one, lambda: False, seconds=0)
        assert one.process.poll() is other.process.poll() is None
    assert one.process.returncode == other.process.returncode == -signal.SIGTERM
    assert short.log.read_text() == "done\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_children_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, sys, time
from pathlib import Path
from flows._children import Children
with Children(Path({str(tmp_path)!r})) as children:
    print(children.start("one", {SLEEPS!r}, os.environ).process.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
    wait_until_gone(child)


def test_a_server_of_ours_keeps_leases_on_disk_and_forgets_old_runs() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", SHOWS],
        env={**os.environ, **SERVER},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    assert shown == [
        "prefect.server.concurrency.lease_storage.filesystem",
        "['events', 'flow_runs', 'orphans']",
        "30",
        "False",
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_deployment_has_a_line_and_stays_paused_when_it_is_made_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        it["name"] for it in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    ]
    done = CliRunner().invoke(app, ["deploy"])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(names)
    assert all(line.startswith("deployed: ") for line in lines)
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "a-deployment")
    with get_client(sync_client=True) as client:
        assert "deployed: send (4,19,34,49 * * * * UTC)" in lines
        assert paused_steps() == set()
        for name in ("send-step/send-sms_email-3", "send-playbook/send-cart_reminder"):
            client.pause_deployment(client.read_deployment_by_name(name).id)
        reply = client.read_deployment_by_name("reply/reply")
        client.update_deployment_schedule(reply.id, reply.schedules[0].id, active=False)
        list(deploy(client))
        assert paused_steps() == {("sms_email", 3), ("cart_reminder", None)}
        assert [it.active for it in client.read_deployment_by_name("reply/reply").schedules] == [
            False
        ]
        audience = client.read_deployment_by_name("audience/audience")
        assert [it.active for it in audience.schedules] == [True]
        assert audience.parameters == {"mode": "house"}
        assert audience.concurrency_options is not None
        assert audience.concurrency_options.grace_period_seconds == 120
        forget(client)


def forget(client: SyncPrefectClient) -> None:
    """Other tests of this server have runs of their own."""
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=["winback"]))
    for it in client.read_deployments(deployment_filter=tagged, limit=200):
        client.delete_deployment(it.id)
