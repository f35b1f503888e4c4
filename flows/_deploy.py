"""Register what prefect.yaml says, with a line for each deployment."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import yaml
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from winback.base.places import HOUSE_DIR, IS_CHECKOUT, SHOP_DIR, WORK_DIR

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

POOL: Final = "winback"


def deploy(client: SyncPrefectClient) -> Iterator[str]:
    """Make the pool and every deployment anew; what an operator has paused stays paused."""
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    text = (HOUSE_DIR / "prefect.yaml").read_text(encoding="utf-8")
    for it in yaml.safe_load(text)["deployments"]:
        _register(client, it)
        times = ", ".join(f"{at['cron']} {at['timezone']}" for at in it["schedules"])
        yield f"deployed: {it['name']} ({times or 'on request'})"


def _register(client: SyncPrefectClient, it: dict[str, Any]) -> None:
    path, name = it["entrypoint"].split(":")
    flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    limit = dict(it.get("concurrency_limit") or {})
    known = _known(client, f"{flow.name}/{it['name']}")
    is_active = {
        (at.schedule.cron, at.schedule.timezone): at.active
        for at in (known.schedules if known else [])
        if isinstance(at.schedule, CronSchedule)
    }
    client.create_deployment(
        flow_id=client.create_flow(flow),
        name=it["name"],
        description=it["description"],
        tags=it["tags"],
        parameters=it["parameters"],
        entrypoint=_entrypoint(it["entrypoint"]),
        path=str(WORK_DIR),
        pull_steps=[_in_the_project()],
        work_pool_name=it["work_pool"]["name"],
        work_queue_name=it["work_pool"].get("work_queue_name"),
        job_variables=it["work_pool"].get("job_variables"),
        parameter_openapi_schema=parameter_schema(flow.fn).model_dump_for_openapi(),
        enforce_parameter_schema=True,
        paused=known.paused if known else False,
        concurrency_limit=limit.pop("limit", None),
        concurrency_options=ConcurrencyOptions(**limit) if limit else None,
        schedules=[
            DeploymentScheduleCreate(
                schedule=CronSchedule(cron=at["cron"], timezone=at["timezone"]),
                active=is_active.get((at["cron"], at["timezone"]), True),
            )
            for at in it["schedules"]
        ],
    )


def _known(client: SyncPrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None


def _entrypoint(path: str) -> str:
    """The flow's file where runs stand in the checkout; elsewhere its name as Python's."""
    if IS_CHECKOUT and SHOP_DIR is None:
        return path
    return path.replace(".py:", ".").replace("/", ".")


def _in_the_project() -> dict[str, Any]:
    return {"prefect.deployments.steps.set_working_directory": {"directory": str(WORK_DIR)}}
