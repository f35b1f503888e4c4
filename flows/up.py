"""`winback up`: server, pool, deployments, worker and receiver, as children of one process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from flows._children import Children
from flows._prefect import SERVER, is_prefect, quiet_prefect
from winback.base.clock import WallClock
from winback.base.console import say, warn
from winback.base.errors import UsageError, WinbackError
from winback.base.private import keep_private
from winback.base.settings import Settings
from winback.rehearsal import sandbox

_MEND_SECONDS: Final = 60.0
_HOST: Final = "127.0.0.1"
_PREFECT: Final = str(Path(sys.executable).with_name("prefect"))
_WINBACK: Final = (sys.executable, "-m", "winback.cli")


@dataclass(frozen=True)
class Ports:
    """Where each of them listens, on this machine alone."""

    server: int
    receiver: int
    # None: no sandbox.
    sandbox: int | None


def up(settings: Settings, *, server: int, receiver: int, sandbox_port: int | None) -> None:
    """Start all of it and stay until interrupted; a second call says where the first one is."""
    quiet_prefect()
    folder = settings.control_room_dir
    keep_private(settings.home)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.json").open("a+") as file:
        if not _is_first(file):
            file.seek(0)
            told = json.loads(file.read() or "{}")
            where = f"up already: {told['ui']} (process {told['process']})" if told else "coming up"
            say(f"It is {where}.")
            return
        file.truncate(0)
        with Children(folder / "logs") as children:
            _start(settings, Ports(server, receiver, sandbox_port), children, file)
            ended = children.wait(_mend, every=_MEND_SECONDS)
            raise WinbackError(f"{ended.name} has ended, so all do. Next: look at {ended.log}")


def _start(settings: Settings, ports: Ports, children: Children, file: IO[str]) -> None:
    url = f"http://{_HOST}:{ports.server}"
    environment = {
        **os.environ,
        "WINBACK_HOME": str(settings.home.resolve()),
        "PREFECT_API_URL": f"{url}/api",
        # Of a process that ends, its log says why; what runs did is in the UI.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    }
    is_there = is_prefect(url)
    if not is_there:
        _require_free(ports.server, "--port")
    _require_free(ports.receiver, "--receiver-port")
    if ports.sandbox is not None:
        _require_free(ports.sandbox, "--sandbox-port")
        environment |= _sandbox_settings(settings, ports)
    os.environ["PREFECT_API_URL"] = environment["PREFECT_API_URL"]
    if is_there:
        say(f"server: {url}, which was there already")
    else:
        own = {"PREFECT_HOME": str(settings.control_room_dir / "prefect")}
        command = [_PREFECT, "server", "start", "--host", _HOST, "--port", str(ports.server)]
        server = children.start("server", command, {**SERVER, **own, **environment})
        children.wait_for(server, lambda: is_prefect(url), seconds=180)
        say(f"server: {url}")
    _register(settings)
    if ports.sandbox is not None:
        receiver = f"http://{_HOST}:{ports.receiver}"
        words = ["sandbox", "--port", str(ports.sandbox), "--webhooks", receiver]
        children.start("sandbox", [*_WINBACK, *words], environment)
        say(f"sandbox: http://{_HOST}:{ports.sandbox}. Next: winback mode sandbox")
    command = [_PREFECT, "worker", "start", "--pool", "winback", "--name", "winback-up"]
    children.start("worker", command, environment)
    say("worker: of the pool winback")
    words = ["serve", "--host", _HOST, "--port", str(ports.receiver)]
    children.start("receiver", [*_WINBACK, *words], environment)
    say(f"receiver: http://{_HOST}:{ports.receiver}")
    file.write(json.dumps({"ui": url, "api": f"{url}/api", "process": os.getpid()}))
    file.flush()
    say(f"All is up: {url}. Ctrl-C ends all of it.")


def _register(settings: Settings) -> None:
    from prefect.client.orchestration import get_client

    from flows import _stale
    from flows._automations import apply_automations
    from flows._deploy import deploy

    with get_client(sync_client=True) as client:
        for line in deploy(client):
            say(line)
        apply_automations(client, settings)
        for line in _stale.told(_stale.repair(client, now=WallClock().now())):
            say(line)


def _mend() -> None:
    """What the automations have missed, as over a restart of the server."""
    from prefect.client.orchestration import get_client

    from flows import _stale

    try:
        with get_client(sync_client=True) as client:
            done = _stale.repair(client, now=WallClock().now())
    except Exception as error:  # noqa: BLE001  # a server that is busy is asked again soon
        warn(f"runs that hang could not be looked for ({type(error).__name__})")
        return
    for line in _stale.told(done):
        say(line)


def _sandbox_settings(settings: Settings, ports: Ports) -> Mapping[str, str]:
    """What the worker and the receiver must know of a sandbox of ours."""
    keys = sandbox.load_or_create(sandbox.sandbox_dir(settings))
    found = sandbox.client_settings(f"http://{_HOST}:{ports.sandbox}", keys)
    told = {f"WINBACK_{name.upper()}": value for name, value in found.items()}
    return told | {"WINBACK_PUBLIC_BASE_URL": f"http://{_HOST}:{ports.receiver}"}


def _is_first(file: IO[str]) -> bool:
    """Whether no other `winback up` of this home lives; the system frees it at any end."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _require_free(port: int, option: str) -> None:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError:
        raise UsageError(
            f"{_HOST}:{port} is taken by another program. Next: winback up {option} {port + 1}"
        ) from None
