"""A run whose process is gone holds up no other: it is found by its silence, and crashed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event
from prefect.events.filters import EventFilter
from prefect.states import Pending, Running
from typer.testing import CliRunner

from flows import _stale
from flows._entry import take_over
from flows._stale import SILENT, Repair, repair
from winback.base.clock import WallClock
from winback.cli._app import app

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]


@flow(name="waits")
def waits() -> None:
    """Is never run."""


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


def deploy(client: SyncPrefectClient, *tags: str) -> UUID:
    return client.create_deployment(
        flow_id=client.create_flow(waits),
        name=f"hung-{uuid4().hex[:8]}",
        tags=list(tags),
        concurrency_limit=1,
        concurrency_options=ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.ENQUEUE),
    )


def begin(client: SyncPrefectClient, deployment: UUID) -> UUID:
    """A run that a worker takes: it has the slot, or waits for it."""
    run = client.create_flow_run_from_deployment(deployment)
    client.set_flow_run_state(run.id, Pending())
    return run.id


def state(client: SyncPrefectClient, run: UUID) -> str:
    found = client.read_flow_run(run).state
    return found.name if found else ""


def mended(client: SyncPrefectClient, *, after: timedelta = timedelta()) -> Repair:
    return repair(client, now=WallClock().now() + after)


def test_a_run_that_never_began_lets_the_next_one_begin(client: SyncPrefectClient) -> None:
    deployment = deploy(client, "winback")
    of_others = begin(client, deploy(client, "another project"))
    first = begin(client, deployment)
    assert state(client, begin(client, deployment)) == "AwaitingConcurrencySlot"
    assert mended(client).crashed == []
    assert mended(client, after=SILENT).crashed == [client.read_flow_run(first).name]
    assert state(client, first) == "Crashed"
    assert state(client, begin(client, deployment)) == "Pending"
    assert state(client, of_others) == "Pending"


def test_a_run_that_sends_heartbeats_is_left_alone(client: SyncPrefectClient) -> None:
    alive, dead = (begin(client, deploy(client, "winback")) for _ in range(2))
    for run in (alive, dead):
        client.set_flow_run_state(run, Running())
    began = WallClock().now()
    time.sleep(2)
    resource = {"prefect.resource.id": f"prefect.flow-run.{alive}"}
    event = emit_event("prefect.flow-run.heartbeat", resource)
    assert event is not None
    seen = EventFilter.model_validate({"id": {"id": [event.id]}})
    deadline = time.monotonic() + 60
    while not client.read_events(seen, limit=1).events:  # the server writes events down in batches
        assert time.monotonic() < deadline
        time.sleep(0.2)
    repair(client, now=began + SILENT + timedelta(seconds=1))
    assert (state(client, alive), state(client, dead)) == ("Running", "Crashed")


def test_a_slot_that_no_run_holds_is_freed(client: SyncPrefectClient) -> None:
    deployment = deploy(client, "winback")
    limit = client.read_deployment(deployment).global_concurrency_limit
    assert limit is not None
    client.update_global_concurrency_limit(limit.name, GlobalConcurrencyLimitUpdate(active_slots=1))
    assert state(client, begin(client, deployment)) == "AwaitingConcurrencySlot"
    assert mended(client).freed == [client.read_deployment(deployment).name]
    assert state(client, begin(client, deployment)) == "Pending"
    assert mended(client).freed == []


def test_the_command_says_what_it_mended(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended(client, after=SILENT)
    run = begin(client, deploy(client, "winback"))
    done = CliRunner().invoke(app, ["doctor", "--repair"])
    assert done.exit_code == 0, done.output
    assert "applied: winback: crash a run that never began: crashes the run" in done.output
    assert "No run hangs." in done.output
    monkeypatch.setattr(_stale, "SILENT", timedelta())
    done = CliRunner().invoke(app, ["doctor", "--repair"])
    name = client.read_flow_run(run).name
    assert f"crashed: {name} gave no sign of life for five minutes." in done.output


def scheduled(client: SyncPrefectClient, deployment: UUID) -> list[tuple[str, UUID]]:
    """The names of the states of its scheduled runs, the earliest first, and the runs."""
    mine = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    runs = client.read_flow_runs(flow_run_filter=mine, sort=FlowRunSort.EXPECTED_START_TIME_ASC)
    return [(run.state_name or "", run.id) for run in runs if run.auto_scheduled]


def test_a_run_does_the_work_of_those_that_waited_behind_it(client: SyncPrefectClient) -> None:
    deployment, now = deploy(client, "winback"), WallClock().now()
    first = begin(client, deployment)
    asked_for = client.create_flow_run_from_deployment(deployment).id
    client.create_deployment_schedules(
        deployment, [(IntervalSchedule(interval=timedelta(minutes=5)), True)]
    )
    span = {"start_time": now - timedelta(minutes=16), "end_time": now + timedelta(minutes=11)}
    client.request(
        "POST",
        "/deployments/{id}/schedule",
        path_params={"id": deployment},
        json={name: at.isoformat() for name, at in span.items()},
    )
    before = scheduled(client, deployment)
    assert {name for name, _ in before} == {"Scheduled"}
    earliest = before[0][1]
    client.set_flow_run_state(earliest, Pending())
    assert state(client, earliest) == "AwaitingConcurrencySlot"
    assert take_over(client, first) in {3, 4}
    after = [name for name, _ in scheduled(client, deployment)]
    assert after == ["Taken over"] * after.count("Taken over") + ["Scheduled"] * 2
    assert state(client, asked_for) == "Scheduled"
    assert take_over(client, first) == 0


def test_runs_that_work_beside_each_other_take_nothing_over(client: SyncPrefectClient) -> None:
    beside = client.create_deployment(flow_id=client.create_flow(waits), name=uuid4().hex)
    assert take_over(client, begin(client, beside)) == 0
