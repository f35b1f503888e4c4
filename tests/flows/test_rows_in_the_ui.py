"""A deployment's run shows a row a model, and parses the project no more than a terminal's does."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import pytest
from flow_shop import OPENS, Shop

from flows._tasks import _rows_in_the_ui
from winback.warehouse import dbt_vars, invoke_dbt

# What a build over a shop's data leaves out, in two places.
WITHOUT = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]
MODELS = ["stg_shop__orders", "stg_shop__products", "int_products__tags"]


@pytest.mark.usefixtures("prefect_server")
def test_runs_of_two_moments_show_their_models_and_parse_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.parser.manifest import ManifestLoader
    from prefect import flow, get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
    from prefect.runtime import flow_run

    settings, parses, load = shop.settings, list[object](), ManifestLoader.load
    monkeypatch.setattr(ManifestLoader, "load", lambda self: parses.append(self) or load(self))

    @flow
    def build_some() -> str:
        for hours in (0, 1):
            variables = dbt_vars(settings, OPENS + timedelta(hours=hours), with_entrants=False)
            result = invoke_dbt(
                settings, ["run", "--select", *MODELS], variables, runner=_rows_in_the_ui(settings)
            )
            assert result.counts == {"success": len(MODELS)}
        return str(flow_run.id)

    async def shown(run_id: str) -> list[str]:
        of_it = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run_id)]))
        async with get_client() as client:
            return [run.name for run in await client.read_task_runs(flow_run_filter=of_it)]

    run_id = build_some()
    found, until = list[int](), time.monotonic() + 30
    # The server hears of a task by an event, some time after it has ended.
    while found != [2, 2, 2] and time.monotonic() < until:
        rows = asyncio.run(shown(run_id))
        found = [rows.count(f"model {name}") for name in MODELS]
    assert found == [2, 2, 2]
    assert len(parses) <= 1  # none where an earlier test of this process has parsed


@pytest.mark.usefixtures("prefect_server")
def test_what_a_build_leaves_out_twice_is_left_out_in_the_ui_too(shop: Shop) -> None:
    settings, variables = shop.settings, dbt_vars(shop.settings, OPENS, with_entrants=False)
    command = ["build", *WITHOUT, "--select", *MODELS]
    watched = invoke_dbt(settings, command, variables, runner=_rows_in_the_ui(settings))
    assert watched.counts == invoke_dbt(settings, command, variables).counts
    assert watched.counts == {"success": len(MODELS)}
