"""What a person reads in Prefect's UI: names, descriptions, forms and the last state of a run."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.utilities.callables import parameter_schema

from flows import stages
from flows.run import winback_run
from winback.base.errors import WinbackError

ROOT = Path(__file__).parents[2]
DEPLOYED: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
NAMES = [it["name"] for it in DEPLOYED]
# Late in the evening of a Monday in London, which is Tuesday in Tokyo.
LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    path, name = deployment["entrypoint"].split(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    found = getattr(module, name)
    assert isinstance(found, Flow)
    return found


@pytest.mark.parametrize("deployment", DEPLOYED, ids=NAMES)
def test_a_deployment_says_what_when_what_it_may_do_and_what_to_do_if_it_fails(
    deployment: dict[str, Any],
) -> None:
    what, *rest = deployment["description"].strip().split("\n\n")
    assert what.endswith(".")
    heads = ["**When:** ", "**It may:** ", "**If it fails:** "]
    assert [it[: len(head)] for it, head in zip(rest, heads, strict=True)] == heads
    about = flow_of(deployment).description
    assert about is not None
    assert about.split("\n\n")[1:] == rest[1:], "the flow says the same"


@pytest.mark.parametrize("deployment", DEPLOYED, ids=NAMES)
def test_its_form_describes_each_parameter_and_offers_what_there_is(
    deployment: dict[str, Any],
) -> None:
    # As `prefect deploy` and flows/_deploy.py make it.
    form = parameter_schema(flow_of(deployment)).model_dump_for_openapi()["properties"]
    assert form == parameter_schema(flow_of(deployment).fn).model_dump_for_openapi()["properties"]
    assert all(field["description"].endswith(".") for field in form.values())
    for name in form.keys() & {"mode", "playbook", "step"}:
        assert deployment["parameters"][name] in form[name]["enum"]


def test_a_schedule_is_told_in_words() -> None:
    told = {it["name"]: it["description"] for it in DEPLOYED}
    assert "**When:** Each hour, at minute 4, 19, 34, 49 (UTC)." in told["send"]
    assert "**When:** Every 5 minutes of an hour, from minute 2 (UTC)." in told["reply"]
    assert "**When:** Each day at 06:33 (Europe/London)." in told["measure"]


def last_run(run: UUID) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run)


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("flow", [stages.audience, winback_run], ids=lambda flow: flow.name)
def test_a_run_is_named_by_shop_and_day_and_a_refusal_is_its_last_state(
    flow: Flow[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_BRAND_NAME", "Shop & Co")
    monkeypatch.setenv("WINBACK_SHOP_TIMEZONE", "Asia/Tokyo")
    state = flow("dry-run", LATE, return_state=True)
    assert (state.name, state.message) == (
        "Failed",
        "nothing is loaded yet. Next: winback load DIR",
    )
    assert state.state_details.flow_run_id is not None
    run = last_run(state.state_details.flow_run_id)
    what = "audience" if flow is stages.audience else "run"
    assert run.name == f"{what}, Shop & Co, 2026-03-03"
    with pytest.raises(WinbackError, match="nothing is loaded yet"):
        flow("dry-run", LATE)


@pytest.mark.usefixtures("prefect_server")
def test_a_run_whose_settings_are_wrong_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_SHOP_TIMEZONE", "Mars/Olympus")
    state = stages.send_step("sms_email", 1, "dry-run", LATE, return_state=True)
    assert state.name == "Failed"
    assert state.message == "WINBACK_SHOP_TIMEZONE: 'Mars/Olympus' is not an IANA time zone"
    assert state.state_details.flow_run_id is not None
    assert last_run(state.state_details.flow_run_id).name == "send sms_email step 1"
