"""What an operator has paused in Prefect: a playbook's deployment, or that of one of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.runtime import deployment

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

# What a server gives at once.
_PAGE: Final = 200


def paused_steps() -> set[tuple[str, int | None]]:
    """Paused playbooks (without a step) and steps; outside of a deployment's run nobody asks.

    A server that can't be asked ends the run: nothing is sent that may be paused.
    """
    if deployment.id is None:
        return set()
    with get_client(sync_client=True) as client:
        return {
            (str(it.parameters["playbook"]), it.parameters.get("step"))
            for it in _of_playbooks(client)
            if it.paused
        }


def _of_playbooks(client: SyncPrefectClient) -> Iterator[DeploymentResponse]:
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=["winback", "send"]))
    offset = 0
    while page := client.read_deployments(deployment_filter=tagged, limit=_PAGE, offset=offset):
        yield from (it for it in page if "playbook" in it.parameters)
        offset += len(page)
