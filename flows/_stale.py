"""Runs whose process is gone, while Prefect still takes them for alive: crash them.

A worker that dies, or a machine, leaves its runs PENDING or RUNNING for ever, and with them the one
slot of their deployment: every later run waits. A slot may also stay taken without any run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventResourceFilter,
)
from prefect.states import Crashed

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

# Every deployment of ours has it, and so have its runs: a server may serve others too.
TAG: Final = "winback"
# A run gives a sign of life each minute (prefect.yaml), and a process starts in seconds.
SILENT: Final = timedelta(minutes=5)
HELD: Final = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
_PAGE: Final = 200


@dataclass(frozen=True)
class Repair:
    """What was mended: runs that were crashed, and deployments whose slot was freed."""

    crashed: list[str]
    freed: list[str]
    # Runs that gave a sign of life a short while ago.
    alive: int


def told(done: Repair) -> Iterator[str]:
    """A line for each thing that was mended."""
    for name in done.crashed:
        yield f"crashed: {name} gave no sign of life for five minutes. The next run does its work"
    for name in done.freed:
        yield f"freed: the slot of {name} was taken, and no run held it"


def repair(client: SyncPrefectClient, *, now: datetime) -> Repair:
    """Crash the runs of ours that give no sign of life, then free slots that no run holds."""
    runs = _held(client)
    stale = [run for run in runs if now - _last_sign(client, run, now) > SILENT]
    for run in stale:
        client.set_flow_run_state(
            run.id,
            Crashed(message="No sign of life for five minutes: its process is gone. Run again."),
        )
    freed = list(_free_slots(client))
    return Repair([run.name for run in stale], freed, len(runs) - len(stale))


def _held(client: SyncPrefectClient) -> list[FlowRun]:
    """Runs of ours that hold a slot, or would."""
    of_ours = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(HELD))),
    )
    found: list[FlowRun] = []
    while page := client.read_flow_runs(flow_run_filter=of_ours, limit=_PAGE, offset=len(found)):
        found += page
    return found


def _last_sign(client: SyncPrefectClient, run: FlowRun, now: datetime) -> datetime:
    """When a run last changed its state or sent a heartbeat."""
    changed = run.state.timestamp if run.state else run.expected_start_time or now
    if now - changed <= SILENT:
        return changed
    heartbeats = EventFilter(
        occurred=EventOccurredFilter.model_validate({"since": now - SILENT, "until": now}),
        event=EventNameFilter(prefix=["prefect.flow-run."]),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    events = client.read_events(heartbeats, limit=1).events
    return max([changed, *(event.occurred for event in events)])


def _free_slots(client: SyncPrefectClient) -> Iterator[str]:
    """Let no deployment's limit count more runs than there are."""
    holders = Counter(run.deployment_id for run in _held(client))
    of_ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    offset = 0
    while page := client.read_deployments(deployment_filter=of_ours, limit=_PAGE, offset=offset):
        offset += len(page)
        for it in page:
            limit = it.global_concurrency_limit
            if limit is not None and limit.active_slots > holders[it.id]:
                client.update_global_concurrency_limit(
                    limit.name, GlobalConcurrencyLimitUpdate(active_slots=holders[it.id])
                )
                yield it.name
