"""The server does by itself what automations.yaml says, and people hear of what happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from heard import until
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.events import EventTrigger
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr
from sinks import webhook
from typer.testing import CliRunner

from flows._automations import TELL, Automation, apply_automations, automations, list_automations
from flows._events import EventName, emit
from flows._stale import SILENT, TAG
from flows.tell import tell
from winback.base.errors import UsageError, WinbackError
from winback.base.settings import Settings
from winback.cli._app import app

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("prefect_server")]
CRASHES = "winback: crash a run that never began"
STALE = "winback: tell of a feed that has stopped"
SILENCE = "winback: tell of a silent stage"


def delete_automations(client: SyncPrefectClient) -> None:
    for it in automations():
        for known in client.read_automations_by_name(it.name):
            client.delete_automation(known.id)


@pytest.fixture
def client() -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        # A worker's files share one server, and repair applies them too.
        delete_automations(client)
        yield client
        delete_automations(client)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WINBACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WINBACK_BRAND_NAME", f"Shop {uuid4().hex[:8]}")
    return Settings.load()


def by_name(found: list[Automation]) -> dict[str, Automation]:
    return {it.wanted.name: it for it in found}


def changed_at(client: SyncPrefectClient, automation: UUID) -> str:
    answer = client.request("GET", "/automations/{id}", path_params={"id": automation})
    return str(answer.json()["updated"])


def test_the_automations_are_there_once_however_often_they_are_applied(
    client: SyncPrefectClient, settings: Settings
) -> None:
    wanted = {it.name for it in automations()}
    assert {it.state for it in list_automations(client, settings)} == {"missing"}
    updated: list[str] = []
    for _ in range(2):
        assert by_name(apply_automations(client, settings)).keys() == wanted
        known = [it for name in sorted(wanted) for it in client.read_automations_by_name(name)]
        assert [it.name for it in known] == sorted(wanted)
        assert all(it.enabled for it in known)
        if updated:  # replaced, it would forget which runs it waits for
            assert [changed_at(client, it.id) for it in known] == updated
        updated = [changed_at(client, it.id) for it in known]
    mine = next(it for it in automations() if it.name == CRASHES)
    (was,) = client.read_automations_by_name(CRASHES)
    client.update_automation(was.id, mine.model_copy(update={"description": "changed by hand"}))
    assert by_name(list_automations(client, settings))[CRASHES].state == "changed"
    apply_automations(client, settings)
    (now,) = client.read_automations_by_name(CRASHES)
    assert now.description == mine.description
    assert {it.state for it in list_automations(client, settings)} == {"applied"}


def test_a_run_is_crashed_after_the_silence_that_repair_goes_by() -> None:
    crashing = [it for it in automations() if it.actions]
    assert len(crashing) == 2
    for it in crashing:
        assert isinstance(it.trigger, EventTrigger)
        assert it.trigger.within == SILENT
        tag = it.trigger.match_related
        assert f"prefect.tag.{TAG}" in str(tag)


def test_every_event_but_a_finished_send_is_told() -> None:
    told = {name for it in automations() if not it.actions for name in it.trigger.expect}
    assert told == set(EventName.__args__) - {"winback.send.finished"}


def test_an_event_fires_its_automation_and_the_notification_arrives(
    client: SyncPrefectClient, settings: Settings
) -> None:
    heard: list[str] = []
    with webhook(200, heard) as url:
        block = CustomWebhookNotificationBlock(
            name="ops", url=url, json_data={"text": "{{subject}}\n{{body}}"}
        )
        block.save("ops", overwrite=True)
        own = settings.model_copy(update={"notify_block": "custom-webhook/ops"})
        applied = by_name(apply_automations(client, own))
        assert applied[STALE].does == "tells the block custom-webhook/ops"
        assert applied[SILENCE].does == applied[STALE].does
        emit(own, "winback.source.stale", "the newest order is 9 days old")
        until(lambda: list(heard), bool)
    assert heard == [
        f"winback at {settings.brand_name}: winback.source.stale\nthe newest order is 9 days old"
    ]


def test_without_a_block_a_deployment_tells_as_the_settings_say(
    client: SyncPrefectClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = by_name(list_automations(client, settings))
    assert listed[STALE].does == "tells nobody: no setting names anybody"
    gone = settings.model_copy(update={"notify_block": "slack-webhook/none"})
    assert "the server has no block slack-webhook/none" in (
        by_name(list_automations(client, gone))[STALE].does
    )
    heard: list[str] = []
    with webhook(200, heard) as url:
        own = settings.model_copy(update={"watch_webhook_url": SecretStr(url)})
        assert (
            "the deployment tell is missing" in by_name(list_automations(client, own))[STALE].does
        )
        name = TELL.partition("/")[2]
        deployment = client.create_deployment(flow_id=client.create_flow(tell), name=name)
        applied = by_name(apply_automations(client, own))
        assert applied[STALE].does == "tells WINBACK_WATCH_WEBHOOK_URL"
        assert applied[SILENCE].does == "told by winback watch"
        emit(own, "winback.gate.failed", "repeated ids")
        emit(own, "winback.watch.silent", "told by the watchdog")
        asked = runs_of(client, deployment)
        monkeypatch.setenv("WINBACK_WATCH_WEBHOOK_URL", url)
        assert tell(**asked[0].parameters, return_state=True).is_completed()
    client.delete_deployment(deployment)
    assert len(asked) == 1
    assert heard == [f"winback at {settings.brand_name}:\nwinback.gate.failed: repeated ids"]
    with pytest.raises(WinbackError, match="WINBACK_WATCH_WEBHOOK_URL did not answer"):
        tell("winback.gate.failed", "repeated ids")


def runs_of(client: SyncPrefectClient, deployment: UUID) -> list[Any]:
    mine = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment]))
    return list(until(lambda: client.read_flow_runs(flow_run_filter=mine), bool))


@pytest.mark.usefixtures("settings")
def test_the_command_lists_and_applies(client: SyncPrefectClient) -> None:
    done = CliRunner().invoke(app, ["automations"])
    assert f"missing: {CRASHES}: crashes the run" in done.output
    assert done.output.endswith("; then winback automations apply\n")
    done = CliRunner().invoke(app, ["automations", "apply", "--json"])
    rows = json.loads(done.stdout)["automations"]
    assert [row["name"] for row in rows] == [it.name for it in automations()]
    assert {row["state"] for row in rows} == {"applied"}
    assert client.read_automations_by_name(CRASHES)
    assert isinstance(CliRunner().invoke(app, ["automations", "aply"]).exception, UsageError)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        refused = CliRunner().invoke(app, ["automations"]).exception
    assert isinstance(refused, WinbackError)
    assert str(refused).endswith("Next: winback up")
