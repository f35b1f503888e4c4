"""prefect.yaml, the operator's front page, says what the step table and the flows say."""

from __future__ import annotations

import csv
import importlib
import inspect
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())[
    "deployments"
]
# It sends nothing in any mode.
ASKS = "approve"
# Its runs share what is due by claims in the ledger.
SHARED = "send-due"
# It sends to no customer; an automation gives it its parameters.
TELLS = "tell"
# It fetches the shop's data and sends nothing in any mode.
PULLS = "pull"
# It writes to the shop's owner.
MAILS = "digest"
# It forgets, and sends nothing in any mode.
FORGETS = "retention"
# It erases and exports whom the shop names.
ASKED = "requests"
# It writes files and nothing leaves.
LISTS = "audiences"
# It writes copies to another disk.
COPIES = "backup"
NAMES = [deployment["name"] for deployment in DEPLOYMENTS]


def function_of(deployment: dict[str, Any]) -> Any:
    path, name = deployment["entrypoint"].split(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    return getattr(module, name).fn


def test_there_is_one_deployment_for_each_step_of_the_playbooks_and_no_other() -> None:
    with (ROOT / "dbt_project" / "seeds" / "playbook_steps.csv").open(newline="") as file:
        steps = {(row["playbook_id"], int(row["step"])) for row in csv.DictReader(file)}
    deployed = {
        (item["parameters"]["playbook"], item["parameters"]["step"])
        for item in DEPLOYMENTS
        if item["entrypoint"].endswith(":send_step")
    }
    assert deployed == steps
    assert {f"send-{playbook}-{step}" for playbook, step in steps} <= set(NAMES)


def test_what_the_playbooks_say_is_written_by_make_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    files = importlib.import_module("deployment_file").files(ROOT)
    assert list(files) == [Path("prefect.yaml")]
    for path, text in files.items():
        assert (ROOT / path).read_text() == text, "Next: make docs"


def test_one_run_sends_all_playbooks_also_one_that_was_switched_off_since() -> None:
    scheduled = {item["name"]: item for item in DEPLOYMENTS if item["schedules"]}
    assert scheduled.keys() == {
        "pull", "audience", "enroll", "reconcile", "reply", "measure", "send", "digest",
        "retention", "requests", "audiences", "backup",
    }  # fmt: skip
    assert "playbook" not in scheduled["send"]["parameters"]
    with (ROOT / "dbt_project" / "seeds" / "playbooks.csv").open(newline="") as file:
        playbooks = {row["playbook_id"] for row in csv.DictReader(file)}
    assert {f"send-{playbook}" for playbook in playbooks} <= set(NAMES)


def minutes(cron: str) -> set[int]:
    """The minutes of an hour at which a run begins."""
    field = cron.split(maxsplit=1)[0]
    if "/" in field:
        span, _, every = field.partition("/")
        return set(range(int(span.partition("-")[0].replace("*", "0")), 60, int(every)))
    return {int(minute) for minute in field.split(",")}


def test_no_two_runs_begin_at_one_minute_so_that_no_server_is_locked() -> None:
    begins = [
        minute
        for item in DEPLOYMENTS
        for schedule in item["schedules"]
        for minute in minutes(schedule["cron"])
    ]
    assert len(begins) == len(set(begins))


def test_every_stage_of_a_run_has_a_deployment() -> None:
    stages = {"run", "pull", "audience", "enroll", "collect", "reply", "reconcile", "measure"}
    assert stages <= set(NAMES)
    assert len(NAMES) == len(set(NAMES))


def test_a_deployment_that_an_earlier_winback_made_still_finds_its_flow() -> None:
    before = {"entrypoint": "flows/stages.py:answer"}
    now = next(item for item in DEPLOYMENTS if item["name"] == "reply")
    assert function_of(before) is function_of(now)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_a_deployment_goes_by_the_house_with_parameters_that_its_flow_has(
    deployment: dict[str, Any],
) -> None:
    parameters = inspect.signature(function_of(deployment)).parameters
    assert set(deployment["parameters"]) <= set(parameters)
    if deployment["name"] not in {TELLS, ASKS, PULLS, MAILS, FORGETS, ASKED, LISTS, COPIES}:
        assert deployment["parameters"]["mode"] == "house"
        assert parameters["mode"].default == "dry-run"
    required = {name for name, p in parameters.items() if p.default is inspect.Parameter.empty}
    given = {"event", "what"} if deployment["name"] == TELLS else set(deployment["parameters"])
    assert required <= given


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_only_the_shared_deployment_runs_beside_itself_and_each_names_its_time_zone(
    deployment: dict[str, Any],
) -> None:
    queue = {"limit": 1, "collision_strategy": "ENQUEUE", "grace_period_seconds": 120}
    assert deployment.get("concurrency_limit") == (None if deployment["name"] == SHARED else queue)
    for schedule in deployment["schedules"]:
        ZoneInfo(schedule["timezone"])
