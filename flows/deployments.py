"""`winback deploy`: the deployments on a server that is named, a line each."""

from __future__ import annotations

from flows._prefect import open_server
from winback.base.console import print_json, say
from winback.base.settings import Settings


def deploy_all(settings: Settings, *, as_json: bool = False) -> None:
    """Make the pool and all deployments anew. Raises WinbackError where no server answers."""
    with open_server(settings, fails="nothing can be deployed") as client:
        from flows._deploy import deploy

        lines = []
        for line in deploy(client):
            lines.append(line.removeprefix("deployed: "))
            if not as_json:
                say(line)
    if as_json:
        print_json({"deployed": lines})
