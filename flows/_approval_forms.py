"""The forms in Prefect's UI for requests that wait: a run of the deployment `approve` each.

The ledger alone knows what was decided. A form that is lost is offered again, and one whose request
is decided elsewhere is closed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from prefect.states import Completed

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import SyncPrefectClient

    from winback.sending import Held

DEPLOYMENT: Final = "approve/approve"
_PAGE: Final = 200
# Whoever cancels a form wants none; the command is still there.
_LOST: Final = (StateType.CRASHED, StateType.FAILED)

log = logging.getLogger(__name__)


def keep_forms(held: Sequence[Held]) -> None:
    """Offer a form for each request that waits, and close those that are not needed any more.

    Without a server, or a deployment, there is none: `winback approve` needs neither.
    """
    if get_current_settings().api.url is None:
        return
    try:
        with get_client(sync_client=True) as client:
            _keep(client, {it.request.approval_id for it in held if it.is_open and it.request})
    except ObjectNotFound:
        return
    except Exception as error:  # noqa: BLE001  # no run ends because nobody can be shown a form
        log.warning(
            "no form is offered in Prefect (%s). Next: winback approvals", type(error).__name__
        )


def _keep(client: SyncPrefectClient, wanted: set[str]) -> None:
    deployment = client.read_deployment_by_name(DEPLOYMENT).id
    runs = _runs(client, deployment)
    for request in wanted:
        if all(_is(run, *_LOST) for run in runs[request]):
            client.create_flow_run_from_deployment(
                deployment,
                parameters={"request": request},
                name=f"approve {request}",
                # Two that offer at once offer one.
                idempotency_key=f"{request}-{len(runs[request])}",
            )
    for request, of_it in runs.items():
        for run in of_it:
            if request and request not in wanted and _is(run, StateType.PAUSED):
                client.set_flow_run_state(run.id, _not_needed(), force=True)


def _runs(client: SyncPrefectClient, deployment: UUID) -> dict[str, list[FlowRun]]:
    """Every run of the deployment, by its request."""
    of_it = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    found: dict[str, list[FlowRun]] = defaultdict(list)
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=of_it, limit=_PAGE, offset=offset):
        offset += len(page)
        for run in page:
            found[str(run.parameters.get("request") or "")].append(run)
    return found


def _not_needed() -> State[None]:
    message = "It was decided elsewhere, has changed, or nothing of it waits any more."
    return Completed(name="Not needed", message=message)


def _is(run: FlowRun, *types: StateType) -> bool:
    return run.state_type in types
