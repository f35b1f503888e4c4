"""`winback deploy`: the deployments on a server that is named, a line each."""

from __future__ import annotations

from flows._prefect import find_server, quiet_prefect
from winback.base.console import print_json, say
from winback.base.errors import WinbackError
from winback.base.settings import Settings


def deploy_all(settings: Settings, *, as_json: bool = False) -> None:
    """Make the pool and all deployments anew. Raises WinbackError where no server answers."""
    quiet_prefect()
    find_server(settings)
    from prefect.client.orchestration import get_client

    from flows._deploy import deploy
    from flows._house import read_house

    house = read_house()
    if not house.answers:
        raise WinbackError(f"nothing can be deployed: {house.why}. Next: winback up")
    with get_client(sync_client=True) as client:
        lines = []
        for line in deploy(client):
            lines.append(line.removeprefix("deployed: "))
            if not as_json:
                say(line)
    if as_json:
        print_json({"deployed": lines})
