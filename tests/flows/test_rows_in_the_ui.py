"""A deployment's run shows a row a model, and parses the project no more than a terminal's does."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flow_shop import OPENS, Shop

from flows._tasks import _rows_in_the_ui
from winback.warehouse import dbt_vars, invoke_dbt

pytestmark = pytest.mark.long

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


@pytest.mark.usefixtures("prefect_server")
def test_dbts_environment_stays_until_the_last_row_has_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[str | None]()

    def read_late() -> None:
        time.sleep(1)
        seen.append(os.environ.get("WINBACK_LANDING"))

    _build_with_rows_that_end_by(read_late, shop, monkeypatch)
    assert seen == [str(shop.settings.landing_dir)] * len(MODELS)
    assert "WINBACK_LANDING" not in os.environ


@pytest.mark.usefixtures("prefect_server")
def test_a_row_that_never_ends_holds_no_build(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # So long that each row has begun on a slow machine: Prefect reads the environment then.
    monkeypatch.setattr("flows._tasks._LAST_ROWS_SECONDS", 5)
    is_over = threading.Event()
    try:
        _build_with_rows_that_end_by(lambda: _wait(is_over), shop, monkeypatch)
    finally:
        is_over.set()


def _wait(until: threading.Event) -> None:
    until.wait(60)


def _build_with_rows_that_end_by(
    end: Callable[[], None], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow
    from prefect_dbt.core import _tracker

    settings, run_row = shop.settings, _tracker.run_task_sync

    def run_and_end(*given: Any, **named: Any) -> Any:
        state = run_row(*given, **named)
        end()
        return state

    monkeypatch.setattr(_tracker, "run_task_sync", run_and_end)

    @flow
    def build_some() -> None:
        command = ["run", "--select", *MODELS]
        variables = dbt_vars(settings, OPENS, with_entrants=False)
        result = invoke_dbt(settings, command, variables, runner=_rows_in_the_ui(settings))
        assert result.counts == {"success": len(MODELS)}

    build_some()
