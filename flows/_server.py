"""A server of Prefect for one command, got ready while this process imports."""

from __future__ import annotations

import atexit
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows._children import Children
from flows._prefect import find_server, is_prefect

if TYPE_CHECKING:
    from winback.base.settings import Settings

# A fresh home takes 13-21 s to make its database.
_READY_WITHIN: Final = 120.0
_HOST: Final = "127.0.0.1"
# As Prefect starts its own temporary server.
_TEMPORARY: Final = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}


def start_beside(settings: Settings) -> Callable[[], None]:
    """Start a server, unless one is named somewhere; returns what waits until it is there.

    Prefect would start the same one, but only once it is imported, and it would import the
    server's own code here for that, which takes as long as all of Prefect. Call it before Prefect
    is imported: what is set in the environment afterwards is not read.
    """
    find_server(settings)
    if "prefect" in sys.modules or is_server_named():
        return lambda: None
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = str(free.getsockname()[1])
    url = f"http://{_HOST}:{port}"
    command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"]
    command += ["--host", _HOST, "--port", port, "--log-level", "error", "--lifespan", "on"]
    children = Children(settings.control_room_dir)
    # Prefect sends its last lines when Python ends, which comes before what was registered earlier.
    atexit.register(children.__exit__, None, None, None)
    server = children.start("run-server", command, {**os.environ, **_TEMPORARY})
    os.environ["PREFECT_API_URL"] = f"{url}/api"
    return lambda: children.wait_for(server, lambda: is_prefect(url), seconds=_READY_WITHIN)


def is_server_named() -> bool:
    """Whether the environment, or a file that Prefect reads, may name a server."""
    if "PREFECT_API_URL" in os.environ:
        return True
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    if Path("prefect.toml").exists():
        return True
    files = [path for path in (profiles, Path(".env")) if path.is_file()]
    return any("PREFECT_API_URL" in path.read_text(errors="replace") for path in files)
