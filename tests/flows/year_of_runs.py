"""A year of runs every 15 minutes in a database of Prefect's, with its own vacuum each day.

A script of `year_job.py`: it prints the rows and bytes after each of twelve months. Prefect's
tables and vacuum are the real ones; only the rows are written at once, and the vacuum is told
the day.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import sqlalchemy as sa
from prefect.server.database import orm_models as orm
from prefect.server.database import provide_database_interface
from prefect.server.database.orm_models import Base
from prefect.server.services import db_vacuum
from prefect.settings import get_current_settings

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=15)
# About half of what a run that sends leaves, and twice what one leaves that finds nothing new.
TASKS, LOGS, ARTIFACTS, EVENTS = 4, 10, 3, 10
LATEST = "funnel"


def rows_of_a_run(at: datetime, flow_id: UUID) -> Iterator[tuple[type[Any], dict[str, Any]]]:
    """All rows of one run, in an order that the foreign keys allow."""
    run_id, written = uuid4(), {"created": at, "updated": at}
    ended = {"state_type": "COMPLETED", "state_name": "Completed", "end_time": at}
    yield orm.FlowRun, {"id": run_id, "flow_id": flow_id, "name": f"run {at}", **ended, **written}
    for state in _states("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", at=at):
        yield orm.FlowRunState, {"flow_run_id": run_id, **state, **written}
    for number in range(TASKS):
        task = {"id": uuid4(), "flow_run_id": run_id, "name": "collect what came back"}
        task |= {"task_key": "collect", "dynamic_key": str(number)}
        yield orm.TaskRun, task | ended | written
        for state in _states("PENDING", "RUNNING", "COMPLETED", at=at):
            yield orm.TaskRunState, {"task_run_id": task["id"], **state, **written}
    for number in range(LOGS):
        line = {"name": "winback", "level": 20, "message": f"line {number} " + "of a run " * 8}
        yield orm.Log, {"id": uuid4(), "flow_run_id": run_id, "timestamp": at, **line, **written}
    for _ in range(ARTIFACTS):
        kept = {"id": uuid4(), "key": LATEST, "type": "table", "data": "x" * 2000}
        yield orm.Artifact, {"flow_run_id": run_id, **kept, **written}
    for _ in range(EVENTS):
        event_id, resource = uuid4(), f"prefect.flow-run.{run_id}"
        kept = {"id": event_id, "event": "prefect.flow-run.heartbeat", "resource_id": resource}
        kept |= {"occurred": at, "resource": {"prefect.resource.id": resource}, "related": []}
        kept |= {"received": at, "recorded": at, "follows": None, "payload": {}}
        yield orm.Event, {**kept, "related_resource_ids": []}
        role = {"resource_id": resource, "resource_role": "", "resource": kept["resource"]}
        yield orm.EventResource, {"event_id": event_id, "occurred": at, **role, **written}


def _states(*kinds: str, at: datetime) -> Iterator[dict[str, Any]]:
    for number, kind in enumerate(kinds):
        moment = at + timedelta(milliseconds=number)
        yield {"id": uuid4(), "type": kind, "name": kind.title(), "timestamp": moment}


def tell(figures: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def main() -> None:
    database = provide_database_interface()
    await database.create_db()
    engine = await database.engine()
    flow_id = uuid4()
    async with engine.begin() as connection:
        await connection.execute(sa.insert(orm.Flow), [{"id": flow_id, "name": "winback-run"}])
    settings = get_current_settings().server
    days = settings.services.db_vacuum.retention_period / timedelta(days=1)
    tell({"run_days": days, "event_days": settings.events.retention_period.days})
    at = BEGINS
    for day in range(1, 366):
        tables = dict[type[Base], list[dict[str, Any]]]()
        while at < BEGINS + timedelta(days=day):
            for table, row in rows_of_a_run(at, flow_id):
                tables.setdefault(table, []).append(row)
            at += EVERY
        async with engine.begin() as connection:
            for table, rows in tables.items():
                await connection.execute(sa.insert(table), rows)
        if day % 5 == 0:
            with patch.object(db_vacuum, "now", lambda _zone, at=at: at):
                await db_vacuum.vacuum_old_flow_runs(db=database)
                await db_vacuum.vacuum_old_events(db=database)
                await db_vacuum.vacuum_orphaned_logs(db=database)
                await db_vacuum.vacuum_orphaned_artifacts(db=database)
                await db_vacuum.vacuum_stale_artifact_collections(db=database)
        if day % 30 == 0:
            tell(await count(engine, list(tables)) | {"day": day})


async def count(engine: Any, tables: list[type[Base]]) -> dict[str, int]:
    async with engine.begin() as connection:
        found = {
            table.__tablename__: await connection.scalar(
                sa.select(sa.func.count()).select_from(table)
            )
            for table in tables
        }
        pages = await connection.scalar(sa.text("select page_count from pragma_page_count()"))
        size = await connection.scalar(sa.text("select page_size from pragma_page_size()"))
    return {**found, "bytes": pages * size}


asyncio.run(main())
