"""The form in Prefect's UI: a suspended run that holds no process, and survives whatever dies."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from outbox_rows import NOW, outbox_row
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Crashed, Pending

from flows._approval_forms import DEPLOYMENT, keep_forms
from flows._deploy import POOL, _register
from flows.approve import Answer, _quoted
from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.ledger import Approval, Ledger, open_ledger, read_approvals
from winback.sending import ask, decide, plan, read_held

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "APPROVAL": "always",
        "PUBLIC_BASE_URL": "https://hooks.example.com",
        "TWILIO_MESSAGING_SERVICE_SID": "MG1",
    }.items():
        monkeypatch.setenv(f"WINBACK_{name}", value)
    return Settings.load()


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    """Two texts of one step wait."""
    with open_ledger(settings) as opened:
        rows = [outbox_row(number, first_name="Secret") for number in (1, 2)]
        plan(opened, rows, settings, FixedClock(NOW))
        yield opened


@pytest.fixture
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    """The server has this one deployment, as prefect.yaml says it."""
    assert prefect_server
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    with get_client(sync_client=True) as client:
        with suppress(ObjectAlreadyExists):
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        _register(client, next(it for it in deployments if it["name"] == "approve"))
        yield client
        client.delete_deployment(client.read_deployment_by_name(DEPLOYMENT).id)


Form = Callable[..., FlowRun]


@pytest.fixture
def form(client: SyncPrefectClient, prefect_server: str) -> Form:
    """Execute the one form there is, in a process of its own as a worker does; then look at it."""

    def run(**answer: Any) -> FlowRun:
        found = the_form(client)
        if answer:
            filled = {"approve": False, "name": "", "note": ""} | answer
            assert client.resume_flow_run(found.id, run_input=filled).status.value == "ACCEPT"
        client.set_flow_run_state(found.id, Pending())
        assert slots(client) == 1
        environment = {**os.environ, "PREFECT_API_URL": prefect_server}
        done = subprocess.run(
            [sys.executable, "-m", "prefect.engine"],
            env=environment | {"PREFECT__FLOW_RUN_ID": str(found.id)},
            check=False,
            timeout=120,
            capture_output=True,
            text=True,
        )
        found = the_form(client)
        assert found.state_type in {StateType.PAUSED, StateType.COMPLETED}, (
            done.stdout + done.stderr
        )
        assert slots(client) == 0, "another form may be shown meanwhile"
        return found

    return run


def slots(client: SyncPrefectClient) -> int:
    limit = client.read_deployment_by_name(DEPLOYMENT).global_concurrency_limit
    assert limit is not None
    return limit.active_slots


def forms(client: SyncPrefectClient) -> list[FlowRun]:
    of_it = FlowRunFilterDeploymentId(any_=[client.read_deployment_by_name(DEPLOYMENT).id])
    return client.read_flow_runs(flow_run_filter=FlowRunFilter(deployment_id=of_it))


def the_form(client: SyncPrefectClient) -> FlowRun:
    (found,) = (it for it in forms(client) if it.state_type != StateType.CRASHED)
    return found


def shown(client: SyncPrefectClient, run: FlowRun) -> str:
    """What the form that a run waits with says."""
    assert run.state is not None
    assert run.state.state_details.run_input_keyset is not None
    key = run.state.state_details.run_input_keyset["description"]
    found: str = json.loads(client.read_flow_run_input(run.id, key))
    return found.replace("\\", "")


def test_a_form_asks_until_enough_is_said_and_then_it_leaves(
    settings: Settings, ledger: Ledger, client: SyncPrefectClient, form: Form
) -> None:
    for _ in range(2):
        keep_forms(ask(ledger, settings))
    (request,) = read_all(ledger)
    assert the_form(client).parameters == {"request": request.approval_id}
    run = form()
    assert (run.state_name, run.state_type) == ("Suspended", StateType.PAUSED)
    text = shown(client, run)
    for told in (
        "Step 1 of sms_email",
        "**2** messages for **0.02**",
        "Hi Alexandra",
        "approval-sms_email-1.html",
    ):
        assert told in text
    for hidden in ("Secret", "+1555"):
        assert hidden not in text
    # Without a name it asks again.
    run = form(approve=True)
    assert run.state_name == "Suspended"
    assert "Please say a little more" in shown(client, run)
    assert read_held(ledger, settings)
    run = form(approve=True, name=" Ann ", note="fine")
    assert run.state_name == "Completed"
    assert str(run.state and run.state.message) == "step 1 of sms_email was approved by Ann"
    (request,) = read_all(ledger)
    assert (request.decision, request.decided_by, request.note) == ("yes", "Ann, by form", "fine")
    assert read_held(ledger, settings) == []


@pytest.mark.parametrize(
    ("approve", "name", "note", "decision"),
    [
        (True, "", "fine", None), (True, " ", "", None), (False, "Ann", "", None),
        (False, "Ann", " ", None), (False, "", "no", None),
        (True, "Ann", "", "yes"), (True, "Ann", "fine", "yes"), (False, "Ann", "no", "no"),
    ],
)  # fmt: skip
def test_enough_is_a_name_with_the_switch_or_a_note(
    approve: bool, name: str, note: str, decision: str | None
) -> None:
    assert Answer(approve=approve, name=name, note=note).decision() == decision


@pytest.mark.slow
def test_a_note_alone_refuses(
    settings: Settings, ledger: Ledger, client: SyncPrefectClient, form: Form
) -> None:
    keep_forms(ask(ledger, settings))
    form()
    assert form(name="Ann", note="the code is wrong").state_name == "Completed"
    (held,) = read_held(ledger, settings)
    assert held.is_refused
    keep_forms(ask(ledger, settings))
    assert len(forms(client)) == 1, "nobody is asked again"


@pytest.mark.slow
def test_a_form_that_died_is_offered_again_and_one_that_is_needless_is_closed(
    settings: Settings, ledger: Ledger, client: SyncPrefectClient, form: Form
) -> None:
    held = ask(ledger, settings)
    keep_forms(held)
    client.set_flow_run_state(the_form(client).id, Crashed(), force=True)
    keep_forms(held)
    assert len(forms(client)) == 2
    form()
    (request,) = read_all(ledger)
    decide(ledger, request.approval_id, "yes", by="Bo")
    keep_forms(ask(ledger, settings))
    assert the_form(client).state_name == "Not needed"
    assert len(forms(client)) == 2


def test_a_form_that_somebody_cancels_does_not_come_back(
    settings: Settings, ledger: Ledger, client: SyncPrefectClient
) -> None:
    held = ask(ledger, settings)
    keep_forms(held)
    client.set_flow_run_state(the_form(client).id, Cancelled(), force=True)
    keep_forms(held)
    assert len(forms(client)) == 1


def test_without_a_deployment_or_a_server_there_is_no_form_and_no_trouble(
    settings: Settings, ledger: Ledger, prefect_server: str
) -> None:
    assert prefect_server
    held = ask(ledger, settings)
    keep_forms(held)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        keep_forms(held)


def read_all(ledger: Ledger) -> list[Approval]:
    with ledger.read() as connection:
        return read_approvals(connection)


def test_a_text_stands_in_the_form_as_it_is_read() -> None:
    text = "Subject: 20% *off*\n\n<b>Hi</b> Ann_B,\nyour [code](x): `A-1`\n \n# bye"
    page = MarkdownIt().render(_quoted(text))
    read = re.sub(r"<[^>]+>", "", page)
    assert [line for line in unescape(read).splitlines() if line.strip()] == [
        line for line in text.splitlines() if line.strip()
    ]
