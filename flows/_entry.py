"""How a deployment's run begins: by the mode of the house, and for all runs that waited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.runtime import deployment, flow_run
from prefect.states import Completed

from flows._context import Stage, open_stage
from flows._house import mode_of_run
from winback.base.clock import WallClock


@contextmanager
def open_run(mode: str, as_of: datetime | None) -> Iterator[Stage]:
    """The stage of a flow that was called or deployed."""
    take_over_waiting()
    with open_stage(mode_of_run(mode), as_of) as stage:
        yield stage


def take_over_waiting() -> None:
    """In a deployment's run: end the runs that waited behind it."""
    if deployment.id is not None and flow_run.id is not None:
        with get_client(sync_client=True) as client:
            take_over(client, UUID(flow_run.id))


def take_over(client: SyncPrefectClient, run_id: UUID) -> int:
    """End the scheduled runs that waited behind this one, which does their work; their number.

    After a night without a worker there are a hundred. A deployment whose runs work beside each
    other has no limit, and a run that was given other parameters is somebody's wish.
    """
    run = client.read_flow_run(run_id)
    if run.deployment_id is None:
        return 0
    if client.read_deployment(run.deployment_id).global_concurrency_limit is None:
        return 0
    due = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[run.deployment_id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate(
            {"before_": WallClock().now()}
        ),
    )
    waiting = [
        it
        for it in client.read_flow_runs(flow_run_filter=due, limit=200)
        if it.auto_scheduled and it.parameters == run.parameters
    ]
    for it in waiting:
        message = f"It waited behind the run {run.name}, which did its work."
        client.set_flow_run_state(it.id, Completed(name="Taken over", message=message))
    return len(waiting)
